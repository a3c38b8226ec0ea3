"""What the stand-in serves: scopes with their reports, a repository, issues, and the date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from . import reports
from .population import Population, Record, Usage
from .tracker import Tracker

FIRST_DAYS = {"organizations": date(2025, 12, 12), "enterprises": date(2025, 10, 10)}
FIRST_TEAMS_DAY, FIRST_REPOSITORIES_DAY = date(2026, 5, 1), date(2026, 7, 17)
# Answers with which GitHub says that a report is not there yet; api-contract of the reports, "no data yet".
NOT_READY = ("204", "404", "empty", "string", "502", "503")


@dataclass
class Scope:
    """One organization or enterprise.

    name            `organizations/acme` or `enterprises/acme`
    token           the one token that reads this scope; None: the world's
    usage           how its people work, or `usages` for a change from a day on
    lag_days        how long after its day a report is there; `report_lags` for single reports by name
    completeness    the part of a day's people that has reported, by its age in days; 1 when not named
    missing         days without any report
    stopped_after   the last day that ever got a report
    not_ready       planted answers by (report or "*", day, or None for any), see NOT_READY
    not_ready_form  the answer for a day that is not there for another reason
    records         aggregated records that replace the generated ones
    seats           seats that replace the generated ones
    shards          how many files the long reports are cut into
    contents        files that replace the generated ones, by report of lines: large ones, made beforehand
    broken          reports of lines whose first line is cut off in the middle
    lost            reports of lines whose last file cannot be had, although there is a link
    """

    name: str
    token: str | None = None
    usage: Usage = field(default_factory=Usage)
    usages: dict[date, Usage] = field(default_factory=dict)
    first_day: date | None = None
    lag_days: int = 1
    report_lags: dict[str, int] = field(default_factory=dict)
    completeness: dict[int, float] = field(default_factory=lambda: {0: 0.0, 1: 0.8, 2: 0.95})
    missing: set[date] = field(default_factory=set)
    stopped_after: date | None = None
    not_ready: dict[tuple[str, date | None], str] = field(default_factory=dict)
    not_ready_form: str = "204"
    records: dict[date, Record] = field(default_factory=dict)
    seats: list[Record] | None = None
    seats_since: date = date(2025, 6, 2)
    shards: int = 1
    contents: dict[str, list[bytes]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.kind not in FIRST_DAYS:
            raise ValueError(f"{self.name}: not organizations/<slug> or enterprises/<slug>")
        self.first_day = self.first_day or FIRST_DAYS[self.kind]
        self._populations: dict[str, Population] = {}
        self._generated: dict[tuple[date, float], Record] = {}

    @property
    def kind(self) -> str:
        return self.name.partition("/")[0]

    @property
    def slug(self) -> str:
        return self.name.partition("/")[2]

    def population(self, day: date) -> Population:
        """The people as they are on a day."""
        starts = [start for start in self.usages if start <= day]
        usage = self.usages[max(starts)] if starts else self.usage
        key = usage.key()
        if key not in self._populations:
            self._populations[key] = Population(self.name, usage)
        return self._populations[key]

    def newest_day(self, today: date, report: str = "") -> date:
        newest = today - timedelta(self.report_lags.get(report, self.lag_days))
        return min(newest, self.stopped_after) if self.stopped_after else newest

    def not_ready_answer(self, report: str, day: date | None, today: date) -> str | None:
        """How the report is refused today (one of NOT_READY), None when it is there."""
        for key in ((report, day), ("*", day), (report, None), ("*", None)):
            if key in self.not_ready:
                return self.not_ready[key]
        if day is None:
            return None if self.window(today, report) else self.not_ready_form
        first = max(self.first_day or day, today - timedelta(365))
        if report.startswith("user-teams"):
            first = max(first, FIRST_TEAMS_DAY)
        if report.startswith("repos"):
            first = max(first, FIRST_REPOSITORIES_DAY)
        there = first <= day <= self.newest_day(today, report) and day not in self.missing
        return None if there else self.not_ready_form

    def part(self, day: date, today: date) -> float:
        return self.completeness.get((today - day).days, 1.0)

    def record(self, day: date, today: date) -> Record:
        """The aggregated record of a day as it is served today, whether or not it is."""
        if day in self.records:
            return self.records[day]
        key = day, self.part(day, today)
        if key not in self._generated:
            self._generated[key] = reports.aggregated(self.population(day), *key)
        return self._generated[key]

    def window(self, today: date, report: str = "") -> list[date]:
        """The days of the 28-day report, oldest first, without those that are missing."""
        assert self.first_day is not None
        days = reports.last_days(self.newest_day(today, report))
        if self.stopped_after and today - self.stopped_after > timedelta(28):
            return []
        return [day for day in days if day >= self.first_day and day not in self.missing]

    def restate(self, day: date, **fields: Any) -> Record:
        """Changes a day's record for good, as GitHub did after repairing attribution."""
        self.records[day] = self.record(day, date.max) | fields
        return self.records[day]

    def current_seats(self, today: date) -> list[Record]:
        return self.population(today).seats(today, self.seats_since) if self.seats is None else self.seats


@dataclass
class Repository:
    """The admin repository.

    files         what its default branch holds in the beginning; `empty`: there is no commit at all
    permissions   what the github token may do: contents and issues, each `write`, `read` or `none`
    rules         by branch: types of ruleset rules (`creation`, `update`, `deletion`, `non_fast_forward`,
                  `pull_request`), enforced on every change of the ref; others, or a mapping with `parameters`, are
                  only listed
    can_bypass    what the github token may do about the rules: `never`, `always`, `pull_requests_only`, `exempt`
    assignable    who may be assigned to an issue: they may write
    roles         what others may do: `read`, `triage`, `write`, `maintain`, `admin` or `none`
    unknown_people  logins that nobody has
    """

    full_name: str = "acme/copilot-admin"
    private: bool = True
    visibility: str = "private"
    default_branch: str = "main"
    has_issues: bool = True
    archived: bool = False
    empty: bool = False
    files: dict[str, str] = field(default_factory=lambda: {"README.md": "# Administration of Copilot\n"})
    permissions: dict[str, str] = field(default_factory=lambda: {"contents": "write", "issues": "write"})
    rules: dict[str, list[str | dict[str, Any]]] = field(default_factory=dict)
    can_bypass: str = "never"
    protected: set[str] = field(default_factory=set)
    assignable: set[str] = field(default_factory=lambda: {"mona", "hubot"})
    roles: dict[str, str] = field(default_factory=dict)
    unknown_people: set[str] = field(default_factory=set)
    tree_limit: int = 100_000

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]


@dataclass
class World:
    """Everything GitHub would know.

    today         what day it is; tests move it on, but never past the true date, which the action would refuse
    canary        stands in the signature of every download link and may be seen nowhere else
    report_host   scheme and host of the download links; None: the stand-in itself
    oauth_scopes  what a classic copilot token was given; None: the token is of another kind
    expires       when the copilot token ends, in the form of `GitHub-Authentication-Token-Expiration`; empty: never
    violations    what no well-behaved client does, one sentence each: a token at a place that is not its own
    """

    today: date = date(2026, 10, 19)
    scopes: list[Scope] = field(default_factory=lambda: [Scope("organizations/acme")])
    repository: Repository = field(default_factory=Repository)
    issues: Tracker = field(default_factory=Tracker)
    copilot_token: str = "ghp_C0pilotTokenThatNobodyMaySee0000000"
    github_token: str = "ghs_G1thubTokenThatNobodyMaySee000000000"
    canary: str = "S1gnatureThatNobodyMaySee"
    report_host: str | None = None
    oauth_scopes: str | None = "manage_billing:copilot, read:org"
    expires: str = ""
    api_versions: set[str] = field(default_factory=lambda: {"2022-11-28", "2026-03-10"})
    body_limit: int = 65_536
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ticks = 0
        self._ticking_on = self.today
        self.issues.attach(self)

    def now(self) -> datetime:
        """A moment of `today`, a second later on every call."""
        if self._ticking_on != self.today:
            self._ticking_on, self._ticks = self.today, 0
        self._ticks += 1
        return datetime.combine(self.today, time(6, 17), UTC) + timedelta(seconds=self._ticks)

    def scope(self, name: str) -> Scope:
        return next(scope for scope in self.scopes if scope.name.lower() == name.lower())

    def record(self, scope: str, day: date, today: date | None = None) -> Record | None:
        """The aggregated record that is served for a day today, None when there is none."""
        found, today = self.scope(scope), today or self.today
        report = {"organizations": "organization-1-day", "enterprises": "enterprise-1-day"}[found.kind]
        if found.not_ready_answer(report, day, today) is not None:
            return None
        return found.record(day, today)

    def change_usage(
        self, scope: str, since: date, change: Callable[[Usage], Usage] | None = None, **fields: Any
    ) -> None:
        """From a day on the people of a scope work differently."""
        found = self.scope(scope)
        usage = found.population(since).usage
        found.usages[since] = change(usage) if change else replace(usage, **fields)
