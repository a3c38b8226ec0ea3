"""The command line as a person starts it, in the process of the test."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from standin import GitHub
from standin.runner import action_environment

from copilot_metrics_action import cli


def on_a_terminal(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit status of `copilot-metrics` with the tokens as variables, in the workspace; no inputs of a runner."""
    environment, folders = action_environment(github, tmp_path)
    for name, value in environment.items():
        if not name.startswith("INPUT_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("COPILOT_TOKEN", github.world.copilot_token)
    monkeypatch.setenv("GITHUB_TOKEN", github.world.github_token)
    monkeypatch.chdir(folders["workspace"])
    handler = signal.getsignal(signal.SIGTERM)
    try:
        return cli.main([*arguments, "--as-of", str(github.world.today)])
    finally:
        signal.signal(signal.SIGTERM, handler)
