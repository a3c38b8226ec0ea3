"""Builds the edges of a run: clients, the store, the templates, the configuration. Wiring, no logic of the product."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

import certifi
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import issues
from copilot_metrics_action.config import WEEKDAYS, Inputs, Settings, read_settings
from copilot_metrics_action.copilot import Copilot, DayAnswers, NotReady
from copilot_metrics_action.errors import ApiError, ConfigError, StoreError
from copilot_metrics_action.github import Client, Downloads, Patience, Permission
from copilot_metrics_action.metrics import Record, Scope
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Branch, Store, write_file
from copilot_metrics_action.templates import Templates
from copilot_metrics_action.trends import Calendar, Period, year_end_periods
from copilot_metrics_action.triage import Action, Issue, Routing

ISSUES: Final = Permission("github-token", "`permissions: issues: write` in the workflow")
TEMPLATE_FOLDER: Final = ".github/copilot-metrics"
MAX_TEXT_BYTES: Final = 256 * 1024


class Source(Protocol):
    """Where the reports and seats of a scope come from: `copilot.Copilot`, or `made_up.MadeUp`."""

    def month(self) -> list[Record] | NotReady: ...

    def days(self, days: Sequence[date], log: Callable[[str], None] = ...) -> DayAnswers: ...

    def seats(self) -> list[Record]: ...


class Tracker(Protocol):
    """Where the issues are."""

    def read(self) -> tuple[Issue, ...]:
        """The issues with our label."""

    def strays(self) -> tuple[Issue, ...]:
        """Those that lost it."""

    def apply(self, plan: Sequence[Action], routing: Routing) -> issues.Applied: ...


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

    def apply(self, plan: Sequence[Action], routing: Routing) -> issues.Applied:
        return issues.apply(self.client, self.repository, plan, routing, pause=self.sleep, time_left=self._time_left)

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

    def apply(self, plan: Sequence[Action], routing: Routing) -> issues.Applied:
        written = []
        for action in plan:
            name = f"{action.scope.slug}-{action.symptom}.md"
            write_file(self.root, name, f"# {action.title}\n\n{action.body}\n".encode())
            written.append(replace(action, url=f"{self.root.name}/{name}"))
        return issues.Applied(tuple(written))


def github_edges(inputs: Inputs, runner: Runner, sleep: Callable[[float], None] = time.sleep) -> Edges:
    """The edges of a real run, which waits by `sleep`. Raises ActionError when the repository cannot be used."""
    patience = Patience(sleep)
    verify = certificates(inputs)
    repository = Client(
        inputs.api_url,
        inputs.github_token,
        Permission(
            "github-token",
            "read access to the repository: `permissions: contents: write` in the workflow",
            f"repository {inputs.repository}",
        ),
        verify=verify,
        patience=patience,
    )
    facts = repository_facts(repository, inputs)
    settings, warnings = configuration(inputs, repository)
    check_repository(facts, inputs, settings)
    patience.allow(settings.run_minutes * 60)
    downloads = Downloads(inputs.copilot_api_url, settings.download_hosts, verify=verify, patience=patience)
    clients: dict[str, Client] = {}

    def source(scope: Scope) -> Source:
        token = inputs.tokens.of(scope)
        if token not in clients:
            clients[token] = Client(
                inputs.copilot_api_url,
                token,
                Permission("copilot-token", "access to the Copilot metrics"),
                verify=verify,
                patience=patience,
            )
        return Copilot(scope, clients[token], downloads, runner.mask)

    return Edges(
        source=source,
        store=Branch(repository, inputs.repository, inputs.data_branch),
        charts=ChartsBranch(Branch(repository, inputs.repository, inputs.charts_branch), inputs.charts_branch)
        if inputs.charts == "auto"
        else None,
        tracker=GitHubTracker(repository.needing(ISSUES), inputs.repository, sleep, patience)
        if inputs.issues
        else None,
        settings=settings,
        templates=Templates(shipped_templates(), own_templates(inputs, repository)),
        patience=patience,
        warnings=(*warnings, *not_yet(settings)),
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
    public = facts.get("visibility") == "public" or (facts.get("visibility") is None and facts.get("private") is False)
    if public and not settings.allow_public:
        raise ConfigError(
            "repository",
            f"{inputs.repository} is public, so everybody could read the figures",
            "use a private repository, or set `allow-public: true` in the configuration",
        )


def configuration(inputs: Inputs, client: Client | None) -> tuple[Settings, tuple[str, ...]]:
    """The settings and what is to be said about them. Raises ConfigErrors, ApiError."""
    text = repository_file(inputs, client, inputs.config_file)
    if text is not None:
        settings = read_settings(text, inputs.config_file)
        calendar(settings, inputs.as_of, inputs.as_of)  # a country that is none is told before anything is read
        return settings, ()
    if inputs.config_named:
        return Settings(), (f"config-file: there is no {inputs.config_file}; the defaults are used",)
    return Settings(), ()


def not_yet(settings: Settings) -> tuple[str, ...]:
    """What the configuration asks for and this release does not do: said, so that nobody waits for it."""
    asked = {
        "people: logins": settings.people == "logins",
        "teams: true": settings.teams,
        "repositories: true": settings.repositories,
    }
    return tuple(
        f"`{key}` is read, but this release does not collect those reports yet" for key, on in asked.items() if on
    )


def repository_file(inputs: Inputs, client: Client | None, path: str) -> str | None:
    """A file of the workspace when it is there, else of the repository at the commit of the run; None without."""
    local = workspace_text(inputs, path)
    if local is not None:
        return local
    if client is None or not inputs.sha:
        return None
    answer = client.request("GET", _contents(inputs, path), {"ref": inputs.sha}, allowed=(404,))
    return None if answer.status == 404 else _content(path, answer.data)


def workspace_text(inputs: Inputs, path: str) -> str | None:
    """A text file of the workspace, None when there is none.

    Raises ConfigError for what is not text, is too large, or leads out of the workspace: a link to another file of
    the machine would put that file on the pages.
    """
    local = inputs.workspace / path
    try:
        real = local.resolve()
        if not local.is_file():
            return None
        if not real.is_relative_to(inputs.workspace.resolve()):
            raise ConfigError(path, "it leads out of the workspace", "store the file itself there, not a link")
        with real.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise ConfigError(path, f"it is over {MAX_TEXT_BYTES:,} bytes")
        return data.decode()
    except (OSError, ValueError) as error:
        raise ConfigError(path, f"it cannot be read ({type(error).__name__})", "store it as UTF-8 text") from None


def _contents(inputs: Inputs, path: str) -> str:
    # The commit of the run is one of the workflow's own repository, wherever the data live.
    return f"/repos/{inputs.run_repository}/contents/{quote(path)}"


def _content(path: str, answer: object) -> str:
    try:
        if answer["encoding"] != "base64":  # type: ignore[index]
            raise ConfigError(path, "it is over 1 MB")
        return base64.b64decode(answer["content"]).decode()  # type: ignore[index]
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        raise ConfigError(path, "it is not a text file", "store it as UTF-8 text") from None


def shipped_templates() -> dict[str, str]:
    """The templates of this release: beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).resolve().parent.parent / "templates"
    root = beside if beside.is_dir() else Path(str(resources.files("copilot_metrics_action"))) / "templates"
    return {file.relative_to(root).as_posix(): file.read_text("utf-8") for file in sorted(root.rglob("*.j2"))}


def own_templates(inputs: Inputs, client: Client | None) -> dict[str, str]:
    """The user's templates, from `.github/copilot-metrics/` of the workspace, else of the repository."""
    root = inputs.workspace / TEMPLATE_FOLDER
    if root.is_dir():
        names = [file.relative_to(root).as_posix() for file in sorted(root.rglob("*.j2")) if file.is_file()]
        return {name: workspace_text(inputs, f"{TEMPLATE_FOLDER}/{name}") or "" for name in names}
    return {} if client is None or not inputs.sha else _listed_templates(inputs, client, TEMPLATE_FOLDER)


def _listed_templates(inputs: Inputs, client: Client, folder: str) -> dict[str, str]:
    answer = client.request("GET", _contents(inputs, folder), {"ref": inputs.sha}, allowed=(404,))
    found: dict[str, str] = {}
    for entry in answer.data if answer.status == 200 and isinstance(answer.data, list) else ():
        path = str(entry.get("path", ""))
        if entry.get("type") == "dir":
            found |= _listed_templates(inputs, client, path)
        elif entry.get("type") == "file" and path.endswith(".j2"):
            text = repository_file(inputs, client, path)
            if text is not None:
                found[path.removeprefix(f"{TEMPLATE_FOLDER}/")] = text
    return found


def calendar(settings: Settings, first: date, last: date) -> Calendar:
    """The calendar of the configuration for the days from `first` to `last`. Raises ConfigError."""
    chosen = settings.calendar
    periods = tuple(Period(period.start, period.end, period.name) for period in chosen.quiet_periods)
    return Calendar(
        working_days=frozenset(WEEKDAYS.index(day) for day in chosen.working_days) if chosen.working_days else None,
        days_off=frozenset(chosen.days_off) | public_holidays(chosen.country, first, last),
        quiet_periods=periods + (year_end_periods(first, last) if chosen.year_end else ()),
    )


def public_holidays(country: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of a country (`DE`, `DE-BY`), by the optional package `holidays`. Raises ConfigError."""
    if not country:
        return frozenset()
    try:
        import holidays
    except ImportError:
        raise ConfigError(
            "calendar.country",
            "the package `holidays` is not installed here",
            "list the days under `calendar.days-off`, or install copilot-metrics-action[holidays]",
        ) from None
    code, _, subdivision = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=subdivision or None, years=range(first.year, last.year + 1))
    except (NotImplementedError, KeyError):
        raise ConfigError("calendar.country", f"the package `holidays` does not know '{country}'") from None
    return frozenset(found)
