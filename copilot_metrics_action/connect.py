"""Builds the edges of a run: clients, the store, the templates, the configuration. Wiring, no logic of the product."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Final, Protocol

import certifi
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import issues
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.copilot import Copilot, DayAnswers, LineReport, NotReady, S
from copilot_metrics_action.effects import Seen
from copilot_metrics_action.errors import ApiError, ConfigError, StoreError
from copilot_metrics_action.github import Client, Downloads, Journal, Patience, Permission
from copilot_metrics_action.metrics import Record, Scope
from copilot_metrics_action.own_files import configuration, misnamed, own_templates, remarks, workspace_text
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Branch, Store, write_file
from copilot_metrics_action.template_cache import TemplateCache
from copilot_metrics_action.templates import Templates
from copilot_metrics_action.triage import Action, Issue

ISSUES: Final = Permission("github-token", "`permissions: issues: write` in the workflow")


class Source(Protocol):
    """Where the reports and seats of a scope come from: `copilot.Copilot`, or `made_up.MadeUp`."""

    def month(self) -> list[Record] | NotReady: ...

    def days(self, days: Sequence[date], progress: Callable[[int, int], None] = ...) -> DayAnswers: ...

    def seats(self) -> list[Record]: ...

    def lines(self, report: LineReport, day: date | None, start: Callable[[int, date | None], S]) -> S | NotReady: ...


class Tracker(Protocol):
    """Where the issues are."""

    def read(self) -> tuple[Issue, ...]:
        """The issues with our label."""

    def strays(self) -> tuple[Issue, ...]:
        """Those that lost it."""

    def comments(self, since: date) -> tuple[issues.Written, ...]:
        """The comments of all issues since a day."""

    def may_write(self, login: str) -> bool | None:
        """Whether somebody may write to the repository; None when that cannot be known."""

    def apply(self, plan: Sequence[Action]) -> issues.Applied: ...


class ChartStore(Protocol):
    """Where the charts go: folders of one day each."""

    def holds(self, folder: str, paths: Iterable[str]) -> bool:
        """Whether all of these files are there already."""

    def publish(self, folders: Mapping[str, Mapping[str, bytes]], message: str) -> str:
        """Puts them there; a word to say about it, empty when there is nothing to say."""


class Edges(Struct, frozen=True):
    """Everything outside that a run touches. A test builds its own."""

    source: Callable[[Scope], Source]
    store: Store
    charts: ChartStore | None
    tracker: Tracker | None
    settings: Settings
    templates: Templates
    patience: Patience
    warnings: tuple[str, ...] = ()


class Told(Struct):
    """What a run has to say, gathered on the way: each one line, and none of them ends the run."""

    errors: list[str]
    warnings: list[str]
    notices: list[str]


class Run(Struct):
    """One run: what was asked for, what it touches, and what it has to say."""

    inputs: Inputs
    edges: Edges
    runner: Runner
    told: Told
    seen: tuple[Seen, ...] = ()  # what people noted that was done, where this run looked
    issues: tuple[Issue, ...] | None = None  # as they stood then; None = they have to be read (again)

    @classmethod
    def of(cls, inputs: Inputs, edges: Edges, runner: Runner) -> Run:
        return cls(inputs, edges, runner, Told([], [*edges.warnings], []))


class GitHubTracker(Struct, frozen=True):
    """The issues of the repository."""

    client: Client
    repository: str
    sleep: Callable[[float], None]
    patience: Patience

    def read(self) -> tuple[Issue, ...]:
        return issues.read(self.client, self.repository)

    def strays(self) -> tuple[Issue, ...]:
        return issues.strays(self.client, self.repository)

    def comments(self, since: date) -> tuple[issues.Written, ...]:
        return issues.comments(self.client, self.repository, since)

    def may_write(self, login: str) -> bool | None:
        return issues.may_write(self.client, self.repository, login)

    def apply(self, plan: Sequence[Action]) -> issues.Applied:
        return issues.apply(self.client, self.repository, plan, pause=self.sleep, time_left=self._time_left)

    def _time_left(self) -> bool:
        return self.patience.left > 0


class ChartsBranch(Struct, frozen=True):
    """The charts branch."""

    branch: Branch
    name: str

    def holds(self, folder: str, paths: Iterable[str]) -> bool:
        base = self.branch.snapshot()
        split = [f"{folder}/{path}".rpartition("/") for path in paths]
        return all(name in base.names(parent) for parent, _, name in split)

    def publish(self, folders: Mapping[str, Mapping[str, bytes]], message: str) -> str:
        _, forced = self.branch.publish(folders, message)
        return "" if forced else f"a ruleset forbids replacing `{self.name}`, so a commit was added to it instead"


class ChartsFolder(Struct, frozen=True):
    """A plain folder in place of the charts branch."""

    root: Path

    def holds(self, folder: str, paths: Iterable[str]) -> bool:
        return all((self.root / folder / path).is_file() for path in paths)

    def publish(self, folders: Mapping[str, Mapping[str, bytes]], message: str) -> str:
        for folder, files in folders.items():
            for path, data in files.items():
                write_file(self.root, f"{folder}/{path}", data)
        return ""


class IssuesFolder(Struct, frozen=True):
    """A plain folder in place of the issues: one file for each that would be opened."""

    root: Path

    def read(self) -> tuple[Issue, ...]:
        return ()

    def strays(self) -> tuple[Issue, ...]:
        return ()

    def comments(self, since: date) -> tuple[issues.Written, ...]:
        return ()

    def may_write(self, login: str) -> bool | None:
        return None

    def apply(self, plan: Sequence[Action]) -> issues.Applied:
        written = []
        for action in plan:
            name = f"{action.scope.slug}-{action.symptom}.md"
            write_file(self.root, name, f"# {action.title}\n\n{action.body}\n".encode())
            written.append(replace(action, url=f"{self.root.name}/{name}"))
        return issues.Applied(tuple(written))


class Clients:
    """The API's clients of a run: one for the repository, and one for each Copilot token."""

    def __init__(self, inputs: Inputs, runner: Runner, patience: Patience) -> None:
        self.patience = patience
        self._journal = Journal(runner.redactor, runner.log, runner.debug)
        self.verify = certificates(inputs)
        self.repository = Client(
            inputs.api_url,
            inputs.github_token,
            Permission(
                "github-token",
                "read access to the repository: `permissions: contents: write` in the workflow",
                f"repository {inputs.repository}",
            ),
            verify=self.verify,
            patience=self.patience,
            journal=self._journal,
        )
        self._inputs = inputs
        self._copilot: dict[str, Client] = {}

    def copilot(self, scope: Scope) -> Client:
        token = self._inputs.tokens.of(scope)
        if token not in self._copilot:
            self._copilot[token] = Client(
                self._inputs.copilot_api_url,
                token,
                Permission("copilot-token", "access to the Copilot metrics"),
                verify=self.verify,
                patience=self.patience,
                journal=self._journal,
            )
        return self._copilot[token]

    def source(self, scope: Scope, settings: Settings, runner: Runner) -> Copilot:
        downloads = Downloads(
            self._inputs.copilot_api_url,
            settings.download_hosts,
            verify=self.verify,
            patience=self.patience,
            journal=self._journal,
        )
        return Copilot(scope, self.copilot(scope), downloads, runner.mask)


def github_edges(inputs: Inputs, runner: Runner, sleep: Callable[[float], None] = time.sleep) -> Edges:
    """The edges of a real run, which waits by `sleep`. Raises ActionError when the repository cannot be used."""
    clients = Clients(inputs, runner, Patience(sleep))
    repository = clients.repository
    facts = repository_facts(repository, inputs)
    settings, warnings = configuration(inputs, repository)
    check_repository(facts, inputs, settings)
    check_run_page(repository, inputs, settings)
    clients.patience.allow(settings.run_minutes * 60)
    templates = compiled_templates(own_templates(inputs, repository))
    return Edges(
        source=lambda scope: clients.source(scope, settings, runner),
        store=Branch(repository, inputs.repository, inputs.data_branch),
        charts=ChartsBranch(Branch(repository, inputs.repository, inputs.charts_branch), inputs.charts_branch)
        if inputs.charts == "auto"
        else None,
        tracker=GitHubTracker(repository.needing(ISSUES), inputs.repository, sleep, clients.patience)
        if inputs.issues
        else None,
        settings=settings,
        templates=templates,
        patience=clients.patience,
        warnings=(*warnings, *remarks(inputs, settings), *misnamed(templates)),
    )


def certificates(inputs: Inputs) -> bool | str:
    """What TLS trusts: True for the usual authorities, else a file that holds the given ones as well."""
    if not inputs.ca_certificates:
        return True
    pem = inputs.ca_certificates
    if "-----BEGIN CERTIFICATE-----" not in pem:
        try:
            found = workspace_text(inputs, pem)
        except ConfigError:
            found = None
        if found is None:
            raise ConfigError(
                "ca-certificates",
                "it is neither PEM text nor a file of the workspace",
                "check out the repository first",
            )
        pem = found
    bundle = inputs.temp / "copilot-metrics-ca.pem"
    try:
        bundle.write_text(Path(certifi.where()).read_text("utf-8") + "\n" + pem + "\n", "utf-8")
    except OSError as error:
        raise StoreError(str(bundle), f"it cannot be written ({error.strerror})", "check RUNNER_TEMP") from None
    return str(bundle)


def repository_facts(client: Client, inputs: Inputs) -> Mapping[str, object]:
    facts = client.get(f"/repos/{inputs.repository}")
    if not isinstance(facts, dict):
        raise ApiError(f"repository {inputs.repository}", "GitHub's answer is not a repository", "run again")
    return facts


def check_repository(facts: Mapping[str, object], inputs: Inputs, settings: Settings) -> None:
    """Refuses branches and repositories that must not hold the data. Raises ConfigError."""
    default = facts.get("default_branch")
    for name, branch in (("data-branch", inputs.data_branch), ("charts-branch", inputs.charts_branch)):
        if branch == default:
            raise ConfigError(name, f"'{branch}' is the default branch", "choose a branch used for nothing else")
    called = facts.get("full_name")
    if isinstance(called, str) and called.casefold() != inputs.repository.casefold():
        raise ConfigError("repository", f"{inputs.repository} is now called {called}", "use the new name")
    if is_public(facts) and not settings.allow_public:
        raise ConfigError(
            "repository",
            f"{inputs.repository} is public, so everybody could read the figures",
            "use a private repository, or set `allow-public: true` in the configuration",
        )


def check_run_page(client: Client, inputs: Inputs, settings: Settings) -> None:
    """Refuses to show the figures on the page of a run that everybody can open. Raises ConfigError, ApiError."""
    own = inputs.run_repository
    if own.casefold() == inputs.repository.casefold() or settings.allow_public:
        return
    # Any token can read a public repository; one that it cannot see is none.
    answer = client.request("GET", f"/repos/{own}", allowed=(403, 404))
    if answer.status == 200 and isinstance(answer.data, dict) and is_public(answer.data):
        raise ConfigError(
            "repository",
            f"the workflow runs in {own}, which is public, so everybody could read the figures on the page of the run",
            "run it in a private repository, or set `allow-public: true` in the configuration",
        )


def is_public(facts: Mapping[str, object]) -> bool:
    return facts.get("visibility") == "public" or (facts.get("visibility") is None and facts.get("private") is False)


def compiled_templates(own: Mapping[str, str] | None = None) -> Templates:
    """The templates of this release under a user's own, compiled already where that could be kept."""
    return Templates(shipped_templates(), own, TemplateCache(_template_folder() / "__pycache__"))


def shipped_templates() -> dict[str, str]:
    """The templates of this release."""
    root = _template_folder()
    return {file.relative_to(root).as_posix(): file.read_text("utf-8") for file in sorted(root.rglob("*.j2"))}


def _template_folder() -> Path:
    """Beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).resolve().parent.parent / "templates"
    return beside if beside.is_dir() else Path(str(resources.files("copilot_metrics_action"))) / "templates"
