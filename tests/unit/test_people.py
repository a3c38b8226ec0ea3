"""Users reports to counts: lines in any pieces, people in any order, groups under five withheld."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace
from standin import make_record

from copilot_metrics_action import places
from copilot_metrics_action.config import Settings
from copilot_metrics_action.errors import HistoryError, ReportError
from copilot_metrics_action.history import History as Stored
from copilot_metrics_action.history import Received, SeatCounts, merge
from copilot_metrics_action.metrics import Scope, seat_holders
from copilot_metrics_action.outcome import analysis_of
from copilot_metrics_action.people import (
    PeopleDay,
    Tally,
    TeamCount,
    TeamLines,
    TeamsDay,
    TeamTally,
    UserLines,
    Window,
    counts,
    due,
    fuller,
    series,
    shown,
)
from copilot_metrics_action.people.clients import too_old
from copilot_metrics_action.people.lines import MAX_LINE_BYTES
from copilot_metrics_action.people.tables import tables
from copilot_metrics_action.symptoms import Status, Thresholds
from copilot_metrics_action.teams import judge
from copilot_metrics_action.trends import Calendar, analyse

ACME = Scope("organizations", "acme")
END = date(2026, 11, 16)
START = END - timedelta(27)
TAKEN = END + timedelta(1)


def row(user: Any, ago: int = 0, **fields: Any) -> dict[str, Any]:
    """A line of a user who prompted and accepted, `ago` days before the end."""
    usual = {
        "user_id": user,
        "user_login": f"login-{user}",
        "day": str(END - timedelta(ago)),
        "user_initiated_interaction_count": 3,
        "code_generation_activity_count": 5,
        "code_acceptance_activity_count": 2,
    }
    return usual | fields


def text(rows: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in rows)


def read(*files: bytes, start: date = START) -> UserLines:
    lines = UserLines(Tally(start, END), len(files))
    for file in files:
        lines.feed(file)
        lines.end_file()
    return lines


def seat(user: Any, created: date = START, used: date | None = None) -> dict[str, Any]:
    return {
        "created_at": f"{created}T09:00:00Z",
        "last_activity_at": f"{used}T09:00:00Z" if used else None,
        "assignee": {"id": user, "login": f"login-{user}"},
    }


def taken(lines: UserLines, seats: Sequence[dict[str, Any]] | None = None) -> Window:
    return lines.window(TAKEN, None if seats is None else seat_holders(seats))


# Lines


@given(st.lists(st.integers(1, 400), max_size=12), st.booleans())
def test_lines__cut_anywhere(cuts: list[int], newline: bool) -> None:
    whole = text([row(user, ago) for user in range(6) for ago in (0, 3)])
    whole = whole if newline else whole.rstrip(b"\n")
    lines = UserLines(Tally(START, END), 1)
    rest = whole
    for cut in cuts:
        lines.feed(rest[:cut])
        rest = rest[cut:]
    lines.feed(rest)
    lines.end_file()
    lines.finish()
    assert (lines.lines, lines.bytes) == (12, len(whole))
    assert taken(lines) == taken(read(whole))


def test_lines__broken_ones_are_counted_and_told() -> None:
    good = text([row(1), row(2)])
    lines = read(good + b'{"user_id": 3, "user_lo\n', good + b"\n[]\nnull\n")
    with pytest.raises(ReportError, match="2 of 6 lines cannot be read, the first is line 3 of file 1 of 2") as error:
        lines.finish()
    assert "login" not in str(error.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": None},
        {"day": None},
        {"day": "2026-13-01"},
        {"user_id": [1]},
    ],
)
def test_lines__without_an_id_or_a_day(fields: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="1 of 1 lines"):
        read(text([row(1) | fields])).finish()


def test_lines__a_line_without_end() -> None:
    lines = UserLines(Tally(START, END), 1)
    lines.feed(b"x" * MAX_LINE_BYTES)
    with pytest.raises(ReportError, match="a line of it is over"):
        lines.feed(b"x")


def test_lines__odd_fields_count_as_not_reported() -> None:
    odd = row(
        1,
        user_initiated_interaction_count="three",
        code_acceptance_activity_count=None,
        ai_adoption_phase={"phase_number": None},
        totals_by_ide=[None],
        used_agent="yes",
        new_field={"any": ["thing"]},
    )
    lines = read(text([odd, row(2, ai_adoption_phase=None), row(3, ai_adoption_phase="Phase 1")]))
    lines.finish()
    person = lines.tally.people["1"]
    assert (person.prompting, bool(person.active), person.agent) == (0, True, 0)


def test_lines__a_list_of_rows() -> None:
    lines = read(json.dumps([row(1), row(2)]).encode())
    lines.finish()
    assert lines.lines == len(lines.tally.people) == 2


# People


def test_tally__ids_as_strings_and_as_integers_in_two_files() -> None:
    files = text([row(7), row(8)]), text([row("7"), row("8", 3)])
    found = read(*files)
    assert set(found.tally.people) == {"7", "8"}
    assert found.tally.people["7"].prompts == 3
    [last] = [day for day in found.tally.days(lambda day: True, set()) if day.day == END]
    assert last.users == shown(2)


def test_tally__a_renamed_login() -> None:
    for rows in ([row(7, 9, user_login="old"), row(7, 1, user_login="new")],) * 2:
        assert read(text(rows)).tally.people["7"].login == "new"
        rows.reverse()


def test_tally__a_row_is_not_an_active_day() -> None:
    quiet = dict.fromkeys(
        ("user_initiated_interaction_count", "code_generation_activity_count", "code_acceptance_activity_count"), 0
    )
    rows = [row(user, **quiet) for user in range(9)]
    assert (taken(read(text(rows))).users, taken(read(text(rows))).active) == (9, 0)
    for sign in ({"ai_credits_used": 0.4}, {"used_cli": True}, {"loc_added_sum": 2}, {"used_chat": True}):
        assert taken(read(text([one | sign for one in rows]))).active == 9


def test_window__joined_with_the_seats() -> None:
    rows = [row(user) for user in range(12)]
    seats = [seat(user) for user in range(6, 20)] + [seat(user, created=END) for user in range(20, 26)]
    seats[-1]["last_activity_at"] = "2026-09-01T00:00:00Z"
    found = taken(read(text(rows)), seats)
    assert (found.seats, found.mature_seats, found.active_mature_seats) == (20, 14, 6)
    assert (found.ever_active, found.active_28_days, found.without_seat) == (7, 6, 6)
    assert taken(read(text(rows))).seats is UNSET
    assert taken(read(text(rows))).active_28_days == 12


def test_window__new_stopped_and_never_accepting() -> None:
    rows = [row(user, ago) for user in range(5) for ago in (0, 6)]
    rows += [row(user, ago) for user in range(10, 16) for ago in (27, 14)]
    rows += [row(user, ago, code_acceptance_activity_count=0) for user in range(20, 27) for ago in (0, 20)]
    found = taken(read(text(rows)))
    assert (found.newly_active, found.stopped, found.prompting_never_accepting) == (5, 6, 7)
    assert found.agents_never_accepting == 0
    assert found.active_7_days == 12


def test_window__phases_and_moves() -> None:
    phase = [{"ai_adoption_phase": {"phase_number": number}} for number in range(3)]
    rows = [row(user, 20, **phase[0]) for user in range(12)] + [row(user, 1, **phase[1]) for user in range(6)]
    rows += [row(user, 2, **phase[2]) for user in range(30, 35)]
    found = taken(read(text(rows)))
    assert found.by_phase == {"0": 6, "1": 6, "2": 5}
    assert found.moves == {"0>1": 6}


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30)))
def test_parts__no_small_one_can_be_told_from_the_whole(whole: dict[str, int]) -> None:
    told = counts.parts(whole)
    assert set(told) == {name for name, count in whole.items() if count}
    assert all(count is None or count == whole[name] >= counts.FEW for name, count in told.items())
    hidden = [name for name, count in told.items() if count is None]
    assert len(hidden) != 1 or len(told) == 1


@given(st.integers(0, 200))
def test_shown__one_to_four_are_withheld(count: int) -> None:
    assert shown(count) == (None if 1 <= count <= 4 else count)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("vscode", "1.107.1", "copilot-chat", "0.35.3"), False),
        (("vscode", "1.107.0", "copilot-chat", "0.35.3"), True),
        (("vscode", "1.139.0-insider", "copilot-chat", "0.28.5"), True),
        (("vscode", "1.139.0", "copilot", "1.388.0"), False),
        (("vscode", None, None, ""), None),
        (("jetbrains", "252.27397.103", "copilot-intellij", "1.5.60-243"), False),
        (("jetbrains", "232.10227.8", "copilot-intellij", "1.5.60-243"), True),
        (("jetbrains", "2024.2.5", None, None), True),
        (("neovim", "0.10", None, None), None),
    ],
)
def test_clients__too_old(client: tuple[str, str, str, str], expected: bool | None) -> None:
    assert too_old(*client) is expected


# The stored series


def line(ago: int, users: int | None, *, settled: bool = False, **fields: Any) -> PeopleDay:
    return PeopleDay(day=END - timedelta(ago), settled=settled, users=users, **fields)


def test_fuller__never_by_less() -> None:
    assert fuller(line(0, 9), line(0, 12)).users == 12
    assert fuller(line(0, 9), line(0, 7, settled=True)) == line(0, 9, settled=True)
    assert fuller(line(0, 9, settled=True), line(0, 12, settled=True)).users == 9
    window = taken(read(text([row(1)])))
    alone = PeopleDay(day=END, settled=False, window=window)
    assert fuller(line(0, 9, settled=True), alone) == line(0, 9, settled=True, window=window)
    assert fuller(alone, line(0, 9)) == line(0, 9, window=window)


def test_fuller__settled_counts_are_updated_when_asked_for() -> None:
    old, new = line(0, 9, settled=True), line(0, 12, settled=True)
    assert fuller(old, new, update_settled=True) == new
    assert fuller(old, line(0, 12), update_settled=True) == old
    assert fuller(old, line(0, 8, settled=True), update_settled=True) == old
    merged = series.merge(ACME, series.PEOPLE, [old], [new], TAKEN, update_settled=True)
    assert merged.lines == (new,)


@pytest.mark.parametrize("seats", ["none", 420])
def test_windows__are_told_of_although_seats_are_not_read(seats: Any) -> None:
    """But for the share of active seats, which was read earlier."""
    window = replace(taken(read(text([row(1)]))), mature_seats=9, active_mature_seats=7)
    lines = [line(1, 9), PeopleDay(day=END, settled=False, window=window)]
    [found] = analysis_of(Settings(seats=seats), Stored(ACME), TAKEN, lines).windows
    assert found == replace(window, mature_seats=UNSET, active_mature_seats=UNSET)
    assert analysis_of(Settings(), Stored(ACME), TAKEN, lines).windows == (window,)


def test_due__once_a_week() -> None:
    lines = [PeopleDay(day=END, settled=False, window=taken(read(text([row(1)]))))]
    assert due([], TAKEN)
    assert not due(lines, TAKEN)
    assert not due(lines, TAKEN + timedelta(6))
    assert due(lines, TAKEN + timedelta(7))


def test_series__merged_twice_and_made_again() -> None:
    received = [line(ago, 9 + ago, active=None, ai_credits_used=1.5) for ago in range(5)]
    merged = series.merge(ACME, series.PEOPLE, [], received, TAKEN)
    assert set(merged.written) == {series.day_path(ACME, series.PEOPLE, one.day) for one in received}
    again = series.merge(ACME, series.PEOPLE, merged.lines, received, TAKEN)
    assert (again.written, again.derived) == ({}, merged.derived)
    [data] = merged.derived.values()
    assert series.load(ACME, series.PEOPLE, data).lines == merged.lines
    archive = [*merged.written.items(), ("organizations/acme/people/2026/2026-01-01.json", b"{"), ("README.md", b"")]
    rebuilt = series.rebuild(ACME, series.PEOPLE, archive)
    assert series.dump(ACME, series.PEOPLE, rebuilt.lines) == merged.derived
    assert rebuilt.left_out == ("organizations/acme/people/2026/2026-01-01.json",)


def test_series__newer_damaged_and_of_today() -> None:
    with pytest.raises(HistoryError, match="format 2"):
        series.load(ACME, series.PEOPLE, b'{"format": 2}')
    for data in (b"", b"[]", b'{"format": 1, "people": [], "scope": "organizations/other"}', b"\xff"):
        assert series.load(ACME, series.PEOPLE, data).damaged
    assert series.merge(ACME, series.PEOPLE, [], [line(0, 5)], END).written == {}


def test_series__does_not_grow_with_the_years() -> None:
    lines = [line(ago, 9, settled=True) for ago in range(900)]
    merged = series.merge(ACME, series.PEOPLE, [], lines, TAKEN)
    assert len(merged.lines) == series.KEPT_DAYS
    assert len(merged.written) == 900


# Activation


def stored(days: int) -> Stored:
    records = {(day := TAKEN - timedelta(ago)): make_record(day, users=40, seats=46) for ago in range(1, days + 1)}
    history = Stored(ACME)
    for ago in (60, 0):
        seats = SeatCounts(taken=TAKEN - timedelta(ago), total_seats=46, mature_seats=46)
        history = merge(history, Received(records, seats=seats), TAKEN).history
    return history


def test_activation__two_definitions_are_no_trend() -> None:
    history = stored(90)
    plain = analyse(ACME, history.days, history.seats, TAKEN, Calendar()).activation
    assert plain.share is not None
    assert plain.before is not None
    assert not plain.joined
    window = replace(taken(read(text([row(1)]))), mature_seats=46, active_mature_seats=23)
    people = [PeopleDay(day=END, settled=False, window=window)]
    joined = analyse(ACME, history.days, history.seats, TAKEN, Calendar(), (), people).activation
    assert (joined.share, joined.before, joined.joined) == (0.5, None, True)
    assert (joined.active_users, joined.mature_seats) == (23, 46)
    earlier = replace(window, end=END - timedelta(28))
    old = [PeopleDay(day=one.end, settled=True, window=one) for one in (earlier, window)]
    both = analyse(ACME, history.days, history.seats, TAKEN, Calendar(), (), old).activation
    assert both.before == 0.5
    withheld = replace(window, active_mature_seats=None)
    kept = analyse(
        ACME, history.days, history.seats, TAKEN, Calendar(), (), [PeopleDay(day=END, settled=False, window=withheld)]
    ).activation
    assert kept == plain


# Teams


def member(user: Any, team: Any, ago: int = 0, slug: str = "") -> dict[str, Any]:
    return {"user_id": user, "day": str(END - timedelta(ago)), "team_id": team, "slug": slug or f"team-{team}"}


def joined(
    memberships: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], holders: set[str] | None = None
) -> tuple[TeamsDay, ...]:
    teams = TeamLines(1)
    teams.feed(text(memberships))
    teams.end_file()
    teams.finish()
    tally = TeamTally(teams.memberships)
    users = UserLines(Tally(START, END, tally.join), 1)
    users.feed(text(rows))
    users.end_file()
    users.finish()
    return tally.counts(lambda day: day < END, holders, END)


def test_teams__joined_on_user_and_day() -> None:
    memberships = [member(str(user), 1) for user in range(8)] + [member(user, 2, ago=1) for user in range(6)]
    rows = [row(user) for user in range(6)] + [row(user, 1, used_agent=True) for user in range(9)]
    before, today = joined(memberships, rows)
    [team] = today.teams
    assert (team.team_id, team.slug, team.members, team.active, team.agents) == ("1", "team-1", 8, 6, 0)
    assert (team.user_initiated_interaction_count, team.code_acceptance_activity_count) == (18, 12)
    assert (before.settled, before.teams[0].active, before.teams[0].agents) == (True, 6, 6)


def test_teams__small_ones_and_small_groups_are_withheld() -> None:
    memberships = [member(user, 1) for user in range(4)] + [member(user, 2) for user in range(10, 19)]
    [day] = joined(memberships, [row(user) for user in (0, 1, 10, 11, 12)])
    assert day.withheld == ("team-1",)
    [team] = day.teams
    assert (team.members, team.active, team.user_initiated_interaction_count) == (9, None, None)
    [fewer] = joined(memberships, [], holders={str(user) for user in range(10, 14)})
    assert (fewer.teams, fewer.withheld) == ((), ("team-1", "team-2"))


def test_teams__people_in_several_count_in_each() -> None:
    memberships = [member(user, team) for user in range(6) for team in (1, 2)]
    [day] = joined([*memberships, memberships[0]], [row(user) for user in range(6)] * 2)
    assert [(team.members, team.active) for team in day.teams] == [(6, 6), (6, 6)]
    assert day.several == 6


def test_teams__a_month_needs_its_memberships() -> None:
    rows = [row(user, ago) for user in range(9) for ago in (user, 20)]
    month = [member(user, 1, ago) for user in range(9) for ago in range(28)]
    *_, whole = joined(month, rows)
    assert whole.teams[0].active_28_days == 9
    [alone] = joined([one for one in month if one["day"] == str(END)], rows)
    assert alone.teams[0].active_28_days is UNSET
    kept = series.merge(ACME, series.TEAMS, [whole], [alone], TAKEN)
    assert kept.written == {}


def test_teams__judged_as_a_scope_is() -> None:
    lines = []
    for ago in range(80, 0, -1):
        day = TAKEN - timedelta(ago)
        quiet = day.weekday() >= 5
        count = counted(day, active=0 if quiet else 6, members=30, month=9 if ago % 7 == 0 else None)
        lines.append(TeamsDay(day=day, settled=ago >= 4, teams=(count,), withheld=("tiny",), several=0))
    found = judge(ACME, lines, TAKEN, Calendar(), (), Thresholds())
    assert found is not None
    [team] = found.teams
    present = {one.symptom for one in team.findings if one.status is Status.PRESENT}
    assert "low-active-users" in present
    assert (team.members, team.active_28_days, found.withheld) == (30, 9, ("tiny",))
    scope = next(one for one in team.findings if one.symptom == "low-active-users")
    answer = places.teams(scope, found)
    assert [part.name for part in answer.parts] == ["core"]
    assert answer.beside == "1 team with fewer than five seats withheld"
    assert judge(ACME, lines, lines[0].day, Calendar(), (), Thresholds()) is None
    young = judge(ACME, lines[-5:], TAKEN, Calendar(), (), Thresholds())
    assert young is not None
    assert places.teams(scope, young).reason == "the history of the teams is too short"


def counted(day: date, *, active: int, members: int, month: int | None) -> TeamCount:
    return TeamCount(
        team_id="1",
        slug="core",
        members=members,
        active=active,
        agents=0,
        active_28_days=UNSET if month is None else month,
        agents_28_days=UNSET if month is None else 0,
    )


# Tables


def test_tables__who_is_in_which() -> None:
    rows = [row(1, 0), row(1, 27), row(2, 6), row(3, 20), row(4, 1, code_acceptance_activity_count=0, used_agent=True)]
    rows += [row(5, 0), row(5, 10), row(6, 2)]
    seats = [seat(user) for user in range(1, 6)] + [seat(8, used=TAKEN - timedelta(3)), seat(9, used=date(2026, 9, 1))]
    found = {table.name: table for table in tables(read(text(rows)).tally, seat_holders(seats), TAKEN)}
    names = {name: [entry["user_login"] for entry in table.rows] for name, table in found.items()}
    assert names == {
        "dormant-seats": ["login-9"],
        "newly-active": ["login-2", "login-4"],
        "stopped": ["login-3"],
        "prompting-without-accepting": ["login-4"],
    }
    assert found["newly-active"].csv().splitlines()[1] == "2026-11-10,login-2,2,1,3"
    assert json.loads(found["stopped"].ndjson()) == {
        "user_login": "login-3",
        "user_id": "3",
        "last_active_day": "2026-10-27",
        "days_active": 1,
        "user_initiated_interaction_count": 3,
    }
    assert [table.name for table in tables(None, seat_holders(seats), TAKEN)] == ["dormant-seats"]
    assert tables(None, None, TAKEN) == ()


@pytest.mark.parametrize("login", ["=1+1", "+1", "-1", "@sum", "a\r\nb", '"x"', "a,b"])
def test_tables__no_formula_and_one_line(login: str) -> None:
    [table] = tables(None, seat_holders([seat(1) | {"assignee": {"id": 1, "login": login}}]), TAKEN)
    [_, shown] = csv.reader(io.StringIO(table.csv()))
    assert shown[0].lstrip("'") == " ".join(login.split())
    assert shown[0][0] not in "=+-@"
    assert json.loads(table.ndjson())["user_login"] == login
