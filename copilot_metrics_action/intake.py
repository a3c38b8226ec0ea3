"""Files that somebody offers for import: what each holds, told from its content; what is wrong, with file and line.

Nothing is decided by a file's name. A file is an array, one object, the 28-day wrapper with `day_totals`, or one
object a line (NDJSON, as the dashboard's *Export JSON* writes it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action import legacy
from copilot_metrics_action.errors import ReportError
from copilot_metrics_action.escape import visible
from copilot_metrics_action.history import git_blob
from copilot_metrics_action.metrics import Record, Scope, canonical_json, report_day
from copilot_metrics_action.people import UserRow, row_of

Shape = Literal["report", "person", "metrics", "usage"]

WORDS: Final[Mapping[str, str]] = {
    "report": "usage report",
    "person": "users report, to be counted without names",
    "metrics": "closed API /copilot/metrics",
    "usage": "closed API /copilot/usage",
}
MOST_PROBLEMS: Final = 20  # kinds of them, of one file

# Any of these makes an object with a `day` a report over all people (field table of GitHub's reports).
_REPORT_FIELDS: Final = frozenset(
    {
        "daily_active_users",
        "code_generation_activity_count",
        "user_initiated_interaction_count",
        "totals_by_feature",
        "totals_by_ide",
        "pull_requests",
    }
)

# Any of these makes a line with a `user_id` and a `day` one of a users report, unless it has one of the others.
_PERSON_FIELDS: Final = frozenset({"used_agent", "used_chat", "totals_by_feature", "totals_by_ide"})
_OTHER_FIELDS: Final = frozenset({"daily_active_users", "pull_requests", "days_active", "assignee", "seats"})


class Row(Struct, frozen=True):
    """One day that a file holds; of shape `person` what one person did on it, which leaves memory in counts alone.

    place  `file:line`
    taken  the day on which GitHub made the file, as far as it says so: what it has of the days before may still grow
    owner  the ids of enterprise and organization; empty where a file does not name them
    """

    place: str
    shape: Shape
    day: date
    record: Record
    taken: date | None = None
    owner: tuple[str, str] = ("", "")


class Offer(Struct, frozen=True):
    """What a file holds.

    said      in words
    problems  one line each, with file and line: then nothing of any file is imported
    skipped   it is a file that the data branch derives from others
    """

    said: str
    rows: tuple[Row, ...] = ()
    problems: tuple[str, ...] = ()
    skipped: bool = False


class Claim(Struct, frozen=True):
    """Where a day was first seen, and the id of its content."""

    place: str
    blob: str


class Ledger:
    """What was seen in all files together: days that come twice, and organizations that do not belong together."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._days: dict[tuple[bool, date], Claim] = {}
        self._owners: dict[int, tuple[str, str]] = {}  # which id, to its value and place
        self.differing: set[date] = set()  # report days of which there are copies that differ
        self.counted_days: set[date] = set()  # days of users reports
        self.problems: list[str] = []
        self._said: set[tuple[str, str]] = set()  # file and problem: what holds for every line of a file is said once
        self.notices: list[str] = []

    def add(self, rows: Iterable[Row], today: date) -> None:
        for row in rows:
            self._check_owner(row)
            if row.day >= today:
                self.problems.append(
                    f"{row.place}: the day {row.day} was not over on {today}; check the file, and `--as-of`"
                )
            if row.shape == "person":
                self.counted_days.add(row.day)
                continue
            key = (row.shape == "report", row.day)
            claim = Claim(row.place, git_blob(canonical_json(row.record)))
            known = self._days.setdefault(key, claim)
            if known is not claim and known.blob != claim.blob:
                if row.shape == "report":
                    self.differing.add(row.day)
                self.notices.append(
                    f"{row.place}: {row.day} is also in {known.place} and differs; the later or fuller copy counts"
                )

    @property
    def overlapping(self) -> tuple[date, ...]:
        """Days that came both as a report and from a closed API."""
        return tuple(sorted(day for is_report, day in self._days if is_report and (False, day) in self._days))

    def days(self, *, reports: bool) -> tuple[date, ...]:
        return tuple(sorted(day for is_report, day in self._days if is_report == reports))

    def _check_owner(self, row: Row) -> None:
        enterprise, organization = row.owner
        if self.scope.kind == "enterprises" and organization:
            self._say(
                row.place,
                f"it is about organization {organization}, not about an enterprise; import it with --organization",
            )
        elif (
            self.scope.kind == "organizations" and row.shape in ("report", "person") and enterprise and not organization
        ):
            self._say(
                row.place,
                f"it is about enterprise {enterprise} as a whole, not about an organization; "
                "import it with --enterprise",
            )
        else:
            for number, value in enumerate(row.owner):
                known = self._owners.setdefault(number, (value, row.place)) if value else (value, "")
                if known[0] != value:
                    kind = ("enterprise", "organization")[number]
                    self._say(
                        row.place,
                        f"it is about {kind} {value}, and {known[1]} about {known[0]}; import each scope on its own",
                    )

    def _say(self, place: str, problem: str) -> None:
        file = place.rpartition(":")[0]
        if (file, problem) not in self._said:
            self._said.add((file, problem))
            self.problems.append(f"{place}: {problem}")

    def belongs(self, stored: Record, path: str) -> None:
        """Notes whose the stored days are, so that another organization's are refused."""
        for number, value in enumerate(_owner(stored, {})):
            if value:
                self._owners.setdefault(number, (value, path))


_AGAIN: Final = "fetch or export the file again; nothing was imported"


# --- reading a file -------------------------------------------------------------------------------


def read(name: str, data: bytes) -> Offer:
    """What a file holds. Never raises: what is wrong stands in `problems`."""
    try:
        data = _utf8(data)
        pieces = _pieces(name, data)
    except ReportError as error:
        return Offer("not readable", problems=(str(error),))
    rows: list[Row] = []
    problems: dict[tuple[str, str], list[str]] = {}  # places by what is wrong and what to do
    for piece in pieces:
        derived = _derived(piece.value)
        if derived and len(pieces) == 1:
            return Offer(derived, skipped=True)
        try:
            rows.append(_row(piece))
        except ReportError as error:
            problems.setdefault((error.what, error.hint), []).append(error.where)
    told = [
        str(ReportError(places[0], f"{what} (and {len(places) - 1} more)" if len(places) > 1 else what, hint))
        for (what, hint), places in problems.items()
    ]
    if len(told) > MOST_PROBLEMS:
        told = [*told[:MOST_PROBLEMS], f"{name}: {len(told) - MOST_PROBLEMS} more problems"]
    return Offer(_said(rows), tuple(rows), tuple(told))


class _Piece(Struct, frozen=True):
    """One object of a file, with what the wrapper around it says."""

    place: str
    value: object
    wrapper: Record


def _utf8(data: bytes) -> bytes:
    """The bytes as UTF-8 without a mark: what Windows PowerShell redirects into a file is UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16").encode()
        except UnicodeDecodeError:
            return data
    return data.removeprefix(b"\xef\xbb\xbf")


def _pieces(name: str, data: bytes) -> list[_Piece]:
    """The objects of a file, each with the line on which it begins. Raises ReportError for what is no JSON."""
    if not data.strip():
        raise ReportError(name, "the file is empty", "offer a report, or leave it out")
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _lines(name, data, error)
    return _unwrapped(name, value, data, 1)


def _lines(name: str, data: bytes, error: Exception) -> list[_Piece]:
    """The objects of an NDJSON file. Raises ReportError for the first line that is none."""
    pieces: list[_Piece] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
            if pieces:
                raise ReportError(f"{name}:{number}", f"the line is not JSON ({broken})", _AGAIN) from None
            raise ReportError(f"{name}:{_line_of(data, error)}", f"it is not JSON ({error})", _AGAIN) from None
        pieces += _unwrapped(name, value, line, number)
    return pieces


def _line_of(data: bytes, error: Exception) -> int:
    """The line of the byte that a decoder's message names; 1 when it names none."""
    tail = str(error).rpartition("byte ")[2].rstrip(")")
    return data.count(b"\n", 0, int(tail) if tail.isdigit() else 0) + 1


class _Wrapper(Struct, frozen=True):
    day_totals: list[msgspec.Raw]


def _unwrapped(name: str, value: object, text: bytes, line: int) -> list[_Piece]:
    """The objects of one JSON value, which begins on a line: those of an array or of `day_totals`, or itself."""
    if isinstance(value, list):
        return _located(name, value, msgspec.json.decode(text, type=list[msgspec.Raw]), text, line, {})
    if isinstance(value, dict) and isinstance(value.get("day_totals"), list):
        raws = msgspec.json.decode(text, type=_Wrapper).day_totals
        wrapper = {key: one for key, one in value.items() if key != "day_totals"}
        return _located(name, value["day_totals"], raws, text, line, wrapper)
    return [_Piece(f"{name}:{line}", value, {})]


def _located(
    name: str, values: Sequence[object], raws: Sequence[msgspec.Raw], text: bytes, line: int, wrapper: Record
) -> list[_Piece]:
    pieces = []
    offset = 0
    for value, raw in zip(values, raws, strict=True):
        begins = text.find(bytes(raw), offset)
        line += text.count(b"\n", offset, begins)
        pieces.append(_Piece(f"{name}:{line}", value, wrapper))
        offset = begins
    return pieces


# --- telling what an object is --------------------------------------------------------------------


def _derived(value: object) -> str:
    """What a file that the data branch makes itself is called; empty for any other."""
    if not isinstance(value, dict):
        return ""
    if "format" in value and ("scope" in value or "asked_since" in value):
        return "a derived file of a data branch, which an import makes itself"
    if ("taken" in value and "total_seats" in value) or ("day" in value and "settled" in value):
        return (
            "counts of a data branch over seats or people: copy their folder yourself, then `copilot-metrics rebuild`"
        )
    return ""


def _row(piece: _Piece) -> Row:
    """The day of an object. Raises ReportError for what is none, naming what it is instead."""
    value = piece.value
    if not isinstance(value, dict):
        raise ReportError(piece.place, "it is not a JSON object", "offer reports of Copilot usage")
    person = _is_person(value)
    if not person and (refused := _refused(value)):
        raise ReportError(piece.place, *refused)
    shape: Shape | None = "person" if person else legacy.shape_of(value)
    if shape is None and "day" in value and value.keys() & _REPORT_FIELDS:
        shape = "report"
    if shape is None:
        names = visible(", ".join(sorted(value)[:5]) or "nothing", 120)
        raise ReportError(
            piece.place, f"it is no Copilot usage data this release knows (it has {names})", "leave the file out"
        )
    try:
        day = report_day(value) if shape in ("report", "person") else legacy.legacy_day(value)
    except ReportError as error:
        raise ReportError(piece.place, error.what, "nothing was imported") from None
    return Row(piece.place, shape, day, value, _taken(value, piece.wrapper), _owner(value, piece.wrapper))


def _is_person(value: Mapping[str, Any]) -> bool:
    """Whether it is a line of a users report, as the dashboard's *Export JSON* has them: one person on one day."""
    of_others = value.keys() & (_OTHER_FIELDS | {"team_id", "repo_id"})
    return bool(value.keys() & _PERSON_FIELDS) and not of_others and row_of(value, UserRow) is not None


def _refused(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """What an object is that must not, or cannot, be imported, and what to do."""
    if "user_id" in value or "user_login" in value or "team_id" in value or "seats" in value or "assignee" in value:
        return (
            "it is about single people, and can neither be stored with their names nor counted",
            "offer reports over all people, or users reports (a row a person and day) instead",
        )
    if "repo_id" in value or "repo_name" in value:
        return "it is about single repositories, which have no place among the days", "leave the file out"
    if "download_links" in value:
        return "it holds links to a report, not the report", "download the links while they are valid, about an hour"
    if "scope" in value and "kind" in value:
        return "it is a table that `export` wrote, with figures only", "import its reports.ndjson instead"
    return None


def _taken(value: Mapping[str, Any], wrapper: Mapping[str, Any]) -> date | None:
    """The day on which GitHub made a report: `created_at`, or at the earliest the day after its last one."""
    for source in (wrapper, value):
        try:
            if isinstance(stamp := source.get("created_at"), str):
                return datetime.fromisoformat(stamp).date()
        except ValueError:
            pass
        try:
            if isinstance(end := source.get("report_end_day"), str):
                return date.fromisoformat(end) + timedelta(days=1)
        except ValueError:
            pass
    return None


def _owner(value: Mapping[str, Any], wrapper: Mapping[str, Any]) -> tuple[str, str]:
    """The ids of enterprise and organization, as text: they come as strings and as numbers."""
    ids = (value.get(name) or wrapper.get(name) or "" for name in ("enterprise_id", "organization_id"))
    enterprise, organization = (str(one) for one in ids)
    return enterprise, organization


def _said(rows: Sequence[Row]) -> str:
    """`usage report, 28 days, 2026-03-29 to 2026-04-25`."""
    parts = []
    for shape, words in WORDS.items():
        days = sorted({row.day for row in rows if row.shape == shape})
        if days:
            span = f"{days[0]} to {days[-1]}" if days[0] != days[-1] else f"{days[0]}"
            parts.append(f"{words}, {len(days)} day{'' if len(days) == 1 else 's'}, {span}")
    return "; ".join(parts) or "nothing to import"
