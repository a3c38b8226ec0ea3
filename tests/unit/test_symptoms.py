"""Each rule by a table: the case it is for, the quiet case, the boundary, too little data."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import (
    SYMPTOMS,
    FallingUsage,
    Finding,
    FlatUsage,
    LowAcceptance,
    LowActiveUsers,
    ReportsStopped,
    Status,
    Thresholds,
    advice,
    evaluate,
    spells,
)
from copilot_metrics_action.symptoms.replay import Judgement, replay
from copilot_metrics_action.trends import SETTLED_AFTER_DAYS, Calendar, CountingChange, Period, analyse

SCOPE = Scope("organizations", "acme")
MONDAY = date(2026, 1, 5)
Level = Callable[[float], float]


def make_days(
    level: Level | float,
    length: int = 112,
    *,
    first: date = MONDAY,
    monthly: Level | float = 300,
    weekly: Level | float = 220,
    noise: float = 0.0,
    seed: int = 1,
    **same: object,
) -> list[StoredDay]:
    """Days of an organization; levels are people by week (a fraction counts), 3 % of them on weekends."""
    chance = random.Random(seed)

    def people(value: Level | float, place: int) -> float:
        return value(place / 7) if callable(value) else value

    days = []
    for place in range(length):
        day = first + timedelta(days=place)
        share = 1.0 if day.weekday() < 5 else 0.03
        count = people(level, place) * share * (1 + chance.gauss(0, noise))
        days.append(
            StoredDay(
                day=day,
                settled=True,
                blob=str(place),
                daily_active_users=max(0, round(count)),
                weekly_active_users=round(people(weekly, place)),
                monthly_active_users=round(people(monthly, place)),
                **same,  # type: ignore[arg-type]
            )
        )
    return days


def judge(
    days: list[StoredDay],
    *,
    seats: int | None = 420,
    as_of: date | None = None,
    calendar: Calendar | None = None,
    changes: tuple[CountingChange, ...] = (),
    thresholds: Thresholds | None = None,
    rollout_start: date | None = None,
    counts: tuple[SeatCounts, ...] | None = None,
) -> dict[str, Finding]:
    run = as_of or days[-1].day + timedelta(days=SETTLED_AFTER_DAYS)
    if counts is None:
        counts = () if seats is None else tuple(SeatCounts(taken=day.day, total_seats=seats) for day in days)
    analysis = analyse(SCOPE, days, counts, run, calendar or Calendar(), changes)
    return {item.symptom: item for item in evaluate(analysis, thresholds or Thresholds(), rollout_start)}


def grow(start: float, percent_a_week: float) -> Level:
    return lambda week: start * math.exp(percent_a_week / 100 * week)


# ---- low-active-users


@pytest.mark.parametrize(
    ("active", "seats", "status"),
    [
        (300, 420, Status.ABSENT),
        (57, 100, Status.PRESENT),
        (58, 100, Status.ABSENT),  # the boundary: below, not at
        (62, 100, Status.ABSENT),
        (0, 100, Status.PRESENT),
        (421, 420, Status.UNKNOWN),
        (300, None, Status.UNKNOWN),
    ],
)
def test_low_active_users(active: int, seats: int | None, status: Status) -> None:
    finding = judge(make_days(30, monthly=active, weekly=active), seats=seats)["low-active-users"]
    assert finding.status is status
    assert (finding.measured is None) is (status is Status.UNKNOWN)
    assert (finding.since is None) is not (status is Status.PRESENT)
    assert finding.limit == 0.58


def test_low_active_users__between_the_limits_stays_as_it_was() -> None:
    fell = make_days(30, monthly=lambda week: 50 if week < 8 else 60, weekly=50)
    assert judge(fell, seats=100)["low-active-users"].status is Status.PRESENT
    never = make_days(30, monthly=60, weekly=50)
    assert judge(never, seats=100)["low-active-users"].status is Status.ABSENT


def test_low_active_users__watched_until_confirmed() -> None:
    # Monthly users are the largest of 14 days: the third settled day under the limit confirms.
    days = make_days(30, 112, monthly=lambda week: 90 if week < 12 else 50, weekly=50)
    seen = [judge(days[:length], seats=100)["low-active-users"] for length in range(96, 101)]
    assert [item.status for item in seen] == ["absent", "absent", "watch", "watch", "present"]
    assert "2 more settled days" in seen[2].reason
    assert seen[4].since == days[97].day


def test_low_active_users__one_count_of_seats_serves_the_month_before() -> None:
    days = make_days(30, monthly=40, weekly=40)
    finding = judge(days, counts=(SeatCounts(taken=days[-1].day, total_seats=120, mature_seats=100),))
    assert finding["low-active-users"].status is Status.PRESENT
    assert finding["low-active-users"].since == days[-1].day - timedelta(days=28)


def test_low_active_users__rollout_has_its_month() -> None:
    days = make_days(30, monthly=40, weekly=40)
    waiting = judge(days, seats=100, rollout_start=days[-1].day - timedelta(days=27))["low-active-users"]
    assert waiting.status is Status.UNKNOWN
    assert "rollout" in waiting.reason
    never = judge(days, seats=100, rollout_start=date.max)["low-active-users"]
    assert "rollout" in never.reason
    over = judge(days, seats=100, rollout_start=days[-1].day - timedelta(days=30))["low-active-users"]
    assert over.status is Status.PRESENT


# ---- flat-usage, falling-usage


@pytest.mark.parametrize(
    ("percent_a_week", "monthly", "seats", "flat", "falling"),
    [
        (0.0, 180, 420, Status.PRESENT, Status.ABSENT),  # 43 % of the seats
        (0.0, 320, 420, Status.PRESENT, Status.ABSENT),  # a typical day is 28 % of the month
        (0.0, 200, 300, Status.ABSENT, Status.ABSENT),  # a healthy plateau
        (0.0, 180, None, Status.ABSENT, Status.ABSENT),  # seats unknown: stickiness alone
        (5.0, 180, 420, Status.ABSENT, Status.ABSENT),
        (2.6, 180, 420, Status.ABSENT, Status.ABSENT),  # slow growth is growth
        (-2.5, 180, 420, Status.ABSENT, Status.PRESENT),
        (-5.0, 300, 420, Status.ABSENT, Status.PRESENT),
        (-0.5, 200, 300, Status.ABSENT, Status.ABSENT),
    ],
)
def test_flat_and_falling(
    percent_a_week: float, monthly: int, seats: int | None, flat: Status, falling: Status
) -> None:
    scale = 1 if seats is None else math.exp(-percent_a_week / 100 * 15)
    days = make_days(
        grow(90 * scale, percent_a_week),
        monthly=grow(monthly * scale, percent_a_week),
        weekly=grow(130 * scale, percent_a_week),
    )
    found = judge(days, seats=seats)
    assert (found["flat-usage"].status, found["falling-usage"].status) == (flat, falling)
    for name in ("flat-usage", "falling-usage"):
        measured, interval = found[name].measured, found[name].interval
        assert measured is not None
        assert interval is not None
        assert interval[0] < measured < interval[1]
        assert measured == pytest.approx(percent_a_week, abs=0.25 * abs(percent_a_week) + 0.2)


@pytest.mark.parametrize(("length", "flat", "falling"), [(27, "unknown", "unknown"), (35, "present", "unknown")])
def test_trends__too_little_history_says_until_when(length: int, flat: str, falling: str) -> None:
    found = judge(make_days(90, length, monthly=180, weekly=130))
    assert (found["flat-usage"].status, found["falling-usage"].status) == (flat, falling)
    assert "26 Feb 2026" in found["falling-usage"].reason


def test_trends__few_reports() -> None:
    days = make_days(90, 112, monthly=180)
    thin = [day for day in days if (day.day - MONDAY).days < 84 or day.day.weekday() == 1]
    finding = judge(thin)["flat-usage"]
    assert finding.status is Status.UNKNOWN
    assert "reports" in finding.reason


def test_falling__a_small_team_is_watched_before_it_is_sure() -> None:
    def level(week: float) -> float:
        return 1 if week < 12 else math.exp(-0.05 * (week - 12))

    days = make_days(
        lambda week: 12 * level(week),
        140,
        monthly=lambda week: 15.24 * level(week - 2),
        weekly=lambda week: 13.2 * level(week),
        noise=0.2,
        seed=2,
    )
    told = [judge(days[:length], seats=17)["falling-usage"] for length in range(105, 141, 3)]
    begun = [finding for finding in told if finding.status is not Status.ABSENT]
    assert begun[0].status is Status.WATCH
    assert "may be chance" in begun[0].reason
    assert begun[0].interval is not None
    assert begun[-1].status is Status.PRESENT


def test_falling__months_users_stay_while_days_become_fewer() -> None:
    days = make_days(grow(160, -4), monthly=300, weekly=grow(220, -1))
    assert judge(days)["falling-usage"].status is Status.PRESENT


def test_falling__holiday_season_is_held_back() -> None:
    """Weekly users drop by a third within four weeks, monthly ones stay: they are away, not gone."""

    def dip(week: float) -> float:
        return 1.0 if week < 12 else max(0.62, 1 - 0.12 * (week - 12))

    days = make_days(lambda week: 2000 * dip(week), monthly=4000, weekly=lambda week: 2900 * dip(week), noise=0.02)
    finding = judge(days, seats=5000)["falling-usage"]
    assert finding.status is Status.ON_HOLD
    assert "holidays" in finding.reason


def test_falling__a_few_people_who_may_be_away_are_not_called_fine() -> None:
    """The same in a small team, where chance alone could do it: on hold, and not a use that does not fall."""

    def dip(week: float) -> float:
        return 1.0 if week < 12 else max(0.62, 1 - 0.08 * (week - 12))

    days = make_days(lambda week: 20 * dip(week), monthly=40, weekly=lambda week: 29 * dip(week), noise=0.2, seed=11)
    finding = judge(days, seats=50)["falling-usage"]
    assert finding.measured is not None
    assert finding.measured < -1.35
    assert finding.status is Status.ON_HOLD
    assert "holidays" in finding.reason


def test_flat__a_pace_that_may_be_a_fall_is_not_said_to_stand_still() -> None:
    """Fewer people in a small team: nothing has grown, yet it may have fallen."""
    days = make_days(grow(22, -2.6), monthly=60, weekly=40, noise=0.15, seed=3)
    finding = judge(days, seats=110)["flat-usage"]
    assert finding.status is Status.PRESENT
    assert finding.interval is not None
    assert finding.interval[0] < -4
    assert "and that does not grow (" in finding.verdict


def test_falling__holiday_and_outage_are_set_aside() -> None:
    days = make_days(lambda week: 20 if 14.5 <= week < 15.6 else 150, 110, monthly=200, weekly=180)
    finding = judge(days)["falling-usage"]
    assert finding.status is Status.ON_HOLD
    assert len(finding.days_set_aside) >= 3
    assert "possible holiday, outage or collapse" in finding.reason


@pytest.mark.parametrize("weekend", [0.3, 0.5])
def test_falling__weekends_on_which_some_work_are_no_holidays(weekend: float) -> None:
    days = [
        msgspec.structs.replace(day, daily_active_users=round(90 * (weekend if day.day.weekday() >= 5 else 1)))
        for day in make_days(90, 126, monthly=170, weekly=120)
    ]
    for length in range(119, 127):
        finding = judge(days[:length])["falling-usage"]
        assert finding.status is Status.ABSENT
        assert finding.days_set_aside == ()


def test_falling__collapse_is_told_within_five_weeks() -> None:
    days = make_days(lambda week: 300 if week < 14 else 110, 98 + 35, monthly=lambda week: 500 if week < 17 else 250)
    assert judge(days, seats=600)["falling-usage"].status is Status.PRESENT


def test_falling__collapse_behind_a_quiet_period_shows_in_the_month() -> None:
    days = make_days(
        lambda week: 900 if week < 14 else 300, 98 + 32, monthly=lambda week: 1500 if week < 17.8 else 1000
    )
    period = Period(days[100].day, days[114].day, "turn of the year")
    assert judge(days, seats=2000, calendar=Calendar(quiet_periods=(period,)))["falling-usage"].status is Status.PRESENT


@pytest.mark.parametrize(("named", "opened"), [(False, True), (True, False)])
def test_falling__fewer_in_a_month_that_was_quiet_as_announced(*, named: bool, opened: bool) -> None:
    """A break of six weeks costs a team some of the month's users: that says nothing when the break was announced."""
    days = make_days(
        lambda week: 130 if week < 12 else 40,
        126,
        monthly=lambda week: 150 if week < 12 else max(118, 150 - 8 * (week - 12)),
    )
    quiet = Period(MONDAY + timedelta(days=84), MONDAY + timedelta(days=125), "summer")
    calendar = Calendar(quiet_periods=(quiet,) if named else ())
    told = spells(analyse(SCOPE, days, (), days[-1].day + timedelta(days=SETTLED_AFTER_DAYS), calendar), Thresholds())
    assert any(spell.symptom == "falling-usage" for spell in told) is opened


def test_falling__quiet_period_is_no_fall() -> None:
    def summer(week: float) -> float:
        return 1.0 if week < 10 else 0.6

    days = make_days(
        lambda week: 400 * summer(week), 105, monthly=800, weekly=lambda week: 600 * summer(week), noise=0.03
    )
    period = Period(days[70].day, days[-1].day)
    assert judge(days, calendar=Calendar(quiet_periods=(period,)))["falling-usage"].status is not Status.PRESENT


@pytest.mark.parametrize("seed", range(8))
def test_noise__yields_nothing(seed: int) -> None:
    days = make_days(200, 300, monthly=280, weekly=260, noise=0.06, seed=seed)
    analysis = analyse(
        SCOPE,
        days,
        [SeatCounts(taken=days[200].day, total_seats=300)],
        days[-1].day + timedelta(days=SETTLED_AFTER_DAYS),
        Calendar(),
    )
    assert [spell for spell in spells(analysis, Thresholds()) if "usage" in spell.symptom] == []


# ---- known changes in GitHub's counting


def step_at(place: int, *metrics: str) -> CountingChange:
    return CountingChange(
        day=MONDAY + timedelta(days=place), what="counts otherwise", metrics=metrics, source="a changelog"
    )


@pytest.mark.parametrize("factor", [0.75, 0.85, 1.2])
@pytest.mark.parametrize("place", [84, 95, 105])
def test_counting_change__no_false_alarm(factor: float, place: int) -> None:
    """A planted step in GitHub's counting: daily users at once, monthly ones over four weeks."""

    def ramp(week: float) -> float:
        return 1 + (factor - 1) * min(1.0, max(0.0, (week * 7 - place) / 28))

    days = make_days(
        lambda week: 200 * (factor if week * 7 >= place else 1),
        133,
        monthly=lambda week: 300 * ramp(week),
        weekly=lambda week: 260 * (factor if week * 7 >= place + 3 else 1),
        noise=0.02,
    )
    change = step_at(place, "daily_active_users", "weekly_active_users", "monthly_active_users")
    for length in range(place + 5, 134, 3):
        found = judge(days[:length], changes=(change,), seats=320)
        assert found["falling-usage"].status is not Status.PRESENT
        if length - place > 4:
            assert change in found["falling-usage"].changes


def test_counting_change__one_sided_is_unknown() -> None:
    days = make_days(90, 112, monthly=180)
    change = step_at(108, "daily_active_users")
    finding = judge(days, changes=(change,))["flat-usage"]
    assert finding.status is Status.UNKNOWN
    assert "GitHub changed what it counts" in finding.reason


def test_counting_change__a_share_is_judged_and_names_it() -> None:
    days = make_days(90, monthly_active_agent_users=0)
    change = step_at(100, "monthly_active_agent_users")
    finding = judge(days, changes=(change,))["no-agent-usage"]
    assert finding.status is Status.PRESENT
    assert finding.changes == (change,)


# ---- agents


@pytest.mark.parametrize(
    ("agents", "elsewhere", "none", "few"),
    [
        (0, {}, Status.PRESENT, Status.ABSENT),
        (2, {}, Status.PRESENT, Status.ABSENT),  # 0.7 %: one stray user does not hide it
        (3, {}, Status.ABSENT, Status.PRESENT),  # 1 %: the boundary
        (13, {}, Status.ABSENT, Status.PRESENT),
        (14, {}, Status.ABSENT, Status.ABSENT),
        (90, {}, Status.ABSENT, Status.ABSENT),
        (None, {}, Status.UNKNOWN, Status.UNKNOWN),
        (0, {"daily_active_cli_users": 0}, Status.PRESENT, Status.ABSENT),
        (0, {"daily_active_cli_users": 9}, Status.ABSENT, Status.PRESENT),
        (0, {"monthly_active_copilot_cloud_agent_users": 60}, Status.ABSENT, Status.ABSENT),
        (0, {"daily_active_copilot_app_users": 60}, Status.ABSENT, Status.ABSENT),
        (0, {"daily_active_vscode_agent_users": 60}, Status.ABSENT, Status.ABSENT),
    ],
)
def test_agents(agents: int | None, elsewhere: dict[str, int], none: Status, few: Status) -> None:
    found = judge(make_days(90, monthly_active_agent_users=agents, **elsewhere))
    assert (found["no-agent-usage"].status, found["low-agent-usage"].status) == (none, few)


@pytest.mark.parametrize(
    ("symptom", "agents", "elsewhere", "said"),
    [
        ("no-agent-usage", 0, {"daily_active_cli_users": 2}, "and at least 0.7 % used agents through Copilot CLI;"),
        ("no-agent-usage", 2, {"daily_active_cli_users": 2}, "and no other surface shows more;"),
        ("low-agent-usage", 0, {"daily_active_cli_users": 9}, "and at least 3 % used agents through Copilot CLI."),
        ("low-agent-usage", 9, {"daily_active_cli_users": 2}, "and no other surface shows more."),
    ],
)
def test_agents__say_what_the_other_surfaces_show(
    symptom: str, agents: int, elsewhere: dict[str, int], said: str
) -> None:
    found = judge(make_days(90, monthly_active_agent_users=agents, **elsewhere))[symptom]
    assert found.status is Status.PRESENT
    assert said in found.verdict


def test_signs__which_of_several_reasons_hold() -> None:
    nobody = judge(make_days(90, monthly_active_agent_users=0))["no-agent-usage"]
    assert (nobody.status, nobody.signs) == ("present", ("none-at-all",))
    one = judge(make_days(90, monthly=400, monthly_active_agent_users=1))["no-agent-usage"]
    assert (one.status, one.signs) == ("present", ())
    rare = judge(make_days(60), seats=310)["flat-usage"]
    assert (rare.status, rare.signs) == ("present", ("rare-return",))
    both = judge(make_days(60), seats=900)["flat-usage"]
    assert (both.status, both.signs) == ("present", ("idle-seats", "rare-return"))
    idle = judge(make_days(150), seats=900)["flat-usage"]
    assert (idle.status, idle.signs) == ("present", ("idle-seats",))


def test_no_agent_usage__names_who_did_not_report() -> None:
    verdict = judge(make_days(90, monthly_active_agent_users=0, daily_active_cli_users=0))["no-agent-usage"].verdict
    assert "Cloud agent, Copilot app and Agents window did not report" in verdict
    assert "CLI" not in verdict


# ---- chat modes and acceptance


@pytest.mark.parametrize(
    ("modes", "status"),
    [
        ({"chat_panel_ask_mode": 100}, Status.PRESENT),
        ({"chat_panel_ask_mode": 92, "chat_panel_edit_mode": 8}, Status.PRESENT),
        ({"chat_panel_ask_mode": 91, "chat_panel_edit_mode": 9}, Status.ABSENT),
        ({"chat_panel_ask_mode": 70, "chat_panel_edit_mode": 30}, Status.ABSENT),
        ({"chat_panel_agent_mode": 100}, Status.ABSENT),
        ({"chat_panel_ask_mode": 92, "chat_panel_edit_mode": 8, "chat_panel_unknown_mode": 500}, Status.PRESENT),
        ({"chat_panel_ask_mode": 3}, Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_low_feature_variety(modes: dict[str, int] | None, status: Status) -> None:
    finding = judge(make_days(90, user_initiated_interaction_count_by_feature=modes))["low-feature-variety"]
    assert finding.status is status


@pytest.mark.parametrize(
    ("accepted", "generated", "edits", "status"),
    [
        (100, 1000, 0, Status.PRESENT),
        (144, 1000, 0, Status.PRESENT),
        (145, 1000, 0, Status.ABSENT),
        (300, 1000, 0, Status.ABSENT),
        (0, 1000, 0, Status.PRESENT),
        (250, 2000, 1000, Status.ABSENT),  # edits of agents can never be accepted
        (1, 7, 0, Status.UNKNOWN),
        (None, 1000, 0, Status.UNKNOWN),
    ],
)
def test_low_acceptance(accepted: int | None, generated: int, edits: int, status: Status) -> None:
    days = make_days(
        90,
        code_acceptance_activity_count=accepted,
        code_generation_activity_count=generated,
        code_generation_activity_count_by_feature={"agent_edit": edits},
    )
    assert judge(days)["low-acceptance"].status is status


def test_low_acceptance__agent_edits_may_be_counted() -> None:
    days = make_days(
        90,
        code_acceptance_activity_count=250,
        code_generation_activity_count=2000,
        code_generation_activity_count_by_feature={"agent_edit": 1000},
    )
    thresholds = Thresholds(low_acceptance=LowAcceptance(count_agent_edits=True))
    assert judge(days, thresholds=thresholds)["low-acceptance"].status is Status.PRESENT


# ---- reports-stopped


@pytest.mark.parametrize(
    ("age", "status"), [(1, "absent"), (6, "absent"), (7, "watch"), (8, "watch"), (9, "present"), (60, "present")]
)
def test_reports_stopped(age: int, status: str) -> None:
    days = make_days(90)
    finding = judge(days, as_of=days[-1].day + timedelta(days=age))["reports-stopped"]
    assert finding.status == status
    assert finding.measured == age
    assert finding.since == (days[-1].day + timedelta(days=9) if status == "present" else None)


def test_reports_stopped__nothing_ever_stored() -> None:
    findings = {item.symptom: item for item in evaluate(analyse(SCOPE, [], [], MONDAY, Calendar()), Thresholds())}
    assert {item.status for item in findings.values()} == {Status.UNKNOWN}
    assert all(item.reason and item.verdict for item in findings.values())


# ---- what all have in common


def test_findings__are_complete() -> None:
    findings = judge(make_days(90, monthly_active_agent_users=0))
    assert list(findings) == [symptom.id for symptom in SYMPTOMS]
    for name, finding in findings.items():
        assert finding.config_key == f"symptoms.{name}"
        assert 2 <= len(finding.headline.split()) <= 6
        assert finding.verdict.endswith(".")
        assert "nan" not in finding.verdict
        assert finding.evidence
        assert "_" not in finding.verdict


def test_findings__issues_by_default() -> None:
    opens = {name for name, finding in judge(make_days(90)).items() if finding.opens_issue}
    assert opens == {"low-active-users", "flat-usage", "no-agent-usage", "falling-usage", "reports-stopped"}


def test_findings__switched_off() -> None:
    found = judge(make_days(90), thresholds=Thresholds(flat_usage=FlatUsage(enabled=False)))
    assert "flat-usage" not in found


def test_settled_days_only() -> None:
    """The same past with whatever the last three days hold, and with a provisional copy of an old day."""
    days = make_days(90, monthly_active_agent_users=20)
    wild = [
        day if (days[-1].day - day.day).days >= 3 else msgspec.structs.replace(day, daily_active_users=0, settled=False)
        for day in days
    ]
    run = days[-1].day + timedelta(days=1)
    usage = ("flat-usage", "falling-usage", "low-active-users", "no-agent-usage")
    one, other = judge(days, as_of=run), judge(wild, as_of=run)
    assert [one[name] for name in usage] == [other[name] for name in usage]


def test_spells__say_what_daily_runs_would_have() -> None:
    days = make_days(90, monthly_active_agent_users=None)
    days = [
        msgspec.structs.replace(day, monthly_active_agent_users=0 if 60 <= place < 85 else 30)
        for place, day in enumerate(days)
    ]
    run = days[-1].day + timedelta(days=SETTLED_AFTER_DAYS)
    analysis = analyse(SCOPE, days, [], run, Calendar())
    (spell,) = [spell for spell in spells(analysis, Thresholds()) if spell.symptom == "no-agent-usage"]
    daily = {
        days[length - 1].day + timedelta(days=SETTLED_AFTER_DAYS): judge(days[:length])["no-agent-usage"]
        for length in range(60, 113)
    }
    present = [day for day, finding in daily.items() if finding.status is Status.PRESENT]
    assert (spell.opened, spell.closed) == (present[0], present[-1] + timedelta(days=1))
    assert {daily[day].since for day in present} == {spell.since}


@pytest.mark.parametrize(
    ("drawn", "present"),
    [
        ("oo.oooo", ".....##"),  # three in a row
        ("ooo..ccc..", "..#####..."),
        ("oooc.cc...", "..########"),  # a day in between begins the recovery anew
        ("oo?o..ccc", "...#####."),  # a day that cannot be judged neither counts nor breaks
    ],
)
def test_replay(drawn: str, present: str) -> None:
    marks = np.array(list(drawn))
    course = replay(Judgement(marks != "?", marks == "o", marks == "c", 3, 3))
    assert "".join("#" if here else "." for here in course.present) == present


@pytest.mark.parametrize(
    "make",
    [
        lambda: LowActiveUsers(open_below=0.7, close_above=0.6),
        lambda: FlatUsage(open_within=5.0, close_above=3.0),
        lambda: FallingUsage(open_below=-1.0, close_above=-2.0),
    ],
)
def test_thresholds__crossed_limits(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="healthy side"):
        make()


@pytest.mark.parametrize(
    "given",
    [
        {"flat-usage": {"open-withn": 3}},
        {"flat": {}},
        {"flat-usage": {"open-within": "two"}},
        {"low-active-users": {"open-below": 58}},
        {"falling-usage": {"confirm-days": 0}},
        {"low-active-users": {"open-below": 0.7}},
    ],
)
def test_thresholds__refused(given: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Thresholds)


def test_thresholds__as_the_configuration_gives_them() -> None:
    given = {"flat-usage": {"open-within": 2.5, "issue": False}, "reports-stopped": {"open-above": 14}}
    thresholds = msgspec.convert(given, Thresholds)
    assert thresholds.flat_usage == FlatUsage(open_within=2.5, issue=False)
    assert thresholds.reports_stopped == ReportsStopped(open_above=14)
    schema = msgspec.json.schema(Thresholds)
    for name, rule in schema["$defs"].items():
        for key, item in rule["properties"].items():
            assert "_" not in key
            if name != "Thresholds":
                assert item["title"], key
                assert item["description"], key


def test_catalogue() -> None:
    assert set(advice()) == {symptom.id for symptom in SYMPTOMS}
    for symptom in SYMPTOMS:
        assert symptom.field == symptom.id.replace("-", "_")
        assert hasattr(Thresholds(), symptom.field)
        assert symptom.link.startswith("https://docs.github.com/en/copilot/")
        assert symptom.remedies
        assert all("\n" not in remedy.step and remedy.step for remedy in symptom.remedies)
