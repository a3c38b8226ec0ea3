"""What leaves the process: the log and its commands, the summary, the outputs."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from standin.runner import read_commands, read_outputs

from copilot_metrics_action.errors import StoreError
from copilot_metrics_action.runner import ANNOTATIONS, SUMMARY_BYTES, Runner


class Log(Runner):
    """A runner whose log is kept."""

    def __init__(self, folder: Path | None = None, *, commands: bool = True, debug: bool = False) -> None:
        self.text = io.StringIO()
        files = (folder / "summary", folder / "output") if folder else (None, None)
        super().__init__(commands=commands, summary_file=files[0], output_file=files[1], debug=debug, stream=self.text)

    @property
    def lines(self) -> list[str]:
        return self.text.getvalue().splitlines()


def test_log__neutral_and_redacted() -> None:
    runner = Log()
    runner.mask(["tiger-in-the-tank"])
    runner.log("a tiger-in-the-tank\n::error::x https://host/f?sig=abc ##[warning]y")
    assert runner.lines[1:] == ["a ***\\u000a:\\u200b:error:\\u200b:x https://host/f?*** #\\u200b#[warning]y"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress__some_lines_in_a_log() -> None:
    runner = Log(commands=False)
    tell = runner.progress("days asked for")
    for done in range(4, 121, 4):
        tell(done, 120)
    assert runner.lines == ["days asked for: 52 of 120", "days asked for: 100 of 120"]


def test_progress__a_bar_on_a_terminal() -> None:
    screen = Terminal()
    runner = Runner(commands=False, stream=screen)
    tell = runner.progress("days asked for")
    tell(60, 120)
    runner.log("a line")
    tell(120, 120)
    bar = "days asked for " + "█" * 15 + "░" * 15 + " 60/120"
    assert screen.getvalue() == f"\r\033[K{bar}\r\033[Ka line\n\r\033[K", "the bar gives way, and is gone in the end"


def test_progress__no_bar_where_a_runner_reads() -> None:
    screen = Terminal()
    Runner(commands=True, stream=screen).progress("x")(1, 2)
    assert screen.getvalue() == ""


def test_log__debug_only_when_asked() -> None:
    quiet, loud = Log(), Log(debug=True)
    quiet.debug("a")
    loud.debug("a")
    assert (quiet.lines, loud.lines) == ([], ["a"])


def test_mask__each_value_once_and_each_line_of_it() -> None:
    runner = Log()
    runner.mask(["first line\nsecond line", "first line", "abc", "", "100%"])
    assert runner.lines == ["::add-mask::first line", "::add-mask::second line", "::add-mask::100%25"]
    assert read_commands(runner.text.getvalue())[1] == ["first line", "second line", "100%"]


def test_mask__a_secret_within_a_secret() -> None:
    runner = Log(commands=False)
    runner.mask(["tiger", "tiger-in-the-tank", "the-tank"])
    runner.log("tiger-in-the-tank")
    assert runner.lines == ["***"]


def test_annotate__as_the_runner_reads_it() -> None:
    runner = Log()
    runner.annotate("error", "a: 100 % wrong, see ::b::\nand c")
    found, _, _ = read_commands(runner.text.getvalue())
    assert [(each.level, each.properties["title"]) for each in found] == [("error", "Copilot metrics")]
    assert found[0].message == "a: 100 % wrong, see :\\u200b:b:\\u200b:\\u000aand c"


def test_annotate__past_the_limit_as_lines() -> None:
    runner = Log()
    for number in range(ANNOTATIONS + 2):
        runner.annotate("error", f"number {number}")
    runner.annotate("notice", "another level")
    found, _, log = read_commands(runner.text.getvalue())
    assert [each.message for each in found] == [*(f"number {n}" for n in range(ANNOTATIONS)), "another level"]
    assert "error: number 11" in log


def test_terminal__plain_lines() -> None:
    runner = Log(commands=False)
    runner.mask(["tiger-in-the-tank"])
    runner.annotate("warning", "tiger-in-the-tank")
    with runner.group("a group"):
        runner.log("inside")
    assert runner.lines == ["warning: ***", "a group", "inside"]


def test_group__ends_whatever_happens() -> None:
    runner = Log()
    with pytest.raises(KeyError), runner.group("100 % ::x::"):
        raise KeyError
    assert runner.lines == ["::group::100 %25 :\\u200b:x:\\u200b:", "::endgroup::"]


def test_outputs__any_value(tmp_path: Path) -> None:
    runner = Log(tmp_path)
    values = {"a": "", "b": "two\nlines", "c": "x<<y\nname=value", "d": "=", "symptoms": "[]"}
    runner.set_outputs(values)
    runner.set_outputs({"e": "later"})
    assert read_outputs((tmp_path / "output").read_text()) == {**values, "e": "later"}


def test_outputs__no_secret(tmp_path: Path) -> None:
    runner = Log(tmp_path)
    runner.mask(["tiger-in-the-tank"])
    runner.set_outputs({"a": "a tiger-in-the-tank"})
    runner.write_summary("a tiger-in-the-tank, [a link](https://host/f?raw=true)\n")
    assert read_outputs((tmp_path / "output").read_text()) == {"a": "a ***"}
    assert (tmp_path / "summary").read_text() == "a ***, [a link](https://host/f?raw=true)\n"


def test_summary__is_added_to(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("before\n")
    runner = Log(tmp_path)
    runner.write_summary("after\n")
    assert (tmp_path / "summary").read_text() == "before\nafter\n"


def test_summary__never_over_the_limit(tmp_path: Path) -> None:
    runner = Log(tmp_path)
    runner.write_summary("é" * SUMMARY_BYTES)
    assert (tmp_path / "summary").read_text().startswith("The summary is over 1 MiB")


def test_summary__without_a_file() -> None:
    runner = Log()
    runner.write_summary("a")
    runner.set_outputs({"a": "b"})
    assert runner.lines == []


@pytest.mark.parametrize("what", ["summary", "output"])
def test_files__not_writable(tmp_path: Path, what: str) -> None:
    os.mkdir(tmp_path / what)
    runner = Log(tmp_path)
    with pytest.raises(StoreError, match=r"it cannot be written .*must be writable"):
        runner.write_summary("a") if what == "summary" else runner.set_outputs({"a": "b"})
