"""The stored days of a scope: what is kept, replaced, asked for again, and made anew."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from copilot_metrics_action import history
from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.history import (
    Collection,
    Coverage,
    History,
    Merged,
    Received,
    SeatCounts,
    count_holders,
    dump,
    git_blob,
    is_settled,
    load,
    merge,
    rebuild,
    view,
    wanted,
)
from copilot_metrics_action.metrics import Record, Scope, canonical_json, seat_holders

ACME = Scope("organizations", "acme")
TODAY = date(2026, 11, 21)
Files = dict[str, bytes]


def day(ago: int) -> date:
    """So many days before TODAY."""
    return TODAY - timedelta(ago)


def records(drawn: str, last: int = 1) -> dict[date, Record]:
    """`12 14 . 15`: active users of each day, the last one `last` days ago; `.` is a day without a report."""
    values = drawn.replace("|", " ").split()
    days = [day(last + ago) for ago in reversed(range(len(values)))]
    return {
        each: {"day": str(each), "daily_active_users": int(value)}
        for each, value in zip(days, values, strict=True)
        if value != "."
    }


def run(
    state: History | None,
    received: str | dict[date, Record] = "",
    *,
    last: int = 1,
    as_of: date = TODAY,
    nothing: Iterable[date] = (),
    seats: int | None = None,
    doubtful: bool = False,
    **more: Any,
) -> Merged:
    """One run on top of a state."""
    given = records(received, last) if isinstance(received, str) else received
    counts = None if seats is None else SeatCounts(taken=as_of, total_seats=seats)
    received = Received(given, tuple(nothing), 0, counts, doubtful)
    return merge(state or History(ACME, years=history.years_of(as_of)), received, as_of, **more)


def later(merged: Merged, **more: Any) -> Merged:
    """A run on a later day, when everything was loaded anew."""
    as_of: date = more.get("as_of", TODAY)
    return run(load(ACME, merged.derived, history.years_of(as_of)), **more)


def drawn(state: History) -> str:
    """The active users of the stored days, provisional ones with a `?`."""
    return " ".join(f"{line.daily_active_users}{'' if line.settled else '?'}" for line in state.days)


def stored(*runs: Merged) -> Files:
    """Everything that the runs left on the branch."""
    files: Files = {}
    for each in runs:
        files |= each.written
        files |= each.derived
    return files


# Settled and provisional


@pytest.mark.parametrize(("ago", "settled"), [(0, False), (1, False), (3, False), (4, True), (5, True)])
def test_settled__three_full_days_after_the_day_closed(ago: int, settled: bool) -> None:
    assert is_settled(day(ago), TODAY) is settled


def test_merge__the_first_run() -> None:
    merged = run(None, "7 8 9 . 11 12", seats=40)
    assert drawn(merged.history) == "7 8 9 11? 12?"
    assert sorted(merged.written) == [
        *(f"organizations/acme/days/2026/{day(number)}.json" for number in (6, 5, 4, 2, 1)),
        "organizations/acme/seats/2026/2026-11-21.json",
    ]
    assert sorted(merged.derived) == ["organizations/acme/collection.json", "organizations/acme/history/2026.json"]
    assert merged.coverage == Coverage(
        expected=6,
        present=5,
        missing=(day(3),),
        provisional=(day(2), day(1)),
        new=tuple(day(number) for number in (6, 5, 4, 2, 1)),
        asked=5,
    )


def test_merge__the_day_file_holds_every_field_as_received() -> None:
    record = {"day": str(day(5)), "totals_by_tea": [{"é": None}], "daily_active_users": 3, "zz": 0.5}
    merged = run(None, {day(5): record})
    data = merged.written[f"organizations/acme/days/2026/{day(5)}.json"]
    assert data == canonical_json(record)
    assert merged.history.days[0].blob == git_blob(data)
    assert merged.coverage.new_fields == ("totals_by_tea", "zz")


def test_merge__same_input_twice() -> None:
    first = run(None, "7 8 9 10", seats=40)
    second = later(first, received="7 8 9 10", seats=40)
    assert second.written == {}
    assert second.derived == first.derived
    assert (second.coverage.new, second.coverage.revised, second.coverage.restated) == ((), (), ())
    again = run(None, dict(reversed(records("7 8 9 10").items())), seats=40)
    assert (again.written, again.derived) == (first.written, first.derived)


def test_merge__a_provisional_copy_grows_until_it_is_settled() -> None:
    merged = run(None, "5", last=1)
    for ago, users in ((2, 8), (3, 9), (4, 10)):
        merged = later(merged, received=str(users), last=1, as_of=day(1 - ago))
        # `last=1` counts from TODAY: the same day, seen later and later.
        assert merged.coverage.revised == (day(1),)
    assert drawn(merged.history) == "10"
    assert merged.history.collection.provisional == ()
    restated = later(merged, received="11", last=1, as_of=TODAY + timedelta(30))
    assert drawn(restated.history) == "10"
    assert restated.written == {}
    assert restated.coverage.restated == (day(1),)


def test_merge__an_unchanged_copy_is_settled_without_a_new_file() -> None:
    first = run(None, "5", last=1)
    second = later(first, received="5", last=1, as_of=TODAY + timedelta(3))
    assert second.written == {}
    assert drawn(second.history) == "5"
    assert second.coverage.revised == ()
    assert second.derived != first.derived


def test_merge__a_restated_day_is_rewritten_on_request() -> None:
    first = run(None, "5", last=10)
    second = later(first, received="6", last=10, update_settled=True)
    assert drawn(second.history) == "6"
    assert list(second.written) == [f"organizations/acme/days/2026/{day(10)}.json"]
    assert second.coverage.restated == (day(10),)
    assert second.coverage.revised == (day(10),), "what is rewritten is counted"


def test_merge__no_day_is_ever_dropped() -> None:
    first = run(None, "5 6 7", last=1)
    second = later(first, received="9", last=40)
    assert drawn(second.history) == "9 5? 6? 7?"
    nothing = later(second, nothing=[day(1), day(40)])
    assert nothing.history.days == second.history.days


def test_merge__newer_than_the_day_of_the_run() -> None:
    merged = run(None, "5 6 7", last=-1, as_of=TODAY)
    assert drawn(merged.history) == "5?"


def test_merge__nothing_received_nothing_stored() -> None:
    merged = run(None, nothing=[day(1)])
    assert (merged.written, merged.derived) == ({}, {})
    assert merged.coverage == Coverage(expected=0, present=0, asked=1)


def test_merge__seats_of_today_are_filed_under_today() -> None:
    first = run(None, "5", last=9, seats=40)
    path = "organizations/acme/seats/2026/2026-11-21.json"
    assert json.loads(first.written[path]) == {"taken": "2026-11-21", "total_seats": 40}
    assert later(first, seats=40).written == {}
    assert list(later(first, seats=41).written) == [path]
    assert [counts.total_seats for counts in later(first, seats=41).history.seats] == [41]
    tomorrow = later(first, seats=41, as_of=TODAY + timedelta(1))
    assert [counts.total_seats for counts in tomorrow.history.seats] == [40, 41]


def test_merge__a_lost_collection_keeps_what_is_provisional() -> None:
    first = run(None, "5 6 7", last=1)
    files = {path: data for path, data in first.derived.items() if not path.endswith("collection.json")}
    second = run(load(ACME, files, (2025, 2026)), seats=40)
    assert second.history.collection.provisional == (day(3), day(2), day(1))
    assert drawn(rebuild(ACME, stored(first, second).items())) == "5? 6? 7?"


def test_view__as_it_stood_on_a_day() -> None:
    merged = later(run(None, "5 6 7", last=1, seats=40), received="8", last=10, seats=41, as_of=TODAY)
    seen = view(merged, day(2))
    assert [line.day for line in seen.days] == [day(10), day(3)]
    assert seen.seats == ()


# Which days are asked for


def ago(days: Iterable[date]) -> list[int]:
    return [(TODAY - each).days for each in days]


def test_wanted__the_first_run_asks_for_everything_once() -> None:
    covered = [day(number) for number in range(1, 29)]
    days = wanted(History(ACME), covered, TODAY)
    # The first day that GitHub serves for organizations is 2025-12-12.
    assert days[0] == day(29)
    assert days[-1] == date(2025, 12, 12)
    assert list(days) == sorted(days, reverse=True)
    enterprise = wanted(History(Scope("enterprises", "acme")), covered, TODAY)
    assert enterprise[-1] == TODAY - timedelta(365)


def test_wanted__nothing_when_everything_is_there() -> None:
    first = run(None, records(" ".join(["5"] * 344)), nothing=[])
    state = load(ACME, first.derived, (2025, 2026))
    assert state.days[0].day == date(2025, 12, 12)
    assert wanted(state, [day(number) for number in range(1, 29)], TODAY) == ()


def test_wanted__days_before_the_first_once() -> None:
    asked = [day(number) for number in range(41, 60)]
    first = run(None, records(" ".join(["5"] * 40)), nothing=asked)
    assert first.history.collection.asked_since == day(59)
    covered = [day(number) for number in range(1, 29)]
    assert wanted(first.history, covered, TODAY)[0] == day(60)


def test_wanted__days_before_the_first_behind_a_failure_again() -> None:
    asked = [day(number) for number in range(41, 60) if number != 50]
    first = run(None, records(" ".join(["5"] * 40)), nothing=asked)
    covered = [day(number) for number in range(1, 29)]
    assert wanted(first.history, covered, TODAY)[0] == day(50)


def test_wanted__a_hole_on_seven_days() -> None:
    merged = run(None, "5 . 7 8 9 10 11", nothing=[day(6)], seats=1)
    asked = 1
    covered = [day(number) for number in range(1, 6)]
    for number in range(1, 12):
        today = TODAY + timedelta(number)
        state = load(ACME, merged.derived, history.years_of(today))
        days = [each for each in wanted(state, covered, today) if each > day(7)]
        days = [each for each in days if each < TODAY]
        asked += day(6) in days
        # Every day has new seats, so every day tells itself from the one before.
        merged = run(state, "", nothing=days, seats=number, as_of=today)
    assert asked == history.HOLE_TRIES
    assert merged.history.collection.holes == {day(6): 7}


def test_wanted__a_second_run_on_one_day_is_not_counted() -> None:
    first = run(None, "5 . 7", nothing=[day(2)], seats=1)
    assert first.history.collection.holes == {day(2): 1}
    second = later(first, nothing=[day(2)], received="7", seats=1)
    assert second.derived == first.derived


def test_wanted__a_hole_counts_once_a_day_without_seats_too() -> None:
    first = run(None, "5 . 7", last=3, nothing=[day(4)])
    again = later(first, received="8", last=2, nothing=[day(4)])
    assert again.history.collection.holes == {day(4): 1}
    assert again.history.collection.holes_asked == TODAY
    tomorrow = later(again, received="9", last=1, nothing=[day(4)], as_of=TODAY + timedelta(1))
    assert tomorrow.history.collection.holes == {day(4): 2}
    quiet = later(tomorrow, nothing=[day(4)], as_of=TODAY + timedelta(2))
    assert quiet.derived == tomorrow.derived, "a run that has nothing new leaves no commit for it"


def test_wanted__the_seats_of_the_day_tell_that_holes_were_counted() -> None:
    first = run(None, "5 . 7", last=3, nothing=[day(4)], seats=9)
    assert first.history.collection.holes == {day(4): 1}
    assert b"holes_asked" not in first.derived["organizations/acme/collection.json"]
    for seats in (9, None):
        again = later(first, received="8", last=2, nothing=[day(4)], seats=seats)
        assert again.history.collection.holes == {day(4): 1}
    tomorrow = later(first, received="8", last=2, nothing=[day(4)], seats=9, as_of=TODAY + timedelta(1))
    assert tomorrow.history.collection.holes == {day(4): 2}


def test_collection__without_holes_has_no_day_for_them() -> None:
    assert b"holes_asked" not in run(None, "5 6 7").derived["organizations/acme/collection.json"]


def test_wanted__a_run_in_trouble_remembers_no_404() -> None:
    before = [day(number) for number in range(4, 8)]
    first = run(None, "5 . 7", nothing=[day(2), *before], doubtful=True)
    assert first.history.collection.asked_since == day(3)
    assert first.history.collection.holes == {}
    assert set(before) < set(wanted(first.history, [day(1)], TODAY))


def test_wanted__a_hole_is_filled() -> None:
    first = run(None, "5 . . 7", last=10, nothing=[day(12), day(11)])
    assert first.history.collection.holes == {day(12): 1, day(11): 1}
    second = later(first, received="6", last=12)
    assert second.history.collection.holes == {day(11): 1}
    assert wanted(second.history, [day(number) for number in range(1, 10)], TODAY)[0] == day(11)


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        pytest.param(range(1, 29), [], id="the 28-day report has everything"),
        pytest.param(range(3, 31), [], id="it is two days late, as it may be"),
        pytest.param(range(5, 33), [4], id="it is so late that a settled day is missing"),
        pytest.param(range(8, 36), [7, 6, 5, 4], id="it is a week late"),
        pytest.param((), [*range(1, 29)], id="it is not there: the last 28 days one by one"),
    ],
)
def test_wanted__newer_than_everything_known(covered: Iterable[int], expected: list[int]) -> None:
    # The newest stored day is 40 days old.
    first = run(None, records(" ".join(["5"] * 300), last=40))
    days = wanted(first.history, [day(number) for number in covered], TODAY)
    assert sorted(number for number in ago(days) if number <= 28 and number not in covered) == sorted(expected)


def test_wanted__holes_between_the_stored_and_the_received_days() -> None:
    first = run(None, records(" ".join(["5"] * 300), last=40))
    days = wanted(first.history, [day(number) for number in range(1, 29)], TODAY)
    assert [number for number in ago(days) if number < 340] == [*range(29, 40)]


def test_wanted__a_provisional_copy_that_the_report_no_longer_reaches() -> None:
    first = run(None, records("5 6 7", last=1))
    today = TODAY + timedelta(40)
    covered = [today - timedelta(number) for number in range(1, 29)]
    state = load(ACME, first.derived, history.years_of(today))
    days = wanted(state, covered, today)
    assert {day(1), day(2), day(3)} <= set(days)
    settled = run(state, records("5 6 7", last=1), as_of=today)
    assert not {day(1), day(2), day(3)} & set(wanted(settled.history, covered, today))


def test_wanted__as_of_the_past() -> None:
    as_of = day(60)
    covered = [day(number) for number in range(1, 29)]
    days = wanted(History(ACME), covered, as_of)
    assert days[0] == day(61), "reports newer than the day are there, so the day before it can be had"
    assert days[-1] == date(2025, 12, 12)


def test_wanted__as_of_before_anything_is_served() -> None:
    assert wanted(History(ACME), [day(1)], date(2025, 12, 1)) == ()


# Files


def state_of_a_year() -> Merged:
    chance = random.Random(7)
    days = {
        each: {
            "day": str(each),
            "daily_active_users": chance.randrange(90),
            "totals_by_feature": [
                {"feature": name, "code_generation_activity_count": chance.randrange(99)}
                for name in ("code_completion", "agent_edit")
            ],
        }
        for number in range(1, 340)
        if chance.random() < 0.9 and (each := day(number))
    }
    return run(None, days, seats=46)


def test_dump__one_line_a_day() -> None:
    text = run(None, "5 . 7", last=330, seats=3).derived
    assert sorted(text) == [
        "organizations/acme/collection.json",
        "organizations/acme/history/2025.json",
        "organizations/acme/history/2026.json",
    ]
    year = text["organizations/acme/history/2025.json"].decode()
    assert json.loads(year)["scope"] == "organizations/acme"
    assert json.loads(year)["format"] == 1
    assert [line["day"] for line in json.loads(year)["days"]] == ["2025-12-24", "2025-12-26"]
    assert len([line for line in year.splitlines() if '"day":' in line]) == 2
    assert year.endswith("}\n")
    assert json.loads(text["organizations/acme/history/2026.json"])["seats"] == [
        {"taken": "2026-11-21", "total_seats": 3}
    ]


def test_dump__a_line_for_each_stored_day_and_no_other() -> None:
    merged = state_of_a_year()
    days = {path.rpartition("/")[2] for path in merged.written if "/days/" in path}
    lines = [
        f"{line['day']}.json"
        for path, data in merged.derived.items()
        if "/history/" in path
        for line in json.loads(data)["days"]
    ]
    assert sorted(lines) == sorted(days)
    assert lines == sorted(lines)


def test_load__what_was_dumped() -> None:
    merged = state_of_a_year()
    state = load(ACME, merged.derived, (2025, 2026))
    assert (state.days, state.seats, state.collection) == (
        merged.history.days,
        merged.history.seats,
        merged.history.collection,
    )
    assert dump(state) == merged.derived


def test_load__nothing() -> None:
    assert load(ACME, {}, (2025, 2026)) == History(ACME, years=(2025, 2026))


GOOD = run(None, "5 6 7", seats=3).derived["organizations/acme/history/2026.json"].decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off"),
        pytest.param(GOOD.replace("organizations/acme", "organizations/other"), id="of another scope"),
        pytest.param(GOOD.replace('"format": 1', '"format": 0'), id="an older format"),
        pytest.param(GOOD.replace('"format": 1', '"format": "1"'), id="no format"),
        pytest.param(GOOD.replace(',"settled":false', ""), id="a line without a field"),
        pytest.param(GOOD.replace('"daily_active_users":5', '"daily_active_users":"5"'), id="text for a figure"),
        pytest.param(GOOD.replace("2026-11-18", "2025-11-18"), id="a day of another year"),
        pytest.param(GOOD.replace("2026-11-18", "2026-11-19"), id="a day twice"),
        pytest.param(GOOD.replace("2026-11-18", "2026-12-18"), id="days out of order"),
        pytest.param("<<<<<<< HEAD\n" + GOOD, id="a merge conflict"),
        pytest.param("\x00" + GOOD, id="a stray byte"),
        pytest.param('{"format":' * 100_000, id="too deep"),
        pytest.param("[]", id="no object"),
    ],
)
def test_load__a_damaged_file_is_told(text: str) -> None:
    state = load(ACME, {"organizations/acme/history/2026.json": text.encode()}, (2025, 2026))
    assert state.damaged.startswith("organizations/acme/history/2026.json: ")
    assert state.days == ()


def test_load__not_utf8() -> None:
    state = load(ACME, {"organizations/acme/history/2026.json": b'{"format": 1, "scope": "\xff"}'}, (2025, 2026))
    assert state.damaged


@pytest.mark.parametrize("name", ["history/2026.json", "collection.json"])
def test_load__a_newer_format_is_refused(name: str) -> None:
    with pytest.raises(
        HistoryError, match="it has format 2, and this release knows formats up to 1; a newer release"
    ) as caught:
        load(ACME, {f"organizations/acme/{name}": b'{"format": 2, "new": []}'}, (2025, 2026))
    assert caught.value.where == f"organizations/acme/{name}"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1, "holes": 7}', '{"format": 0}', "<<<<<<< HEAD"])
def test_load__a_damaged_collection_is_made_anew(text: str) -> None:
    files = {"organizations/acme/collection.json": text.encode(), "organizations/acme/history/2026.json": GOOD.encode()}
    state = load(ACME, files, (2025, 2026))
    assert state.collection == Collection()
    assert state.damaged == ""
    assert len(state.days) == 3


# Made again


def test_rebuild__byte_for_byte() -> None:
    merged = state_of_a_year()
    files = stored(merged)
    shuffled = random.Random(3).sample(sorted(files.items()), len(files))
    assert dump(rebuild(ACME, shuffled)) == merged.derived


def test_rebuild__after_many_runs() -> None:
    """Days come, grow, settle, are missing and are asked for: at each moment it can be made again."""
    chance = random.Random(5)
    files: Files = {}
    for number in range(30):
        today = TODAY + timedelta(number)
        state = load(
            ACME, {path: data for path, data in files.items() if "/days/" not in path}, history.years_of(today)
        )
        month = {
            each: {"day": str(each), "daily_active_users": chance.randrange(5)}
            for back in range(1, 29)
            if chance.random() < 0.8 and (each := today - timedelta(back))
        }
        missing = [each for each in wanted(state, month, today) if chance.random() < 0.5]
        merged = run(state, month, nothing=missing, seats=number, as_of=today)
        files |= stored(merged)
        assert dump(rebuild(ACME, files.items())) == merged.derived


def test_rebuild__other_files_are_none_of_its_business() -> None:
    merged = run(None, "5", last=9)
    others = {
        "README.md": b"x",
        "organizations/acme/README.md": b"x",
        "organizations/acme/days/notes.md": b"x",
        "organizations/acme/days/2025/2026-11-12.json": b"{",
        "organizations/acme/days/2026-11-12.json": b"{",
        "organizations/acme-2/days/2026/2026-11-12.json": b"{",
        "enterprises/acme/days/2026/2026-11-12.json": b"{",
        "organizations/acme/people/2026/2026-11-12.json": b"{",
    }
    assert dump(rebuild(ACME, [*stored(merged).items(), *others.items()])) == merged.derived


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("days/2026/2026-11-12.json", b""),
        ("days/2026/2026-11-12.json", b"[]"),
        ("days/2026/2026-11-12.json", b'{"day": "2026-11-13"}'),
        ("days/2026/2026-11-12.json", b'{"day": null}'),
        ("days/2026/2026-11-12.json", b'{"day": "2026-11-12"'),
        ("days/2026/2026-11-12.json", b'{"day": "2026-11-12", "x": "\xff"}'),
        ("days/2026/2026-11-12.json", b"version https://git-lfs.github.com/spec/v1\n"),
        ("days/2026/today.json", b'{"day": "2026-11-12"}'),
        ("seats/2026/2026-11-21.json", b"{}"),
        ("seats/2026/2026-11-21.json", b'{"taken": "2026-11-20", "total_seats": 1}'),
        ("seats/2026/2026-11-21.json", b'{"taken": "2026-11-21", "total_seats": "many"}'),
    ],
)
def test_rebuild__a_damaged_file_stops_it(name: str, data: bytes) -> None:
    files = stored(run(None, "5", last=9, seats=3)) | {f"organizations/acme/{name}": data}
    with pytest.raises(HistoryError, match=r"the file is damaged .*restore it from the branch's history") as caught:
        rebuild(ACME, files.items())
    assert caught.value.where == f"organizations/acme/{name}"


# Seats


def seat(person: int | None, created: int = 100, used: int | None = None, **more: Any) -> Record:
    stamps = {
        "created_at": f"{day(created)}T10:00:00Z",
        "last_activity_at": None if used is None else f"{day(used)}T10:00:00Z",
    }
    return {"assignee": None if person is None else {"id": person}, **stamps, **more}


NONE = {
    "taken": TODAY,
    "total_seats": 0,
    "mature_seats": 0,
    "active_7_days": 0,
    "active_28_days": 0,
    "no_activity": 0,
    "pending_cancellation": 0,
}


@pytest.mark.parametrize(
    ("seats", "expected"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([seat(1)], {"total_seats": 1, "mature_seats": 1, "no_activity": 1}, id="never used"),
        pytest.param(
            [seat(1, created=28, used=6), seat(2, created=27, used=7), seat(3, used=27), seat(4, used=28)],
            {"total_seats": 4, "mature_seats": 3, "active_7_days": 1, "active_28_days": 3},
            id="the boundaries",
        ),
        pytest.param(
            [seat(1, used=0)],
            {"total_seats": 1, "mature_seats": 1, "active_7_days": 1, "active_28_days": 1},
            id="today",
        ),
        pytest.param(
            [seat(1, created=5, pending_cancellation_date="2026-12-01"), seat(1, used=3)],
            {"total_seats": 1, "mature_seats": 1, "active_7_days": 1, "active_28_days": 1},
            id="a person twice",
        ),
        pytest.param(
            [seat(None), seat(None)],
            {"total_seats": 2, "mature_seats": 2, "no_activity": 2},
            id="seats without an assignee",
        ),
        pytest.param(
            [seat(1, pending_cancellation_date="2026-12-01")],
            {"total_seats": 1, "mature_seats": 1, "no_activity": 1, "pending_cancellation": 1},
            id="ending",
        ),
        pytest.param(
            [seat(1, plan_type="business"), seat(2, plan_type="enterprise"), seat(3, plan_type="business")],
            {"total_seats": 3, "mature_seats": 3, "no_activity": 3, "plan_type": {"business": 2, "enterprise": 1}},
            id="plans",
        ),
    ],
)
def test_count_seats(seats: list[Record], expected: Mapping[str, Any]) -> None:
    counted = count_holders(seat_holders(seats), TODAY)
    assert counted == SeatCounts(**{**NONE, **expected})
    assert count_holders(seat_holders(reversed(seats)), TODAY) == counted
