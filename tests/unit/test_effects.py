"""What came of what was done: the figures, the verdict, the words, and the record that keeps it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.effects_simulator import draw, simulate
from copilot_metrics_action import effects
from copilot_metrics_action.effects import Effect, Intervention, Seen, words
from copilot_metrics_action.effects.regression import of_counts, of_share
from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.trends import Analysis, Calendar, CountingChange, analyse

ACME, OTHER = Scope("organizations", "acme"), Scope("organizations", "other")
DAY = date(2026, 8, 5)
AS_OF = DAY + timedelta(days=31)


def done(day: date = DAY, **more: Any) -> Intervention:
    given: dict[str, Any] = {"id": f"{day}{more.get('what', '')}", "what": "Prompt workshop", "source": "configuration"}
    return Intervention(**{"scope": "organizations/acme", **given, **more}, day=day)


def days(
    factor: float = 1.0, *, since: date = DAY, start: date = date(2026, 3, 2), people: float = 200, seed: int = 1
) -> list[StoredDay]:
    """Working days with the chance of counts, `factor` times as many people from a day on."""
    dice = np.random.default_rng(seed)
    found = []
    for number in range((AS_OF - start).days):
        day = start + timedelta(days=number)
        level = people * (factor if day >= since else 1.0)
        users = int(dice.poisson(level)) if day.weekday() < 5 else 3
        found.append(
            StoredDay(
                day=day,
                settled=True,
                blob="",
                daily_active_users=users,
                monthly_active_users=round(1.5 * people),
                monthly_active_agent_users=round(0.1 * people * (2 if day >= since + timedelta(27) else 1)),
                user_initiated_interaction_count=users * 6,
            )
        )
    return found


def analysis(
    stored: Sequence[StoredDay],
    scope: Scope = ACME,
    changes: Sequence[CountingChange] = (),
    calendar: Calendar | None = None,
) -> Analysis:
    return analyse(scope, stored, (), AS_OF, calendar or Calendar(), changes)


def judged(stored: Sequence[StoredDay], *interventions: Intervention, **more: Any) -> Effect:
    return effects.judge([analysis(stored, **more)], interventions or (done(),))[0]


# ---- the figures


def test_of_counts__a_clean_step() -> None:
    places = np.arange(100)
    weekday = places % 7
    after = places >= 72
    level = (100 + 10 * weekday) * np.exp(0.002 * places) * np.where(after, 1.2, 1.0)
    found = of_counts(places, level, np.ones(100), weekday, after)
    assert found is not None
    assert found.difference == pytest.approx(np.log(1.2), abs=1e-3)
    assert 0.005 < found.error < 0.1


def test_of_counts__a_step_of_counting_is_no_effect() -> None:
    places = np.arange(100)
    step = (places >= 40).astype(float)[:, None]
    level = 100 * np.where(places >= 40, 1.5, 1.0)
    found = of_counts(places, level, np.ones(100), places % 7, places >= 72, step)
    assert found is not None
    assert abs(found.difference) < 0.01


def test_of_share__the_last_against_the_line() -> None:
    places = np.arange(12) * 7
    shares = 0.10 + 0.002 * np.arange(12)
    shares[-1] += 0.05
    found = of_share(places, shares, 0.002)
    assert found is not None
    assert found.difference == pytest.approx(0.05, abs=1e-6)
    assert of_share(places[:5], shares[:5], 0.002) is None


# ---- the verdict


def test_judge__a_rise_is_told_with_its_interval() -> None:
    effect = judged(days(1.25))
    assert effect.verdict == "rose"
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low < 50 < effect.high
    assert effect.measured == pytest.approx(250, rel=0.05)
    assert effect.expected == pytest.approx(200, rel=0.1)
    assert words.sentence(effect).startswith("About ")
    assert " more people a day than the trend before would have given (" in words.sentence(effect)


def test_judge__a_fall_and_nothing() -> None:
    assert judged(days(0.75)).verdict == "fell"
    nothing = judged(days(1.0))
    assert nothing.verdict in ("no-difference", "cannot-tell")
    assert nothing.against is None


def test_judge__a_growth_that_levels_off_is_no_loss() -> None:
    def levelling(factor: float) -> list[StoredDay]:
        def users(day: date) -> int:
            weeks = (day - date(2026, 3, 2)).days / 7
            return round(900 / (1 + np.exp(-0.25 * (weeks - 20))) * (factor if day >= DAY else 1))

        return [
            replace(one, daily_active_users=users(one.day), monthly_active_users=900) if one.day.weekday() < 5 else one
            for one in days()
        ]

    nothing = judged(levelling(1.0))
    assert (nothing.verdict, nothing.reason) == ("cannot-tell", "a growth that levels off would look the same")
    assert nothing.high is not None
    assert nothing.high < 0
    assert judged(levelling(0.6)).verdict == "fell"


def test_judge__noise_rarely_looks_like_an_effect() -> None:
    said = []
    for seed in range(700, 724):
        organization = simulate(seed, draw(seed, "medium", 0.0))
        stored = analyse(ACME, organization.days, (), organization.as_of, organization.calendar, organization.changes)
        said.append(effects.judge([stored], [done(organization.day)])[0].verdict)
    assert said.count("rose") <= 1
    assert said.count("fell") <= 2


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_judge__the_order_of_days_does_not_matter(dice: random.Random) -> None:
    stored, noted = days(1.2), [done(), done(DAY + timedelta(3), what="b"), done(date(2026, 5, 4), what="c")]
    before = effects.judge([analysis(stored)], noted)
    dice.shuffle(stored)
    dice.shuffle(noted)
    assert effects.judge([analysis(stored)], noted) == before


def test_judge__a_week_later_is_a_week_later() -> None:
    week = timedelta(days=7)
    first = effects.judge([analysis(days(1.2))], [done()])[0]
    later = [replace(one, day=one.day + week) for one in days(1.2)]
    second = effects.judge([analyse(ACME, later, (), AS_OF + week, Calendar())], [done(DAY + week)])[0]
    assert (second.first, second.told_on) == (first.first + week, first.told_on + week)
    assert second.difference == pytest.approx(first.difference)
    assert second.low == pytest.approx(first.low)


def test_judge__the_same_is_said_on_every_later_day() -> None:
    stored = days(1.2, since=DAY - timedelta(days=28))
    day = DAY - timedelta(days=28)
    said = {
        effects.judge([analyse(ACME, stored, (), as_of, Calendar())], [done(day)])[0]
        for as_of in (day + timedelta(days=31), day + timedelta(days=40), AS_OF)
    }
    assert len(said) == 1


def test_judge__four_weeks_must_be_settled() -> None:
    stored = days(1.2)
    as_of = DAY + timedelta(days=29)
    effect = effects.judge([analyse(ACME, stored, (), as_of, Calendar())], [done()])[0]
    assert effect.verdict == "waiting"
    assert effect.told_on == DAY + timedelta(days=31)
    assert words.sentence(effect) == "Can be told from 5 Sep 2026 on, when 28 days after it are settled."


def test_judge__reports_that_do_not_come_are_no_promise() -> None:
    stored = [one for one in days(1.2) if one.day < DAY + timedelta(days=20)]
    effect = effects.judge([analyse(ACME, stored, (), AS_OF + timedelta(days=40), Calendar())], [done()])[0]
    assert effect.verdict == "waiting"
    assert words.sentence(effect) == "Cannot tell yet: the 28 days after it are not all reported and settled."


COUNTING = CountingChange(DAY + timedelta(days=5), "more", ("daily_active_users",), "x")


@pytest.mark.parametrize(
    ("stored", "noted", "more", "reason"),
    [
        (days(start=DAY), done(), {}, "no day before it is stored, the first is 5 Aug 2026"),
        (days(start=DAY - timedelta(days=14)), done(), {}, "only 10 usual working days are known before it"),
        (days(), done(), {"changes": [COUNTING]}, "GitHub began to count differently on 10 Aug 2026"),
        (
            days(),
            done(),
            {"changes": [replace(COUNTING, day=date(2026, 7, 1), until=date(2026, 9, 1))]},
            "GitHub counted differently for a while from 1 Jul 2026",
        ),
        (days(), done(team="payments"), {}, "it was done for one team, and figures of teams are not collected"),
        (days(people=6), done(), {}, "vary too much"),
        (
            days(),
            done(),
            {"calendar": Calendar(days_off=frozenset(DAY + timedelta(days=one) for one in range(15)))},
            "only 9 usual working days are known after it",
        ),
    ],
)
def test_judge__cannot_tell(stored: list[StoredDay], noted: Intervention, more: dict[str, Any], reason: str) -> None:
    effect = judged(stored, noted, **more)
    assert effect.verdict == "cannot-tell"
    assert reason in effect.reason
    assert words.sentence(effect).startswith("Cannot tell: ")


def test_judge__an_old_change_of_counting_is_fitted() -> None:
    stored = [
        replace(
            one, daily_active_users=int((one.daily_active_users or 0) * (1.3 if one.day >= date(2026, 6, 15) else 1))
        )
        for one in days()
    ]
    changes = [CountingChange(date(2026, 6, 15), "more", ("daily_active_users",), "x")]
    assert judged(stored, changes=changes).verdict in ("no-difference", "cannot-tell")


def test_judge__together_within_four_weeks() -> None:
    first, second, third = (done(DAY - timedelta(days=back), what=str(back)) for back in (0, 20, 60))
    found = effects.judge([analysis(days(1.2))], [first, second, third])
    assert [(one.first, len(one.interventions)) for one in found] == [(third.day, 1), (second.day, 2)]
    assert found[1].last == DAY


def test_judge__too_much_at_once() -> None:
    noted = [done(DAY - timedelta(days=20 * back), what=str(back)) for back in range(4)]
    assert "4 things were done within 60 days" in judged(days(1.2), *noted).reason


def test_judge__what_is_taken_back_or_ahead_does_not_count() -> None:
    noted = [done(withdrawn=AS_OF), done(AS_OF + timedelta(1)), done(dated="unknown"), done(scope="organizations/x")]
    assert effects.judge([analysis(days())], noted) == ()


def test_judge__what_moved_everybody_did_not_work() -> None:
    alone = [analysis(days(1.3))]
    others = [analysis(days(1.3, seed=seed), Scope("organizations", f"other-{seed}")) for seed in (2, 3)]
    assert effects.judge(alone, [done()])[0].verdict == "rose"
    effect = effects.judge([*alone, *others], [done()])[0]
    assert effect.verdict == "cannot-tell"
    assert effect.against is not None
    assert effect.against.count == 2
    assert "where nothing was done, the figures moved alike" in words.sentence(effect)
    quiet = [analysis(days(1.0, seed=seed), Scope("organizations", f"other-{seed}")) for seed in (2, 3)]
    assert effects.judge([*alone, *quiet], [done()])[0].verdict == "rose"
    assert words.beside(effects.judge([*alone, *quiet], [done()])[0]).startswith(
        "Against 2 organizations where nothing was done: "
    )


def test_judge__where_a_team_had_a_workshop_something_was_done() -> None:
    both = [analysis(days(1.3)), analysis(days(seed=2), OTHER)]
    (quiet,) = effects.judge(both, [done()])
    assert quiet.against is not None
    found = effects.judge(both, [done(), done(scope=OTHER.path, team="payments")])
    assert [one.against for one in found if one.scope == ACME] == [None]


def test_judge__one_team_against_the_others() -> None:
    whole = analysis(days(1.0))
    teams = {"Payments": analysis(days(1.3)), "platform": analysis(days(seed=5)), "mobile": analysis(days(seed=6))}
    noted = [done(team="payments"), done(date(2026, 5, 4), what="for all")]
    everybody, one = effects.judge([whole], noted, {ACME: teams})
    assert (everybody.team, everybody.first) == ("", date(2026, 5, 4))
    assert (one.team, one.verdict) == ("payments", "rose")
    assert one.against is not None
    assert one.against.count == 2
    assert words.beside(one).startswith("Against 2 other teams where nothing was done: ")
    (unknown,) = effects.judge([whole], [done(team="gone")], {ACME: teams})
    assert "that team is not counted" in unknown.reason


def test_judge__the_outcome_fits_the_symptom() -> None:
    effect = judged(days(1.0), done(symptom="no-agent-usage"))
    assert effect.outcome == "agent-share"
    assert effect.verdict == "rose"
    assert effect.difference == pytest.approx(0.0667, abs=0.005)
    assert "points more of active people using agents" in words.sentence(effect)
    assert effects.outcome_of("reports-stopped").id == "daily-active-users"
    assert judged(days(1.0), done(outcome="interactions-per-user")).verdict == "no-difference"


def test_judge__nothing_to_judge() -> None:
    assert effects.judge([], [done()]) == ()
    assert effects.judge([analysis(())], [done()]) == ()


# ---- the words


def test_lines__several_outcomes_are_told_apart_and_nothing_is_said_twice() -> None:
    noted = [done(symptom="no-agent-usage"), done(what="A talk")]
    (line,) = effects.lines(effects.judge([analysis(days(1.25))], noted))
    assert line.count("Prompt workshop") == 1
    assert "<em>Share of active people who use agents:</em> " in line
    assert "<em>People on a working day:</em> ▲ **About " in line
    early = effects.judge([analyse(ACME, days(), (), DAY + timedelta(days=9), Calendar())], noted)
    (waiting,) = effects.lines(early)
    assert waiting.count("Can be told from 5 Sep 2026 on") == 1


def test_lines__of_a_team_do_not_repeat_what_was_done_for_everybody() -> None:
    noted = [done(what="For all"), done(what="For them", team="payments")]
    everybody, team = effects.lines(effects.judge([analysis(days())], noted))
    assert "For all" in everybody
    assert "For all" not in team
    assert "For them <sub>(team payments)</sub> <sub>together with 1 thing done for everybody</sub>. Cannot" in team


# ---- the record


def test_merge__what_is_recorded_stays() -> None:
    noted = done()
    recorded = effects.merge((), [Seen("configuration", (noted,), whole=True)], AS_OF)
    assert recorded == (noted,)
    assert effects.merge(recorded, [Seen("configuration", (noted,), whole=True)], AS_OF) == recorded
    assert effects.merge(recorded, [], AS_OF) == recorded
    gone = effects.merge(recorded, [Seen("configuration", (), whole=True)], AS_OF)
    assert gone == (replace(noted, withdrawn=AS_OF),)
    assert effects.merge(gone, [Seen("configuration", (), whole=True)], AS_OF + timedelta(1)) == gone
    assert effects.merge(gone, [Seen("configuration", (noted,), whole=True)], AS_OF) == recorded


def test_merge__a_box_unticked_and_ticked_again() -> None:
    box = done(source="checklist", dated="seen", id="box")
    unticked = effects.merge((box,), [Seen("checklist", withdrawn=frozenset({"box"}))], AS_OF)
    assert unticked[0].withdrawn == AS_OF
    later = AS_OF + timedelta(days=3)
    again = effects.merge(unticked, [Seen("checklist", (replace(box, day=later),))], later)
    assert again == (replace(box, day=later),)
    # A run as of an earlier day takes nothing back that it cannot know.
    assert effects.merge((box,), [Seen("checklist", withdrawn=frozenset({"box"}))], DAY - timedelta(1)) == (box,)


def test_merge__the_same_thing_in_two_places_counts_once() -> None:
    noted = done()
    again = done(id="c", source="comment", what="prompt  workshop!")
    other = done(id="d", source="comment", what="A talk")
    recorded = effects.merge((noted,), [Seen("comment", (again, other))], AS_OF)
    assert {one.id for one in recorded} == {noted.id, "d"}


def test_judge__what_was_noted_for_one_scope_and_then_for_all_counts_once() -> None:
    noted = done(id="c", source="comment", what="prompt  workshop!")
    recorded = effects.merge((noted,), [Seen("configuration", (done(scope=""),), whole=True)], AS_OF)
    assert len(recorded) == 2  # it was for the others, too
    assert [len(one.interventions) for one in effects.groups(recorded, ACME)] == [1]
    assert [len(one.interventions) for one in effects.groups(recorded, OTHER)] == [1]
    assert len(effects.distinct(recorded)) == 1
    assert len(effects.distinct([*recorded, done(id="e", source="comment", what="Another")])) == 2


def test_dump__comes_back() -> None:
    recorded = (done(), done(DAY + timedelta(1), what="<b>@all</b> `x`|", withdrawn=AS_OF, team="t"))
    data = effects.dump(recorded[::-1])
    assert effects.load(data) == recorded
    assert data.startswith(b'{\n  "format": 1,\n  "interventions": [')
    assert data.endswith(b"}\n")
    assert effects.load(None) == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"format": 2, "interventions": []}', b'{"format": 1, "interventions": [1]}']
)
def test_load__never_overwrites_what_it_cannot_read(data: bytes) -> None:
    with pytest.raises(HistoryError, match=r"interventions\.json"):
        effects.load(data)


# ---- targets


def ahead(**more: Any) -> effects.Target:
    return effects.Target(**{"metric": "daily-active-users", "value": 250, "by": date(2026, 12, 31), **more})


def growing(weekly: float) -> list[StoredDay]:
    return [
        replace(one, daily_active_users=round(100 * np.exp(weekly * (one.day - date(2026, 3, 2)).days / 7)))
        if one.day.weekday() < 5
        else one
        for one in days()
    ]


@pytest.mark.parametrize(
    ("stored", "target", "state", "text"),
    [
        (days(), ahead(value=150), "reached", "**Reached**"),
        (days(), ahead(by=date(2026, 8, 1)), "missed", "**Not reached** by 1 Aug 2026: "),
        (days(), ahead(value=150, by=date(2026, 1, 5)), "reached", "**Reached**: "),
        (days(), ahead(by=date(2026, 1, 5)), "missed", "**Not reached** by 5 Jan 2026: "),
        # It was there on the day, and fell afterwards; it was not, and rose.
        (days(0.5), ahead(value=150, by=DAY - timedelta(1)), "reached", "**Reached** by 4 Aug 2026: "),
        (days(1.5), ahead(by=DAY - timedelta(1)), "missed", " now: reached late."),
        (days(), ahead(value=900), "too-slow", "**too slow**"),
        (growing(0.03), ahead(), "on-the-way", "**on the way**"),
        (days(start=date(2026, 8, 24)), ahead(), "cannot-tell", "Cannot tell when: too few weeks"),
        (days(), ahead(metric="seats-in-use", value=0.6), "unknown", "the number of seats is not known"),
        (days(), ahead(metric="agent-share", value=0.5), "too-slow", "of 50 %"),
    ],
)
def test_progress(stored: list[StoredDay], target: effects.Target, state: str, text: str) -> None:
    (way,) = effects.progress([analysis(stored)], [target])
    assert way.state == state
    assert text in words.progress(way)


def test_progress__more_people_than_seats() -> None:
    seats = (SeatCounts(taken=AS_OF - timedelta(days=2), total_seats=320),)
    whole = analyse(ACME, days(), seats, AS_OF, Calendar())
    beyond, within = effects.progress([whole], [ahead(value=321), ahead(value=320, by=date(2027, 1, 1))])
    assert beyond.state == "out-of-reach"
    assert words.progress(beyond).endswith(" to go. **Out of reach**: there are 320 seats.")
    assert within.state != "out-of-reach"


def test_progress__arrival_at_the_present_pace() -> None:
    (way,) = effects.progress([analysis(growing(0.03))], [ahead()])
    assert way.arrival is not None
    assert way.earliest is not None
    assert way.latest is not None
    assert way.earliest <= way.arrival <= way.latest
    # 100 people on 2 Mar 2026 and 3 % more a week: 250 after ln(2.5) / 0.03 weeks.
    reached = date(2026, 3, 2) + timedelta(days=7 * np.log(2.5) / 0.03)
    assert abs((way.arrival - reached).days) < 20


def test_progress__a_scope_of_its_own() -> None:
    both = [analysis(days()), analysis(days(), OTHER)]
    assert [one.scope for one in effects.progress(both, [ahead(scope="organizations/other")])] == [OTHER]
    assert len(effects.progress(both, [ahead()])) == 2
    assert effects.progress([analysis(())], [ahead()])[0].state == "unknown"
