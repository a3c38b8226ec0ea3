"""The command on a terminal: what it says, what it writes, its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from copilot_metrics_action import __version__, cli
from copilot_metrics_action.history import History, Received, SeatCounts, merge
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.store import write_file

ACME = Scope("organizations", "acme")
TODAY = date(2026, 11, 21)


def main(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def wrong_usage(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    return int(str(caught.value.code))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checked-out data branch with one day."""
    record = {"day": "2026-11-10", "daily_active_users": 3}
    seats = SeatCounts(taken=TODAY, total_seats=5)
    merged = merge(History(ACME, years=(2025, 2026)), Received({date(2026, 11, 10): record}, seats=seats), TODAY)
    for path, data in {**merged.written, **merged.derived}.items():
        write_file(tmp_path, path, data)
    return tmp_path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong_usage("--version") == 0
    assert capsys.readouterr().out == f"copilot-metrics {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["dance"], ["rebuild"], ["demo", "--as-of", "soon"], ["run", "--nothing"]])
def test_usage__wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong_usage(*arguments) == 2
    assert "usage: copilot-metrics" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["demo", "run", "check", "import", "export", "rebuild", "replay", "completions"])
def test_help__says_what_a_command_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong_usage(command, "--help") == 0
    usage, described, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: copilot-metrics {command}")
    assert described.endswith("."), "a sentence stands before the options"
    assert "TEXT" not in usage, "each option shows what its value looks like"


# completions


def completed(line: str, folder: Path) -> list[str]:
    """What bash offers for a line that ends in the word to complete."""
    words = line.split(" ")
    script = f"""eval "$({sys.executable} -m copilot_metrics_action.cli completions bash)"
        COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
        _copilot_metrics
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_completions__in_bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    (tmp_path / "data").mkdir()
    assert completed("copilot-metrics re", tmp_path) == ["rebuild", "replay"]
    assert completed("copilot-metrics check --as", tmp_path) == ["--as-of"]
    assert completed("copilot-metrics rebuild da", tmp_path) == ["data"]


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completions__know_every_command_and_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("completions", shell) == 0
    script = capsys.readouterr().out
    for word in ("rebuild", "import", "copilot-token", "as-of", "preview"):
        assert word in script
    assert "%(default)s" not in script


def test_completions__of_zsh_complete_the_first_time(capsys: pytest.CaptureFixture[str]) -> None:
    """A file of $fpath is the function of its name: it has to call what it defines, or the first Tab does nothing."""
    assert main("completions", "zsh") == 0
    script = capsys.readouterr().out
    assert wrong_usage("completions", "--help") == 0
    assert "_copilot-" in capsys.readouterr().out, "the file's name, as the help says it"
    branch = script.partition('if [ "$funcstack[1]" = "_copilot-metrics" ]; then\n')[2]
    assert branch.startswith('  _copilot_metrics "$@"\nelse\n  compdef')


# rebuild


def test_rebuild__byte_for_byte(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "organizations/acme/history/2026.json"
    before = path.read_bytes()
    assert main("rebuild", folder) == 0
    assert "2 files made again, 0 of them differ from before" in capsys.readouterr().out
    path.write_text("damaged")
    (folder / "README.md").write_text("kept")
    assert main("rebuild", folder) == 0
    assert path.read_bytes() == before
    assert (folder / "README.md").read_text() == "kept"
    assert "2 files made again, 1 of them differ" in capsys.readouterr().out


def test_rebuild__a_damaged_day(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "organizations/acme/days/2026/2026-11-10.json").write_text("{")
    history = folder / "organizations/acme/history/2026.json"
    history.write_text("damaged")
    assert main("rebuild", folder) == 1
    assert "error: organizations/acme/days/2026/2026-11-10.json: the file is damaged" in capsys.readouterr().err
    assert history.read_text() == "damaged", "nothing is overwritten"


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_rebuild__no_data_branch(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main("rebuild", tmp_path / name) == 1
    assert "it holds no organizations/ or enterprises/" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


# run and check


def test_run__options_are_the_inputs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_REPOSITORY", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "COPILOT_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert main("run", "--charts", "svg", "--organization", "a b") == 1
    said = "".join(capsys.readouterr())
    for words in ("charts: 'svg'", "organization: 'a b'", "repository: it is not known", "copilot-token: it is empty"):
        assert words in said


def test_run__tokens_from_the_environment(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_TOKEN", "ghp_fromTheEnvironment")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_fromTheEnvironment")
    assert main("check", "--repository", "acme") == 1
    said = "".join(capsys.readouterr())
    assert "repository: 'acme' is not a repository" in said
    assert "it is empty" not in said


# demo


@pytest.mark.slow
def test_demo__everything_into_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    assert main("demo", "--output", out, "--as-of", "2026-11-21") == 0
    shown = capsys.readouterr()
    assert "error" not in shown.err
    for name in ("summary.md", "README.md", "issues", "charts", "organizations"):
        assert (out / name).exists(), name
        assert str(out / name) in shown.out
    assert "DEMO" in (out / "summary.md").read_text("utf-8").splitlines()[0]
    assert list((out / "issues").glob("*.md"))
    assert list((out / "charts").rglob("*.png"))
    days = sorted((out / "organizations/octo-demo/days").rglob("*.json"))
    assert len(days) > 250
    assert json.loads(days[-1].read_bytes())["day"] == "2026-11-20"

    # Again into the same folder: nothing is new, and its page shows the pictures all the same.
    page = (out / "summary.html").read_text("utf-8")
    assert page.count("data:image/png") >= 10
    assert main("demo", "--output", out, "--as-of", "2026-11-21") == 0
    assert (out / "summary.html").read_text("utf-8").count("data:image/png") == page.count("data:image/png")


@pytest.fixture(scope="module")
def half_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checked-out data branch of half a year in which 40 people use Copilot and none an agent."""
    folder = tmp_path_factory.mktemp("half-year")
    days = [TODAY - timedelta(days=age) for age in range(4, 184)]
    records = {
        day: {
            "day": str(day),
            "daily_active_users": 2 if day.weekday() > 4 else 30,
            "weekly_active_users": 38,
            "monthly_active_users": 40,
            "monthly_active_agent_users": 0,
        }
        for day in days
    }
    merged = merge(History(ACME, years=(2025, 2026)), Received(records, seats=None), TODAY)
    for path, data in {**merged.written, **merged.derived}.items():
        write_file(folder, path, data)
    return folder


def test_replay__what_opened_and_when(half_year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("replay", half_year) == 0
    shown = capsys.readouterr().out
    assert "organizations/acme: settled days 2026-05-22 to 2026-11-17\n" in shown
    assert "2026-06-24  organizations/acme  no-agent-usage       since 2026-06-18 or earlier, still open\n" in shown
    assert "the defaults: issues opened 1, still open 1; shown only 0\n" in shown


def test_replay__what_a_changed_configuration_would_change(
    half_year: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "changed.yml"
    changed.write_text(
        "seats: 100\nsymptoms:\n  no-agent-usage:\n    enabled: false\n  low-active-users:\n    issue: false\n"
    )
    assert main("replay", half_year, "--try", changed) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:1] for line in lines if "no-agent-usage" in line] == ["-"]
    # A number of seats in the configuration counts as it does in a run.
    assert [line for line in lines if "low-active-users" in line] == [
        "+ 2026-06-24  organizations/acme  low-active-users     since 2026-06-18 or earlier, still open;"
        " shown only, no issue"
    ]
    assert main("replay", half_year, "--try", changed, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["symptom"] for one in found["present"]] == ["no-agent-usage"]
    assert {one["symptom"]: one["issue"] for one in found["tried"]}["low-active-users"] is False


def test_replay__without_a_settled_day(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("replay", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
