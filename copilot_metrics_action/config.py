"""Inputs and the configuration file to plain, checked values. Every problem is told at once."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Meta, Struct, field
from yaml.constructor import ConstructorError

from copilot_metrics_action.errors import ConfigError, ConfigErrors
from copilot_metrics_action.metrics import DAY, Kind, Scope
from copilot_metrics_action.report import SECTIONS
from copilot_metrics_action.symptoms import Thresholds

Mode = Literal["run", "check", "demo"]
Charts = Literal["auto", "mermaid", "none"]
FailOn = Literal["error", "symptom", "never"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)

MAX_CONFIG_BYTES: Final = 256 * 1024
REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
BRANCH: Final = re.compile(r"(?![-/.])(?!.*(\.\.|//|@\{|\.lock(/|$)|/\.))[A-Za-z0-9._/@+-]{1,200}(?<![/.])")


# --- inputs ---------------------------------------------------------------------------------------


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


class Input(Struct, frozen=True):
    """One input: its name in `action.yml`, its default, and how its text is read."""

    name: str
    default: str
    parse: Callable[[str], Any]


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
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
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
    Input("organization", "", _names),
    Input("enterprise", "", _names),
    Input("copilot-token", "", _tokens),
    Input("github-token", "", _token),
    Input("repository", "", _repository),
    Input("mode", "run", _choice(*get_args(Mode))),
    Input("data-branch", "copilot-metrics", _branch),
    Input("charts-branch", "copilot-metrics-charts", _branch),
    Input("config-file", ".github/copilot-metrics.yml", _relative),
    Input("issues", "true", _boolean),
    Input("charts", "auto", _choice(*get_args(Charts))),
    Input("fail-on", "error", _choice(*get_args(FailOn))),
    Input("dry-run", "false", _boolean),
    Input("as-of", "", _day),
    Input("output-dir", "", _relative),
    Input("copilot-api-url", "", _url),
    Input("ca-certificates", "", str),
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
        problems.append(ConfigError("repository", "it is not known", "write it as owner/name"))
    if not given.get("github-token") and "github-token" not in failed:
        problems.append(ConfigError("github-token", "it is empty", "leave it out to use the workflow's own token"))
    if "copilot-token" in failed:
        return
    if not tokens.all():
        problems.append(
            ConfigError(
                "copilot-token",
                "it is empty",
                "store a token that reads the Copilot metrics as a secret and pass it as ${{ secrets.COPILOT_TOKEN }}; "
                "`mode: demo` needs none",
            )
        )
        return
    problems.extend(
        ConfigError("copilot-token", f"there is no line for {scope}", f"add a line `{scope}: ${{{{ secrets.NAME }}}}`")
        for scope in scopes
        if not tokens.of(scope)
    )


# --- the configuration file -----------------------------------------------------------------------


_BRIEF: Final = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring = 3, 60


class Setting(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A mapping of the configuration file; keys are kebab-case."""


class QuietPeriod(Setting, frozen=True, kw_only=True):
    """A planned break; its days are left out of trends."""

    start: Annotated[date, Meta(description="First day of the break.", examples=["2026-07-20"])]
    end: Annotated[date, Meta(description="Last day of the break.", examples=["2026-08-14"])]
    name: Annotated[str, Meta(description="What it is called on charts.", examples=["Summer break"])] = ""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("`end` is before `start`")


class CalendarSettings(Setting, frozen=True, kw_only=True):
    """Which days are expected to be quiet."""

    working_days: Annotated[
        tuple[Weekday, ...],
        Meta(description="Days of the working week; empty = learned from the data.", examples=[["sunday", "monday"]]),
    ] = ()
    days_off: Annotated[
        tuple[date, ...], Meta(description="Single days without work, such as holidays.", examples=[["2026-12-25"]])
    ] = ()
    quiet_periods: Annotated[tuple[QuietPeriod, ...], Meta(description="Planned breaks, such as a summer break.")] = ()
    country: Annotated[
        str,
        Meta(
            description="Country whose public holidays are days off (ISO code, a subdivision after a hyphen); "
            "needs the optional package `holidays`, which the image does not hold.",
            examples=["DE-BY"],
            pattern="^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        ),
    ] = ""
    year_end: Annotated[bool, Meta(description="Treat 21 December to 4 January as a planned break.")] = True


class IssueSettings(Setting, frozen=True, kw_only=True):
    """How adoption issues are routed."""

    labels: Annotated[
        tuple[str, ...],
        Meta(
            description="Further labels for new issues; `{scope}`, `{kind}`, `{slug}` and `{symptom}` stand for the "
            "issue's own.",
            examples=[["ai-adoption", "copilot-{symptom}"]],
        ),
    ] = ()
    assignees: Annotated[
        tuple[str, ...], Meta(description="Who new issues are assigned to, by login.", examples=[["monalisa"]])
    ] = ()
    mentions: Annotated[
        tuple[str, ...], Meta(description="Who is mentioned in new issues, by login or team.", examples=[["acme/ai"]])
    ] = ()
    milestone: Annotated[str, Meta(description="Milestone of new issues, by title.", examples=["Rollout"])] = ""
    max_new: Annotated[
        int, Meta(description="At most so many new issues a run; the rest come on later days.", ge=0, le=50)
    ] = 3
    digest: Annotated[
        bool, Meta(description="Keep one rolling issue with the week's figures, with one comment a week.")
    ] = False


class ReportSettings(Setting, frozen=True, kw_only=True):
    """What the summary shows."""

    sections: Annotated[
        tuple[str, ...], Meta(description="Sections of the summary; empty = all.", examples=[["headline", "symptoms"]])
    ] = ()
    people: Annotated[bool, Meta(description="Show logins in the summary; needs `people: logins`.")] = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown:
            raise ValueError(f"there is no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")


class PriceSettings(Setting, frozen=True, kw_only=True):
    """What one seat costs a month."""

    amount: Annotated[float, Meta(description="Price of a seat a month.", ge=0, examples=[19])]
    currency: Annotated[str, Meta(description="ISO code of the currency.", pattern="^[A-Z]{3}$", examples=["USD"])] = (
        "USD"
    )


class Intervention(Setting, frozen=True, kw_only=True):
    """Something that was done for adoption; drawn as a mark on the charts."""

    day: Annotated[date, Meta(description="The day it happened.", examples=["2026-10-05"])]
    what: Annotated[str, Meta(description="What was done.", min_length=1, max_length=200, examples=["Prompt workshop"])]
    scope: Annotated[str, Meta(description="`organizations/<slug>`; empty = all.", examples=["organizations/acme"])] = (
        ""
    )
    team: Annotated[str, Meta(description="Slug of a team; empty = everybody.")] = ""


class Settings(Setting, frozen=True, kw_only=True):
    """The configuration file, `.github/copilot-metrics.yml`. Every key has a default."""

    symptoms: Annotated[Thresholds, Meta(description="Limits and parameters of each symptom.")] = field(
        default_factory=Thresholds
    )
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    issues: IssueSettings = field(default_factory=IssueSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    people: Annotated[
        Literal["none", "counts", "logins"],
        Meta(description="How far the per-user reports are read: not at all, for counts, or for tables with logins."),
    ] = "counts"
    teams: Annotated[bool, Meta(description="Read the team reports.")] = False
    repositories: Annotated[bool, Meta(description="Store the repository reports.")] = False
    seats: Annotated[
        Literal["auto", "none"] | Annotated[int, Meta(ge=0)],
        Meta(
            description="Seats: `auto` reads them, `none` does without, a number is taken as it is.",
            examples=["auto", 420],
        ),
    ] = "auto"
    seat_price: Annotated[PriceSettings | None, Meta(description="Price of a seat, for the cost of idle ones.")] = None
    rollout_start: Annotated[
        date | dict[str, date] | None,
        Meta(description="First day of the rollout, or one for each scope.", examples=["2026-09-01"]),
    ] = None
    settled_days: Annotated[
        Literal["keep", "update"],
        Meta(description="What happens when GitHub restates a settled day: it is only said, or rewritten too."),
    ] = "keep"
    allow_public: Annotated[bool, Meta(description="Allow the data branch in a public repository.")] = False
    download_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Further hosts from which reports may be downloaded.", examples=[["reports.example"]]),
    ] = ()
    run_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=300,
            description="How long a run may take. Then it stores what has come and leaves the rest to the next run. "
            "Keep it below the workflow's `timeout-minutes`.",
        ),
    ] = 10
    commit_message_prefix: Annotated[
        str, Meta(description="Text before the message of each commit.", max_length=50, examples=["chore(data): "])
    ] = ""
    interventions: Annotated[tuple[Intervention, ...], Meta(description="What was done for adoption.")] = ()

    def rollout_of(self, scope: Scope) -> date | None:
        return self.rollout_start.get(scope.path) if isinstance(self.rollout_start, dict) else self.rollout_start


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which refuses what would be lost in silence or break later."""

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        try:
            # An escaped character beyond U+FFFF comes as two halves, as JSON writes it; a lone half is none.
            return value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise ConstructorError(None, None, "half a character", node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_settings(text: str, name: str) -> Settings:
    """The configuration file, checked whole. Raises ConfigErrors with every problem, each with its path."""
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigErrors([ConfigError(name, f"the file is over {MAX_CONFIG_BYTES:,} bytes")])
    try:
        document = _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        what = str(getattr(error, "problem", None) or type(error).__name__)
        raise ConfigErrors(
            [ConfigError(place, f"it is not YAML ({what})", "check the indentation and quotes there")]
        ) from None
    problems: list[ConfigError] = []
    settings: Any = _read({} if document is None else document, Settings, "", problems)
    if problems:
        raise ConfigErrors(
            [ConfigError(f"{name}: {problem.where}", problem.what, problem.hint) for problem in problems]
        )
    return msgspec.convert(settings, Settings)


def _read(value: object, kind: Any, path: str, problems: list[ConfigError]) -> Any:
    """The value as its type says; problems are collected, so that all are told at once."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _read_struct(value, bare, path, problems)
    if get_origin(bare) is tuple and isinstance(value, list) and _is_struct(get_args(bare)[0]):
        return tuple(
            _read(item, get_args(bare)[0], f"{path}[{number}]", problems) for number, item in enumerate(value, 1)
        )
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        bounds = str(error).partition(" - at ")[0]
        expected = describe(kind)
        said = f"{_shown(value)} is not {expected}" if "Expected `" not in bounds or "of " not in bounds else bounds
        if any(sign in bounds for sign in (">=", "<=", " > ", " < ", "length", "matching")):
            said = f"{_shown(value)} is out of bounds ({bounds[0].lower()}{bounds[1:]})".replace("`", "")
        in_quotes = "YAML reads NO, yes, on and off as true or false: put it in quotes"
        problems.append(ConfigError(path, said, in_quotes if bare is str and isinstance(value, bool) else ""))
        return None


def _read_struct(value: object, kind: type[Struct], path: str, problems: list[ConfigError]) -> Struct | None:
    if not isinstance(value, dict):
        problems.append(ConfigError(path or "the file", f"{_shown(value)} is not a mapping of keys to values"))
        return None
    fields = {entry.encode_name: entry for entry in msgspec.structs.fields(kind)}
    before = len(problems)
    read = {}
    for key, inner in value.items():
        inner_path = f"{path}.{key}" if path else str(key)
        entry = fields.get(str(key))
        if entry is None:
            near = difflib.get_close_matches(str(key).replace("_", "-"), fields, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(fields)}"
            problems.append(ConfigError(inner_path, "there is no such key", hint))
        elif inner is None and not entry.required:
            continue  # a key without a value: its default
        else:
            read[entry.name] = _read(inner, entry.type, inner_path, problems)
    for name, entry in fields.items():
        if entry.required and name not in value:
            problems.append(ConfigError(f"{path}.{name}" if path else name, "it is missing"))
    if len(problems) > before:
        return None
    try:
        return kind(**read)
    except ValueError as error:
        problems.append(ConfigError(path, str(error)))
        return None


def _bare(kind: Any) -> Any:
    """The type without its annotations and without `None`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        rest = [part for part in get_args(kind) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else kind
    return kind


def _is_struct(kind: Any) -> bool:
    bare = _bare(kind)
    return isinstance(bare, type) and issubclass(bare, Struct)


def describe(kind: Any) -> str:
    """A type in words: "a whole number", "one of keep, update"."""
    bare = _bare(kind)
    origin = get_origin(bare)
    if origin is Literal:
        values = get_args(bare)
        return f"one of {', '.join(map(str, values))}"
    if origin in (Union, UnionType):
        return " or ".join(describe(part) for part in get_args(bare) if part is not type(None))
    if origin is tuple:
        return f"a list of which each is {describe(get_args(bare)[0])}"
    if origin is dict:
        return f"a mapping of names to values of which each is {describe(get_args(bare)[1])}"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text", date: "a day (2026-11-17)"}
    return words.get(bare, "a mapping")


def _shown(value: object) -> str:
    # Lists and mappings of YAML may hold the same alias over and over: whole, they would fill the memory.
    shown = _BRIEF.repr(value) if isinstance(value, str | list | dict) else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file, for editors."""
    schema = msgspec.json.schema(Settings)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of copilot-metrics-action",
        **schema,
    }
