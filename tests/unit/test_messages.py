"""Whoever has a message finds it in the README: whatever the stand-in can provoke, and whatever the code can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from explained import messages
from standin import Fault, GitHub
from standin.faults import _ANSWERS, CONTENT_KINDS, WIRE_KINDS

from copilot_metrics_action.errors import ActionError
from copilot_metrics_action.github import Client, Patience, Permission
from copilot_metrics_action.refusals import REFUSALS, refusal

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"ActionError", "ApiError", "ConfigError", "HistoryError", "IssueError", "ReportError", "StoreError"}
# Commands of a terminal say what is wrong about their own arguments; the README tells of the action.
ELSEWHERE = ("cli/", "export/", "exporting.py", "importing.py", "intake.py", "legacy.py", "made_up.py", "effects/")
README = (ROOT / "README.md").read_text("utf-8")


def text_of(node: ast.expr) -> str:
    """The literal parts of a text, `…` between them."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return "…"


def said_by_the_code() -> Iterator[tuple[str, str]]:
    """Every text with which an error is made, and where."""
    package = ROOT / "copilot_metrics_action"
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        if name.startswith(ELSEWHERE):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                said = text_of(node.args[1]) if len(node.args) > 1 else ""
                if re.search(r"[a-z]{3}", said):
                    yield name, said


@pytest.mark.parametrize(("file", "said"), sorted(set(said_by_the_code())))
def test_message_of_the_code__is_explained(file: str, said: str) -> None:
    assert messages.found(said), f"{file} says {said!r}: add it to docs/messages.py, then run `make docs`"


@pytest.mark.parametrize("one", [one for _, group in messages.GROUPS for one in group], ids=lambda one: one.said[:40])
def test_explanation__is_in_the_readme_and_complete(one: object) -> None:
    assert one.said in README
    assert one.cause


@pytest.fixture(scope="module")
def standin() -> Iterator[GitHub]:
    with GitHub() as found:
        yield found


@pytest.mark.parametrize("kind", [*_ANSWERS, *(kind for kind in (*WIRE_KINDS, *CONTENT_KINDS) if kind != "drip")])
def test_message_of_a_refusal__is_explained(standin: GitHub, kind: str) -> None:
    standin.faults[:] = [Fault(("*", "", "every"), kind, size=80 * 2**20)]
    patience = Patience(lambda seconds: None, waits=0)
    needed = Permission("copilot-token", "a permission")
    client = Client(standin.url, standin.world.copilot_token, needed, patience=patience)
    with pytest.raises(ActionError) as caught:
        client.send("POST", "/orgs/acme/copilot/billing/seats", {})
    if kind in ("ruleset", "not-fast-forward", "protected-branch"):
        return  # the store tells those; tests/unit/test_store.py has their words
    assert messages.found(str(caught.value)), str(caught.value)


@pytest.mark.parametrize("one", REFUSALS, ids=lambda one: one.id)
def test_refusal__is_recognized_by_what_the_readme_shows(one: object) -> None:
    """What stands in the table is the very message of that refusal."""
    status, said = one.status[0], one.said
    assert refusal(status, {}, said.partition(": ")[2]).id == one.id
