"""The product on a runner, and on a terminal: `run`, `check`, `demo`, `replay`, `rebuild`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, get_args

import msgspec
from msgspec.structs import replace

from copilot_metrics_action import __version__, history, report
from copilot_metrics_action.config import INPUTS, Inputs, Settings, read_inputs, read_settings
from copilot_metrics_action.errors import ActionError, ConfigError, ConfigErrors, StoreError
from copilot_metrics_action.escape import markdown
from copilot_metrics_action.github import Patience
from copilot_metrics_action.metrics import Kind, Scope
from copilot_metrics_action.runner import NO_OUTPUTS, Runner
from copilot_metrics_action.store import Folder, Snapshot, changed_files, write_file
from copilot_metrics_action.templates import Templates

if TYPE_CHECKING:
    from copilot_metrics_action.charts import Figure
    from copilot_metrics_action.pipeline import Result

SUMMARY: Final = "summary.md"
PREVIEW: Final = "summary.html"
MISTAKE: Final = "The inputs or the configuration have a mistake"


def run_action(
    environment: Mapping[str, str],
    today: date | None = None,
    *,
    preview_file: Path | None = None,
    commands: bool = True,
) -> int:
    """What the action does, from the runner's environment; the exit status of the step.

    preview_file  also gets the summary as an HTML page
    commands      whether a runner reads the log: a terminal gets plain lines
    """
    runner = Runner(
        commands=commands,
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
        return _act(inputs, runner, preview_file)
    except ConfigErrors as errors:
        return _failed(runner, [str(problem) for problem in errors.problems], MISTAKE)
    except ConfigError as error:
        return _failed(runner, [str(error)], MISTAKE)
    except ActionError as error:
        status = _failed(runner, [str(error)])
        return 0 if inputs.fail_on == "never" else status
    except Exception:
        # Our bug: its traceback is what a report needs, on neutral and redacted lines.
        for line in traceback.format_exc().splitlines():
            runner.log(line)
        said = f"an unexpected error; please report it with the lines above and your version, {__version__}"
        return _failed(runner, [f"copilot-metrics-action: {said}"])


def _act(inputs: Inputs, runner: Runner, preview_file: Path | None) -> int:
    if inputs.mode == "check":
        from copilot_metrics_action import check

        return check.check(inputs, runner)
    if inputs.mode == "demo":
        return _demo_action(inputs, runner)
    from copilot_metrics_action import connect, pipeline

    result = pipeline.run(connect.Run.of(inputs, connect.github_edges(inputs, runner), runner))
    if preview_file is not None:
        write_preview(preview_file, result)
    return _tell(inputs, runner, result)


def _tell(inputs: Inputs, runner: Runner, result: Result) -> int:
    """Annotations, `output-dir`, outputs and the summary; the exit status."""
    errors = list(result.view.errors)
    summary_file = ""
    if inputs.output_dir:
        try:
            summary_file = write_output(inputs.workspace / inputs.output_dir, inputs.output_dir, result)
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


def write_output(folder: Path, shown: str, result: Result) -> str:
    """Summary, charts and tables below `output-dir`; the summary's path as the workspace sees it."""
    files = {SUMMARY: result.summary.encode()}
    files |= {path: text.encode() for path, text in report.tables(result.view).items()}
    for view in result.view.scopes:
        for figure in view.figures:
            files |= _pictures(figure, f"{view.scope.path}/")
    if result.view.overview is not None:
        files |= _pictures(result.view.overview, "")
    for path, data in files.items():
        write_file(folder, path, data)
    return f"{shown}/{SUMMARY}"


def _pictures(figure: Figure, folder: str) -> dict[str, bytes]:
    both = ((figure.light, figure.file("light")), (figure.dark, figure.file("dark")))
    return {folder + file: picture for picture, file in both if picture is not None}


def write_preview(path: Path, result: Result) -> None:
    """The summary as GitHub would show it, in one HTML file. Raises ActionError without the extra `preview`."""
    from copilot_metrics_action import preview

    pictures = report.pictures(result.view)
    write_file(path.parent, path.name, preview.html(result.summary, pictures).encode())


def _failed(runner: Runner, problems: Sequence[str], verdict: str = "Nothing could be read") -> int:
    """A failure before there was anything to show: the summary says what and what to do next."""
    for problem in problems:
        runner.annotate("error", problem)
    lines = "\n".join(f"- {markdown(problem, 1000)}" for problem in problems)
    try:
        runner.write_summary(f"## ⛔ {verdict}\n\n{lines}\n\nNothing was changed.\n")
        runner.set_outputs(NO_OUTPUTS)
    except StoreError as error:
        runner.annotate("error", str(error))
    return 1


def _stop(signum: int, frame: object) -> NoReturn:
    sys.exit(128 + signum)


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


# --- a made-up organization -----------------------------------------------------------------------


def _demo_action(inputs: Inputs, runner: Runner) -> int:
    """`mode: demo` on a runner: the whole summary; nothing is stored, so its charts are Mermaid."""
    with tempfile.TemporaryDirectory() as folder:
        shown = replace(inputs, charts="none" if inputs.charts == "none" else "mermaid", server_url="")
        result = demo(shown, Path(folder), runner)
    if inputs.output_dir and inputs.charts == "auto":
        from copilot_metrics_action import charts

        views = tuple(
            replace(view, figures=charts.draw(view.analysis, view.findings)) if view.analysis else view
            for view in result.view.scopes
        )
        result = replace(result, view=replace(result.view, scopes=views))
    return _tell(inputs, runner, result)


def demo(inputs: Inputs, folder: Path, runner: Runner) -> Result:
    """The whole pipeline over a made-up organization, with a folder in place of the repository."""
    from copilot_metrics_action import connect, made_up, pipeline

    edges = connect.Edges(
        source=lambda scope: made_up.MadeUp(inputs.as_of),
        store=Folder(folder),
        charts=connect.ChartsFolder(folder / inputs.charts_branch) if inputs.charts == "auto" else None,
        tracker=connect.IssuesFolder(folder / "issues") if inputs.issues else None,
        settings=Settings(),
        templates=Templates(connect.shipped_templates()),
        patience=Patience(),
    )
    inputs = replace(inputs, scopes=(made_up.SCOPE,), mode="demo")
    return pipeline.run(connect.Run.of(inputs, edges, runner))


# --- a terminal -----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `copilot-metrics`; its exit status: 0 done, 1 something could not be done, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    runner = Runner(commands=False, stream=sys.stderr)
    try:
        return int(options.command(options, runner))
    except ConfigErrors as errors:
        for problem in errors.problems:
            runner.annotate("error", str(problem))
    except ActionError as error:
        runner.annotate("error", str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="copilot-metrics",
        description="Tells whether GitHub Copilot is used, and what to do when it is not.",
        epilog="Every input of the action is an option of `run` and `check`: --copilot-token is better given as the "
        "variable COPILOT_TOKEN, --github-token as GITHUB_TOKEN.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    show = commands.add_parser("demo", help="show everything for a made-up organization, without a token")
    show.add_argument("--output", type=Path, default=Path("demo"), help="folder to write to (default: %(default)s)")
    show.add_argument("--as-of", type=date.fromisoformat, help="compute as if today were this day (YYYY-MM-DD)")
    show.set_defaults(command=_demo_command)

    for name, text in (
        ("run", "do what the action does"),
        ("check", "ask everything, change nothing, say what is missing"),
    ):
        one = commands.add_parser(name, help=text)
        for entry in INPUTS:
            if entry.name != "mode":
                one.add_argument(
                    f"--{entry.name}", default="", metavar="TEXT", help=f"input `{entry.name}` of the action"
                )
        if name == "run":
            one.add_argument("--preview", type=Path, metavar="FILE", help="also write the summary as one HTML file")
        one.set_defaults(command=_run_command, mode=name)

    again = commands.add_parser("rebuild", help="make the history files of a checked-out data branch again")
    again.add_argument("folder", type=Path, help="folder with the files of the data branch")
    again.set_defaults(command=_rebuild_command)
    past = commands.add_parser("replay", help="when would symptoms have opened and closed, under these settings")
    past.add_argument("folder", type=Path, help="folder with the files of the data branch")
    past.add_argument("--config-file", type=Path, help="configuration file to try (default: the defaults)")
    past.add_argument("--json", action="store_true", help="print a JSON list")
    past.set_defaults(command=_replay_command)
    return parser


def _demo_command(options: argparse.Namespace, runner: Runner) -> int:
    today = options.as_of or datetime.now(UTC).date()
    inputs = replace(read_inputs({"INPUT_MODE": "demo"}, today), data_branch=".", charts_branch="charts", server_url="")
    folder: Path = options.output
    result = demo(inputs, folder, runner)
    write_file(folder, SUMMARY, result.summary.encode())
    for path, text in report.tables(result.view).items():
        write_file(folder / "tables", path, text.encode())
    for error in result.view.errors:
        runner.annotate("error", error)
    shown = ""
    try:
        write_preview(folder / PREVIEW, result)
        shown = f"  {folder / PREVIEW}    the job summary as GitHub shows it, for a browser\n"
    except StoreError:
        raise
    except ActionError as error:
        runner.log(str(error))
    print(
        f"A made-up organization, as of {inputs.as_of}. Look at:\n"
        f"{shown}"
        f"  {folder / SUMMARY}      the job summary\n"
        f"  {folder / 'README.md'}       the page of the data branch\n"
        f"  {folder / 'issues'}/         the issues it would open\n"
        f"  {folder / 'charts'}/         the charts, light and dark\n"
        f"  {folder / 'organizations'}/  the data"
    )
    return 1 if result.view.errors else 0


def _run_command(options: argparse.Namespace, runner: Runner) -> int:
    environment = dict(os.environ)
    for entry in INPUTS:
        text = options.mode if entry.name == "mode" else getattr(options, entry.name.replace("-", "_"))
        environment[f"INPUT_{entry.name.upper()}"] = text
    for name, variable in (("COPILOT-TOKEN", "COPILOT_TOKEN"), ("GITHUB-TOKEN", "GITHUB_TOKEN")):
        environment[f"INPUT_{name}"] = environment[f"INPUT_{name}"] or environment.get(variable, "")
    return run_action(environment, preview_file=getattr(options, "preview", None), commands=False)


def _rebuild_command(options: argparse.Namespace, runner: Runner) -> int:
    """Makes `history/` again from `days/` and `seats/`, for every scope of a folder."""
    store = Folder(options.folder)
    snapshot = store.snapshot()
    files: dict[str, bytes] = {}
    for scope in _stored_scopes(snapshot):
        files |= history.dump(history.rebuild(scope, snapshot.archive()))
    changed = changed_files(snapshot, files)
    store.commit(snapshot, changed, "")
    print(f"{len(files)} files made again, {len(changed)} of them differ from before")
    return 0


def _replay_command(options: argparse.Namespace, runner: Runner) -> int:
    """Judges every settled day of a stored history again, as daily runs would have done."""
    from copilot_metrics_action import connect, counting_changes, symptoms, trends

    settings = Settings()
    if options.config_file is not None:
        try:
            settings = read_settings(options.config_file.read_text("utf-8"), str(options.config_file))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(options.config_file), f"it cannot be read ({type(error).__name__})") from None
    snapshot = Folder(options.folder).snapshot()
    found: list[dict[str, str | None]] = []
    for scope in _stored_scopes(snapshot):
        stored = history.rebuild(scope, snapshot.archive())
        if not stored.days:
            continue
        first, as_of = stored.days[0].day, stored.days[-1].day + timedelta(days=1)
        analysis = trends.analyse(
            scope, stored.days, stored.seats, as_of, connect.calendar(settings, first, as_of), counting_changes.load()
        )
        found += [
            {
                "scope": scope.path,
                "symptom": spell.symptom,
                "since": str(spell.since),
                "opened": str(spell.opened),
                "closed": str(spell.closed) if spell.closed else None,
            }
            for spell in symptoms.spells(analysis, settings.symptoms, settings.rollout_of(scope))
        ]
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    for spell in sorted(found, key=lambda one: (one["opened"] or "", one["scope"] or "")):
        closed = f"closed {spell['closed']}" if spell["closed"] else "still open"
        print(f"{spell['opened']}  {spell['scope']}  {spell['symptom']:20} since {spell['since']}, {closed}")
    if not found:
        print("No symptom would have opened.")
    return 0


def _stored_scopes(snapshot: Snapshot) -> list[Scope]:
    """The scopes of a folder. Raises StoreError when it holds none."""
    scopes = [Scope.named(kind, slug) for kind in get_args(Kind) for slug in sorted(snapshot.names(kind))]
    if not scopes:
        raise StoreError("folder", "it holds no organizations/ or enterprises/", "check out the data branch there")
    return scopes


if __name__ == "__main__":
    sys.exit(main())
