"""What a report is made from: everything of one run, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action.charts import Figure
from copilot_metrics_action.effects import Effect, Intervention, Progress
from copilot_metrics_action.history import Coverage
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.metrics import Record, Scope
from copilot_metrics_action.people.tables import Table
from copilot_metrics_action.symptoms import Finding
from copilot_metrics_action.teams import Teams
from copilot_metrics_action.trends import Analysis
from copilot_metrics_action.triage import Action


class Links(Struct, frozen=True):
    """Where pages, charts and issues are.

    server_url  `https://github.com`; empty = a plain folder: links are then relative to it
    run_url     empty outside a run
    here        the folder of the page that links, for relative links: `organizations/acme`
    """

    server_url: str
    repository: str
    data_branch: str
    charts_branch: str
    run_url: str = ""
    here: str = ""

    @property
    def home(self) -> str:
        """The repository's page; empty for a plain folder."""
        return f"{self.server_url}/{self.repository}" if self.server_url else ""

    def chart(self, path: str) -> str:
        """A picture on the charts branch, as signed-in readers of a private repository can see it."""
        return self._blob(self.charts_branch, path, "?raw=true")

    def page(self, path: str) -> str:
        """A file of the data branch."""
        return self._blob(self.data_branch, path)

    def at(self, commit: str, path: str) -> str:
        """A file of the data branch as it was at a commit; as it is now without one."""
        return self._blob(commit or self.data_branch, path)

    def changes(self, path: str) -> str:
        """The commits that wrote a file of the data branch; empty for a plain folder."""
        return f"{self.home}/commits/{quote(self.data_branch)}/{quote(path)}" if self.home else ""

    def issues(self, label: str) -> str:
        """The open issues with a label; empty for a plain folder."""
        return f"{self.home}/issues?q={quote(f'is:open label:{label}', safe='')}" if self.home else ""

    def commit(self, sha: str) -> str:
        return f"{self.home}/commit/{sha}" if self.home else ""

    def seen_from(self, folder: str) -> Links:
        """The same links for a page in `folder`."""
        return replace(self, here=folder)

    def _blob(self, ref: str, path: str, suffix: str = "") -> str:
        if self.home:
            return f"{self.home}/blob/{quote(ref)}/{quote(path)}{suffix}"
        up = "../" * (self.here.count("/") + 1) if self.here else ""
        return quote(f"{up}{ref}/{path}".replace("/./", "/").removeprefix("./"))


class SeatPrice(Struct, frozen=True):
    """What one seat costs a month."""

    amount: float
    currency: str


class ScopeView(Struct, frozen=True):
    """One scope in a report.

    analysis  None when there is nothing to show
    problem   one line when it could not be read; stored data may still be shown
    reports   what this run read of it, by day, for the tables
    legacy    days of GitHub's closed APIs, a series of their own
    teams     None when they are not collected
    named     tables with the names of people, with `report.people: true`: for the summary alone
    done      what was done for adoption, oldest first, what was taken back among it; `effects`: what came of it
    progress  how far the targets are
    """

    scope: Scope
    analysis: Analysis | None = None
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    coverage: Coverage | None = None
    problem: str = ""
    notices: tuple[str, ...] = ()
    reports: Mapping[date, Record] = {}
    legacy: tuple[LegacyDay, ...] = ()
    teams: Teams | None = None
    named: tuple[Table, ...] = ()
    done: tuple[Intervention, ...] = ()
    effects: tuple[Effect, ...] = ()
    progress: tuple[Progress, ...] = ()


class RunView(Struct, frozen=True):
    """One run in a report.

    errors, notices  one line each, about the run as a whole
    actions          what was done with issues; in a dry run what would be done
    planned_files    in a dry run: the paths it would commit
    data_commit      for `summary` the commit of this run, for `pages` the newest one before it; may be empty
    sections         names of sections to show, from the configuration; empty = all
    overview         the chart over all scopes, when there are several
    """

    as_of: date
    scopes: tuple[ScopeView, ...]
    links: Links
    demo: bool = False
    dry_run: bool = False
    errors: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    planned_files: tuple[str, ...] = ()
    data_commit: str = ""
    seat_price: SeatPrice | None = None
    charts: Literal["auto", "mermaid", "none"] = "auto"
    first_run: bool = False
    sections: Sequence[str] = ()
    overview: Figure | None = None

    @property
    def newest_day(self) -> date | None:
        """The newest stored day of any scope."""
        return max(
            (one.analysis.newest_day for one in self.scopes if one.analysis and one.analysis.newest_day), default=None
        )

    @property
    def acted(self) -> bool:
        """Whether the actions were done; a dry run and a demo only plan them."""
        return not (self.dry_run or self.demo)

    @property
    def failed(self) -> bool:
        return bool(self.errors) or any(scope.problem for scope in self.scopes)

    @property
    def linked(self) -> bool:
        """Whether pages and charts are, or will be, where the links say: a demo in a repository writes no branch."""
        return not (self.demo and self.links.server_url)
