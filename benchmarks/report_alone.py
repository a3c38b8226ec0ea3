"""The report and all charts from stored days alone, without a request: `python benchmarks/report_alone.py FOLDER`.

The folder holds the files of the data branch; the charts and the summary are written below `FOLDER/drawn`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from copilot_metrics_action import connect, pipeline
from copilot_metrics_action.config import Settings, read_inputs
from copilot_metrics_action.copilot import DayAnswers, LineReport, NotReady, S
from copilot_metrics_action.github import Patience
from copilot_metrics_action.metrics import Record
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder


class Nothing:
    """A scope of which GitHub has nothing new."""

    def month(self) -> list[Record] | NotReady:
        return NotReady(204)

    def days(self, days: Sequence[date], log: Callable[[str], None] = lambda line: None) -> DayAnswers:
        return DayAnswers({}, tuple(days))

    def seats(self) -> list[Record]:
        return []

    def lines(self, report: LineReport, day: date | None, start: Callable[[int, date | None], S]) -> S | NotReady:
        return NotReady(204)


def main(folder: Path, as_of: date) -> None:
    edges = connect.Edges(
        source=lambda scope: Nothing(),
        store=Folder(folder),
        charts=connect.ChartsFolder(folder / "drawn"),
        tracker=None,
        settings=Settings(),
        templates=connect.compiled_templates(),
        patience=Patience(),
    )
    environment = {"INPUT_COPILOT-TOKEN": "t", "INPUT_GITHUB-TOKEN": "t", "GITHUB_REPOSITORY": "acme/admin"}
    runner = Runner(commands=False, stream=io.StringIO())
    result = pipeline.run(connect.Run.of(read_inputs(environment, as_of), edges, runner))
    assert not result.view.errors, result.view.errors
    (folder / "drawn" / "summary.md").write_text(result.summary, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
