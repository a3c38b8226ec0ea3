"""The image as the runner uses it: built, run against the stand-in, weighed, timed. `make image` runs this."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from container.engine import Engine, Finished, Mount, Unavailable, find_engine
from standin import Fault, GitHub, Scope, Usage, World
from standin.runner import action_environment, read_commands, read_outputs

pytestmark = pytest.mark.container


CPU_TO_FIRST_REQUEST = 0.8  # seconds
ENTRY = b"/opt/action/entrypoint.py"
# What the emulated runner takes from this machine, and a container has of its own.
OF_THIS_MACHINE = ("PATH", "MPLCONFIGDIR", "LANG", "SYSTEMROOT")

START_UP = """
import importlib.util, os, resource, sys, time
begun = time.perf_counter()
import copilot_metrics_action.pipeline
import copilot_metrics_action.cli
took = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_SELF)
sources = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
bare = [name for name in sources if name.endswith(".py") and not os.path.exists(importlib.util.cache_from_source(name))]
print(f"{took:.2f} s to import, {used.ru_utime + used.ru_stime:.2f} s of CPU, {used.ru_maxrss // 1024} MiB")
print(*bare)
"""


class Image:
    """The built image, and the runner's way of starting it."""

    def __init__(self, engine: Engine, base: str) -> None:
        self.engine = engine
        self.base = base

    def run_as_runner(self, folder: Path, inputs: dict[str, str], *, hardened: bool = False) -> Finished:
        """Run the action with these inputs; its files are below `folder`: workspace/, output, summary.md."""
        for name in ("workspace", "home", "commands"):
            (folder / name).mkdir()
        for name in ("output", "summary.md"):
            (folder / "commands" / name).touch()
        # A job can set these, and a checkout can hold a module of any name: neither may reach our imports.
        (folder / "workspace" / "json.py").write_text("raise SystemExit('the workspace was imported')\n")
        return self.engine.run(
            environment={
                "HOME": "/github/home",
                "PYTHONPATH": "/github/workspace",
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": "https://api.github.com",
                "GITHUB_EVENT_NAME": "schedule",
                "GITHUB_OUTPUT": "/github/file_commands/output",
                "GITHUB_REF": "refs/heads/main",
                "GITHUB_REPOSITORY": "acme/admin",
                "GITHUB_RUN_ID": "1",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_SHA": "0" * 40,
                "GITHUB_STEP_SUMMARY": "/github/file_commands/summary.md",
                "GITHUB_WORKSPACE": "/github/workspace",
                **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
            },
            mounts=[
                Mount(folder / "workspace", "/github/workspace"),
                Mount(folder / "home", "/github/home"),
                Mount(folder / "commands", "/github/file_commands"),
            ],
            workdir="/github/workspace",
            hardened=hardened,
        )

    def run_against(self, github: GitHub, folder: Path, inputs: dict[str, str]) -> Finished:
        """Run the action against the stand-in, with nothing to write to but the runner's folders and /tmp."""
        environment, _ = action_environment(github, folder, inputs)
        inside = {name: value.replace(str(folder), "/github") for name, value in environment.items()}
        return self.engine.run(
            environment={name: value for name, value in inside.items() if name not in OF_THIS_MACHINE},
            mounts=[Mount(folder, "/github")],
            workdir="/github/workspace",
            network="host",
            hardened=True,
        )

    def python(self, code: str) -> Finished:
        return self.engine.run("-P", "-E", "-s", "-B", "-c", code, entrypoint="/opt/venv/bin/python")


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    try:
        engine = find_engine(tmp_path_factory.mktemp("engine"))
        base = engine.base()
    except Unavailable as reason:
        if os.environ.get("REQUIRE_CONTAINER"):
            pytest.fail(f"the container must be tested here, but: {reason}")
        pytest.skip(f"the container is not tested here: {reason}")
    engine.build(base)
    return Image(engine, base)


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        print(f"\n  {line}", flush=True)


@pytest.mark.parametrize("hardened", [False, True], ids=["as-the-runner", "hardened"])
def test_demo(image: Image, tmp_path: Path, hardened: bool, capsys: pytest.CaptureFixture[str]) -> None:
    finished = image.run_as_runner(tmp_path, {"mode": "demo", "output-dir": "report"}, hardened=hardened)
    assert finished.status == 0, finished.output
    summary = (tmp_path / "commands" / "summary.md").read_text()
    assert "DEMO" in summary
    outputs = (tmp_path / "commands" / "output").read_text()
    assert re.search(r"^latest-day<<|^latest-day=", outputs, re.MULTILINE), outputs
    assert list((tmp_path / "workspace" / "report").rglob("*.png"))
    say(capsys, f"demo, {'hardened' if hardened else 'as the runner'}: {finished.seconds:.2f} s with the container")


def processor_seconds() -> float | None:
    """What the running entry point has used so far; None where its process cannot be seen from here."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if ENTRY in arguments and arguments[0].startswith(b"/opt/venv/"):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:  # it has ended meanwhile
            continue
    return None


@contextmanager
def timed(github: GitHub) -> Iterator[Callable[[], str]]:
    """Measures what a run uses until its first request; to be said, and held against the limit, at the end."""
    used: list[float | None] = []
    github.faults.append(Fault(("*", "", 1), "call", call=lambda _: used.append(processor_seconds())))

    def said() -> str:
        assert used, "no request was made"
        if used[0] is None:
            return "CPU not measured: the process is not to be seen from here"
        assert used[0] <= CPU_TO_FIRST_REQUEST
        return f"{used[0]:.2f} s of CPU to the first request"

    yield said
    github.faults.clear()


def test_runs(image: Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A first run and that of the next day: read-only, without capabilities, and everything is where it belongs."""
    scope = Scope("organizations/acme", usage=Usage(users=40, seats=46))
    with GitHub(World(date(2026, 11, 17), [scope])) as github:
        commits, days = [], []
        for name in ("first run", "daily run"):
            with timed(github) as said:
                finished = image.run_against(github, tmp_path, {"output-dir": "report"})
            assert finished.status == 0, finished.output
            assert not [one for one in read_commands(finished.output)[0] if one.level == "error"]
            outputs = read_outputs((tmp_path / "file-commands" / "github_output").read_text("utf-8"))
            assert outputs["data-commit"] == github.git.head("copilot-metrics")
            assert (tmp_path / "file-commands" / "github_step_summary").read_text("utf-8").strip()
            assert list((tmp_path / "workspace" / "report").rglob("*.png"))
            commits.append(outputs["data-commit"])
            days.append(sum("/days/" in path for path in github.git.files("copilot-metrics")))
            word = "hardened" if image.engine.name != "buildah" else "not hardened, which buildah alone cannot"
            say(capsys, f"{name}, {word}: {finished.seconds:.2f} s with the container; {said()}")
            github.world.today += timedelta(1)
        github.git.fsck()
        assert github.git.head("copilot-metrics-charts")
        assert len(set(commits)) == 2
        assert days[1] == days[0] + 1
        assert github.world.violations == []


def test_mistake(image: Image, tmp_path: Path) -> None:
    finished = image.run_as_runner(tmp_path, {"mode": "dance"})
    assert finished.status == 1
    assert "::error" in finished.output
    assert "Traceback" not in finished.output


def test_nothing_installs(image: Image) -> None:
    finished = image.python(
        "import importlib.util, json; print(json.dumps([name for name in ('pip', 'setuptools', 'hatchling', 'pytest')"
        " if importlib.util.find_spec(name)]))"
    )
    assert json.loads(finished.output) == []


def test_start_up(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is compiled at the start: what a run imports has its byte code in the image."""
    finished = image.python(START_UP)
    assert finished.status == 0, finished.output
    figures, bare = finished.output.split("\n", 1)
    assert bare.split() == []
    say(capsys, f"start-up: {figures}")


def test_weight(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    size = image.engine.compressed_size(image.base) / 1e6
    say(capsys, f"image: {size:.1f} MB compressed beyond {image.base.split('@')[0]} ({image.engine.name})")
    assert size < 60  # about a third more than when this was written
