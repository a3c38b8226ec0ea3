"""The product on a runner: environment in, log, summary, outputs and exit status out."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import __version__, escape, report
from copilot_metrics_action.config import Inputs, read_inputs
from copilot_metrics_action.errors import ActionError, ConfigError, ConfigErrors, StoreError
from copilot_metrics_action.runner import NO_OUTPUTS, Runner
from copilot_metrics_action.store import write_file

if TYPE_CHECKING:
    from copilot_metrics_action.pipeline import Result

SUMMARY: Final = "summary.md"
PREVIEW: Final = "summary.html"
MISTAKE: Final = "The inputs or the configuration have a mistake"


class Terminal(Struct, frozen=True):
    """What a terminal asks for beyond the inputs; its log is plain lines, since no runner reads it.

    preview  also gets the summary as an HTML page
    verdict  the log ends with the first line of the summary, which nothing else shows on a terminal
    machine  also gets what a machine may read; the log then goes to the standard error
    """

    preview: Path | None = None
    verdict: bool = False
    machine: Callable[[str], None] | None = None


def run_action(
    environment: Mapping[str, str],
    today: date | None = None,
    *,
    terminal: Terminal | None = None,
) -> int:
    """What the action does, from the runner's environment; the exit status of the step."""
    runner = Runner(
        commands=terminal is None,
        stream=sys.stderr if terminal is not None and terminal.machine is not None else None,
        summary_file=_path(environment, "GITHUB_STEP_SUMMARY"),
        output_file=_path(environment, "GITHUB_OUTPUT"),
        debug=environment.get("RUNNER_DEBUG") == "1",
    )
    for name in ("INPUT_COPILOT-TOKEN", "INPUT_GITHUB-TOKEN"):
        # Whole lines, and the token of a line `organizations/acme: TOKEN`.
        text = environment.get(name, "")
        lines = [line.strip() for line in text.splitlines()]
        runner.mask([*lines, *(line.partition(":")[2].strip() for line in lines)])
    # PyGithub tells of redirections with their queries, past the runner's log.
    logging.getLogger("github.Requester").setLevel(logging.CRITICAL)
    # A cancelled job gets SIGTERM: end as on an error, so that no temporary file is left.
    signal.signal(signal.SIGTERM, _stop)
    try:
        inputs = read_inputs(environment, today or datetime.now(UTC).date())
        return _act(inputs, runner, terminal or Terminal())
    except ConfigError as error:
        problems = error.problems if isinstance(error, ConfigErrors) else (error,)
        if terminal is not None and terminal.machine is not None:
            from copilot_metrics_action import check

            terminal.machine(check.as_json([check.Line.of(problem) for problem in problems]))
        return _failed(runner, [str(problem) for problem in problems], MISTAKE)
    except ActionError as error:
        status = _failed(runner, [str(error)], more=_explained(inputs, runner, error))
        return 0 if inputs.fail_on == "never" else status
    except Exception:
        # Our bug: its traceback is what a report needs, on neutral and redacted lines.
        for line in traceback.format_exc().splitlines():
            runner.log(line)
        said = f"an unexpected error; please report it with the lines above and your version, {__version__}"
        return _failed(runner, [f"copilot-metrics-action: {said}"])


def _act(inputs: Inputs, runner: Runner, terminal: Terminal) -> int:
    if inputs.mode == "check":
        from copilot_metrics_action import check

        return check.check(inputs, runner, terminal.machine)
    if inputs.mode == "demo":
        return _demo_action(inputs, runner)
    from copilot_metrics_action import check, connect, pipeline

    edges = connect.github_edges(inputs, runner)
    result = pipeline.run(connect.Run.of(inputs, edges, runner))
    # What a check says comes last, so that the report keeps its place.
    explained = check.explain(inputs, runner, result.view.errors, edges.patience)
    result = replace(result, summary=result.summary + explained)
    if terminal.preview is not None:
        write_preview(terminal.preview, result)
    status = _tell(inputs, runner, result)
    if terminal.verdict:
        runner.log(result.summary.partition("\n")[0].removeprefix("## "))
        if terminal.preview is None and not inputs.output_dir:
            runner.log("--preview FILE shows the whole summary")
    return status


def _demo_action(inputs: Inputs, runner: Runner) -> int:
    """`mode: demo` on a runner: the whole summary; nothing is stored, so its charts are Mermaid."""
    from copilot_metrics_action.demo import demo

    with tempfile.TemporaryDirectory() as folder:
        shown = replace(inputs, charts="none" if inputs.charts == "none" else "mermaid", server_url="")
        result = demo(shown, Path(folder), runner)
    if inputs.output_dir and inputs.charts == "auto":
        from copilot_metrics_action.outcome import with_pictures

        result = replace(result, view=with_pictures(result.view))
    return _tell(inputs, runner, result)


def _tell(inputs: Inputs, runner: Runner, result: Result) -> int:
    """Annotations, `output-dir`, outputs and the summary; the exit status."""
    errors = list(result.view.errors)
    summary_file = ""
    if inputs.output_dir:
        try:
            summary_file = write_output(inputs, result, runner.redactor)
        except StoreError as failure:
            errors.append(str(failure))
    for warning in result.warnings:
        runner.annotate("warning", warning)
    for notice in result.view.notices:
        if notice not in result.warnings:
            runner.annotate("notice", notice)
    try:
        runner.write_summary(result.summary)
        runner.set_outputs({**result.outputs, "summary-file": summary_file})
    except StoreError as failure:
        errors.append(str(failure))
    for error in errors:
        runner.annotate("error", error)
    if inputs.fail_on == "never":
        return 0
    return 1 if errors or (inputs.fail_on == "symptom" and result.symptom_present) else 0


def write_output(inputs: Inputs, result: Result, redactor: escape.Redactor) -> str:
    """Summary (also as a page), charts and tables below `output-dir`; the summary's path as the workspace sees it.

    Raises StoreError for a folder that a link of the checkout puts somewhere else.
    """
    folder = inputs.workspace / inputs.output_dir
    files = {SUMMARY: result.summary.encode(), PREVIEW: page_of(result)}
    files |= {
        path: redactor.page(text).encode() for path, text in (report.tables(result.view) | dict(result.tables)).items()
    }
    for path, png in report.pictures(result.view.scopes, result.view.overview).items():
        files |= {path.partition("/")[2]: png} if png is not None else {}
    for path, data in files.items():
        if not inputs.in_workspace((folder / path).parent):
            where = f"output-dir: {inputs.output_dir}"
            raise StoreError(where, "it leads out of the workspace", "choose another folder: a link stands there")
        write_file(folder, path, data)
    return f"{inputs.output_dir}/{SUMMARY}"


def write_preview(path: Path, result: Result) -> None:
    """The summary as GitHub would show it, in one HTML file."""
    write_file(path.parent, path.name, page_of(result))


def page_of(result: Result) -> bytes:
    """That file's content: it needs no other file and runs no script."""
    from copilot_metrics_action import preview
    from copilot_metrics_action.outcome import with_pictures

    view = with_pictures(result.view) if result.view.charts == "auto" else result.view
    return preview.html(result.summary, report.by_address(view)).encode()


def _explained(inputs: Inputs, runner: Runner, error: ActionError) -> str:
    from copilot_metrics_action import check

    return check.explain(inputs, runner, [str(error)]) if inputs.mode == "run" else ""


def _failed(runner: Runner, problems: Sequence[str], verdict: str = "Nothing could be read", *, more: str = "") -> int:
    """A failure before there was anything to show: the summary says what and what to do next."""
    for problem in problems:
        runner.annotate("error", problem)
    lines = "\n".join(f"- {escape.message(problem, 1000)}" for problem in problems)
    try:
        runner.write_summary(f"## ⛔ {verdict}\n\n{lines}\n{more}\nNothing was changed.\n")
        runner.set_outputs(NO_OUTPUTS)
    except StoreError as error:
        runner.annotate("error", str(error))
    return 1


def _stop(signum: int, frame: object) -> NoReturn:
    sys.exit(128 + signum)


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None
