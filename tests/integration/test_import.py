"""`copilot-metrics import` on real folders and a real repository: what it writes, what it refuses, what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import GitHub, Scope, Usage, World, make_record, run_action

from copilot_metrics_action import cli, importing
from copilot_metrics_action.metrics import canonical_json

ACME = "organizations/acme"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
FIRST = date(2025, 12, 20)
SAMPLES = os.environ.get("COPILOT_METRICS_SAMPLES", "")


def command(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def record(day: date, **more: Any) -> dict[str, Any]:
    return {**make_record(day, users=12), "organization_id": "7", **more}


def kept(path: Path, days: list[dict[str, Any]], **wrapper: Any) -> Path:
    """A file as people keep them: the wrapper of the 28-day report, or NDJSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if wrapper:
        path.write_text(json.dumps({**wrapper, "day_totals": days}), "utf-8")
    else:
        path.write_text("".join(json.dumps(day) + "\n" for day in days), "utf-8")
    return path


def legacy(day: date, active: int = 8) -> dict[str, Any]:
    return {"date": str(day), "total_active_users": active, "total_engaged_users": active - 1}


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=12, seats=14))])) as found:
        monkeypatch.setenv("GITHUB_API_URL", found.url)
        monkeypatch.setenv("GITHUB_TOKEN", found.world.github_token)
        for name in ("GITHUB_SHA", "GITHUB_REPOSITORY", "GITHUB_WORKSPACE", "GITHUB_EVENT_NAME"):
            monkeypatch.delenv(name, raising=False)
        yield found
        assert found.world.violations == []
        found.git.fsck()


def test_import__a_folder_of_reports(data: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    month = [record(FIRST + timedelta(days=number)) for number in range(28)]
    kept(files / "28-day.json", month[::-1], created_at="2026-01-17T03:00:00Z", report_end_day="2026-01-16")
    kept(files / "1-day" / "2026-01-17.json", [record(date(2026, 1, 17))])
    (files / ".DS_Store.json").write_text("not looked at")
    assert command("import", files, "--organization", "ACME", "--folder", data) == 0
    shown = capsys.readouterr()
    assert "28-day.json: usage report, 28 days, 2025-12-20 to 2026-01-16" in shown.out
    assert f"{ACME}: 29 days added, 0 revised" in shown.out
    stored = content(data)
    for day in month:
        assert stored[f"{ACME}/days/{day['day'][:4]}/{day['day']}.json"] == canonical_json(day)
    # What was younger than four days when GitHub made the report may still have grown.
    assert json.loads(stored[f"{ACME}/collection.json"])["provisional"] == ["2026-01-14", "2026-01-15", "2026-01-16"]
    assert command("rebuild", data) == 0
    assert "0 of them differ" in capsys.readouterr().out
    assert command("import", files, "--folder", data) == 0, "the only scope there is"
    assert "Nothing to write" in capsys.readouterr().out
    assert content(data) == stored


def test_import__people_are_counted_and_not_named(data: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The dashboard's Export JSON, a row a person and day, in two files; one person is in both."""
    rows = [
        {"user_id": 7000 + user, "user_login": f"mona-{user}", "day": str(FIRST + timedelta(number)), "organization_id":
         "7", "used_chat": user < 6, "used_agent": user == 0, "user_initiated_interaction_count": 2 if user < 6 else 0}
        for number in range(3)
        for user in range(8)
    ]  # fmt: skip
    kept(files / "a.ndjson", rows[:10])
    kept(files / "b.ndjson", rows[9:])
    arguments = ("import", files, "--organization", "acme", "--folder", data, "--as-of", FIRST + timedelta(5))
    assert command(*arguments) == 0
    shown = capsys.readouterr()
    assert f"{ACME}: people counted on 3 days; nobody's name or id is stored" in shown.out
    stored = content(data)
    assert set(stored) == {
        f"{ACME}/people.json",
        *(f"{ACME}/people/2025/{FIRST + timedelta(number)}.json" for number in range(3)),
    }
    first = json.loads(stored[f"{ACME}/people/2025/{FIRST}.json"])
    assert (first["users"], first["active"], first["prompting"], first["agents"]) == (8, 6, 6, None)
    assert [line["settled"] for line in json.loads(stored[f"{ACME}/people.json"])["people"]] == [True, True, False]
    for text in (*(value.decode() for value in stored.values()), shown.out, shown.err):
        assert "mona" not in text
        assert "700" not in text
    assert command(*arguments) == 0
    assert "people counted on 0 days, 3 kept as stored" in capsys.readouterr().out
    assert content(data) == stored


def test_import__as_of_decides_what_is_settled(data: Path, files: Path) -> None:
    kept(files / "a.ndjson", [record(FIRST), record(FIRST + timedelta(1))])
    as_of = FIRST + timedelta(4)
    assert command("import", files / "a.ndjson", "--organization", "acme", "--folder", data, "--as-of", as_of) == 0
    assert json.loads(content(data)[f"{ACME}/collection.json"])["provisional"] == [str(FIRST + timedelta(1))]


def test_import__stored_days_are_never_replaced_by_less(
    data: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = record(FIRST), record(FIRST + timedelta(1))
    taken = {"created_at": f"{FIRST + timedelta(4)}T00:00:00Z"}  # the first day is settled, the second is not
    kept(files / "stored.json", [first, second], **taken)
    assert command("import", files / "stored.json", "--organization", "acme", "--folder", data) == 0
    before = content(data)
    less = {"daily_active_users": 1, "code_generation_activity_count": 1}
    kept(files / "less.json", [first | less, second | less], **taken)
    capsys.readouterr()
    assert command("import", files / "less.json", "--folder", data) == 0
    assert "2 kept as stored although the offered copy differs" in capsys.readouterr().out
    assert content(data) == before
    kept(files / "later.json", [second | less], created_at=f"{FIRST + timedelta(9)}T00:00:00Z")
    assert command("import", files / "later.json", "--folder", data) == 0
    after = content(data)
    name = f"{ACME}/days/2025/{second['day']}.json"
    assert after[name] == canonical_json(second | less), "a settled copy replaces a provisional one, whatever it says"
    assert json.loads(after[f"{ACME}/collection.json"])["provisional"] == []


def test_import__a_copy_of_unknown_age_settles_nothing(data: Path, files: Path) -> None:
    stored = record(FIRST)
    kept(files / "stored.json", [stored], created_at=f"{FIRST + timedelta(1)}T00:00:00Z")
    assert command("import", files / "stored.json", "--organization", "acme", "--folder", data) == 0
    before = content(data)
    kept(files / "same.ndjson", [stored])
    kept(files / "less.ndjson", [stored | {"daily_active_users": 1}])
    for name in ("same", "less"):
        assert command("import", files / f"{name}.ndjson", "--folder", data) == 0
        assert content(data) == before
    kept(files / "more.ndjson", [stored | {"daily_active_users": 99}])
    assert command("import", files / "more.ndjson", "--folder", data) == 0
    assert b'"daily_active_users": 99' in content(data)[f"{ACME}/days/2025/{FIRST}.json"]


def test_import__legacy_days_are_a_series_of_their_own(
    data: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [legacy(FIRST + timedelta(number)) for number in range(3)]
    path = files / "copilotMetricsData.json"
    path.parent.mkdir()
    path.write_text(json.dumps(days, indent=2))
    kept(files / "reports.ndjson", [record(FIRST + timedelta(2))])
    assert command("import", path, files / "reports.ndjson", "--organization", "acme", "--folder", data) == 0
    shown = capsys.readouterr().out
    assert "closed API /copilot/metrics, 3 days" in shown
    assert "1 day came both as a report and from the closed API" in shown
    stored = content(data)
    assert stored[f"{ACME}/legacy/2025/{FIRST}.json"] == canonical_json(days[0])
    assert [line["day"] for line in json.loads(stored[f"{ACME}/history/2025.json"])["days"]] == ["2025-12-22"]
    series = json.loads(stored[f"{ACME}/legacy/series.json"])["days"]
    assert [(line["day"], line["source"], line["daily_active_users"]) for line in series] == [
        (str(FIRST + timedelta(number)), "metrics", 8) for number in range(3)
    ]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "users.ndjson",
            '{"day": "2025-12-20", "user_login": "mona", "totals_by_ide": []}',
            "users.ndjson:1: it is ab",
        ),
        (
            "broken.ndjson",
            '{"day": "2025-12-21", "daily_active_users": 1}\n{"day": ',
            "broken.ndjson:2: the line is no",
        ),
        ("package.json", '{"name": "left-pad"}', "package.json:1: it is no Copilot usage data"),
        ("other.json", '{"day": "2025-12-21", "daily_active_users": 1, "organization_id": 8}', "it is about organizat"),
        ("future.json", '{"day": "2999-12-21", "daily_active_users": 1}', "the day 2999-12-21 was not over"),
    ],
)
def test_import__one_bad_file_and_nothing_is_written(
    data: Path, files: Path, name: str, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(files / "a.ndjson", [record(FIRST)])
    (files / name).write_text(text)
    assert command("import", files, "--organization", "acme", "--folder", data) == 1
    shown = capsys.readouterr()
    assert problem in shown.err
    assert "mona" not in shown.out + shown.err
    assert "Nothing was written." in shown.out
    assert content(data) == {}


def test_import__another_organization_than_the_stored_one(
    data: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(files / "a.ndjson", [record(FIRST)])
    assert command("import", files / "a.ndjson", "--organization", "acme", "--folder", data) == 0
    kept(files / "b.ndjson", [record(FIRST + timedelta(1), organization_id="8")])
    assert command("import", files / "b.ndjson", "--folder", data) == 1
    assert f"it is about organization 8, and {ACME}/days/2025/{FIRST}.json about 7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere.json", "--organization", "acme"], "nowhere.json: it cannot be read (No such file or directory)"),
        (["."], "add `--organization NAME` or `--enterprise NAME`"),
        ([".", "--organization", "a/b"], "'a/b' is not a slug"),
        ([".", "--organization", "acme", "--as-of", "2999-01-01"], "2999-01-01 is in the future"),
        ([".", "--organization", "acme", "--folder", "nowhere"], "there is no folder nowhere"),
        ([".", "--organization", "acme"], "the folder holds no file that ends in .json, .ndjson, .jsonl"),
        ([".", "--organization", "acme", "--repository", "acme/admin"], "set the variable GITHUB_TOKEN"),
    ],
)
def test_import__what_it_cannot_do(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert command("import", *arguments) == 1
    assert problem in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_import__dry_run(data: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(files / "a.ndjson", [record(FIRST)])
    assert command("import", files, "--organization", "acme", "--folder", data, "--dry-run") == 0
    assert f"3 files would be written to {data}" in capsys.readouterr().out
    assert content(data) == {}


def test_import__onto_the_branch_as_one_commit(github: GitHub, tmp_path: Path, files: Path) -> None:
    run_action(github, tmp_path, {"charts": "none"}, expect=0)
    before = github.git.files(BRANCH)
    known = json.loads(before[f"{ACME}/days/2026/2026-01-10.json"])["organization_id"]
    old = [record(date(2025, 11, 1) + timedelta(number), organization_id=known) for number in range(3)]
    kept(files / "old.ndjson", old)
    kept(files / "legacy.ndjson", [legacy(date(2025, 3, 1))])
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, github.git.path, checkout], check=True)
    assert command("import", files, "--organization", "acme", "--repository", github.world.repository.full_name) == 0
    (_, message, _), *earlier = github.git.commits(BRANCH)
    assert len(earlier) == 1
    assert message == (f"Copilot metrics imported: 3 days added, 0 revised; 1 day of the closed API ({ACME}) [skip ci]")
    after = github.git.files(BRANCH)
    assert set(before) < set(after)
    assert after[f"{ACME}/days/2025/2025-11-02.json"] == canonical_json(old[1])
    assert {path for path in before if before[path] != after[path]} == {
        f"{ACME}/history/2025.json", f"{ACME}/collection.json",
    }  # fmt: skip
    commits = len(github.git.commits(BRANCH))
    assert command("import", files, "--organization", "acme", "--repository", github.world.repository.full_name) == 0
    assert len(github.git.commits(BRANCH)) == commits, "nothing new, no commit"
    # Into a checkout the same files.
    assert command("import", files, "--folder", checkout) == 0
    assert {path: data for path, data in content(checkout).items() if not path.startswith(".git/")} == after
    # A daily run goes on from there, and its pages show the days of the closed API.
    github.world.today += timedelta(1)
    result = run_action(github, tmp_path, {"charts": "none"}, expect=0)
    page = github.git.files(BRANCH)[f"{ACME}/README.md"].decode()
    assert "Before the reports: 1 day from GitHub’s closed API" in page
    assert "closed API" not in result.summary
    # It does without them when they are damaged, and leaves them alone.
    broken = {f"{ACME}/legacy/series.json": b"{", f"{ACME}/legacy/2025/2025-03-01.json": b"{"}
    github.git.write_commit(BRANCH, broken, "Damage")
    github.world.today += timedelta(1)
    result = run_action(github, tmp_path, {"charts": "none"}, expect=0)
    assert [warning for warning in result.warnings if "legacy/2025/2025-03-01.json: the file is damaged" in warning]
    files_now = github.git.files(BRANCH)
    assert {path: files_now[path] for path in broken} == broken


@pytest.mark.skipif(not SAMPLES, reason="COPILOT_METRICS_SAMPLES names no folder with payloads")
def test_import__real_payloads(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every sample is told for what it is; those about days are imported, the others refused without a name."""
    refused, taken = [], []
    for path in sorted(Path(SAMPLES).glob("*.*json")):
        status = command("import", path, "--organization", "acme", "--folder", data)
        (taken if status == 0 else refused).append(path.name)
    shown = capsys.readouterr()
    assert taken
    assert refused
    # An enterprise's export belongs to no organization.
    assert all(any(word in name for word in ("seats", "export")) for name in refused)
    stored = content(data)
    assert [path for path in stored if "/legacy/" in path]
    assert [path for path in stored if "/days/" in path]
    assert b"user_login" not in b"".join(stored.values())
    assert "_login" not in shown.err
    assert command("rebuild", data) == 0
    assert "0 of them differ" in capsys.readouterr().out


def test_import__no_people_where_none_are_wanted(
    github: GitHub, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(files / "a.ndjson", [{"user_id": 1, "user_login": "mona", "day": str(FIRST), "used_chat": True}])
    github.git.write_commit("main", {".github/copilot-metrics.yml": b"people: none\n"}, "Configure")
    repository = github.world.repository.full_name
    assert command("import", files, "--organization", "acme", "--repository", repository) == 1
    assert "the configuration has `people: none`" in capsys.readouterr().err
    assert list(github.git.branches()) == ["main"]


def test_import__in_batches_the_same_as_at_once(
    tmp_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [FIRST + timedelta(number) for number in range(10)]
    # Weekly reports overlap: of a day that grew the last copy counts, whatever lies beside it of unknown age.
    grew = [record(days[9], daily_active_users=users) for users in (1, 2, 3)]
    for number, one in enumerate(grew):
        kept(files / f"z{number}.json", [one], created_at=f"{days[9] + timedelta(1 + number)}T00:00:00Z")
    kept(files / "a.ndjson", [grew[0]])
    for number, day in enumerate(days[:9]):
        wrapper = {"created_at": f"{day + timedelta(2 + number % 3)}T00:00:00Z"} if number % 2 else {}
        kept(files / f"{day}.json", [record(day), legacy(day)] if number == 4 else [record(day)], **wrapper)
    made = []
    for batch in (1, 3, 200):
        monkeypatch.setattr(importing, "BATCH", batch)
        folder = tmp_path / f"data-{batch}"
        folder.mkdir()
        assert command("import", files, "--organization", "acme", "--folder", folder) == 0
        assert command("rebuild", folder) == 0
        assert "0 of them differ" in capsys.readouterr().out
        made.append(content(folder))
    assert made[0] == made[1] == made[2]
    assert made[0][f"{ACME}/days/2025/{days[9]}.json"] == canonical_json(grew[2])
    assert str(days[9]) in json.loads(made[0][f"{ACME}/collection.json"])["provisional"]
