"""Reports: the job summary, the pages of the data branch, the tables of `output-dir`."""

from copilot_metrics_action.report.pages import pages, wanted
from copilot_metrics_action.report.summary import SECTIONS, pictures, summary
from copilot_metrics_action.report.tables import tables
from copilot_metrics_action.report.view import Intervention, Links, RunView, ScopeView, SeatPrice, chart_path

__all__ = [
    "SECTIONS",
    "Intervention",
    "Links",
    "RunView",
    "ScopeView",
    "SeatPrice",
    "chart_path",
    "pages",
    "pictures",
    "summary",
    "tables",
    "wanted",
]
