"""The reports' records and the catalogue of metrics: the only place that knows GitHub's field names.

Field definitions follow GitHub's pages "Data available in Copilot usage metrics" and
"Reconciling Copilot usage metrics" (github/docs, read 2026-11-21). GitHub adds fields about
monthly, so every one is optional; what is not known here is kept in the day file all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct, field

from copilot_metrics_action.errors import ConfigError, ReportError

Record = dict[str, Any]
"""One JSON object of a report, as GitHub gave it."""

Kind = Literal["organizations", "enterprises"]

SLUG = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9_])*")
SLUG_LENGTH = 100
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # `date.fromisoformat` takes weeks (2026-W47-2) as well

# The first day GitHub serves: enterprise reports from 2025-10-10; organization reports from 2025-12-12
# (github/docs, concepts page on Copilot usage metrics).
FIRST_DAY: Mapping[str, date] = {"enterprises": date(2025, 10, 10), "organizations": date(2025, 12, 12)}


class Scope(Struct, frozen=True, order=True):
    """One organization or one enterprise; rows of the two are never mixed."""

    kind: Kind
    slug: str

    @classmethod
    def named(cls, kind: Kind, slug: str) -> Scope:
        """The scope of a slug, lower-cased. Raises ConfigError when it is no slug (it becomes a path)."""
        if len(slug) > SLUG_LENGTH or not SLUG.fullmatch(slug):
            raise ConfigError(
                kind.removesuffix("s"),
                f"{slug[:SLUG_LENGTH]!r} is not a slug",
                "give the name as it stands in the address bar: letters, digits, hyphens, at most 100 of them",
            )
        return cls(kind, slug.lower())

    @property
    def path(self) -> str:
        """`organizations/acme`: the folder of the scope on the data branch, and its name everywhere else."""
        return f"{self.kind}/{self.slug}"

    @property
    def name(self) -> str:
        """`acme`, or `acme (enterprise)`: what people read. An enterprise often has the name of its organization."""
        return f"{self.slug} (enterprise)" if self.kind == "enterprises" else self.slug

    def __str__(self) -> str:
        return self.path


def _count(title: str, description: str, since: str = "start", unit: str = "") -> Meta:
    return Meta(title=title, description=description, extra={"since": since, "unit": unit})


Count = int | None
Counts = dict[str, int] | None
Measure = float | None


class DayMetrics(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The figures of one day that trends and pages need: the catalogue of metrics, one field an entry.

    The encoded name of a field tells where GitHub has it:

    `daily_active_users`                          a top-level field
    `pull_requests.total_created`                 a field of a block
    `code_generation_activity_count_by_language`  a counter summed by a dimension of a breakdown (`BREAKDOWNS`)

    None means that GitHub did not report it; a name that is absent from a reported breakdown had none.
    To add a metric, add a field here: it is then read from old days too, when the history is rebuilt.
    """

    daily_active_users: Annotated[Count, _count("Daily active users", "Unique users on the day.", unit="people")] = None
    weekly_active_users: Annotated[
        Count, _count("Weekly active users", "Unique users in the 7 days that end on the day.", unit="people")
    ] = None
    monthly_active_users: Annotated[
        Count, _count("Monthly active users", "Unique users in the 28 days that end on the day.", unit="people")
    ] = None
    monthly_active_chat_users: Annotated[
        Count, _count("Monthly chat users", "Unique users of IDE chat in 28 days.", unit="people")
    ] = None
    monthly_active_agent_users: Annotated[
        Count, _count("Monthly agent users", "Unique users of IDE agent mode in 28 days.", unit="people")
    ] = None
    daily_active_cli_users: Annotated[
        Count, _count("Daily CLI users", "Unique users of Copilot CLI on the day.", "2026-03", "people")
    ] = None
    daily_active_copilot_cloud_agent_users: Annotated[
        Count, _count("Daily cloud agent users", "Unique users of the cloud agent on the day.", "2026-04-10", "people")
    ] = None
    monthly_active_copilot_cloud_agent_users: Annotated[
        Count,
        _count("Monthly cloud agent users", "Unique users of the cloud agent in 28 days.", "2026-04-10", "people"),
    ] = None
    monthly_active_copilot_code_review_users: Annotated[
        Count,
        _count(
            "Monthly code review users",
            "Asked for a review or applied a suggestion in 28 days.",
            "2026-04-22",
            "people",
        ),
    ] = None
    monthly_passive_copilot_code_review_users: Annotated[
        Count,
        _count("Monthly passive code review users", "Reviewed by automatic assignment only.", "2026-04-22", "people"),
    ] = None
    daily_active_copilot_app_users: Annotated[
        Count, _count("Daily Copilot app users", "Unique users of the Copilot app on the day.", "2026-07-17", "people")
    ] = None
    daily_active_vscode_agent_users: Annotated[
        Count,
        _count("Daily Agents window users", "Users of VS Code's Agents window on the day.", "2026-09-11", "people"),
    ] = None
    monthly_active_vscode_agent_users: Annotated[
        Count,
        _count("Agents window users this month", "Since the 1st of the calendar month.", "2026-09-11", "people"),
    ] = None
    user_initiated_interaction_count: Annotated[
        Count, _count("Interactions", "Explicit prompts, in the IDE and (since 2026-04-10) the CLI.", unit="prompts")
    ] = None
    code_generation_activity_count: Annotated[
        Count, _count("Generations", "Code outputs; one prompt can give many, each agent edit counts.", unit="outputs")
    ] = None
    code_acceptance_activity_count: Annotated[
        Count, _count("Acceptances", "Accepted outputs; agent edits never add to it.", unit="outputs")
    ] = None
    loc_suggested_to_add_sum: Annotated[
        Count, _count("Lines suggested", "Lines suggested to add, agent edits left out.", unit="lines")
    ] = None
    loc_added_sum: Annotated[Count, _count("Lines added", "Lines really added, by users and agents.", unit="lines")] = (
        None
    )
    loc_deleted_sum: Annotated[
        Count, _count("Lines deleted", "Lines really deleted, by users and agents.", unit="lines")
    ] = None

    user_initiated_interaction_count_by_feature: Annotated[
        Counts, _count("Interactions by feature", "Prompts by chat mode and other features.", unit="prompts")
    ] = None
    code_generation_activity_count_by_feature: Annotated[
        Counts, _count("Generations by feature", "Code outputs by feature.", unit="outputs")
    ] = None
    code_acceptance_activity_count_by_feature: Annotated[
        Counts, _count("Acceptances by feature", "Accepted outputs by feature.", unit="outputs")
    ] = None
    loc_added_sum_by_feature: Annotated[
        Counts, _count("Lines added by feature", "Lines really added; `agent_edit` are the agents'.", unit="lines")
    ] = None
    code_generation_activity_count_by_ide: Annotated[
        Counts, _count("Generations by IDE", "Code outputs by IDE; the CLI is left out.", unit="outputs")
    ] = None
    code_generation_activity_count_by_language: Annotated[
        Counts, _count("Generations by language", "Code outputs by language; the twelve largest.", unit="outputs")
    ] = None
    user_initiated_interaction_count_by_model: Annotated[
        Counts, _count("Interactions by model", "Prompts by model; the twelve largest.", unit="prompts")
    ] = None
    users_in_phase_28d_by_phase: Annotated[
        Counts, _count("People by adoption phase", "People by adoption phase in 28 days.", "2026-09-17", "people")
    ] = None
    total_engaged_users_by_phase: Annotated[
        Counts, _count("Engaged users by phase", "People active on the day, by adoption phase.", "2026-05-29", "people")
    ] = None

    cli_session_count: Annotated[Count, _count("CLI sessions", "Sessions of Copilot CLI.", "2026-03", "sessions")] = (
        field(default=None, name="totals_by_cli.session_count")
    )
    cli_prompt_count: Annotated[Count, _count("CLI prompts", "Prompts to Copilot CLI.", "2026-03", "prompts")] = field(
        default=None, name="totals_by_cli.prompt_count"
    )
    pull_requests_created: Annotated[
        Count, _count("Pull requests opened", "Pull requests opened on the day.", "2026-02-19", "pull requests")
    ] = field(default=None, name="pull_requests.total_created")
    pull_requests_merged: Annotated[
        Count, _count("Pull requests merged", "Pull requests merged on the day.", "2026-02-19", "pull requests")
    ] = field(default=None, name="pull_requests.total_merged")
    pull_requests_created_by_copilot: Annotated[
        Count, _count("Pull requests opened by Copilot", "Opened by the cloud agent.", "2026-02-19", "pull requests")
    ] = field(default=None, name="pull_requests.total_created_by_copilot")
    pull_requests_reviewed_by_copilot: Annotated[
        Count, _count("Pull requests reviewed by Copilot", "Reviewed by Copilot.", "2026-02-19", "pull requests")
    ] = field(default=None, name="pull_requests.total_reviewed_by_copilot")
    pull_requests_median_minutes_to_merge: Annotated[
        Measure, _count("Median minutes to merge", "Median of the day; absent without merges.", "2026-02-19", "minutes")
    ] = field(default=None, name="pull_requests.median_minutes_to_merge")


class Breakdown(Struct, frozen=True):
    """Where a `…_by_<dimension>` metric comes from: the array and the key of its rows."""

    array: str
    key: str
    most: int = 0  # rows kept a day, the rest summed as `others`; 0 = all
    synonyms: Mapping[str, str] = {}


# IDE and language names changed over time: `intellij` in 2025 samples is `jetbrains` in 2026, `c#` is `csharp`.
BREAKDOWNS: Mapping[str, Breakdown] = {
    "feature": Breakdown("totals_by_feature", "feature"),
    "ide": Breakdown("totals_by_ide", "ide", most=12, synonyms={"intellij": "jetbrains"}),
    "language": Breakdown("totals_by_language_feature", "language", most=12, synonyms={"c#": "csharp"}),
    "model": Breakdown("totals_by_model_feature", "model", most=12),
    "phase": Breakdown("totals_by_ai_adoption_phase", "phase_number"),
}
OTHERS = "others"
LARGEST = 2**53  # beyond it a number of JSON is not exact, and no count of people or lines
NAME_LENGTH = 100

# Chat modes in the order they are drawn; `chat_panel_unknown_mode` is no mode, so it is kept in the data, never drawn.
CHAT_MODES: Mapping[str, str] = {
    "chat_panel_ask_mode": "Ask",
    "chat_panel_edit_mode": "Edit",
    "chat_panel_agent_mode": "Agent",
    "chat_panel_plan_mode": "Plan",
    "chat_panel_custom_mode": "Custom",
    "chat_inline": "Inline",
}
UNKNOWN_MODE = "chat_panel_unknown_mode"
AGENT_MODES = frozenset({"chat_panel_agent_mode", "chat_panel_custom_mode", "chat_panel_plan_mode"})
COMPLETION = "code_completion"
AGENT_EDIT = "agent_edit"
UNKNOWN_NAMES = frozenset({"unknown", "Unknown", ""})

FEATURES: Mapping[str, str] = {
    COMPLETION: "Code completion",
    **{feature: f"{mode} mode" if mode != "Inline" else "Inline chat" for feature, mode in CHAT_MODES.items()},
    UNKNOWN_MODE: "Chat, mode unknown",
    AGENT_EDIT: "Agent edits",
    "copilot_cli": "Copilot CLI",
    "copilot_app": "Copilot app",
    OTHERS: "Others",
}

PHASES: Mapping[str, str] = {
    "0": "Not in a phase",
    "1": "Phase 1: code first",
    "2": "Phase 2: one agent surface",
    "3": "Phase 3: several agent surfaces",
}

IDES: Mapping[str, str] = {
    "vscode": "VS Code",
    "visualstudio": "Visual Studio",
    "jetbrains": "JetBrains",
    "eclipse": "Eclipse",
    "xcode": "Xcode",
    "neovim": "Neovim",
    "vim": "Vim",
    "emacs": "Emacs",
    "zed": "Zed",
}

# Every top-level field that GitHub documents for an aggregated record: what is not here is told as new.
KNOWN_FIELDS = frozenset(
    {
        "day",
        "enterprise_id",
        "organization_id",
        "pull_requests",
        "loc_suggested_to_delete_sum",
        "totals_by_ide",
        "totals_by_feature",
        "totals_by_language_feature",
        "totals_by_language_model",
        "totals_by_model_feature",
        "totals_by_cli",
        "totals_by_copilot_app",
        "totals_by_3rd_party_agent",
        "totals_by_vscode_agent",
        "totals_by_ai_adoption_phase",
        *(f"totals_by_{item}" for item in ("skill", "custom_agent", "mcp", "slash_cmd", "plugin")),
        *(f"distinct_{item}_use_count" for item in ("skill", "custom_agent", "mcp", "slash_cmd", "plugin")),
        *(f"{span}_active_copilot_cloud_agent_users" for span in ("daily", "weekly", "monthly")),
        *(
            f"{span}_{way}_copilot_code_review_users"
            for span in ("daily", "weekly", "monthly")
            for way in ("active", "passive")
        ),
        *(f"{span}_active_copilot_app_users" for span in ("daily", "weekly", "monthly")),
        *(f"{span}_active_vscode_agent_users" for span in ("daily", "weekly", "monthly")),
        *(name for name in DayMetrics.__struct_encode_fields__ if "." not in name and "_by_" not in name),
        # Carried by GitHub's own example page, in no field table.
        "etl_id",
        "day_partition",
        "entity_id_partition",
        "report_start_day",
        "report_end_day",
    }
)


class Metric(Struct, frozen=True):
    """One entry of the catalogue, for pages that explain the figures."""

    name: str
    title: str
    description: str
    unit: str
    since: str
    source: str


@cache
def catalogue() -> tuple[Metric, ...]:
    """Every metric of a day, in the order of `DayMetrics`."""
    hints = get_type_hints(DayMetrics, include_extras=True)
    entries = []
    for attribute, name in zip(DayMetrics.__struct_fields__, DayMetrics.__struct_encode_fields__, strict=True):
        meta = get_args(hints[attribute])[1]
        counter, _, dimension = name.partition("_by_")
        breakdown = BREAKDOWNS.get(dimension) if "." not in name else None
        source = f"{breakdown.array}[].{counter}" if breakdown else name
        entries.append(Metric(attribute, meta.title, meta.description, meta.extra["unit"], meta.extra["since"], source))
    return tuple(entries)


def flatten(record: Record) -> dict[str, int | float | dict[str, int]]:
    """The figures of a record by the encoded names of `DayMetrics`; what GitHub did not report is left out."""
    figures: dict[str, int | float | dict[str, int]] = {}
    for name in DayMetrics.__struct_encode_fields__:
        value = _read(record, name)
        if value is not None:
            figures[name] = value
    return figures


def _read(record: Record, name: str) -> int | float | dict[str, int] | None:
    if "." in name:
        block, _, key = name.partition(".")
        inner = record.get(block)
        return _number(inner.get(key), whole=not key.startswith("median_")) if isinstance(inner, dict) else None
    counter, _, dimension = name.partition("_by_")
    if dimension:
        return _sum_by(record, counter, BREAKDOWNS[dimension])
    return _number(record.get(name))


def _number(value: object, *, whole: bool = True) -> int | float | None:
    """A count or a measure; None for anything that is neither, so that it counts as not reported."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        return None
    return int(value) if whole else value


def _sum_by(record: Record, counter: str, breakdown: Breakdown) -> dict[str, int] | None:
    rows = record.get(breakdown.array)
    if not isinstance(rows, list):
        return None
    sums: dict[str, int] = {}
    reported = not rows
    for row in rows:
        if not isinstance(row, dict) or (count := _number(row.get(counter))) is None:
            continue
        reported = True
        # What is no name has none: the text of an object would depend on the order of its keys.
        value = row.get(breakdown.key)
        name = str(value)[:NAME_LENGTH] if isinstance(value, str | int | float) else ""
        name = breakdown.synonyms.get(name, name)
        if count:
            sums[name] = sums.get(name, 0) + int(count)
    if not reported:
        return None
    if breakdown.most and len(sums) > breakdown.most:
        ranked = sorted(sums, key=lambda name: (name == OTHERS, -sums[name], name))
        rest = sum(sums[name] for name in ranked[breakdown.most :])
        sums = {name: sums[name] for name in ranked[: breakdown.most]}
        sums[OTHERS] = sums.get(OTHERS, 0) + rest
    return dict(sorted(sums.items()))


def unknown_fields(records: Iterable[Record]) -> tuple[str, ...]:
    """Names in the reports that this version does not know: top-level fields and features, sorted."""
    names = set()
    for record in records:
        names |= record.keys() - KNOWN_FIELDS
        rows = record.get("totals_by_feature")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and str(row.get("feature")) not in FEATURES:
                names.add(f"feature {row.get('feature')}")
    return tuple(sorted(names))


def report_day(record: Record) -> date:
    """The UTC day of a record. Raises ReportError when it has none."""
    value = record.get("day")
    try:
        return date.fromisoformat(value) if isinstance(value, str) and DAY.fullmatch(value) else _no_day(value)
    except ValueError:
        return _no_day(value)


def _no_day(value: object) -> date:
    raise ReportError("report", f"a record has no usable day ({str(value)[:40]!r})", "it is asked for again tomorrow")


def read_records(data: bytes) -> list[Record]:
    """The aggregated records of a downloaded file, in any layout that GitHub uses.

    One object, an array of objects, one object a line (NDJSON), or the 28-day wrapper whose
    `day_totals` holds the days, unsorted. Raises ReportError, never returns half a file.
    """
    records: list[Record] = []
    for item in _documents(data):
        if not isinstance(item, dict):
            raise ReportError(
                "report", "the file holds something that is not a record", "it is asked for again tomorrow"
            )
        totals = item.get("day_totals")
        if totals is None:
            records.append(item)
        elif isinstance(totals, list) and all(isinstance(day, dict) for day in totals):
            records.extend(totals)
        else:
            raise ReportError("report", "`day_totals` is not a list of records", "it is asked for again tomorrow")
    return records


def _documents(data: bytes) -> list[Any]:
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    else:
        return whole if isinstance(whole, list) else [whole]
    documents = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            documents.append(msgspec.json.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ReportError("report", f"line {number} is not JSON", "it is asked for again tomorrow") from None
    if not documents:
        raise ReportError("report", "the file is empty", "it is asked for again tomorrow")
    return documents


def fullest(records: Sequence[Record]) -> Record:
    """Of several records of one day the one that holds most: shards may repeat a day. The order does not matter."""
    if len(records) == 1:
        return records[0]  # as nearly always: the figures of each day of a backfill would be read for nothing
    return max(
        records,
        key=lambda record: (
            flatten(record).get("daily_active_users", -1),
            flatten(record).get("code_generation_activity_count", -1),
            canonical_json(record),
        ),
    )


def canonical_json(value: object) -> bytes:
    """The one way JSON is stored: sorted keys, two spaces, UTF-8 as it is, a final newline."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"


class SeatFacts(Struct, frozen=True):
    """What counts of one seat. `person` is the assignee's id, empty for a seat without one."""

    person: str
    created: date | None
    used: date | None
    ending: bool
    plan: str
    login: str = ""

    def older_than(self, days: int, on: date) -> bool:
        """Whether the seat was at least so many days old; a seat of unknown age is not."""
        return self.created is not None and (on - self.created).days >= days

    def joined(self, other: SeatFacts) -> SeatFacts:
        """One person's two seats as one: the older creation, the later use, ending only when both end."""
        return SeatFacts(
            self.person,
            min((day for day in (self.created, other.created) if day), default=None),
            max((day for day in (self.used, other.used) if day), default=None),
            self.ending and other.ending,
            self.plan or other.plan,
            self.login or other.login,
        )


class Assignee(Struct, gc=False):
    """Who holds a seat, as far as it counts."""

    id: int | str | None = None
    login: str | None = None


class Seat(Struct, gc=False):
    """A seat as the seats endpoints give it, with the fields that `seat_facts` reads and no others."""

    created_at: str | None = None
    last_activity_at: str | None = None
    pending_cancellation_date: str | None = None
    plan_type: str | None = None
    assignee: Assignee | None = None

    def record(self) -> Record:
        """The same as `slim_seat` makes of it."""
        who = self.assignee
        return {
            "created_at": self.created_at,
            "last_activity_at": self.last_activity_at,
            "pending_cancellation_date": self.pending_cancellation_date,
            "plan_type": self.plan_type,
            "assignee": None if who is None else {"id": who.id, "login": who.login},
        }


class SeatPage(Struct):
    """One page of a seat listing."""

    seats: list[Seat]


SEAT_FIELDS: Final = ("created_at", "last_activity_at", "pending_cancellation_date", "plan_type")


def slim_seat(seat: Record) -> Record:
    """A seat with the fields that `seat_facts` reads, and no others."""
    assignee = seat.get("assignee")
    person = {key: assignee.get(key) for key in ("id", "login")} if isinstance(assignee, dict) else None
    return {**{key: seat[key] for key in SEAT_FIELDS if key in seat}, "assignee": person}


def seat_facts(seat: Record) -> SeatFacts:
    """The facts of a seat as the seats endpoints give it; ids come as strings and as integers."""
    assignee = seat.get("assignee")
    person = assignee.get("id") if isinstance(assignee, dict) else None
    return SeatFacts(
        "" if person is None else str(person),
        _timestamp_day(seat.get("created_at")),
        _timestamp_day(seat.get("last_activity_at")),
        bool(seat.get("pending_cancellation_date")),
        str(seat.get("plan_type") or ""),
        str(assignee.get("login") or "") if isinstance(assignee, dict) else "",
    )


def seat_holders(seats: Iterable[Record]) -> dict[str, SeatFacts]:
    """One entry a person of a seat listing, by id; several seats of one person are one. Seats of nobody stay apart."""
    people: dict[str, SeatFacts] = {}
    for number, seat in enumerate(seats):
        facts = seat_facts(seat)
        key = facts.person or f"seat {number}"
        known = people.get(key)
        people[key] = facts if known is None else known.joined(facts)
    return people


def _timestamp_day(value: object) -> date | None:
    """The UTC day of a timestamp, which may carry an offset; None for null or anything else."""
    if not isinstance(value, str):
        return None
    try:
        stamp = datetime.fromisoformat(value)
        return (stamp.astimezone(UTC) if stamp.tzinfo else stamp).date()
    except (ValueError, OverflowError):
        return None
