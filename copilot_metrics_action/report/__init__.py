"""Reports: the job summary, the pages of the data branch, the tables of `output-dir`."""

from copilot_metrics_action.report.pages import pages, wanted
from copilot_metrics_action.report.pictures import by_address, paths, pictures
from copilot_metrics_action.report.summary import SECTIONS, summary
from copilot_metrics_action.report.tables import tables
from copilot_metrics_action.report.view import Links, RunView, ScopeView, SeatPrice

__all__ = [
    "SECTIONS",
    "Links",
    "RunView",
    "ScopeView",
    "SeatPrice",
    "by_address",
    "pages",
    "paths",
    "pictures",
    "summary",
    "tables",
    "wanted",
]
