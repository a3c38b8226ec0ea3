"""The life of an issue, rule by rule; sequences of them are in test_triage_stateful.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from issue_world import ACME, DAY, REPOSITORY, World, draft, finding

from copilot_metrics_action import issues
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.triage import (
    LABEL,
    Action,
    Draft,
    Issue,
    Routing,
    marker,
    opens,
    pair_of,
    plan,
    state_of,
    together,
)
from copilot_metrics_action.triage.body import BEGIN, END, State, tasks, with_section, with_state
from copilot_metrics_action.triage.weekly import plan_digest

ROUTING = Routing(assignees=("mona",))
PLATFORM = Scope("enterprises", "acme-inc")


class Life:
    """One repository, run after run: the plan of each day is performed."""

    def __init__(self) -> None:
        self.world = World()

    def run(
        self,
        *findings: Finding,
        days: int = 0,
        text: str = "It is flat.",
        title: str = "acme: it is flat",
        routing: Routing = ROUTING,
        unread: frozenset[Scope] = frozenset(),
    ) -> tuple[Action, ...]:
        self.world.day += timedelta(days)
        drafts = {(each.scope.path, each.symptom): draft(text, title) for each in findings}

        def planned_for(found: tuple[Issue, ...]) -> tuple[Action, ...]:
            return plan(findings, found, drafts, self.world.day, routing, unread)

        found = issues.read(self.world, REPOSITORY)
        planned = planned_for(found)
        if opens(planned):
            planned = planned_for(together(found, issues.strays(self.world, REPOSITORY)))
        applied = issues.apply(self.world, REPOSITORY, planned, pause=lambda seconds: None)
        assert not applied.errors
        return applied.actions

    def verbs(self, *findings: Finding, days: int = 0, **more: Any) -> list[str]:
        return [action.verb for action in self.run(*findings, days=days, **more)]

    @property
    def body(self) -> str:
        return str(self.world.issues[1]["body"])


@pytest.fixture
def life() -> Life:
    return Life()


@pytest.fixture
def flat(life: Life) -> Life:
    """One issue, opened on DAY."""
    assert life.verbs(finding()) == ["opened"]
    return life


PRESENT, ABSENT = finding(), finding(Status.ABSENT)
OTHERS = [finding(status) for status in (Status.WATCH, Status.UNKNOWN, Status.ON_HOLD)]


# ---- opening


def test_plan__opens_when_present(flat: Life) -> None:
    issue = flat.world.issues[1]
    assert issue["title"] == "acme: it is flat"
    assert '<!-- copilot-metrics: {"scope": "organizations/acme", "symptom": "flat-usage"} -->' in issue["body"]
    assert f"{BEGIN}\n\nIt is flat.\n\nby run 1\n\n{END}" in issue["body"]
    assert [label["name"] for label in issue["labels"]] == [LABEL]
    assert issue["assignees"] == [{"login": "mona"}]


@pytest.mark.parametrize("quiet", [ABSENT, *OTHERS, finding(opens_issue=False)])
def test_plan__opens_nothing(life: Life, quiet: Finding) -> None:
    assert life.run(quiet) == ()


def test_plan__the_same_run_again_writes_nothing(flat: Life) -> None:
    before = len(flat.world.writes)
    assert flat.verbs(PRESENT) == ["left"]
    assert len(flat.world.writes) == before


def test_plan__at_most_max_new_a_day_enterprises_first_then_the_worst(life: Life) -> None:
    found = [finding(symptom=f"s{number}", weight=number) for number in range(4)]
    found.append(finding(symptom="s0", scope=PLATFORM, weight=0))
    routing = Routing(max_new=3)
    actions = life.run(*found, routing=routing)
    assert [(action.verb, action.scope, action.symptom) for action in actions] == [
        ("opened", PLATFORM, "s0"),
        ("opened", ACME, "s3"),
        ("opened", ACME, "s2"),
        ("left", ACME, "s1"),
        ("left", ACME, "s0"),
    ]
    assert actions[3].number is None
    assert "max-new" in actions[3].reason
    assert life.verbs(*found, routing=routing) == ["left"] * 5  # the same day again
    assert life.verbs(*found, days=1, routing=routing).count("opened") == 2


def test_plan__max_new_of_none(life: Life) -> None:
    assert life.verbs(PRESENT, routing=Routing(max_new=0)) == ["left"]


def test_plan__max_new_of_none_promises_no_later_day(life: Life) -> None:
    (action,) = life.run(PRESENT, routing=Routing(max_new=0))
    assert action.reason == "not opened: `issues.max-new` is 0"


def test_plan__routing_beyond_the_limits_of_github(life: Life) -> None:
    """A label has 50 characters at most, the title of a milestone 255: a shorter one would be another milestone."""
    title = "Rollout of Copilot to the whole of engineering, 2026 and 2027"
    (action,) = life.run(PRESENT, routing=Routing(labels=("x" * 80,), assignees=("", " "), milestone=title))
    assert action.labels == (LABEL, "x" * 50)
    assert action.milestone == title
    assert action.assignees == ()


def test_plan__routing_names_scope_and_symptom(life: Life) -> None:
    routing = Routing(labels=("ai", "copilot/{symptom}", "{kind}:{slug}", "ai"), milestone="Rollout {scope}")
    (action,) = life.run(PRESENT, routing=routing)
    assert action.labels == (LABEL, "ai", "copilot/flat-usage", "organizations:acme")
    assert action.milestone == "Rollout organizations/acme"
    assert "issues.assignees" in action.reason  # nobody is assigned, and the key that would change it


def test_plan__a_draft_is_missing() -> None:
    with pytest.raises(KeyError, match="no draft for flat-usage"):
        plan([PRESENT], [], {}, DAY, Routing())


# ---- editing


def test_plan__edits_weekly_and_only_what_changed(flat: Life) -> None:
    assert flat.verbs(PRESENT, days=6, text="It is still flat.") == ["left"]
    assert flat.verbs(PRESENT, days=1) == ["left"]  # a week, and the same text
    assert flat.verbs(PRESENT, text="It is still flat.") == ["edited"]
    assert "It is still flat." in flat.body
    assert flat.verbs(PRESENT, days=6, text="It is very flat.") == ["left"]
    assert flat.world.said(1) == []


def test_plan__the_run_is_no_change(flat: Life) -> None:
    flat.world.day += timedelta(8)
    drafts = {(ACME.path, "flat-usage"): Draft("acme: it is flat", "It is flat.", run_line="by run 2")}
    (action,) = plan([PRESENT], issues.read(flat.world, REPOSITORY), drafts, flat.world.day, Routing())
    assert action.verb == "left"


def test_plan__comments_when_it_gets_worse_by_a_step_and_once(flat: Life) -> None:
    assert flat.verbs(finding(step=2), days=1) == ["commented"]
    assert len(flat.world.said(1)) == 1
    assert "It got worse." in flat.world.said(1)[0]
    for step, text in ((2, "a"), (1, "b"), (2, "c"), (0, "d")):
        assert flat.verbs(finding(step=step), days=1, text=text) == ["left"]
    assert flat.verbs(finding(step=3), days=1) == ["commented"]
    assert len(flat.world.said(1)) == 2


def test_plan__what_people_wrote_around_our_text_stays(flat: Life) -> None:
    flat.world.issues[1]["body"] = "Above.\r\n\r\n" + flat.body.replace("\n", "\r\n") + "\r\nBelow."
    assert flat.verbs(PRESENT, days=7, text="New.") == ["edited"]
    assert flat.body.startswith("Above.\r\n\r\n<!-- copilot-metrics: ")
    assert flat.body.endswith(f"\n\nNew.\n\nby run 1\n\n{END}\r\n\r\nBelow.")
    assert "It is flat." not in flat.body


@pytest.mark.parametrize("gone", [(BEGIN,), (END,), (BEGIN, END)])
def test_plan__our_text_comes_anew_when_a_person_deleted_its_markers(flat: Life, gone: tuple[str, ...]) -> None:
    for text in gone:
        flat.world.issues[1]["body"] = flat.body.replace(text, "")
    flat.world.issues[1]["body"] = flat.body + "\nMine."
    assert flat.verbs(PRESENT, days=7, text="New.") == ["edited"]
    assert flat.body.index("It is flat.") < flat.body.index("Mine.") < flat.body.index(BEGIN) < flat.body.index("New.")
    assert flat.verbs(PRESENT, days=7, text="Newer.") == ["edited"]
    assert flat.body.count(BEGIN) == flat.body.count(END) == 1
    assert "New." not in flat.body
    assert "Mine." in flat.body


def test_plan__ticks_stay_while_the_figures_change(life: Life) -> None:
    life.run(PRESENT, text="- [ ] Ask the 82 who stopped\n- [ ] Share prompts")
    life.world.issues[1]["body"] = life.body.replace("- [ ] Ask", "- [x] Ask")
    assert life.verbs(PRESENT, days=7, text="- [ ] Ask the 79 who stopped\n- [ ] Share prompts") == ["edited"]
    assert "- [x] Ask the 79 who stopped\n- [ ] Share prompts" in life.body


def test_plan__a_title_of_a_person_stays(flat: Life) -> None:
    assert flat.verbs(PRESENT, days=7, text="b", title="acme: still flat") == ["edited"]
    assert flat.world.issues[1]["title"] == "acme: still flat"
    flat.world.issues[1]["title"] = "Ours now"
    assert flat.verbs(PRESENT, days=7, text="c", title="acme: so flat") == ["edited"]
    assert flat.verbs(PRESENT, days=7, text="d", title="acme: Ours now") == ["edited"]
    assert flat.world.issues[1]["title"] == "Ours now"


def test_plan__labels_and_assignees_of_a_person_stay(flat: Life) -> None:
    flat.world.issues[1]["assignees"] = [{"login": "hubot"}]
    flat.world.label(1, LABEL, "mine")
    flat.run(PRESENT, days=7, text="b")
    flat.run(ABSENT, days=1)
    flat.run(PRESENT, days=1)
    assert flat.world.issues[1]["assignees"] == [{"login": "hubot"}]
    assert [label["name"] for label in flat.world.issues[1]["labels"]] == [LABEL, "mine"]


@pytest.mark.parametrize("other", OTHERS)
def test_plan__neither_there_nor_gone_leaves_it(flat: Life, other: Finding) -> None:
    (action,) = flat.run(other, days=30, text="b")
    assert action.verb == "left"
    assert "too few days" in action.reason


def test_plan__an_unread_scope_is_left_alone(flat: Life) -> None:
    stopped = finding(symptom="reports-stopped")
    actions = flat.run(ABSENT, stopped, days=9, unread=frozenset({ACME}))
    assert {action.symptom: action.verb for action in actions} == {"flat-usage": "left", "reports-stopped": "opened"}
    assert "could not be read" in next(action.reason for action in actions if action.symptom == "flat-usage")
    assert flat.verbs(finding(symptom="new"), unread=frozenset({ACME}), days=1) == ["left", "left"]


def test_plan__a_symptom_that_is_turned_off(flat: Life) -> None:
    (action,) = flat.run(days=30)
    assert (action.verb, action.number) == ("left", 1)
    assert "does not judge" in action.reason


def test_plan__an_issue_that_no_longer_opens_is_still_kept(flat: Life) -> None:
    assert flat.verbs(finding(opens_issue=False), days=7, text="b") == ["edited"]
    assert flat.verbs(finding(Status.ABSENT, opens_issue=False), days=1) == ["closed"]
    assert flat.verbs(finding(opens_issue=False), days=1) == []


# ---- closing, and opening again


def test_plan__closes_with_the_evidence(flat: Life) -> None:
    (action,) = flat.run(ABSENT, days=20, text="It was flat.")
    assert (action.verb, action.state_reason) == ("closed", "completed")
    assert flat.world.issues[1]["state_reason"] == "completed"
    assert "It was flat." in flat.body
    assert "It is over." in flat.world.said(1)[0]
    assert state_of(flat.body).closed == flat.world.day
    assert flat.verbs(ABSENT) == []
    assert flat.verbs(ABSENT, days=40) == []


@pytest.mark.parametrize(("days", "verb"), [(0, "reopened"), (28, "reopened"), (29, "opened")])
def test_plan__opens_again_within_28_days(flat: Life, days: int, verb: str) -> None:
    flat.run(ABSENT, days=20)
    assert flat.verbs(PRESENT, days=days) == [verb]
    assert flat.world.opened() == [1 if verb == "reopened" else 2]
    assert len(flat.world.said(1)) == (2 if verb == "reopened" else 1)
    assert flat.verbs(PRESENT) == ["left"]


def test_plan__the_steps_are_told_anew_after_opening_again(flat: Life) -> None:
    flat.run(finding(step=3), days=1)
    flat.run(ABSENT, days=20)
    flat.run(finding(step=0), days=5)
    assert flat.verbs(finding(step=1), days=1) == ["commented"]


def test_plan__opens_again_at_most_max_new(life: Life) -> None:
    found = [finding(symptom=f"s{number}") for number in range(3)]
    gone = [finding(Status.ABSENT, symptom=f"s{number}") for number in range(3)]
    life.run(*found)
    life.run(*gone, days=1)
    assert life.verbs(*found, days=1, routing=Routing(max_new=2)) == ["reopened", "reopened", "left"]


def test_plan__a_replay_whose_days_are_long_past(life: Life) -> None:
    world = life.world

    def run(day: date, *findings: Finding) -> list[str]:
        drafts = {(each.scope.path, each.symptom): draft() for each in findings}
        planned = plan(findings, issues.read(world, REPOSITORY), drafts, day, Routing())
        return [action.verb for action in issues.apply(world, REPOSITORY, planned).actions]

    march = date(2026, 3, 1)
    assert run(march, PRESENT) == ["opened"]
    assert run(march + timedelta(10), ABSENT) == ["closed"]
    assert run(march + timedelta(20), PRESENT) == ["reopened"]
    assert run(march + timedelta(30), ABSENT) == ["closed"]
    assert run(march + timedelta(60), PRESENT) == ["opened"]
    assert run(march, ABSENT) == ["left"]  # a run that looks further back undoes nothing
    world.close(2, "completed")
    assert run(march + timedelta(61), PRESENT) == ["left"]


# ---- a person's word


def test_plan__closed_as_not_planned_is_muted_until_it_was_gone(flat: Life) -> None:
    flat.world.close(1, "not_planned")
    for _ in range(10):
        (action,) = flat.run(PRESENT, days=30)
        assert action.verb == "left"
        assert "muted" in action.reason
    assert flat.verbs(finding(Status.UNKNOWN), days=1) == []
    assert flat.verbs(ABSENT, days=1) == ["edited"]
    assert flat.verbs(ABSENT) == []
    assert flat.world.issues[1]["state"] == "closed"
    assert flat.verbs(PRESENT, days=1) == ["opened"]
    assert flat.world.said(1) == []


def test_plan__muted_again_after_it_was_gone_once(flat: Life) -> None:
    flat.world.close(1, "not_planned")
    flat.run(ABSENT, days=1)
    flat.world.day += timedelta(3)
    flat.world.reopen(1)
    flat.world.close(1, "not_planned")
    assert flat.verbs(PRESENT, days=3) == ["left"]


def test_plan__our_closing_turned_into_not_planned(flat: Life) -> None:
    flat.run(ABSENT, days=1)
    flat.world.issues[1]["state_reason"] = "not_planned"
    assert flat.verbs(PRESENT, days=1) == ["left"]


def test_plan__a_person_closes_it_as_a_duplicate_of_theirs(flat: Life) -> None:
    flat.world.close(1, "duplicate")
    (action,) = flat.run(PRESENT, days=50)
    assert action.verb == "left"
    assert "muted: a person closed it as a duplicate" in action.reason


def test_plan__closed_as_completed_gets_two_weeks(flat: Life) -> None:
    flat.world.close(1, "completed")
    assert flat.verbs(PRESENT, days=13) == ["left"]
    (action,) = flat.run(PRESENT, days=1)
    assert action.verb == "reopened"
    assert "still present 14 days" in action.reason
    assert len(flat.world.said(1)) == 1
    assert "**It is still there.**" in flat.world.said(1)[0]  # not "back": it never left


def test_plan__completed_gone_and_back_within_28_days(flat: Life) -> None:
    flat.world.close(1, "completed")
    flat.verbs(ABSENT, days=5)
    (action,) = flat.run(finding(since=DAY + timedelta(12)), days=12)
    assert action.verb == "reopened"
    assert "back 17 days after a person closed it" in action.reason
    assert "**It is back.**" in flat.world.said(1)[0]


def test_plan__completed_and_back_after_a_long_time_is_a_new_one(flat: Life) -> None:
    flat.world.close(1, "completed")
    back = DAY + timedelta(40)
    assert flat.verbs(finding(since=back), days=45) == ["opened"]


def test_plan__completed_by_a_person_who_opened_it_again_before(flat: Life) -> None:
    flat.run(ABSENT, days=1)
    flat.world.day += timedelta(2)
    flat.world.reopen(1)
    flat.world.close(1, "completed")
    assert flat.verbs(PRESENT, days=2) == ["left"]


def test_plan__opened_again_by_a_person_stays_open_until_the_next_end(flat: Life) -> None:
    flat.run(ABSENT, days=1)
    flat.world.reopen(1)
    for _ in range(3):
        assert flat.verbs(ABSENT, days=10) == ["left"]
    assert flat.verbs(PRESENT, days=1) == ["edited"]
    assert flat.verbs(PRESENT, days=1) == ["left"]
    assert flat.verbs(ABSENT, days=1) == ["closed"]
    assert len(flat.world.said(1)) == 2  # both ends; nothing of what the person did


def test_plan__the_steps_of_an_issue_that_a_person_opened_again(flat: Life) -> None:
    flat.run(finding(step=2), days=1)
    flat.world.close(1, "completed")
    flat.world.reopen(1)
    assert flat.verbs(finding(step=1), days=1) == ["edited"]
    assert flat.verbs(finding(step=2), days=1) == ["left"]  # told before: it was the same trouble all the time
    flat.run(ABSENT, days=1)
    flat.world.reopen(1)
    assert flat.verbs(finding(step=3), days=5) == ["edited"]
    assert flat.verbs(finding(step=4), days=1) == ["commented"]


def test_plan__completed_and_opened_again_by_a_person_while_it_is_gone(flat: Life) -> None:
    flat.world.close(1, "completed")
    flat.world.reopen(1)
    assert flat.verbs(ABSENT, days=1) == ["left"]


@pytest.mark.parametrize(
    ("label", "days", "verb"),
    [
        ("copilot-metrics:snooze", 300, "left"),
        ("Copilot-Metrics:Snooze", 300, "left"),
        ("copilot-metrics:snooze-until-2026-12-01", 28, "left"),
        ("copilot-metrics:snooze-until-2026-12-01", 29, "edited"),
        ("copilot-metrics:snooze-until-soon", 300, "left"),
        ("something-else", 29, "edited"),
    ],
)
def test_plan__snoozed(flat: Life, label: str, days: int, verb: str) -> None:
    flat.world.label(1, LABEL, label)
    assert flat.verbs(finding(step=0), days=days, text="b") == [verb]


def test_plan__snoozed_stays_open_and_stays_closed(flat: Life) -> None:
    flat.world.label(1, LABEL, "copilot-metrics:snooze")
    assert flat.verbs(ABSENT, days=1) == ["left"]
    flat.world.close(1, "completed")
    assert flat.verbs(PRESENT, days=100) == ["left"]
    assert flat.world.opened() == []


def test_plan__a_locked_issue_is_edited_without_a_comment(flat: Life) -> None:
    flat.world.issues[1]["locked"] = True
    (action,) = flat.run(finding(step=1), days=1, text="b")
    assert action.verb == "commented"
    assert action.comment == ""
    assert "locked" in action.reason
    assert "\n\nb\n\n" in flat.body
    assert flat.verbs(ABSENT, days=1) == ["closed"]
    assert flat.world.said(1) == []


# ---- which issues are ours


def test_plan__the_oldest_of_several_is_kept(flat: Life) -> None:
    flat.world.open(flat.body)
    flat.world.open(flat.body)
    actions = flat.run(PRESENT, days=1)
    assert [(action.verb, action.number) for action in actions] == [("left", 1), ("closed", 2), ("closed", 3)]
    assert flat.world.issues[2]["state_reason"] == "duplicate"
    assert [write[2]["duplicate_issue_id"] for write in flat.world.writes if "state_reason" in (write[2] or {})] == [
        flat.world.issues[1]["id"]
    ] * 2
    assert "a duplicate of #1" in actions[1].reason
    assert "#1" in flat.world.said(2)[0]
    assert flat.verbs(PRESENT) == ["left"]
    assert flat.world.opened() == [1]
    flat.run(ABSENT, days=1)
    assert flat.verbs(PRESENT, days=1) == ["reopened"]
    assert flat.world.opened() == [1]


def test_plan__a_duplicate_that_a_person_opened_again_is_left(flat: Life) -> None:
    flat.world.open(flat.body)
    flat.run(PRESENT, days=1)
    flat.world.reopen(2)
    assert flat.verbs(PRESENT, days=1) == ["left", "left"]
    del flat.world.issues[1]
    assert flat.verbs(PRESENT, days=1) == ["edited"]
    assert flat.verbs(ABSENT, days=1) == ["closed"]


def test_plan__a_snoozed_duplicate_is_left(flat: Life) -> None:
    flat.world.open(flat.body, labels=(LABEL, "copilot-metrics:snooze"))
    assert flat.verbs(PRESENT, days=1) == ["left", "left"]


def test_plan__a_deleted_issue_comes_anew(flat: Life) -> None:
    del flat.world.issues[1]
    assert flat.verbs(PRESENT, days=1) == ["opened"]


@pytest.mark.parametrize(
    "text",
    [
        '<!-- copilot-metrics: {"scope": "organizations/acme"} -->',
        '<!-- copilot-metrics: {"scope": "organizations/acme", "symptom": 3} -->',
        '<!-- copilot-metrics: {"scope": "organizations/ACME", "symptom": "flat-usage"} -->',
        '<!-- copilot-metrics: {"scope": "teams/acme", "symptom": "flat-usage"} -->',
        '<!-- copilot-metrics: {"scope": "organizations/../x", "symptom": "flat-usage"} -->',
        '<!-- copilot-metrics: {"scope": "organizations/acme", "symptom": "Flat usage"} -->',
        '<!-- copilot-metrics: {"scope": "organizations/acme", "symptom": "flat-usage" -->',
        '<!-- copilot-metrics {"scope": "organizations/acme", "symptom": "flat-usage"} -->',
        '{"scope": "organizations/acme", "symptom": "flat-usage"}',
        "",
    ],
)
def test_pair_of__a_damaged_marker_is_not_ours(text: str) -> None:
    assert pair_of(text) is None


def test_pair_of__the_first_whole_one_counts() -> None:
    body = f"<!-- copilot-metrics: {{}} -->\n{marker(ACME, 'flat-usage')}\n{marker(ACME, 'other')}"
    assert pair_of(body) == (ACME, "flat-usage")


def test_plan__the_label_was_deleted_from_the_repository(flat: Life) -> None:
    flat.world.label(1, "mine")
    del flat.world.labels[LABEL]
    (action,) = flat.run(PRESENT, days=1)
    assert action.verb == "edited"
    assert LABEL in action.reason
    assert [label["name"] for label in flat.world.issues[1]["labels"]] == ["mine", LABEL]
    assert flat.verbs(PRESENT) == ["left"]


def test_plan__the_label_of_a_muted_issue_was_deleted(flat: Life) -> None:
    flat.world.close(1, "not_planned")
    flat.world.label(1)
    del flat.world.labels[LABEL]
    assert flat.verbs(finding(Status.UNKNOWN), days=1) == ["edited"]
    assert flat.verbs(PRESENT, days=1) == ["left"]
    assert flat.world.opened() == []


def test_plan__a_label_that_a_person_took_from_the_issue(flat: Life) -> None:
    flat.world.label(1, "mine")
    before = dict(flat.world.issues[1])
    for _ in range(3):
        (action,) = flat.run(PRESENT, days=9, text="b")
        assert (action.verb, action.number) == ("left", 1)
        assert "the label `copilot-adoption` was taken from it" in action.reason
    assert flat.verbs(ABSENT, days=1) == []
    assert flat.world.issues[1] == before
    assert flat.world.opened() == [1]
    flat.world.label(1, LABEL, "mine")
    assert flat.verbs(PRESENT, days=1, text="c") == ["edited"]


def test_plan__a_text_that_a_person_took_out(flat: Life) -> None:
    flat.world.issues[1]["body"] = ""
    for _ in range(3):
        (action,) = flat.run(PRESENT, days=9)
        assert (action.verb, action.number) == ("left", 1)
        assert "it has our label and title, but not our text" in action.reason
    assert flat.verbs(ABSENT, days=1) == []
    assert flat.world.opened() == [1]
    assert flat.world.issues[1]["body"] == ""


def test_plan__text_and_title_gone_nobody_can_tell(flat: Life) -> None:
    flat.world.issues[1].update(body="Mine.", title="Mine")
    assert flat.verbs(PRESENT, days=1) == ["opened"]
    assert flat.verbs(PRESENT, days=1) == ["left"]
    assert flat.world.opened() == [1, 2]


@pytest.mark.parametrize("how", ["label", "text"])
def test_plan__taken_and_closed_is_a_person_s_word_too(flat: Life, how: str) -> None:
    if how == "label":
        flat.world.label(1, "mine")
    else:
        flat.world.issues[1]["body"] = ""
    flat.world.close(1, "not_planned")
    (action,) = flat.run(PRESENT, days=40)
    assert action.verb == "left"
    assert "muted" in action.reason
    back = flat.world.day  # the streak began after the closing, so it was gone in between
    assert flat.verbs(finding(since=back), days=3) == ["opened"]
    assert flat.world.issues[1]["state"] == "closed"


def test_plan__taken_and_completed_rests_for_two_weeks(flat: Life) -> None:
    flat.world.label(1, "mine")
    flat.world.close(1, "completed")
    (action,) = flat.run(PRESENT, days=13)
    assert (action.verb, action.number) == ("left", 1)
    assert "a new one opens if present on" in action.reason
    assert flat.verbs(PRESENT, days=1) == ["opened"]
    assert flat.world.opened() == [2]


def test_plan__none_is_opened_again_beside_one_that_was_taken(flat: Life) -> None:
    flat.world.open(flat.body)
    flat.world.label(1, "mine")
    assert flat.verbs(ABSENT, days=1) == ["closed"]
    assert flat.verbs(PRESENT, days=1) == ["left"]
    assert flat.world.opened() == [1]


def test_plan__closed_by_us_and_then_unlabelled_is_no_word_of_a_person(flat: Life) -> None:
    flat.run(ABSENT, days=5)
    flat.world.label(1, "mine")
    assert flat.verbs(PRESENT, days=5) == ["opened"]


def test_plan__a_text_taken_from_an_organization_and_an_enterprise_of_one_name(life: Life) -> None:
    both = [finding(), finding(scope=Scope("enterprises", "acme"))]
    assert life.verbs(*both) == ["opened", "opened"]  # the enterprise's first, and of the same title
    life.world.issues[2]["body"] = ""
    actions = life.run(*both, days=1)
    assert [(action.verb, action.scope.kind, action.number) for action in actions] == [
        ("left", "enterprises", 1),
        ("left", "organizations", 2),
    ]


def test_plan__a_forged_marker_is_not_ours(life: Life) -> None:
    stranger: dict[str, Any] = {"user": {"login": "eve", "type": "User"}, "author_association": "NONE"}
    life.world.open(marker(ACME, "flat-usage"), labels=("other",), **stranger)
    assert life.verbs(PRESENT) == ["opened"]
    assert life.world.opened() == [1, 2]
    life.world.label(1)
    del life.world.labels[LABEL]
    life.world.label(2)
    assert life.verbs(PRESENT, days=1) == ["edited"]
    assert [label["name"] for label in life.world.issues[1]["labels"]] == []


def test_plan__a_lost_state_is_a_person_s_doing(flat: Life) -> None:
    flat.world.issues[1]["body"] = flat.body.replace("-state: {", "-state: ")
    assert flat.verbs(PRESENT, days=1) == ["edited"]
    assert state_of(flat.body).written == flat.world.day
    flat.run(ABSENT, days=1)
    flat.world.issues[1]["body"] = flat.body.replace("-state: {", "-state: ")
    assert flat.verbs(PRESENT, days=5) == ["left"]  # as if a person had completed it


# ---- size, and the text itself


def test_plan__people_wrote_so_much_that_there_is_little_room(flat: Life) -> None:
    flat.world.issues[1]["body"] = flat.body + "x" * (65_000 - len(flat.body))
    (action,) = flat.run(PRESENT, days=7, text="long " * 400)
    assert action.verb == "edited"
    assert "no room" in action.reason
    assert "About 96 people" in flat.body
    flat.world.issues[1]["body"] = flat.body + "x" * (65_536 - len(flat.body))
    assert flat.verbs(finding(step=1, verdict="word " * 100), days=1, text="long " * 500) == ["commented"]
    assert f"{BEGIN}\n\n{END}" in flat.body
    flat.world.issues[1]["body"] = flat.body + "x" * (65_536 - len(flat.body))
    before = len(flat.world.said(1))
    (action,) = flat.run(finding(step=20), days=1)
    assert action.verb == "left"
    assert len(flat.world.said(1)) == before
    assert flat.verbs(ABSENT, days=1) == ["closed"]
    assert flat.verbs(ABSENT, days=1) == []


def test_plan__what_cannot_be_remembered_is_not_done(flat: Life) -> None:
    flat.world.issues[1]["body"] = flat.body + "x" * (65_534 - len(flat.body))
    flat.world.close(1, "not_planned")
    (action,) = flat.run(ABSENT, days=1)
    assert action.verb == "left"
    assert "no room to remember" in action.reason
    flat.world.reopen(1)
    second = flat.world.open(flat.body)
    assert [action.verb for action in flat.run(PRESENT, days=1)][1] == "left"
    assert flat.world.issues[second]["state"] == "open"


def test_plan__a_draft_that_is_too_long(life: Life) -> None:
    assert life.verbs(PRESENT, text="long " * 20_000) == ["opened"]
    assert len(life.body) < 2_000


def test_with_section__no_text_of_a_draft_is_read_as_a_marker() -> None:
    body = with_section(marker(ACME, "x"), f"a {END} b {marker(ACME, 'y')}", "")
    assert pair_of(body) == (ACME, "x")
    assert body.count(END) == 1


def test_with_state__changes_nothing_else() -> None:
    body = f"Mine.\r\n{marker(ACME, 'x')}\r\nRest.\r\n"
    once = with_state(body, State(step=1))
    assert with_state(once, State(step=1)) == once
    assert state_of(with_state(once, State(closed=DAY))) == State(closed=DAY)
    assert once.replace('\n<!-- copilot-metrics-state: {"step": 1} -->', "") == body


def test_plan__issues_of_others_are_passed_over() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    other = Issue(1, "", "t", "no marker", "open", None, (LABEL,), (), at, None)
    assert plan([ABSENT], [other], {}, DAY, Routing()) == ()


# ---- the weekly digest


def digest_run(world: World, text: str | None, days: int = 0) -> list[str]:
    world.day += timedelta(days)
    week = (
        None
        if text is None
        else Draft("Copilot, week by week", text, f"by run {world.day}", again="The week.", week=text.partition(",")[0])
    )
    found = together(issues.read(world, REPOSITORY), issues.strays(world, REPOSITORY))
    planned = plan_digest(found, week, ACME, world.day, Routing())
    return [action.verb for action in issues.apply(world, REPOSITORY, planned).actions]


def test_plan_digest__one_issue_and_one_comment_a_week(life: Life) -> None:
    world = life.world
    assert digest_run(world, None) == []
    assert digest_run(world, "week 1") == ["opened"]
    assert digest_run(world, "week 1", days=3) == ["left"]
    assert digest_run(world, "week 1, revised", days=1) == ["edited"]
    assert digest_run(world, "week 2", days=3) == ["commented"]
    assert digest_run(world, "week 2") == ["left"]
    assert digest_run(world, "week 2, and a symptom more", days=8) == ["edited"]  # reports stopped: no new week
    assert "week 2" in life.body
    assert [text.splitlines()[-1] for text in world.said(1)] == ["The week."]
    assert life.verbs(ABSENT) == []  # no symptom's issue
    assert digest_run(world, None, days=7) == ["left"]


def test_plan_digest__a_person_s_word(life: Life) -> None:
    world = life.world
    digest_run(world, "week 1")
    world.close(1, "completed")
    assert digest_run(world, "week 2", days=7) == ["left"]
    world.reopen(1)
    world.label(1, LABEL, "copilot-metrics:snooze")
    assert digest_run(world, "week 2") == ["left"]
    world.label(1, LABEL)
    world.issues[1]["locked"] = True
    assert digest_run(world, "week 2") == ["edited"]
    world.open(life.body)
    assert digest_run(world, "week 3", days=7) == ["edited", "left"]
    world.issues[1]["body"] = life.body + "x" * (65_530 - len(life.body))
    assert digest_run(world, "week 4" * 9, days=7) == ["left", "left"]
    assert world.said(1) == []


@pytest.mark.parametrize("how", ["label", "text"])
def test_plan_digest__taken_by_a_person(life: Life, how: str) -> None:
    world = life.world
    digest_run(world, "week 1")
    if how == "label":
        world.label(1, "mine")
    else:
        world.issues[1]["body"] = ""
    before = dict(world.issues[1])
    assert digest_run(world, "week 2", days=7) == ["left"]
    assert world.issues == {1: before}


# ---- the checklist


def test_tasks__by_name_and_by_words(life: Life) -> None:
    text = "- [ ] Share [prompts](https://x/1) <!-- step: share-prompts -->\n- [ ] Ask the 82 people"
    life.run(PRESENT, text=text)
    assert [(task.step, task.done) for task in tasks(life.body)] == [
        ("share-prompts", False),
        ("ask-the-people", False),
    ]
    assert tasks(life.body)[0].words == "Share [prompts](https://x/1)"
    done = life.body.replace("- [ ] Share", "- [x] Share").replace("- [ ] Ask", "- [X] Ask")
    life.world.issues[1]["body"] = "- [ ] Mine\r\n" + done.replace("\n", "\r\n") + "\r\n- [x] Mine too"
    assert [task.done for task in tasks(life.body)] == [True, True]  # what is not between our markers is not ours
    text = "- [ ] Share what worked <!-- step: share-prompts -->\n- [ ] Ask the 79 people"
    assert life.verbs(PRESENT, days=7, text=text) == ["edited"]
    assert [(task.step, task.done) for task in tasks(life.body)] == [("share-prompts", True), ("ask-the-people", True)]
    assert tasks("") == ()


def test_plan__what_was_ticked_stays_when_it_is_proposed_no_more(life: Life) -> None:
    life.run(PRESENT, text="- [ ] Share prompts <!-- step: share-prompts -->\n- [ ] Ask\n- [ ] Wait\n\nRest.")
    life.world.issues[1]["body"] = life.body.replace("- [ ] Share", "- [x] Share") + "\n- [x] Ask\n"
    assert life.verbs(PRESENT, days=7, text="- [ ] Ask\n- [ ] Look\n\nRest.") == ["edited"]
    assert "- [ ] Ask\n- [ ] Look\n- [x] Share prompts <!-- step: share-prompts -->\n\nRest." in life.body
    assert life.verbs(PRESENT, days=7, text="- [ ] Ask\n\nOther.") == ["edited"]
    assert [(task.step, task.done) for task in tasks(life.body)] == [("ask", False), ("share-prompts", True)]
    assert life.verbs(PRESENT, days=7, text="No list.") == ["edited"]
    assert life.verbs(PRESENT, days=7, text="No list.") == ["left"]
