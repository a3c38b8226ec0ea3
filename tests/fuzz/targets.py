"""What is fuzzed: each target takes bytes and says by AssertionError, or any other exception, that something broke.

Errors that the code promises are answers, not findings. `SEEDS` are what the fuzzer starts from, and what `make test`
runs each target over.
"""

from __future__ import annotations

import html as html_module
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import msgspec
from standin.runner import read_commands

from copilot_metrics_action import escape, history, intake, legacy
from copilot_metrics_action.config import Settings, read_inputs, read_settings
from copilot_metrics_action.errors import ActionError, ConfigErrors, HistoryError, ReportError
from copilot_metrics_action.history import History, Received
from copilot_metrics_action.metrics import Record, Scope, canonical_json, flatten, read_records, report_day
from copilot_metrics_action.people import series, tally
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.triage import State, body

from .material import Choices

ACME: Final = Scope.named("organizations", "acme")
TODAY: Final = date(2026, 11, 21)
SECRET: Final = "ghs_0123456789abcdefSECRET"
SIGNED: Final = "https://reports.example/a?se=2026&sig=Zm9vYmFyU0VDUkVU"
BREAK: Final = "\u200b"


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape" if data[:1] < b"\x80" else "replace")


# --- what GitHub sends ----------------------------------------------------------------------------


def reports(data: bytes) -> None:
    """A downloaded report, as bytes: whole records, or one error."""
    try:
        found = read_records(data)
    except ReportError:
        return
    assert all(isinstance(record, dict) for record in found)
    _check_stored(found)


def records(data: bytes) -> None:
    """Records with the names that matter: what is stored of them can be read, and made again byte for byte."""
    choices = Choices(data)
    made = [{**choices.record(), "day": str(TODAY - timedelta(choices.number(40)))} for _ in range(choices.number(6))]
    reports(msgspec.json.encode(made))


def _check_stored(records: list[Record]) -> None:
    usable = {}
    for record in records:
        try:
            usable[report_day(record)] = record
        except ReportError:
            continue
        flatten(record)
    years = tuple(sorted({day.year for day in usable}))
    merged = history.merge(History(ACME, years=years), Received(usable), TODAY)
    again = history.load(ACME, merged.derived, years)
    assert not again.damaged, again.damaged
    assert again.days == merged.history.days
    rebuilt = history.rebuild(ACME, [*merged.written.items(), *merged.derived.items()])
    assert history.dump(rebuilt) == history.dump(merged.history) or not usable
    twice = history.merge(merged.history, Received(usable), TODAY)
    assert not twice.written
    assert dict(twice.derived) == dict(merged.derived)


def people_lines(data: bytes) -> None:
    """A users report, cut into pieces anywhere: the same count, or the same error."""
    found = []
    for size in (len(data) or 1, 7):
        lines = tally.UserLines(tally.Tally(TODAY - timedelta(28), TODAY - timedelta(1)), 1)
        try:
            for start in range(0, len(data), size):
                lines.feed(data[start : start + size])
            lines.end_file()
            lines.finish()
            found.append(msgspec.json.encode(lines.window(TODAY, None)))
        except ReportError as error:
            names_a_person = "octocat" in str(error)
            assert not names_a_person
            found.append(str(error).encode())
    assert found[0] == found[1]


# --- what is stored -------------------------------------------------------------------------------


def stored(data: bytes) -> None:
    """The derived files, as bytes: sound, told to be damaged, or of a newer format; a sound one is written the same."""
    files = {history.history_path(ACME, 2026): data, history.collection_path(ACME): data}
    try:
        found = history.load(ACME, files, (2026,))
        if not found.damaged:
            assert history.load(ACME, history.dump(found), (2026,)) == found
    except HistoryError as error:
        assert "newer" in error.hint
    try:
        for shape in (series.PEOPLE, series.TEAMS):
            lines = series.load(ACME, shape, data)
            if not lines.damaged and lines.lines:
                assert (
                    series.load(ACME, shape, series.dump(ACME, shape, lines.lines)[series.path(ACME, shape)]) == lines
                )
        legacy.load(ACME, data)
    except HistoryError as error:
        assert "newer" in error.hint


def stored_values(data: bytes) -> None:
    """The same of values with the names that matter."""
    choices = Choices(data)
    shape = {"format": 1, "scope": ACME.path, "days": [choices.record()], "seats": [choices.record()]}
    stored(msgspec.json.encode({**shape, **choices.record()}))


def day_files(data: bytes) -> None:
    """An archive of the branch whose files hold anything: made again, or one damaged file named."""
    day = TODAY - timedelta(9)
    archive = [(history.day_path(ACME, day), data), (history.seats_path(ACME, day), data)]
    for one in archive:
        try:
            history.dump(history.rebuild(ACME, [one]))
        except HistoryError as error:
            assert error.where == one[0]
    for shape in (series.PEOPLE, series.TEAMS):
        series.rebuild(ACME, shape, [(series.day_path(ACME, shape, day), data)])


def imported(data: bytes) -> None:
    """A file that somebody offers for an import: it never raises, and problems are one line each."""
    offer = intake.read("file.json", data)
    assert all("\n" not in problem for problem in offer.problems)


# --- what people write ----------------------------------------------------------------------------


def settings(data: bytes) -> None:
    """A configuration: settings, or problems that are one line each and have a place."""
    try:
        assert isinstance(read_settings(text_of(data), "c.yml"), Settings)
    except ConfigErrors as errors:
        for problem in errors.problems:
            assert "\n" not in str(problem), problem
            assert problem.where
            assert problem.what


INPUTS: Final = (
    "organization",
    "enterprise",
    "copilot-token",
    "mode",
    "data-branch",
    "config-file",
    "as-of",
    "output-dir",
)


def inputs(data: bytes) -> None:
    """Inputs: read, or problems that name theirs; never a slug or a branch that leads out of its place."""
    parts = text_of(data).split("\x00")
    environment = {f"INPUT_{name.upper()}": part for name, part in zip(INPUTS, parts, strict=False)}
    environment |= {"GITHUB_REPOSITORY": "acme/admin", "GITHUB_WORKSPACE": "/w", "INPUT_GITHUB-TOKEN": "t" * 20}
    try:
        found = read_inputs(environment, TODAY)
    except ActionError:
        return
    for scope in found.scopes:
        assert re.fullmatch(r"(organizations|enterprises)/[a-z0-9](-?[a-z0-9_])*", scope.path), scope.path
    for path in (found.output_dir, found.config_file):
        assert not path.startswith("/"), path
        assert ".." not in path.split("/"), path


def issue_bodies(data: bytes) -> None:
    """What people make of an issue's body: whose it is, what it remembers, and their words stay."""
    choices = Choices(data)
    said = choices.of((text_of(choices.rest), f"{body.marker(ACME, 'flat-usage')}\n{text_of(choices.rest)}"))
    before = body.pair_of(said)
    state = State(hash="0123456789abcdef", written=TODAY, step=choices.number(9))
    kept = body.with_state(said, state)
    assert body.state_of(kept) == state
    assert body.pair_of(kept) == before or before is None
    told = body.with_section(said, "Our words.", "run 1")
    again = body.with_section(told, "Other words.", "run 2")
    assert "Our words." not in again or "Our words." in said
    assert body.with_section(again, "Other words.", "run 2") == again
    assert body.pair_of(told) == before or before is None
    body.tasks(said)
    body.ticked(said, told)
    body.is_digest(said)


# --- where it goes --------------------------------------------------------------------------------


def escaper(data: bytes) -> None:
    """Text from outside stays text in Markdown, HTML and a sheet."""
    text = text_of(data)
    for shown in (escape.markdown(text), escape.markdown(text, 60)):
        assert not re.search(r"[\n\r<>\"'`*|\[\]$\\^]", shown), shown
        assert not re.search(r"@(?!\u200b)", shown), shown
        assert not re.search(r"(?i)(?<![a-z])(https?|www|javascript)[:.]", shown), shown
        assert "#" not in re.sub(r"&#\d+;", "", shown), shown
    read = re.sub("[‘’]", "'", html_module.unescape(escape.markdown(text)).replace(BREAK, ""))
    assert read == re.sub("[‘’]", "'", escape.visible(text))
    outside = re.sub(r"`[^`]+`|</?code>", "", escape.message(text))
    assert not re.search(r"[\n\r<>|\[\]]", outside), outside
    assert not re.search(r"@(?!\u200b)", outside), outside
    assert not re.search(r"[\n\r<>\"']", escape.html(text))
    assert not re.match(r"[=+\-@|%\t\r]", escape.csv_cell(text))
    assert "\n" not in escape.csv_cell(text)


def log(data: bytes) -> None:
    """Nothing in the log is a command but ours, and an annotation says what it was given."""
    text = text_of(data)
    stream = io.StringIO()
    runner = Runner(commands=True, stream=stream)
    runner.log(text)
    runner.annotate("error", text)
    with runner.group(text):
        pass
    lines = stream.getvalue().split("\n")
    assert len(lines) == 5, lines
    annotations, masks, _ = read_commands(lines[0])
    assert (annotations, masks) == ([], [])
    annotations, masks, _ = read_commands("\n".join(lines[1:]))
    assert [one.level for one in annotations] == ["error"]
    assert not masks


def redactor(data: bytes) -> None:
    """A secret and a signed link survive nowhere, whatever stands around them."""
    choices = Choices(data)
    around = text_of(choices.rest)
    cut = choices.number(256) % (len(around) + 1)
    # A link ends where a space does; what is glued to a token in front is another word, known only as a secret.
    text = f"{around[:cut]}{SECRET}{around[cut:]} {SIGNED} {around}"
    known = escape.Redactor()
    known.add_token(SECRET)
    known.add(escape.link_secrets([SIGNED]))
    for shown in (known.line(text), known.page(text)):
        assert not known.holds(shown), shown
        assert "Zm9vYmFyU0VDUkVU" not in shown, shown
    assert known.page(known.page(text)) == known.page(text)


TARGETS: Final[tuple[Callable[[bytes], None], ...]] = (
    reports,
    records,
    people_lines,
    stored,
    stored_values,
    day_files,
    imported,
    settings,
    inputs,
    issue_bodies,
    escaper,
    log,
    redactor,
)

_DAY: Final = canonical_json({"day": "2026-11-12", "daily_active_users": 3, "totals_by_ide": [{"ide": "vscode"}]})
_USER: Final = b'{"user_id": 7, "user_login": "octocat", "day": "2026-11-12", "used_agent": true}\n'
SEEDS: Final = (
    b"",
    _DAY,
    b'{"day_totals": [%s]}' % _DAY,
    _DAY + _DAY,
    _USER * 3,
    b'{"format": 1, "scope": "organizations/acme", "days": [], "seats": [], "people": []}',
    b'{"format": 2}',
    b'{"taken": "2026-11-12", "total_seats": 4}',
    b"symptoms:\n  flat-usage: {enabled: false}\nseats: auto\ndownload-hosts: ['*.a.b.c']\n",
    b"a: &a [*a]\n? {b: c}\n: !!python/object x\n",
    b"acme\nother\x00big-corp\x00organizations/acme: TOKEN\x00run\x00data\x00a/b.yml\x002026-11-01\x00out",
    body.marker(ACME, "flat-usage").encode() + b"\n- [x] do it\n<!-- copilot-metrics:begin -->",
    b"::error::x ##[warning]y %0A @mona https://a.example/b?sig=c `a` <b> | $x$ [a](b) =1+1 #12",
    "é\u202e\u2028\ufeff\u200b📊".encode(),
    b"\xff\xfe{\x00}\x00",
    # What the fuzzer found: a name that is an object, a key with a line end, an issue that is no UTF-8.
    b'{"day": "2026-11-12", "totals_by_ide": [{"ide": {"b": 1, "a": 2}, "code_generation_activity_count": 7}]}',
    b'{"a\\nb": 1}',
    b'<!-- copilot-metrics: {"scope": "organizations/\xff\xff", "symptom": "a"} -->',
    bytes(range(256)),
)
