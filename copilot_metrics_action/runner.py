"""The Actions runner: the log and its commands, the summary, the outputs. A terminal gets plain lines."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from copilot_metrics_action.errors import StoreError
from copilot_metrics_action.escape import Redactor, log_line

# The runner refuses the whole summary of a step above 1 MiB, and keeps ten annotations of each level a step.
SUMMARY_BYTES = 1024 * 1024
ANNOTATIONS = 10
PROGRESS_EVERY = 50  # steps of long work between two lines of a log
BAR = 30  # characters

# Every output of action.yml, for a run that has nothing to tell.
NO_OUTPUTS = {
    "latest-day": "",
    "new-days": "0",
    "revised-days": "0",
    "symptoms": "[]",
    "issues": "[]",
    "data-commit": "",
    "summary-file": "",
}

Level = Literal["error", "warning", "notice"]


class Runner:
    """What leaves the process, but for requests and the data branch. Every line is neutral and redacted.

    commands  whether a runner reads the log; else annotations are written as plain lines
    """

    def __init__(
        self,
        *,
        commands: bool,
        summary_file: Path | None = None,
        output_file: Path | None = None,
        debug: bool = False,
        stream: TextIO | None = None,
    ) -> None:
        self._commands = commands
        self._summary_file = summary_file
        self._output_file = output_file
        self._debug = debug
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._bar_shown = False
        self.redactor = Redactor()
        self._said: dict[Level, int] = {}

    def log(self, line: str) -> None:
        self._write(log_line(self.redactor.line(line)))

    def progress(self, what: str) -> Callable[[int, int], None]:
        """What takes how much of long work is done, of how much: a bar on a terminal, some plain lines in a log."""
        said = 0

        def tell(done: int, total: int) -> None:
            nonlocal said
            if not self._commands and self._stream.isatty():
                self._show_bar(log_line(self.redactor.line(what)), done, total)
            elif done // PROGRESS_EVERY > said:
                said = done // PROGRESS_EVERY
                self.log(f"{what}: {done} of {total}")

        return tell

    def _show_bar(self, what: str, done: int, total: int) -> None:
        filled = round(BAR * done / total) if total else BAR
        bar = f"{what} {'█' * filled}{'░' * (BAR - filled)} {done}/{total}"
        with self._lock:
            # It is written over itself, and gone when it is full: a line of the log then tells what came of it.
            self._stream.write(f"\r\033[K{bar if done < total else ''}")
            self._stream.flush()
            self._bar_shown = done < total

    def debug(self, line: str) -> None:
        if self._debug:
            self.log(line)

    def mask(self, secrets: Iterable[str]) -> None:
        """Hides values in the log from here on, ours and the runner's."""
        for line in self.redactor.add(secrets):
            if self._commands:
                self._write(f"::add-mask::{_data(line)}")

    def annotate(self, level: Level, message: str) -> None:
        """One annotation. Past the runner's limit the rest are plain lines, so that none is lost in silence."""
        line = log_line(self.redactor.line(message))
        said = self._said[level] = self._said.get(level, 0) + 1
        if self._commands and said <= ANNOTATIONS:
            self._write(f"::{level} title=Copilot metrics::{_data(line)}")
        else:
            self._write(f"{level}: {line}")

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Lines of the log that fold away."""
        line = log_line(self.redactor.line(title))
        self._write(f"::group::{_data(line)}" if self._commands else line)
        try:
            yield
        finally:
            if self._commands:
                self._write("::endgroup::")

    def write_summary(self, markdown: str) -> None:
        """Adds to the job summary. Raises StoreError when the runner's file cannot be written."""
        if self._summary_file is None:
            return
        data = self.redactor.page(markdown).encode()
        if len(data) > SUMMARY_BYTES:
            # The report keeps to its own, far smaller limit; this guards what a changed template may do.
            data = b"The summary is over 1 MiB, which the runner refuses. See the pages of the data branch.\n"
        _append(self._summary_file, data)

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        if self._output_file is None:
            return
        lines = []
        for name, value in outputs.items():
            # A delimiter that cannot be foreseen: a fixed one lets a value set other outputs (CVE-2022-35954).
            delimiter = f"ghadelimiter_{uuid.uuid4()}"
            lines.append(f"{name}<<{delimiter}\n{self.redactor.page(value)}\n{delimiter}\n")
        _append(self._output_file, "".join(lines).encode())

    def _write(self, line: str) -> None:
        with self._lock:
            start = "\r\033[K" if self._bar_shown else ""
            self._bar_shown = False
            print(f"{start}{line}", file=self._stream, flush=True)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _append(path: Path, data: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise StoreError(
            str(path), f"it cannot be written ({error.strerror})", "the runner's file must be writable"
        ) from None
