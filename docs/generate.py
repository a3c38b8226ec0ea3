"""Writes the reference pages from the code, so that they cannot say something else: `make docs`.

A test compares what this makes with what is committed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import msgspec
import yaml
from msgspec import Meta, Struct

from copilot_metrics_action import counting_changes, metrics
from copilot_metrics_action.config import Settings, describe, json_schema
from copilot_metrics_action.report import SECTIONS
from copilot_metrics_action.symptoms import SYMPTOMS, Thresholds

sys.path.insert(0, str(Path(__file__).resolve().parent))

import messages  # it lies beside this file

ROOT = Path(__file__).resolve().parent.parent
INPUTS_START, INPUTS_END = "<!-- inputs: from action.yml, by `make docs` -->", "<!-- end of inputs -->"
MESSAGES_START, MESSAGES_END = "<!-- messages: from docs/messages.py, by `make docs` -->", "<!-- end of messages -->"
MODELINE = "# yaml-language-server: $schema=https://raw.githubusercontent.com/copilot-metrics-action/copilot-metrics-action/main/docs/configuration.schema.json"


def generated() -> dict[str, str]:
    """Path to text of everything that is made from the code."""
    return {
        "docs/configuration.md": configuration(),
        "docs/configuration.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        "docs/symptoms.md": symptoms(),
        "docs/metrics.md": catalogue(),
        "python/action.yml": composite((ROOT / "action.yml").read_text("utf-8")),
        "README.md": readme((ROOT / "README.md").read_text("utf-8")),
    }


# --- configuration --------------------------------------------------------------------------------


def configuration() -> str:
    rows = "\n".join(
        f"| `{path}` | {_cell(describe(kind))} | {_default(default)} | {_cell(meta.description or '')} | {_example(meta)} |"
        for path, kind, default, meta in _keys(Settings, "")
    )
    sections = ", ".join(f"`{name}`" for name in SECTIONS)
    return f"""# Configuration

`.github/copilot-metrics.yml` in the admin repository; every key has a default, and a file is not needed. All problems are told at once, each with its place.

With the first line of this example an editor that knows YAML schemas checks the file while you write. The example says what holds without a file: take the keys that you change.

<details>
<summary>Every key at its default</summary>

```yaml
{example()}```

</details>

| key | value | default | meaning | example |
|:--|:--|:--|:--|:--|
{rows}

A key of a list is written with `[]`: each entry of the list has it. The sections that `report.sections` can name: {sections}. The limits of the symptoms are explained in [symptoms.md](symptoms.md).
"""


def example() -> str:
    """A configuration file with every key at its default."""
    return f"{MODELINE}\n" + "".join(f"{line}\n" for line in _example_lines(Settings(), 0))


def _example_lines(value: Struct, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for entry in msgspec.structs.fields(type(value)):
        here, (_, meta) = getattr(value, entry.name), _bare(entry.type)
        if isinstance(here, Struct):
            yield f"{indent}{entry.encode_name}:"
            yield from _example_lines(here, depth + 1)
            continue
        said = f"  # {' '.join(meta.description.split())}" if meta.description else ""
        shown = "" if here is None else f" {_yaml(list(here) if isinstance(here, tuple) else here)}"
        yield f"{indent}{entry.encode_name}:{shown}{said}"


def _keys(kind: type[Struct], path: str) -> Iterator[tuple[str, Any, Any, Meta]]:
    """Every key below a mapping: its path, type, default and what is said of it."""
    for entry in msgspec.structs.fields(kind):
        here = f"{path}.{entry.encode_name}" if path else entry.encode_name
        bare, meta = _bare(entry.type)
        default = entry.default
        if default is msgspec.NODEFAULT and entry.default_factory is not msgspec.NODEFAULT:
            default = entry.default_factory()
        inner = _struct_in(bare)
        if inner is None:
            yield here, bare, default, meta
            continue
        yield from _keys(inner, f"{here}[]" if get_origin(bare) is tuple else here)


def _bare(kind: Any) -> tuple[Any, Meta]:
    meta = Meta()
    while get_origin(kind) is Annotated:
        kind, *rest = get_args(kind)
        meta = next((one for one in rest if isinstance(one, Meta) and one.description), meta)
    return kind, meta


def _struct_in(kind: Any) -> type[Struct] | None:
    """The mapping a key holds: directly, in a list, or unless it is empty."""
    for part in (kind, *get_args(kind)):
        bare, _ = _bare(part)
        if isinstance(bare, type) and issubclass(bare, Struct):
            return bare
    return None


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value in ((), "", None):
        return "not set"  # `none` is a value of some keys, and means something else
    return f"`{_yaml(value)}`"


def _example(meta: Meta) -> str:
    return " or ".join(f"`{_yaml(one)}`" for one in meta.examples or ())


def _yaml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n").removesuffix("\n...").strip()


# --- symptoms and metrics -------------------------------------------------------------------------


def symptoms() -> str:
    parts = []
    for symptom in SYMPTOMS:
        rule = getattr(Thresholds(), symptom.field)
        rows = "\n".join(
            f"| `{path}` | {_default(default)} | {_cell(meta.description or '')} |"
            for path, _, default, meta in _keys(type(rule), f"symptoms.{symptom.id}")
        )
        remedies = "\n".join(
            f"- {remedy.step}{f' ([GitHub]({remedy.link}))' if remedy.link else ''}" for remedy in symptom.remedies
        )
        opened = "opens an issue" if rule.issue else "is shown in the summary only"
        parts.append(
            f"## {symptom.id}\n\n**{symptom.title[0].upper()}{symptom.title[1:]}.** {symptom.meaning} By default it {opened}.\n\n"
            f"*Why this may be:* {symptom.cause}\n\n*What to do:*\n\n{remedies}\n\n"
            f"| key | default | meaning |\n|:--|:--|:--|\n{rows}\n"
        )
    changes = "\n".join(
        f"| {change.day}{f' to {change.until}' if change.until else ''} | {_cell(change.what)} | "
        f"{', '.join(f'`{name}`' for name in change.metrics)} | {_cell(change.source)} |"
        for change in counting_changes.load()
    )
    return f"""# Symptoms

What each means, when it opens and closes, and what to do. How well they are detected is measured in [detection.md](detection.md). Only settled days count: three full UTC days have passed since.

A symptom is `present` (confirmed), `absent`, on `watch` (the condition is met, yet not confirmed or not sure), `unknown` (too little data; the summary says what is missing), or `on-hold` (the newest days may be a holiday, an outage or a collapse).

{chr(10).join(parts)}
## Changes in GitHub's own counting

A trend over one of these days fits a step there instead of calling it a change of use; a share is judged and names it as a possible cause.

| day | what changed | figures | source |
|:--|:--|:--|:--|
{changes}
"""


def catalogue() -> str:
    rows = "\n".join(
        f"| {_cell(entry.title)} | {_cell(entry.description)} | {entry.unit} | `{entry.source}` | {entry.since} |"
        for entry in metrics.catalogue()
    )
    return f"""# Metrics

Every figure of a day that trends and pages are made from, with the field of GitHub's report it comes from. What a report does not hold is missing, which is not 0. Day files keep every field, known or not.

| metric | meaning | unit | field of the report | reported since |
|:--|:--|:--|:--|:--|
{rows}
"""


# --- the action without a container -----------------------------------------------------------------


def composite(action: str) -> str:
    """`python/action.yml`: the inputs and outputs of `action.yml`, run by Python on the runner itself."""
    head, _, _ = action.partition("runs:\n")
    before, _, outputs = head.partition("outputs:\n")
    named = re.sub(r"^  ([a-z-]+):\n", r"  \1:\n    value: ${{ steps.run.outputs.\1 }}\n", outputs, flags=re.MULTILINE)
    pin = re.search(r"uses: (actions/setup-python@\S+ # \S+)", (ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    if pin is None:
        raise ValueError(".github/workflows/ci.yml pins no actions/setup-python")
    runs = _RUNS.replace("SETUP-PYTHON", pin[1])
    return (
        "# The same action without a container: for Windows, macOS, and runners on Kubernetes without Docker.\n"
        "# Inputs and outputs are written from ../action.yml by `make docs`.\n"
        f"{before}outputs:\n{named}{runs}"
    )


_RUNS = """runs:
  using: composite
  steps:
    - id: python
      uses: SETUP-PYTHON
      with:
        python-version: "3.13"
        update-environment: false
    - id: install
      name: Install
      shell: bash
      env:
        PYTHON: ${{ steps.python.outputs.python-path }}
      run: |
        venv="$RUNNER_TEMP/copilot-metrics"
        # -P: the folder is somebody's checkout, and a venv.py or random.py in it would be run in place of Python's own.
        "$PYTHON" -P -E -s -m venv "$venv"
        python="$venv/bin/python"
        test -x "$python" || python="$venv/Scripts/python.exe"
        "$python" -P -E -s -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \\
          --requirement "$GITHUB_ACTION_PATH/../requirements.txt"
        echo "python=$python" >> "$GITHUB_OUTPUT"
    - id: run
      name: Copilot metrics
      shell: bash
      env:
        PYTHON: ${{ steps.install.outputs.python }}
        INPUTS: ${{ toJSON(inputs) }}
        MPLCONFIGDIR: ${{ runner.temp }}/copilot-metrics/matplotlib
      run: '"$PYTHON" -X utf8 -P -E -s -B -u "$GITHUB_ACTION_PATH/launch.py"'
"""


# --- README ---------------------------------------------------------------------------------------


def readme(text: str) -> str:
    """The README with its tables: inputs and outputs from `action.yml`, messages from docs/messages.py."""
    before, _, rest = text.partition(MESSAGES_START)
    _, _, after = rest.partition(MESSAGES_END)
    return inputs_and_outputs(f"{before}{MESSAGES_START}\n\n{messages.table()}\n{MESSAGES_END}{after}")


def inputs_and_outputs(text: str) -> str:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    inputs = "\n".join(
        f"| `{name}` | {_input_default(entry)} | {_cell(entry['description'])} |"
        for name, entry in action["inputs"].items()
    )
    outputs = "\n".join(f"| `{name}` | {_cell(entry['description'])} |" for name, entry in action["outputs"].items())
    before, _, rest = text.partition(INPUTS_START)
    _, _, after = rest.partition(INPUTS_END)
    return (
        f"{before}{INPUTS_START}\n\n| input | default | meaning |\n|:--|:--|:--|\n{inputs}\n\n"
        f"| output | meaning |\n|:--|:--|\n{outputs}\n\n{INPUTS_END}{after}"
    )


def _input_default(entry: dict[str, Any]) -> str:
    return f"`{entry['default']}`" if entry.get("default") else "empty"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for name, content in generated().items():
        (ROOT / name).write_text(content, "utf-8")
