"""`mode: check`: asks everything a run would ask, changes nothing, and says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from copilot_metrics_action import connect
from copilot_metrics_action.collect import nothing_ever
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.copilot import NotReady
from copilot_metrics_action.errors import ActionError, ConfigError, ConfigErrors
from copilot_metrics_action.escape import markdown
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.runner import NO_OUTPUTS, Runner


class Line(Struct, frozen=True):
    """One row of the table. `works` is None for what cannot be known without writing."""

    what: str
    works: bool | None
    said: str


def check(inputs: Inputs, runner: Runner) -> int:
    """Writes the table into the summary and the log; 1 when something is missing."""
    lines: list[Line] = []
    mistaken = False
    try:
        edges = connect.github_edges(inputs, runner)
    except ConfigError as error:
        edges, mistaken = None, True
        problems = error.problems if isinstance(error, ConfigErrors) else (error,)
        lines += [Line("configuration", False, str(problem)) for problem in problems]
    except ActionError as error:
        edges = None
        lines.append(Line("repository and configuration", False, str(error)))
    else:
        lines.append(Line("repository and configuration", True, "readable"))
    if edges is not None:
        _attempt(
            lines,
            f"data branch {inputs.data_branch}",
            edges.store.snapshot,
            lambda found: "it is there" if found.head else "not there yet; the first run makes it",
        )
        if edges.tracker is not None:
            _attempt(lines, "issues", edges.tracker.read, lambda found: f"readable, {len(found)} with our label")
        for scope in inputs.scopes:
            _check_scope(scope, edges, lines)
        lines.append(Line("writing the branches and issues", None, "not verified: a check changes nothing"))
    failed = [line for line in lines if line.works is False]
    for line in lines:
        mark = {True: "ok", False: "missing", None: "not verified"}[line.works]
        runner.log(f"{mark:13} {line.what}: {line.said}")
    for line in failed:
        runner.annotate("error", line.said)
    runner.write_summary(_table(lines, len(failed)))
    runner.set_outputs(NO_OUTPUTS)
    return 1 if mistaken or (failed and inputs.fail_on != "never") else 0


def _check_scope(scope: Scope, edges: connect.Edges, lines: list[Line]) -> None:
    source = edges.source(scope)

    month = _attempt(lines, f"{scope} reports", source.month, lambda found: "")
    if isinstance(month, NotReady):
        # A run tells a report that is late from a scope that is not there by what is stored; a check has only this.
        missing = month.status == 404
        said = str(nothing_ever(scope, month)) if missing else f"GitHub has no report yet (it answered {month.status})"
        lines[-1] = Line(f"{scope} reports", False if missing else None, said)
        if missing:
            return
    elif month is not None:
        lines[-1] = Line(f"{scope} reports", True, f"readable, {len(month)} days in the 28-day report")
    settings: Settings = edges.settings
    if settings.seats == "auto":
        _attempt(lines, f"{scope} seats", source.seats, lambda seats: f"readable, {len(seats)} seats")


def _attempt(lines: list[Line], what: str, ask: Callable[[], Any], said: str | Callable[[Any], str]) -> Any:
    """The answer, None when it was refused; either way a line of the table."""
    try:
        answer = ask()
    except ActionError as error:
        lines.append(Line(what, False, str(error)))
        return None
    lines.append(Line(what, True, said if isinstance(said, str) else said(answer)))
    return answer


def _table(lines: list[Line], failed: int) -> str:
    verdict = (
        "✅ Everything a run needs is there" if not failed else f"⛔ {failed} thing{'s' if failed > 1 else ''} missing"
    )
    marks = {True: "✅", False: "⛔", None: "❔"}
    rows = "\n".join(f"| {marks[line.works]} | {markdown(line.what)} | {markdown(line.said, 1000)} |" for line in lines)
    return f"## {verdict}\n\n| | what | answer |\n|:--|:--|:--|\n{rows}\n\nNothing was changed.\n"
