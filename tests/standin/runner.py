"""Runs the action as the Actions runner would, and reads what it left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .server import GitHub
from .warm import ENTRY, ROOT, WarmStarter

STARTER = WarmStarter()
# Set in the image as well; without a cache to find, Matplotlib would look for fonts in every run.
_KEPT = ("PATH", "MPLCONFIGDIR", "LANG", "SYSTEMROOT")
_COMMAND = re.compile(r"::(?P<name>[^\s:]+)(?: (?P<properties>.*?))?::(?P<message>.*)", re.DOTALL)
_OLD_COMMAND = re.compile(r"##\[(?P<name>[A-Za-z-]+)(?: (?P<properties>[^\]]*))?\](?P<message>.*)", re.DOTALL)
_LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True)
class Annotation:
    """What a person sees above the log: `properties` are file, line, title and so on."""

    level: str
    message: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ActionResult:
    """What one run of the action left.

    stdout, stderr  as printed; `log` is what a reader sees of both, without the commands that mask
    outputs         by name, as later steps read them
    masks           every value the runner was told to hide
    wall            seconds from start to end
    """

    status: int
    stdout: str
    stderr: str
    summary: str
    outputs: dict[str, str]
    workspace: Path
    wall: float
    annotations: list[Annotation]
    masks: list[str]
    log: str

    @property
    def errors(self) -> list[str]:
        return [each.message for each in self.annotations if each.level == "error"]

    @property
    def warnings(self) -> list[str]:
        return [each.message for each in self.annotations if each.level == "warning"]

    @property
    def notices(self) -> list[str]:
        return [each.message for each in self.annotations if each.level == "notice"]


def run_action(
    github: GitHub,
    tmp_path: Path,
    inputs: Mapping[str, str | None] | None = None,
    env: Mapping[str, str | None] | None = None,
    expect: int | None = None,
    command: Sequence[str] | None = None,
    timeout: float = 120,
    *,
    cold: bool = False,
) -> ActionResult:
    """Runs `entrypoint.py` in a workspace below `tmp_path`, which later runs with the same path share.

    inputs   on top of the defaults of action.yml; None leaves an input out altogether
    env      on top of the runner's environment; None takes a variable away
    expect   the exit status that has to come; AssertionError with the whole log otherwise
    command  what to start in place of the entry point
    cold     in a new process, imports and all, instead of a fork of one that has imported the action
    """
    environment, folders = action_environment(github, tmp_path, inputs, env)
    started = time.monotonic()
    if cold or command:
        done = subprocess.run(
            list(command or (sys.executable, "-P", str(ENTRY))),
            cwd=folders["workspace"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
        )
        status, *streams = done.returncode, done.stdout, done.stderr
    else:
        status, *streams = STARTER.run(environment, folders["workspace"], timeout)
    wall = time.monotonic() - started
    stdout, stderr = (text.decode(errors="replace") for text in streams)
    annotations, masks, log = read_commands(stdout + "\n" + stderr)
    result = ActionResult(
        status,
        stdout,
        stderr,
        (folders["file-commands"] / "github_step_summary").read_text("utf-8"),
        read_outputs((folders["file-commands"] / "github_output").read_text("utf-8")),
        folders["workspace"],
        wall,
        annotations,
        masks,
        log,
    )
    if expect is not None and result.status != expect:
        raise AssertionError(f"exit status {result.status}, not {expect}\n{stdout}\n{stderr}")
    return result


def action_environment(
    github: GitHub,
    tmp_path: Path,
    inputs: Mapping[str, str | None] | None = None,
    env: Mapping[str, str | None] | None = None,
) -> tuple[dict[str, str], dict[str, Path]]:
    """What the runner sets for a step, and the folders it makes for it below `tmp_path`."""
    folders = {name: tmp_path / name for name in ("workspace", "runner-temp", "home", "file-commands")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    files = {name: folders["file-commands"] / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for file in files.values():
        file.write_bytes(b"")
    environment: dict[str, str | None] = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {name: str(file) for name, file in files.items()}
    environment |= _runner_environment(github, folders)
    given = {"as-of": str(github.world.today), "copilot-token": github.world.copilot_token} | dict(inputs or {})
    for name, value in (_input_defaults(github) | given).items():
        # Hyphens stay: that is how the runner makes the names.
        environment[f"INPUT_{name.upper().replace(' ', '_')}"] = value
    environment |= dict(env or {})
    return {name: value for name, value in environment.items() if value is not None}, folders


def _runner_environment(github: GitHub, folders: Mapping[str, Path]) -> dict[str, str]:
    repository = github.world.repository
    return {
        "HOME": str(folders["home"]),
        "RUNNER_TEMP": str(folders["runner-temp"]),
        "RUNNER_OS": "Linux",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION": "__run",
        "GITHUB_ACTOR": "mona",
        "GITHUB_API_URL": github.url,
        "GITHUB_SERVER_URL": github.url,
        "GITHUB_REPOSITORY": repository.full_name,
        "GITHUB_REPOSITORY_OWNER": repository.owner,
        "GITHUB_SHA": github.git.head(repository.default_branch) or "0" * 40,
        "GITHUB_REF": f"refs/heads/{repository.default_branch}",
        "GITHUB_REF_NAME": repository.default_branch,
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_WORKFLOW": "Copilot metrics",
        "GITHUB_JOB": "collect",
        "GITHUB_RUN_ID": "1234567890",
        "GITHUB_RUN_NUMBER": "7",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_WORKSPACE": str(folders["workspace"]),
    }


def _input_defaults(github: GitHub) -> dict[str, str]:
    """The inputs of action.yml with their defaults; without one, empty, as the runner passes them."""
    path = ROOT / "action.yml"
    declared: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["inputs"] if path.exists() else {}
    values = {
        "github.token": github.world.github_token,
        "github.repository": github.world.repository.full_name,
        "github.repository_owner": github.world.repository.owner,
    }
    found = {} if declared else {"github-token": values["github.token"], "repository": values["github.repository"]}
    for name, properties in declared.items():
        default = properties.get("default", "")
        text = str(default).lower() if isinstance(default, bool) else str(default)
        found[name] = re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda match: values[match[1]], text)
    return found


def read_outputs(text: str) -> dict[str, str]:
    """The outputs in the file of the runner, `name=value` and the form with a delimiter.

    Raises ValueError for what the runner refuses.
    """
    lines, outputs = iter(text.split("\n")), {}
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            name, delimiter = line.split("<<", 1)
            if not name or not delimiter:
                raise ValueError(f"Invalid format '{line}'")
            outputs[name] = "\n".join(_until(delimiter, lines))
        elif equals > 0:
            name, outputs[line[:equals]] = line[:equals], line[equals + 1 :]
        else:
            raise ValueError(f"Invalid format '{line}'")
    return outputs


def _until(delimiter: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise ValueError(f"Matching delimiter not found '{delimiter}'")


def read_commands(text: str) -> tuple[list[Annotation], list[str], str]:
    """Annotations, masked values, and the log without the lines that mask, by the runner's own rules."""
    annotations, masks, log = [], [], []
    stop: str | None = None
    for line in re.split(r"\r\n|\r|\n", text):
        command = _command(line)
        if stop is not None:
            # Between ::stop-commands::token and ::token:: nothing is a command.
            if command and command[0] == stop:
                stop = None
        elif command:
            name, properties, message = command
            if name == "stop-commands":
                stop = message
            elif name == "add-mask":
                masks.append(message)
                continue
            elif name in _LEVELS:
                annotations.append(Annotation(name, message, properties))
        log.append(line)
    return annotations, masks, "\n".join(log)


def _command(line: str) -> tuple[str, dict[str, str], str] | None:
    found, old = _COMMAND.match(line.lstrip()), _OLD_COMMAND.search(line)
    match = found or old
    if match is None:
        return None
    pairs = (pair.split("=", 1) for pair in re.split(r"[,;]", match["properties"] or "") if "=" in pair)
    more = {":": "%3A", ",": "%2C"} if found else {";": "%3B", "]": "%5D"}
    properties = {key.strip(): _unescape(value, more) for key, value in pairs}
    message = _unescape(match["message"], {} if found else more)
    return match["name"].lower() if found is None else match["name"], properties, message


def _unescape(text: str, more: Mapping[str, str]) -> str:
    for plain, escaped in {"\r": "%0D", "\n": "%0A", **more}.items():
        text = text.replace(escaped, plain)
    return text.replace("%25", "%")
