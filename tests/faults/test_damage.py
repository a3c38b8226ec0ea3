"""Damaged files on the data branch: what is derived is made again, a day file is named and left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import pytest

from .campaign import ACME, BRANCH, Campaign, campaign, every

Count = Callable[[str, int, int], None]
Change = Callable[[bytes], bytes | None]

HISTORY = (f"{ACME}/history/2025.json", f"{ACME}/history/2026.json")
COLLECTION = f"{ACME}/collection.json"
DAY = f"{ACME}/days/2025/2025-12-20.json"
SEATS = f"{ACME}/seats/2026/2026-01-14.json"


def _swap_lines(data: bytes) -> bytes:
    lines = data.split(b"\n")
    lines[2], lines[3] = lines[3], lines[2]
    return b"\n".join(lines)


# What is no file of ours any more, whichever it was.
BROKEN: Mapping[str, Change] = {
    "cut in half": lambda data: data[: len(data) // 2],
    "cut by one byte": lambda data: data.rstrip()[:-1],
    "empty": lambda data: b"",
    "a line end": lambda data: b"\n",
    "zeros": lambda data: bytes(len(data)),
    "a merge conflict": lambda data: b"<<<<<<< ours\n" + data + b"=======\n" + data + b">>>>>>> theirs\n",
    "twice": lambda data: data + data,
    "something behind it": lambda data: data + b"x",
    "no UTF-8": lambda data: data.replace(b'"', b'"\xff', 1),
    "half a character": lambda data: data.replace(b"{", b'{"\\ud800": 1, ', 1),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "a list": lambda data: b"[]\n",
    "null": lambda data: b"null\n",
    "a text": lambda data: b'"a"\n',
    "an empty object": lambda data: b"{}\n",
    "deep": lambda data: b"[" * 100_000,
    "HTML": lambda data: b"<!DOCTYPE html><html></html>\n",
    "a pointer of Git LFS": lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
}
OF_HISTORY: Mapping[str, Change] = {
    "deleted": lambda data: None,
    "of an older format": lambda data: data.replace(b'"format": 1', b'"format": 0'),
    "of no format": lambda data: data.replace(b'"format": 1,\n', b""),
    "a format that is a text": lambda data: data.replace(b'"format": 1', b'"format": "1"'),
    "of another scope": lambda data: data.replace(b"organizations/acme", b"organizations/other"),
    "lines out of order": _swap_lines,
    "a day of another year": lambda data: re.sub(rb'"day":"\d{4}', b'"day":"2024', data, count=1),
    "a day that is none": lambda data: re.sub(rb'"day":"[^"]*"', b'"day":"2026-02-30"', data, count=1),
    "a day without its file's id": lambda data: re.sub(rb'"blob":"[^"]*",', b"", data, count=1),
    "a figure that is a text": lambda data: re.sub(rb'"settled":(true|false)', b'"settled":"yes"', data, count=1),
    "days that are an object": lambda data: re.sub(rb'"days": \[.*?\n\]', b'"days": {}', data, flags=re.DOTALL),
}
OF_COLLECTION: Mapping[str, Change] = {
    "deleted": lambda data: None,
    "of an older format": lambda data: data.replace(b'"format": 1', b'"format": 0'),
    "of no format": lambda data: data.replace(b'"format": 1', b'"size": 1'),
    "holes that are a number": lambda data: re.sub(rb'"holes": \{.*?\}', b'"holes": 3', data, flags=re.DOTALL),
    "a day that is none": lambda data: data.replace(b'"2026-01-13"', b'"2026-13-13"'),
}
OF_A_DAY: Mapping[str, Change] = {
    "deleted, and something else in its place": lambda data: b"{}\n",
    "another day": lambda data: data.replace(b"2025-12-20", b"2025-12-21"),
    "a day that is a number": lambda data: data.replace(b'"day": "2025-12-20"', b'"day": 20251220'),
}


@pytest.fixture(scope="module")
def daily() -> Iterator[Campaign]:
    with campaign("daily") as one:
        yield one


def spoil(one: Campaign, **changes: Change) -> dict[str, bytes]:
    """Somebody commits changed files; what is on the branch then."""
    one.restore()
    files = one.github.git.files(BRANCH)
    one.github.git.write_commit(BRANCH, {path: change(files[path]) for path, change in changes.items()})
    return one.github.git.files(BRANCH)


DERIVED = [
    *((path, name, change) for path in HISTORY for name, change in (BROKEN | OF_HISTORY).items()),
    *((COLLECTION, name, change) for name, change in (BROKEN | OF_COLLECTION).items()),
]


@every
def test_derived__made_again(daily: Campaign, step: int, count: Count) -> None:
    """The run after the damage ends where it would have ended without it, byte for byte."""
    wrong = []
    derived = DERIVED[::step]
    for path, name, change in derived:
        before = daily.github.git.files(BRANCH).get(path)
        spoil(daily, **{path: change})
        assert daily.github.git.files(BRANCH).get(path) != before or not before, name
        result = daily.run()
        found = [str(result.errors)] if result.status else [*daily.check(result), *daily.recover()]
        if path == COLLECTION:
            # What was asked for is forgotten, and asked for once more: the same days, the same series.
            found = [each for each in found if "another state" not in each or "/days/" in each]
        wrong += [f"{path}, {name}: {each}" for each in found]
    count("damaged derived files", len(derived), len(derived) - len(wrong))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", [*HISTORY, COLLECTION])
def test_derived__of_a_newer_format_is_refused(daily: Campaign, path: str, count: Count) -> None:
    after = spoil(daily, **{path: lambda data: data.replace(b'"format": 1', b'"format": 2')})
    result = daily.run()
    assert result.status == 1
    assert f"{path}: it has format 2" in result.errors[0]
    assert "use that release again" in result.errors[0]
    assert daily.github.git.files(BRANCH) == after
    count("files of a newer format", 1, 1)


DAYS = [
    *((DAY, name, change) for name, change in (BROKEN | OF_A_DAY).items()),
    *((SEATS, name, change) for name, change in BROKEN.items()),
]


@every
def test_day__stops_its_scope_when_it_is_needed(daily: Campaign, step: int, count: Count) -> None:
    """Found while the series is made again: named, and nothing of the scope is written."""
    wrong = []
    days = DAYS[::step]
    for path, name, change in days:
        after = spoil(daily, **{path: change, HISTORY[1]: lambda data: data[:99]})
        result = daily.run()
        if result.status != 1 or len(result.errors) != 1 or not result.errors[0].startswith(f"{path}: "):
            wrong.append(f"{path}, {name}: {result.status}, {result.errors}")
        elif "restore it from the branch's history" not in result.errors[0]:
            wrong.append(f"{path}, {name}: {result.errors}")
        if daily.github.git.files(BRANCH) != after:
            wrong.append(f"{path}, {name}: something was written")
        wrong += [f"{path}, {name}: {each}" for each in daily.check_said(result)]
    count("damaged day and seat files", len(days), len(days) - len(wrong))
    assert not wrong, "\n".join(wrong)


def test_day__that_is_not_needed_is_left_alone(daily: Campaign) -> None:
    after = spoil(daily, **{DAY: lambda data: data[:50]})
    assert daily.run().status == 0
    assert daily.github.git.files(BRANCH)[DAY] == after[DAY] == after[DAY][:50]


def test_slug__in_other_letters_is_the_same_scope(daily: Campaign) -> None:
    daily.restore()
    assert daily.run(organization="ACME").status == 0
    assert daily.reference is not None
    assert not daily.state().difference(daily.reference)


def test_organization__renamed() -> None:
    """A new name is a new scope; what was stored under the old one stays."""
    with campaign("daily") as one:
        before = {path: data for path, data in one.github.git.files(BRANCH).items() if path.startswith(ACME)}
        one.github.world.scopes[0].name = "organizations/acme-again"
        refused = one.run()
        assert refused.status == 1
        assert "organizations/acme" in refused.errors[0]
        assert "404" in refused.errors[0] or "newest report" in refused.errors[0]
        assert one.run(organization="acme-again").status == 0
        after = one.github.git.files(BRANCH)
        assert {path: data for path, data in after.items() if path.startswith(f"{ACME}/")} == before
        assert "organizations/acme-again/collection.json" in after
