"""The image as the runner uses it: built, run in demo mode, weighed, timed. `make image` runs this."""

import json
import os
import re
from pathlib import Path

import pytest
from container.engine import Engine, Finished, Mount, Unavailable, find_engine

pytestmark = pytest.mark.container


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
