"""Starts the action from a process that has imported it already: each run is a fork of that process.

A run of the action spends half a second importing, and the tests run it some hundred times. What a run sees is
its own: environment, working folder, standard streams, signals. Cold starts are tested where the start matters:
pass `cold=True` to `run_action`, or a command.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "entrypoint.py"


class WarmStarter:
    """One imported process for each test process; it ends with it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(self, environment: Mapping[str, str], folder: Path, timeout: float) -> tuple[int, bytes, bytes]:
        """Exit status (negative for the signal that ended it), stdout, stderr.

        Raises TimeoutError, after the run was killed.
        """
        with tempfile.TemporaryDirectory() as name:
            out, err = Path(name) / "stdout", Path(name) / "stderr"
            order = {"environment": dict(environment), "folder": str(folder), "timeout": timeout}
            answer = self._ask(json.dumps(order | {"stdout": str(out), "stderr": str(err)}))
            if answer == "timeout":
                raise TimeoutError(f"the action took more than {timeout:g} s\n{out.read_text(errors='replace')}")
            return int(answer), out.read_bytes(), err.read_bytes()

    def _ask(self, order: str) -> str:
        # One at a time would make two runs at once wait for each other: each order has a process of its own then.
        if not self._lock.acquire(blocking=False):
            other = WarmStarter()
            try:
                return other._ask(order)
            finally:
                other.stop()
        try:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(order + "\n")
            process.stdin.flush()
            answer = process.stdout.readline().strip()
        finally:
            self._lock.release()
        if not answer:
            raise RuntimeError("the process that starts the action has ended")
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                (sys.executable, "-P", str(Path(__file__).resolve())),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                # A thread of the numeric library would not survive the fork.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            atexit.register(self.stop)
        return self._process

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(10)


def _serve() -> None:
    """Reads orders, a JSON object a line, and answers each with the exit status of its run, or `timeout`."""
    sys.path.insert(0, str(ROOT))
    import copilot_metrics_action.charts.canvas
    import copilot_metrics_action.check
    import copilot_metrics_action.pipeline  # noqa: F401 - imported for the forks

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        answers.write(f"{_waited(child, order['timeout'])}\n")
        answers.flush()


def _waited(child: int, timeout: float) -> int | str:
    def kill(number: int, frame: object) -> None:
        os.kill(child, signal.SIGKILL)

    late = False
    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        _, status = os.waitpid(child, 0)
        late = signal.setitimer(signal.ITIMER_REAL, 0)[0] == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "timeout" if late else os.waitstatus_to_exitcode(status)


def _become(order: Mapping[str, str]) -> None:
    """Runs the entry point as a process started for it would; does not return."""
    import runpy

    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["stdout"], os.O_WRONLY | os.O_CREAT),
        (2, order["stderr"], os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = [str(ENTRY)]
    status = 1
    try:
        runpy.run_path(str(ENTRY), run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
