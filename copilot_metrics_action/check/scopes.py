"""An organization or enterprise: are its reports and seats readable, and is the answer what a run can use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from copilot_metrics_action import refusals
from copilot_metrics_action.check.lines import Line, refused
from copilot_metrics_action.check.tokens import PAGE
from copilot_metrics_action.collect import STALE_AFTER_DAYS, nothing_ever, too_early
from copilot_metrics_action.config import Settings
from copilot_metrics_action.copilot import REPORTS_NEED, SEATS_ELSE, SEATS_NEED, Copilot, LineReport, NotReady
from copilot_metrics_action.errors import ActionError
from copilot_metrics_action.history import SETTLED_AFTER_DAYS
from copilot_metrics_action.metrics import Record, Scope, flatten, report_day

FEW_PEOPLE: Final = 5  # GitHub withholds teams under five; figures of few are figures of persons
SLUG_PAGE: Final = "the address of its page on GitHub has the slug"
TOKEN_PAGE: Final = f"{PAGE}; of an App: its settings → Permissions & events, then accept them where it is installed"
_NOT_READY: Final = {
    200: "GitHub has no report yet: its answer holds no file (200)",
    204: "GitHub has no report yet: its answer is empty (204)",
    502: "GitHub could not make the report just now (502), which mostly passes",
    503: "GitHub could not make the report just now (503), which mostly passes",
}


def lines(scope: Scope, source: Copilot, settings: Settings, as_of: date, newest_stored: str) -> list[Line]:
    """The lines of a scope; `newest_stored` is the newest day on the data branch, empty when there is none."""
    found = _reports(scope, source, as_of, newest_stored)
    # Where a scope is not there at all, its seats would say the same again.
    if settings.seats == "auto" and found[0].kind != "not-found":
        found.append(_seats(scope, source))
    if found[0].state == "ok":
        found += _optional(scope, source, settings, as_of)
    return found


def _optional(scope: Scope, source: Copilot, settings: Settings, as_of: date) -> list[Line]:
    """The reports that the configuration asks for beyond the days: offered or not, none of them is fetched."""
    # Reports of one day come one after the other; four days later all of them are there.
    day = as_of - timedelta(days=SETTLED_AFTER_DAYS)
    asked: list[tuple[str, LineReport, date | None, str]] = []
    if settings.people_wanted != "none":
        asked.append(("users reports", "users-28-day/latest", None, "set `people: none`"))
    if settings.teams:
        asked.append(("team reports", "user-teams-1-day", day, "set `teams: false`"))
    if settings.repositories:
        asked.append(("repository reports", "repos-1-day", day, "set `repositories: false`"))
    return [_offered(scope, source, settings, *one) for one in asked]


def _offered(
    scope: Scope, source: Copilot, settings: Settings, name: str, report: LineReport, day: date | None, without: str
) -> Line:
    what, needs = f"{scope} {name}", REPORTS_NEED[scope.kind].needs
    try:
        files = source.offered(report, day)
    except ActionError as error:
        line = refused(what, error, needs, TOKEN_PAGE)
        # Nobody asked for counts over people: a run does without them, and says so.
        mild = name == "users reports" and settings.people is None
        return replace(line, state="warning" if mild else line.state, remedy=f"{line.remedy}; or {without}")
    if isinstance(files, NotReady) and files.status == 404 and name == "users reports":
        mild = settings.people is None
        said = "GitHub answers 404 for them, although it has the other reports"
        remedy = f"check that `copilot-token` has {needs}; or {without}"
        return Line(what, "warning" if mild else "missing", said, remedy, needs, TOKEN_PAGE)
    if isinstance(files, NotReady):
        said = f"GitHub has none yet ({files.status}), although it has the other reports"
        return Line(what, "note", said, f"a later run asks again; to do without, {without}", needs)
    return Line(what, "ok", f"offered, in {files} file{'' if files == 1 else 's'}")


def _reports(scope: Scope, source: Copilot, as_of: date, newest_stored: str) -> list[Line]:
    what, needs = f"{scope} reports", REPORTS_NEED[scope.kind].needs
    try:
        month = source.month()
    except ActionError as error:
        return [refused(what, error, needs, TOKEN_PAGE)]
    if isinstance(month, NotReady):
        return [_not_ready(scope, month, newest_stored)]
    usable = [record for record in month if report_day(record) < as_of]
    if not usable:
        return [_no_day(scope, month, as_of)]
    newest = max(map(report_day, usable))
    if (as_of - newest).days > STALE_AFTER_DAYS:
        said = f"the newest report is of {newest}, more than {STALE_AFTER_DAYS} days ago"
        remedy = "check that the policy 'Copilot usage metrics' is still enabled, and githubstatus.com"
        return [Line(what, "missing", said, remedy, needs, refusals.POLICY_PAGE)]
    days = len(usable)
    holds = f"{days} day{'s' if days > 1 else ''} in the 28-day report, the newest is {newest}"
    read = Line(what, "ok", f"readable, {holds}")
    people = active_people(usable)
    if people is None or people >= FEW_PEOPLE:
        return [read]
    those = f"{people} active {'person' if people == 1 else 'people'} in 28 days"
    said = f"{those}: figures of so few are figures of persons"
    remedy = "tell them, or report on a larger organization; whoever reads the repository sees the figures"
    return [read, Line(f"{scope} people", "warning", said, remedy)]


def _no_day(scope: Scope, month: Sequence[Record], as_of: date) -> Line:
    """Why a 28-day report that is there holds nothing of use."""
    what, needs = f"{scope} reports", REPORTS_NEED[scope.kind].needs
    early = too_early(scope, as_of, {})
    if early is not None:
        return Line.of(early)
    if month:
        said = f"the 28-day report begins on {min(map(report_day, month))}, so none of its days is before {as_of}"
        return Line(what, "not verified", said, "a run asks for the days before one by one", needs)
    said = "the 28-day report is there and holds no day yet"
    return Line(what, "not verified", said, "wait for tomorrow's run", needs, refusals.POLICY_PAGE)


def active_people(records: Sequence[Record]) -> int | None:
    """Active people in 28 days by the newest record, else the most of one day; None when no record tells."""
    newest = flatten(max(records, key=report_day)).get("monthly_active_users")
    if isinstance(newest, int):
        return newest
    daily = [flatten(record).get("daily_active_users") for record in records]
    return max((number for number in daily if isinstance(number, int)), default=None)


def _not_ready(scope: Scope, answer: NotReady, newest_stored: str) -> Line:
    what, needs = f"{scope} reports", REPORTS_NEED[scope.kind].needs
    if newest_stored:
        said = f"the report is not ready yet ({answer.status}); the newest stored day is {newest_stored}"
        return Line(what, "note", said, "the next run asks again", needs)
    if answer.status == 404:
        error = nothing_ever(scope, answer)
        return Line(what, "missing", error.what, error.hint, needs, SLUG_PAGE, "not-found")
    said = _NOT_READY.get(answer.status, f"GitHub has no report yet ({answer.status})")
    if answer.passing:
        return Line(what, "not verified", said, "check again later", needs, refusals.named("server-error").page)
    remedy = "wait for it, up to three days after the policy was enabled: until then a run fails"
    return Line(what, "warning", said, remedy, needs, refusals.POLICY_PAGE)


def _seats(scope: Scope, source: Copilot) -> Line:
    what, needs = f"{scope} seats", SEATS_NEED[scope.kind].needs.removesuffix(SEATS_ELSE)
    try:
        seats = source.seats()
    except ActionError as error:
        return refused(what, error, needs, TOKEN_PAGE)
    return Line(what, "ok", f"readable, {len(seats)} seat{'' if len(seats) == 1 else 's'}")
