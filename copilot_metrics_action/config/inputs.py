"""The inputs of the action, as the runner gives them, to checked values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from copilot_metrics_action.errors import ConfigError, ConfigErrors
from copilot_metrics_action.metrics import DAY, Kind, Scope

Mode = Literal["run", "check", "demo"]
Charts = Literal["auto", "mermaid", "none"]
FailOn = Literal["error", "symptom", "never"]

REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
BRANCH: Final = re.compile(r"(?![-/.])(?!.*(\.\.|//|@\{|\.lock(/|$)|/\.))[A-Za-z0-9._/@+-]{1,200}(?<![/.])")


class Tokens(Struct, frozen=True):
    """The Copilot tokens: one for everything, or one a scope."""

    default: str = ""
    scoped: Mapping[str, str] = {}

    def of(self, scope: Scope) -> str:
        return self.scoped.get(scope.path, self.default)

    def all(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.default, *self.scoped.values())))

    def __repr__(self) -> str:
        return f"Tokens({len(self.all())} hidden)"


class Inputs(Struct, frozen=True, kw_only=True):
    """The inputs of the action and what the runner adds, checked."""

    scopes: tuple[Scope, ...]
    tokens: Tokens
    github_token: str
    repository: str
    mode: Mode
    data_branch: str
    charts_branch: str
    config_file: str
    config_named: bool  # named on purpose: its absence is then a warning
    issues: bool
    charts: Charts
    fail_on: FailOn
    dry_run: bool
    as_of: date
    output_dir: str
    api_url: str
    copilot_api_url: str
    ca_certificates: str
    server_url: str
    run_repository: str
    sha: str
    run_url: str
    workspace: Path
    temp: Path
    debug: bool

    def __repr__(self) -> str:
        return f"Inputs({', '.join(scope.path for scope in self.scopes)}, {self.mode})"

    def in_workspace(self, path: Path) -> bool:
        """Whether a path lies in the workspace, wherever links on the way lead."""
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.workspace))


class Input(Struct, frozen=True):
    """One input.

    name     in `action.yml`
    default  its text when none is given
    parse    how its text is read
    help     what it is, for a terminal
    form     what its text looks like, likewise
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str
    form: str = "TEXT"


def _choice(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(f"{text!r} is not one of {', '.join(values)}")
        return text.lower()

    return parse


def _boolean(text: str) -> bool:
    return _choice("true", "false")(text) == "true"


def _branch(text: str) -> str:
    if not BRANCH.fullmatch(text):
        raise ValueError(f"{text!r} is not a branch name; use letters, digits, hyphens and slashes")
    return text


def _repository(text: str) -> str:
    if not REPOSITORY.fullmatch(text):
        raise ValueError(f"{text!r} is not a repository; write it as owner/name")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or port == 0:
        raise ValueError(f"{text!r} is not the address of an API, such as https://api.github.com")
    return text.rstrip("/")


def _day(text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a day; write it as 2026-11-17")


def _relative(text: str) -> str:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{text!r} leads out of the workspace; give a relative path")
    return path.as_posix()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in re.split(r"[,\n]", text) if name.strip())


def _tokens(text: str) -> Tokens:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and ":" not in lines[0]:
        return Tokens(default=_token(lines[0]))
    scoped = {}
    for line in lines:
        name, colon, token = line.partition(":")
        kind, _, slug = name.strip().partition("/")
        if not colon or kind not in get_args(Kind):
            raise ValueError("a line is not `organizations/<slug>: TOKEN` or `enterprises/<slug>: TOKEN`")
        scope = Scope.named(kind, slug.strip())  # type: ignore[arg-type]  # checked above
        if not token.strip():
            raise ValueError(
                f"there is no token for {scope}; is the secret set, and its name spelt as in the workflow?"
            )
        scoped[scope.path] = _token(token.strip())
    return Tokens(scoped=scoped)


def _token(text: str) -> str:
    # Anything else would break a header, or is a pasted secret with a stray character.
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the token holds a space or an unprintable character; paste it again")
    return text


INPUTS: Final = (
    Input("organization", "", _names, "organizations to report on, separated by commas", "SLUGS"),
    Input("enterprise", "", _names, "enterprises to report on, separated by commas", "SLUGS"),
    Input("copilot-token", "", _tokens, "token that reads reports and seats; better given as COPILOT_TOKEN", "TOKEN"),
    Input(
        "github-token",
        "",
        _token,
        "token that writes the data branch and issues; better given as GITHUB_TOKEN",
        "TOKEN",
    ),
    Input("repository", "", _repository, "where data and issues live", "OWNER/NAME"),
    Input("mode", "run", _choice(*get_args(Mode)), "run, check or demo"),
    Input("data-branch", "copilot-metrics", _branch, "branch that keeps the data", "BRANCH"),
    Input("charts-branch", "copilot-metrics-charts", _branch, "branch that holds the charts", "BRANCH"),
    Input("config-file", ".github/copilot-metrics.yml", _relative, "configuration file", "FILE"),
    Input("issues", "true", _boolean, "whether issues are opened, edited and closed", "true|false"),
    Input("charts", "auto", _choice(*get_args(Charts)), "how charts are drawn; auto: as pictures", "auto|mermaid|none"),
    Input("fail-on", "error", _choice(*get_args(FailOn)), "what ends with status 1", "error|symptom|never"),
    Input("dry-run", "false", _boolean, "show everything, write nothing", "true|false"),
    Input("as-of", "", _day, "compute as if today were this day (YYYY-MM-DD)", "DAY"),
    Input("output-dir", "", _relative, "folder that also gets summary, charts and tables", "FOLDER"),
    Input("copilot-api-url", "", _url, "where the Copilot API is, when the repository lives elsewhere", "URL"),
    Input("ca-certificates", "", str, "certificate authorities to trust as well: PEM text or a file", "PEM|FILE"),
)


def read_inputs(environment: Mapping[str, str], today: date) -> Inputs:
    """The inputs from the runner's environment; an empty string means "not given".

    Raises ConfigErrors with every problem. `today` is the day in UTC.
    """
    problems: list[ConfigError] = []
    given: dict[str, Any] = {}
    for entry in INPUTS:
        text = environment.get(f"INPUT_{entry.name.upper().replace(' ', '_')}", "").strip() or entry.default
        try:
            given[entry.name] = entry.parse(text) if text else None
        except ConfigError as error:
            problems.append(ConfigError(entry.name, error.what, error.hint))
        except ValueError as error:
            problems.append(ConfigError(entry.name, str(error)))
    mode: Mode = given.get("mode") or "run"
    repository = given.get("repository") or environment.get("GITHUB_REPOSITORY", "")
    scopes = _scopes(given, repository, mode, problems)
    tokens = given.get("copilot-token") or Tokens()
    if mode != "demo":
        _require(given, repository, scopes, tokens, problems)
    as_of = given.get("as-of") or today
    if as_of > today:
        problems.append(ConfigError("as-of", f"{as_of} is in the future", f"use {today} or an earlier day"))
    if given.get("data-branch") and given.get("data-branch") == given.get("charts-branch"):
        problems.append(
            ConfigError(
                "charts-branch", "it is the data branch", "charts are thrown away daily: give them another branch"
            )
        )
    try:
        api_url = _url(environment.get("GITHUB_API_URL") or "https://api.github.com")
    except ValueError as error:
        api_url = ""
        problems.append(ConfigError("GITHUB_API_URL", str(error)))
    if problems:
        raise ConfigErrors(problems)
    server_url = (environment.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")
    run = environment.get("GITHUB_RUN_ID", "")
    home = environment.get("GITHUB_REPOSITORY", "") or repository  # whose run this is, wherever the data live
    return Inputs(
        scopes=scopes,
        tokens=tokens,
        github_token=given["github-token"] or "",
        repository=repository,
        mode=mode,
        data_branch=given["data-branch"],
        charts_branch=given["charts-branch"],
        config_file=given["config-file"],
        config_named=given["config-file"] != _default("config-file"),
        issues=given["issues"],
        charts=given["charts"],
        fail_on=given["fail-on"],
        dry_run=given["dry-run"] or environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request"),
        as_of=as_of,
        output_dir=given["output-dir"] or "",
        api_url=api_url,
        copilot_api_url=given["copilot-api-url"] or api_url,
        ca_certificates=given["ca-certificates"] or "",
        server_url=server_url,
        run_repository=home,
        sha=environment.get("GITHUB_SHA", ""),
        run_url=f"{server_url}/{home}/actions/runs/{run}" if run.isdigit() and home else "",
        workspace=Path(environment.get("GITHUB_WORKSPACE") or "."),
        temp=Path(environment.get("RUNNER_TEMP") or "."),
        debug=environment.get("RUNNER_DEBUG") == "1",
    )


def _default(name: str) -> str:
    return next(entry.default for entry in INPUTS if entry.name == name)


def _scopes(given: Mapping[str, Any], repository: str, mode: Mode, problems: list[ConfigError]) -> tuple[Scope, ...]:
    organizations, enterprises = given.get("organization") or (), given.get("enterprise") or ()
    if mode == "demo":
        return ()
    if not organizations and not enterprises and "/" in repository:
        organizations = (repository.partition("/")[0],)
    scopes: list[Scope] = []
    kinds: tuple[tuple[Kind, Sequence[str]], ...] = (("enterprises", enterprises), ("organizations", organizations))
    for kind, slugs in kinds:
        for slug in slugs:
            try:
                scope = Scope.named(kind, slug)
            except ConfigError as error:
                problems.append(error)
                continue
            if scope not in scopes:
                scopes.append(scope)
    return tuple(scopes)


def _require(
    given: Mapping[str, Any], repository: str, scopes: Sequence[Scope], tokens: Tokens, problems: list[ConfigError]
) -> None:
    failed = {problem.where for problem in problems}
    if not REPOSITORY.fullmatch(repository) and "repository" not in failed:
        hint = "write it as owner/name (on a terminal, --repository)"
        problems.append(ConfigError("repository", "it is not known", hint))
    if not given.get("github-token") and "github-token" not in failed:
        hint = "leave it out to use the workflow's own token (on a terminal, set GITHUB_TOKEN)"
        problems.append(ConfigError("github-token", "it is empty", hint))
    if "copilot-token" in failed:
        return
    if not tokens.all():
        problems.append(
            ConfigError(
                "copilot-token",
                "it is empty",
                "store a token that reads the Copilot metrics as a secret and pass it as ${{ secrets.COPILOT_TOKEN }} "
                "(on a terminal, set COPILOT_TOKEN); `mode: demo` needs none",
            )
        )
        return
    problems.extend(
        ConfigError("copilot-token", f"there is no line for {scope}", f"add a line `{scope}: ${{{{ secrets.NAME }}}}`")
        for scope in scopes
        if not tokens.of(scope)
    )
