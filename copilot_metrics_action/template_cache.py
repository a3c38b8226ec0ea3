"""Templates compiled once and kept beside their sources, as Python keeps its modules."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from copilot_metrics_action import templates


class TemplateCache(FileSystemBytecodeCache):
    """The compiled templates of a folder; a source that changed is compiled again.

    Compiling is a third of what a run does that finds nothing new (November 2026). Where Python may write no byte code,
    or nobody may write at all, what is not there is compiled in each run.
    """

    def __init__(self, folder: Path) -> None:
        # What a template becomes depends on the compiler and the filters as well.
        maker = Path(templates.__file__).read_bytes() + jinja2.__version__.encode()
        super().__init__(str(folder), f"{hashlib.sha256(maker).hexdigest()[:12]}-%s.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):  # a read-only folder costs time, as it does with modules
            os.makedirs(self.directory, exist_ok=True)
            super().dump_bytecode(bucket)
