"""The text of an issue: its marker, what it remembers, and our section between what people wrote.

What another module may read of it, and what stays as it is from release to release:

- the marker (`marker`, `pair_of`) and the section between `BEGIN` and `END`, which alone is ours;
- the checklist in it: one line a step, `- [ ] What to do <!-- step: share-prompts -->`. The name at its end stays the
  same while the words, the links and the figures in them change; GitHub turns `[ ]` into `[x]` and touches nothing
  else. A template of the user's may leave the name out: then the words of the line, without figures, stand for it.
  `tasks` reads them;
- the comments on a change of state, which begin with `<!-- copilot-metrics-event: {"worse": "2026-11-02"} -->`
  (worse, again, still, recovered, duplicate, digest): every other comment is a person's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Struct

from copilot_metrics_action import escape
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.metrics import Kind, Scope

BEGIN = "<!-- copilot-metrics:begin -->"
END = "<!-- copilot-metrics:end -->"
DIGEST = "<!-- copilot-metrics-digest -->"
_MARKER = re.compile(r"<!-- copilot-metrics: (\{[^\r\n]*?\}) -->")
_STATE = re.compile(r"(?:\r?\n)?<!-- copilot-metrics-state: ([^\r\n]*?) -->")
_STEP = re.compile(r"<!-- step: ([a-z0-9-]{1,60}) -->")
_TASK = re.compile(r"^([ \t]*[-*] \[)([ xX])(\] )(.*?)\r?$", re.MULTILINE)


class Task(Struct, frozen=True):
    """One line of the checklist.

    step    its name, the same in every version of the text; from the words where a template gives none
    words   what to do, as Markdown, without the name
    done    somebody ticked it
    """

    step: str
    words: str
    done: bool


class State(Struct, frozen=True, omit_defaults=True):
    """What is remembered in the issue. Days are those of the run (`as_of`), not of GitHub's clock.

    hash      of the draft that was written, the run's link left out
    title     hash of the title that was written: another title is a person's
    written   when our text was last rewritten
    step      the worst step that was told since it opened: a step that comes and goes is told once
    opened    when a run opened it, or opened it again
    closed    when a run closed it
    cleared   when the symptom was first seen absent after a person had muted it
    duplicate the older issue for which a run closed it
    reopened  the present reopening is ours, or a person's that we have acted on
    week      of the digest: the last day of the week that was told last
    """

    hash: str = ""
    title: str = ""
    written: date | None = None
    step: int = 0
    opened: date | None = None
    closed: date | None = None
    cleared: date | None = None
    duplicate: int | None = None
    reopened: bool = False
    week: str = ""


def marker(scope: Scope, symptom: str) -> str:
    """What an issue is found by."""
    return f"<!-- copilot-metrics: {json.dumps({'scope': scope.path, 'symptom': symptom})} -->"


def pair_of(body: str) -> tuple[Scope, str] | None:
    """The scope and the symptom an issue is about; None when its marker is missing or damaged: it is not ours."""
    return next((pair for _, pair in _pairs(body)), None)


def _pairs(body: str) -> Iterator[tuple[int, tuple[Scope, str]]]:
    """Each whole marker: where it ends, and what it names."""
    for match in _MARKER.finditer(body):
        try:
            pair = msgspec.json.decode(match[1], type=dict[str, str])
            scope, symptom = scope_of(pair["scope"]), pair["symptom"]
        except (msgspec.MsgspecError, UnicodeError, ConfigError, KeyError):
            continue
        if re.fullmatch(r"[a-z][a-z0-9-]*", symptom) and scope.path == pair["scope"]:
            yield match.end(), (scope, symptom)


def is_digest(body: str) -> bool:
    """Whether this is the weekly digest, which belongs to no scope and no symptom."""
    return DIGEST in body and pair_of(body) is None


def scope_of(path: str) -> Scope:
    kind, _, slug = path.partition("/")
    kinds: dict[str, Kind] = {"organizations": "organizations", "enterprises": "enterprises"}
    return Scope.named(kinds[kind], slug)


def state_of(body: str) -> State:
    """What the issue remembers; nothing when it was damaged, so that what a person did counts as theirs."""
    if match := _STATE.search(body):
        try:
            return msgspec.json.decode(match[1], type=State)
        except (msgspec.MsgspecError, UnicodeError):
            pass
    return State()


def with_state(body: str, state: State) -> str:
    """The body with this state in it, after the marker; everything else as it was."""
    text = f"\n<!-- copilot-metrics-state: {json.dumps(msgspec.to_builtins(state))} -->"
    body = _STATE.sub("", body)
    at = next((end for end, _ in _pairs(body)), body.find(DIGEST) + len(DIGEST) if DIGEST in body else 0)
    return body[:at] + text + body[at:]


def with_section(body: str, text: str, run_line: str) -> str:
    """The body with our text between its markers; at the end, when a person deleted one of them."""
    parts = [inert(text).strip(), run_line.strip()]
    section = "\n\n".join([BEGIN, *filter(None, parts), END])
    end = body.rfind(END)
    begin = body.rfind(BEGIN, 0, end) if end >= 0 else -1
    if begin >= 0:
        before, after = body[:begin], body[end + len(END) :]
    else:
        before, after = body.rstrip() + "\n\n", "\n"
    # A marker without its other half would take what a person wrote for ours on the next run.
    before, after = (part.replace(BEGIN, "").replace(END, "") for part in (before, after))
    return before + section + after


def tasks(body: str) -> tuple[Task, ...]:
    """The checklist of our section, in its order; nothing when a person took the section out."""
    return tuple(
        Task(_step(match[4]), _STEP.sub("", match[4]).strip(), match[2] != " ")
        for match in _TASK.finditer(_section(body))
    )


def ticked(text: str, told: str) -> str:
    """The text with the boxes ticked that a person ticked in what was told before; figures may have changed.

    What was ticked and is proposed no more stays at the end of the list: it was done all the same.
    """
    done = {_step(match[4]): match for match in _TASK.finditer(_section(told)) if match[2] != " "}
    text = _TASK.sub(
        lambda match: f"{match[1]}{'x' if _step(match[4]) in done else match[2]}{match[3]}{match[4]}", text
    )
    found = list(_TASK.finditer(text))
    lost = [f"\n- [x] {done[step][4]}" for step in done if step not in {_step(match[4]) for match in found}]
    end = found[-1].end() if found else 0
    return text[:end] + "".join(lost) + text[end:] if found else text


def _section(body: str) -> str:
    """Our text in a body, with plain line ends; empty when it is not there."""
    body = body.replace("\r\n", "\n")
    end = body.rfind(END)
    begin = body.rfind(BEGIN, 0, end) if end >= 0 else -1
    return body[begin:end] if begin >= 0 else ""


def _step(line: str) -> str:
    named = _STEP.search(line)
    return named[1] if named else "-".join(re.findall(r"[^\W\d_]+", line)).casefold()


def inert(text: str) -> str:
    """The text without anything that would be read as a marker of ours: templates can be overridden."""
    return text.replace("<!-- copilot-metrics", "<!-- copilot metrics")


def sentence(text: str) -> str:
    return escape.markdown(text, 1000)


def digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
