"""Charts of one scope: what each shows, in words and text; and, when asked, as PNG bytes.

Matplotlib is imported only when something is drawn: a run without new data never pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from copilot_metrics_action.charts import overview
from copilot_metrics_action.charts.agents import agent_share, phases
from copilot_metrics_action.charts.chat import chat_modes, completion_acceptance
from copilot_metrics_action.charts.closed_api import closed_api
from copilot_metrics_action.charts.colours import Theme
from copilot_metrics_action.charts.plan import Plan, Planner
from copilot_metrics_action.charts.usage import activation, active_users
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.symptoms import Finding
from copilot_metrics_action.trends import Analysis

CHARTS: tuple[Planner, ...] = (
    active_users,
    activation,
    agent_share,
    chat_modes,
    completion_acceptance,
    phases,
)
"""The charts of a scope, in the order in which they are shown."""


class Figure(Struct, frozen=True):
    """One chart of a scope.

    name     `active-users`: stable, part of the file name
    title    the finding, in words
    alt      what a person who cannot see it needs to know
    text     the text equivalent: a sparkline with its first and last figure, or a small table, as Markdown
    mermaid  the same as a Mermaid diagram, without fences; empty where none fits
    section  of the report, where it stands while no symptom asks for it
    light, dark  PNG bytes at 2x; None when charts are not drawn
    """

    name: str
    title: str
    alt: str
    text: str
    mermaid: str = ""
    section: str = "charts"
    light: bytes | None = None
    dark: bytes | None = None

    def file(self, theme: Theme) -> str:
        return f"{self.name}-{theme}.png"


def describe(analysis: Analysis, findings: Sequence[Finding], legacy: Sequence[LegacyDay] = ()) -> tuple[Figure, ...]:
    """Every chart that has data, in the order of `CHARTS`, with its words but without pictures.

    legacy  days of GitHub's closed APIs: a chart of their own, the last one
    """
    return tuple(_words(plan) for plan in _plans(analysis, findings, legacy))


def draw(analysis: Analysis, findings: Sequence[Finding], legacy: Sequence[LegacyDay] = ()) -> tuple[Figure, ...]:
    """The same, with pictures in both themes. The same data gives the same bytes."""
    return tuple(_picture(plan) for plan in _plans(analysis, findings, legacy))


def describe_overview(analyses: Sequence[Analysis]) -> Figure | None:
    """Daily use of several scopes beside each other, without a picture; None with fewer than two to compare."""
    plan = overview.overview(analyses)
    return _words(plan) if plan else None


def draw_overview(analyses: Sequence[Analysis]) -> Figure | None:
    """The same, with pictures in both themes."""
    plan = overview.overview(analyses)
    return _picture(plan) if plan else None


def _plans(analysis: Analysis, findings: Sequence[Finding], legacy: Sequence[LegacyDay]) -> list[Plan]:
    made = [*(chart(analysis, findings) for chart in CHARTS), closed_api(legacy)]
    return [plan for plan in made if plan is not None]


def _words(plan: Plan) -> Figure:
    return Figure(plan.name, plan.title, plan.alt, plan.text, plan.mermaid, plan.section)


def _picture(plan: Plan) -> Figure:
    from copilot_metrics_action.charts.canvas import paint

    return Figure(plan.name, plan.title, plan.alt, plan.text, plan.mermaid, plan.section, *paint(plan))
