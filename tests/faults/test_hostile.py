"""Hostile text in every field that comes from outside, into everything that a run writes: it stays text."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, GitHub, Repository, Scope, Usage, World, reports
from standin.runner import read_commands

from .campaign import ACME, BRANCH, TODAY, Campaign

# What is written, and what must not be found of it where somebody reads Markdown or a log.
HOSTILE = (
    ("<img src=//evil.example onerror=hacked>", r"<img(?! alt=)|onerror=hacked>"),
    ("[a](javascript:hacked)", r"\]\(javascript"),
    ("![](https://evil.example/p.png)", r"https?://evil|!\["),
    ("@octocat-hacked and @acme/everybody", r"@octocat|@acme/everybody"),
    ("closes #4711 and GH-4711", r"#4711|&#35;4711|GH-4711"),
    ("a | hacked | cell", r"a \| hacked \| cell"),
    ("`hacked` **bold** ~~gone~~", r"(?<!`)`hacked`|\*\*bold|~~gone"),
    ('"]\n    title hacked', r"(?m)^\s*title hacked"),
    ("::error title=hacked::hacked", r"(?m)^\s*::error title=hacked"),
    ("##[error]hacked", r"##\[error\]hacked"),
    ("=HYPERLINK(hacked)", r"(?m)^=HYPERLINK"),
    ("--> <!-- copilot-metrics: {} hacked", r"<!-- copilot-metrics: \{\}|hacked -->"),
    ("$\\frac{hacked}{0}$ {{ 7*7 }} {% hacked %}", r"(?<![\\;])\$\\frac"),
    ("../../etc/hacked", r"(?!)"),
    ("hacked\u202e\u2028\u0007\x1b[31m\r\n# big", r"[\u202e\u2028\u0007\x1b]|(?m:^# big)"),
    ("ghp_0123456789abcdefHACKED", r"ghp_0123456789"),
    ("https://r.example/f?se=1&sig=hackedSIGNATURE", r"hackedSIGNATURE"),
)
FIELDS = {
    *("ide", "feature", "language", "model", "phase", "user_login", "slug", "repo_name", "repo_owner_name"),
    *("repo_visibility", "last_known_ide_version", "plugin", "plugin_version", "cli_version", "version"),
}
INVENTED = {"ide", "language", "model"}  # names that nobody looks for; of the others some must stay to be counted


def spoiled(offset: int) -> Callable[[Any], Any]:
    """Replaces names in what GitHub reports, each by a hostile text of its own."""
    texts = itertools.cycle([text for text, _ in HOSTILE[offset:] + HOSTILE[:offset]])
    known: dict[tuple[str, Any], str] = {}

    def change(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: change(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [change(inner, key) for inner in value]
        if key in FIELDS and isinstance(value, str):
            if (key, value) not in known:
                known[key, value] = next(texts)
            return known[key, value] if key in INVENTED or len(known) % 2 else value
        return value

    return change


CONFIGURATION = """
people: logins
teams: true
repositories: true
seats: auto
commit-message-prefix: "hacked $(x) "
interventions: [{day: 2026-01-05, what: "<img src=//evil.example> @octocat-hacked | a"}]
calendar: {quiet-periods: [{start: 2026-01-01, end: 2026-01-02, name: "[a](javascript:hacked) ::error::x"}]}
issues: {max-new: 5, labels: ["a | b <img>"], milestone: "<img> @octocat-hacked", digest: true}
"""


@pytest.fixture(params=[0, 7], ids=["one order", "another"])
def hostile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Campaign]:
    change = spoiled(request.param)
    for name in ("aggregated", "users", "user_teams", "repositories"):
        true = getattr(reports, name)
        monkeypatch.setattr(reports, name, lambda *given, true=true, **more: change(true(*given, **more)))
    usage = Usage(users=10, seats=46).without_agents()
    files = {".github/copilot-metrics.yml": CONFIGURATION}
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        GitHub(World(TODAY, [Scope(ACME, usage=usage)], Repository(files=files))) as github,
    ):
        yield Campaign(github, Path(folder), {"charts": "auto" if request.param else "mermaid", "output-dir": "out"})


def written(one: Campaign, result: ActionResult) -> dict[str, str]:
    """Every text that a person or a program reads afterwards, by where it stands."""
    github = one.github
    found = {"log": result.log, "summary": result.summary}
    for branch in (BRANCH, "copilot-metrics-charts"):
        for path, data in github.git.files(branch).items():
            if path.endswith(".md"):
                found[f"{branch}:{path}"] = data.decode()
    for issue in github.world.issues.all.values():
        found[f"#{issue.number}"] = "\n".join([issue.title, issue.body or "", *(each.body for each in issue.comments)])
    for path in (result.workspace / "out").rglob("*"):
        if path.suffix in (".md", ".html", ".csv"):
            found[str(path.relative_to(result.workspace))] = path.read_text("utf-8")
    return found


def test_every_sink(hostile: Campaign) -> None:
    result = hostile.run()
    assert result.status == 0, result.stdout
    texts = written(hostile, result)
    assert sum("hacked" in text for text in texts.values()) >= 4, "nothing of it was shown, so nothing was tested"
    wrong = [
        f"{place}: {found[0]!r} in {text[max(0, found.start() - 60) : found.end() + 60]!r}"
        for place, text in texts.items()
        for _, live in HOSTILE
        if not place.endswith((".csv", ".html")) and (found := re.search(live, text))
    ]
    assert not wrong, "\n".join(wrong)
    assert_commands(result)
    assert_outputs(result)
    assert_branch(hostile)
    assert_tables(texts)
    for place, text in texts.items():
        assert not re.search("ghp_0123456789|hackedSIGNATURE", text), place
        if place.endswith(".html"):
            assert not re.search("<img src=//|onerror=hacked>|<script|javascript:hacked[\"']", text), place
    assert not [*hostile.check_stored(), *hostile.check_said(result)]


def assert_commands(result: ActionResult) -> None:
    annotations, _, _ = read_commands(result.stdout)
    assert all(one.properties == {"title": "Copilot metrics"} for one in annotations)
    assert not any(one.message.startswith(("hacked", "x")) for one in annotations)


def assert_outputs(result: ActionResult) -> None:
    assert set(result.outputs) <= {
        *("latest-day", "new-days", "revised-days", "symptoms", "issues", "data-commit", "summary-file"),
    }
    for name in ("symptoms", "issues"):
        json.loads(result.outputs[name])


def assert_branch(one: Campaign) -> None:
    """Paths are made of what is ours, and the commit's message is one line."""
    git = one.github.git
    for branch in git.branches():
        assert all(re.fullmatch(r"[\w./-]+", path) and ".." not in path for path in git.files(branch))
    message = git.commit(git.head(BRANCH) or "").message
    assert len(message.splitlines()) == 1
    assert message.endswith("[skip ci]")


def assert_tables(texts: Mapping[str, str]) -> None:
    tables = {place: text for place, text in texts.items() if place.endswith(".csv")}
    assert tables
    for place, text in tables.items():
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1, place
        for cell in itertools.chain.from_iterable(rows):
            assert not re.match(r"[=+@|%]|-[^\d.]", cell), (place, cell)
