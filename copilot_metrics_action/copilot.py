"""The Copilot endpoints: which there are, what each answer means, links to records.

Two steps a report: ask for signed links, then fetch the files. "Not there yet" has many faces, and is
an answer (`NotReady`), not an error (github/docs, REST pages on Copilot usage metrics, API version 2026-03-10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice
from typing import Any, Final, Literal, Protocol, TypeVar

from msgspec import Struct

from copilot_metrics_action.errors import ActionError, ApiError, ReportError
from copilot_metrics_action.escape import link_secrets
from copilot_metrics_action.github import Answer, Client, Downloads, Permission
from copilot_metrics_action.metrics import Record, Scope, Seat, SeatPage, fullest, read_records, report_day, slim_seat

AT_ONCE: Final = 4  # GitHub asks for few requests at once; four keep a backfill of a year short
MAX_REQUESTS: Final = 2_000  # days asked for one by one in one run
GIVE_UP_AFTER: Final = 12  # server errors in a row, after which the rest is left for tomorrow

_NAMES: Final = {"organizations": ("orgs", "organization"), "enterprises": ("enterprises", "enterprise")}

REPORTS_NEED: Final = {
    "organizations": Permission(
        "copilot-token",
        "'Organization Copilot metrics: read' (fine-grained or App) or `read:org` (classic), "
        "from an owner or a role with 'View Organization Copilot Metrics'",
    ),
    "enterprises": Permission(
        "copilot-token",
        "'Enterprise Copilot metrics: read' (App) or `manage_billing:copilot` or `read:enterprise` (classic), "
        "from an enterprise owner, a billing manager or a role with 'View Enterprise Copilot Metrics'",
    ),
}
SEATS_ELSE: Final = "; or set `seats: none` in the configuration"
SEATS_NEED: Final = {
    "organizations": Permission(
        "copilot-token",
        "'GitHub Copilot Business: read' (fine-grained or App) or `manage_billing:copilot` or `read:org` (classic), "
        f"from an owner{SEATS_ELSE}",
    ),
    "enterprises": Permission(
        "copilot-token",
        "'Enterprise Copilot license management: read' (App) or `manage_billing:copilot` or `read:enterprise` "
        f"(classic), from an enterprise owner or billing manager{SEATS_ELSE}",
    ),
}


LineReport = Literal["users-1-day", "users-28-day/latest", "user-teams-1-day", "repos-1-day"]

_LINE_REPORTS: Final[Mapping[LineReport, str]] = {
    "users-1-day": "users report",
    "users-28-day/latest": "28-day users report",
    "user-teams-1-day": "user-teams report",
    "repos-1-day": "repositories report",
}


class Sink(Protocol):
    """What takes the files of a report of lines, piece by piece; `people.Lines` is one."""

    def feed(self, piece: bytes) -> None: ...

    def end_file(self) -> None: ...

    def finish(self) -> None: ...


S = TypeVar("S", bound=Sink)


class NotReady(Struct, frozen=True):
    """GitHub has no such report, or not yet: 204, 404, no links, a bare sentence; 502 and 503 may soon pass."""

    status: int

    @property
    def passing(self) -> bool:
        return self.status >= 500


class DayAnswers(Struct, frozen=True):
    """What asking for single days gave.

    records  by day
    nothing  days for which GitHub has no report
    failed   days that could not be read; they are asked for again on the next run
    left     days not asked for in this run, or cut short by its deadline
    problem  why the first of the failed ones failed; empty when GitHub only had passing trouble
    """

    records: dict[date, Record]
    nothing: tuple[date, ...] = ()
    failed: tuple[date, ...] = ()
    left: tuple[date, ...] = ()
    problem: str = ""


class Copilot:
    """The Copilot API of one scope."""

    def __init__(
        self, scope: Scope, client: Client, downloads: Downloads, mask: Callable[[Iterable[str]], None]
    ) -> None:
        self.scope = scope
        self._client = client
        self._downloads = downloads
        self._mask = mask
        self._root, self._name = _NAMES[scope.kind]

    def month(self) -> list[Record] | NotReady:
        """The daily records of the trailing 28 days, unsorted, some days maybe missing.

        Raises ApiError when refused, ReportError when a file is broken: then none of it is returned.
        """
        return self._report(f"{self._name}-28-day/latest", None)

    def day(self, day: date) -> Record | NotReady:
        """The record of one day. Raises as `month` does."""
        records = self._report(f"{self._name}-1-day", day)
        if isinstance(records, NotReady):
            return records
        ours = [record for record in records if report_day(record) == day]
        if not ours:
            raise ReportError(f"{self.scope} report of {day}", "it holds another day", "it is asked for again")
        return fullest(ours)

    def days(self, days: Sequence[date], progress: Callable[[int, int], None] = lambda done, total: None) -> DayAnswers:
        """Asks for days one by one, in the order given, four at a time; `progress` hears how many are done."""
        records: dict[date, Record] = {}
        nothing: list[date] = []
        failed: list[date] = []
        left: list[date] = []
        problem = ""
        row = done = 0
        refused = False
        todo = iter(days)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while row < GIVE_UP_AFTER and not (refused or left) and (batch := list(islice(todo, AT_ONCE))):
                for day, answer in zip(batch, pool.map(self._try, batch), strict=True):
                    if isinstance(answer, dict):
                        records[day] = answer
                    elif isinstance(answer, NotReady) and not answer.passing:
                        nothing.append(day)
                    elif isinstance(answer, ApiError) and answer.kind == "time-up":
                        left.append(day)
                        continue
                    else:
                        failed.append(day)
                        row += 1
                        if isinstance(answer, ActionError):
                            problem = problem or str(answer)
                        refused = refused or (isinstance(answer, ApiError) and answer.status in (401, 403, 429))
                        continue
                    row = 0
                done += len(batch)
                progress(done, len(days))
        return DayAnswers(records, tuple(nothing), tuple(failed), (*left, *todo), problem)

    def seats(self) -> list[Record]:
        """Every seat, all pages, with the fields that count. Raises ApiError when refused."""
        path = f"/{self._root}/{self.scope.slug}/copilot/billing/seats"
        needed = SEATS_NEED[self.scope.kind]
        try:
            # A seat as it comes has a whole account in it: fifty thousand of them would fill the memory.
            return [
                seat.record() if isinstance(seat, Seat) else slim_seat(seat)
                for page in self._client.pages(path, key="seats", permission=needed, kind=SeatPage)
                for seat in page
                if isinstance(seat, Seat | dict)
            ]
        except ApiError as error:
            raise error.about(f"{self.scope} seats") from None

    def lines(self, report: LineReport, day: date | None, start: Callable[[int, date | None], S]) -> S | NotReady:
        """A report of lines, given to a sink file by file as it arrives; the sink, once all of it was read.

        start  makes the sink, for so many files and the last day that GitHub says they hold; called again, for a new
               sink, when the first links were refused

        Raises ApiError when refused, ReportError when a file is broken; what the sink has then counts for nothing.
        """
        what = f"{self.scope} {_LINE_REPORTS[report]}" + (f" of {day}" if day else "")
        try:
            for last_try in (False, True):
                answer = self._ask(report, day)
                links = self._links_of(answer)
                if isinstance(links, NotReady):
                    return links
                sink = start(len(links), _last_day(answer.data))
                try:
                    self._pour(links, sink)
                except ApiError as error:
                    # A link that is refused has most likely expired: one more time with fresh ones.
                    if last_try or error.status is None or error.status >= 500:
                        raise
                else:
                    sink.finish()
                    return sink
        except ReportError as error:
            raise ReportError(what, f"{error.where}: {error.what}", error.hint) from None
        except ApiError as error:
            raise error.about(what) from None
        raise AssertionError("the last try returns or raises")

    def offered(self, report: LineReport, day: date | None = None) -> int | NotReady:
        """How many files GitHub offers of a report of lines; none of them is fetched. Raises ApiError when refused."""
        try:
            links = self._links(report, day)
        except ApiError as error:
            raise error.about(f"{self.scope} {_LINE_REPORTS[report]}") from None
        return links if isinstance(links, NotReady) else len(links)

    def _pour(self, links: Sequence[str], sink: Sink) -> None:
        for number, link in enumerate(links, start=1):
            try:
                for piece in self._downloads.pieces(link):
                    sink.feed(piece)
                sink.end_file()
            except ApiError as error:
                raise ApiError(
                    error.where,
                    f"file {number} of {len(links)}: {error.what}",
                    error.hint,
                    status=error.status,
                    message=error.message,
                    kind=error.kind,
                ) from None

    def _try(self, day: date) -> Record | NotReady | ActionError:
        try:
            return self.day(day)
        except ActionError as error:
            return error

    def _report(self, report: str, day: date | None) -> list[Record] | NotReady:
        what = f"{self.scope} report of {day}" if day else f"{self.scope} 28-day report"
        try:
            links = self._links(report, day)
            if isinstance(links, NotReady):
                return links
            try:
                files = [self._downloads.read(link) for link in links]
            except ApiError as error:
                if error.status is None or error.status >= 500:
                    raise
                # A link that is refused has most likely expired: one more time with fresh ones.
                fresh = self._links(report, day)
                if isinstance(fresh, NotReady):
                    return fresh
                files = [self._downloads.read(link) for link in fresh]
            return [_checked(record) for file in files for record in read_records(file)]
        except ReportError as error:
            raise ReportError(what, f"{error.where}: {error.what}", error.hint) from None
        except ApiError as error:
            raise error.about(what) from None

    def _links(self, report: str, day: date | None) -> list[str] | NotReady:
        return self._links_of(self._ask(report, day))

    def _ask(self, report: str, day: date | None) -> Answer:
        path = f"/{self._root}/{self.scope.slug}/copilot/metrics/reports/{report}"
        return self._client.request(
            "GET",
            path,
            {"day": day.isoformat()} if day else None,
            permission=REPORTS_NEED[self.scope.kind],
            # 502 and 503 are seen while a report is not ready (api of 2026, production clients).
            allowed=(404, 502, 503),
        )

    def _links_of(self, answer: Answer) -> list[str] | NotReady:
        data: Any = answer.data
        links = data.get("download_links") if isinstance(data, dict) else None
        if not isinstance(links, list) or not links or not all(isinstance(link, str) for link in links):
            return NotReady(answer.status)
        self._mask(link_secrets(links))
        return links


def _checked(record: Record) -> Record:
    """The record of a day, over all people. Raises ReportError for one of no day, or about one person."""
    report_day(record)
    if "user_id" in record or "user_login" in record:
        raise ReportError(
            "report", "it is about single people, who have no place among the days", "nothing of it is stored"
        )
    return record


def _last_day(answer: Any) -> date | None:
    """The last day that a report says it holds, None when it does not say."""
    said = answer.get("report_end_day") or answer.get("report_day") if isinstance(answer, dict) else None
    try:
        return date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
