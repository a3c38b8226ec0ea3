"""Which organizations explain an enterprise's symptom, and when that cannot be told."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from issue_world import ANALYSIS, finding

from copilot_metrics_action.history import StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.places import Answer, Where, organizations
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.trends import Activation, Analysis, Change, Mix, Share, Window

BIG = Scope("enterprises", "big")
WHOLE = msgspec.structs.replace(ANALYSIS, scope=BIG)


def about(symptom: str, limit: float | None = None, **fields: Any) -> Finding:
    return msgspec.structs.replace(finding(symptom=symptom, scope=BIG), limit=limit, **fields)


def member(slug: str, **fields: Any) -> Analysis:
    return msgspec.structs.replace(ANALYSIS, scope=Scope("organizations", slug), **fields)


def seats(slug: str, active: int, mature: int) -> Analysis:
    return member(slug, activation=Activation(active, mature, mature, active / mature, None))


def people(slug: str, now: float | None, before: float | None) -> Analysis:
    return member(slug, typical_day=Change(now, before))


def test_organizations__those_that_explain_most_of_the_idle_seats() -> None:
    found = [seats("a", 80, 100), seats("b", 20, 100), seats("c", 55, 100), seats("d", 50, 100)]
    answer = organizations(about("low-active-users", 0.58), WHOLE, found, 1)
    assert answer.parts == (
        Where("b", "20 % of its 100 seats in use, 80 idle", pytest.approx(38 / 49)),  # type: ignore[arg-type]
        Where("d", "50 % of its 100 seats in use, 50 idle", pytest.approx(8 / 49)),  # type: ignore[arg-type]
    )
    assert answer.beside == "The 2 other organizations of this run explain less"


@pytest.mark.parametrize("symptom", ["flat-usage", "falling-usage"])
def test_organizations__those_that_lost_people(symptom: str) -> None:
    found = [people("a", 90, 115), people("b", 31, 30), people("c", 1, 2), people("d", None, 3), people("e", 7, 7)]
    answer = organizations(about(symptom, 3.0), WHOLE, found, 1)
    assert answer.parts == (
        Where("a", "90 people on a working day, 25 fewer than four weeks earlier", pytest.approx(25 / 26)),  # type: ignore[arg-type]
    )
    assert answer.beside == (
        "The 3 other organizations of this run explain less; of 1 organization the figures are not known"
    )
    answer = organizations(about(symptom, 3.0), WHOLE, [people("b", 31, 30), people("e", 7, 7)], 1)
    assert answer == Answer(reason="none of the 2 organizations of this run explains it by itself")


def test_organizations__a_loss_that_may_be_chance_explains_nothing() -> None:
    found = [people("a", 18, 18.6), people("b", 25, 25), people("c", 997, 1000)]
    answer = organizations(about("flat-usage", 1.8), WHOLE, found, 1)
    assert answer == Answer(reason="none of the 3 organizations of this run explains it by itself")
    answer = organizations(about("flat-usage", 1.8), WHOLE, [*found, people("d", 980, 1000)], 1)
    assert [part.name for part in answer.parts] == ["d"]


def test_organizations__who_has_people_without_agents() -> None:
    def agents(slug: str, active: int, users: int | None, *, settled: bool = True) -> Analysis:
        days = [
            StoredDay(
                day=date(2026, 11, 16), settled=True, blob="", monthly_active_users=active,
                monthly_active_agent_users=users,
            ),
            StoredDay(
                day=date(2026, 11, 20), settled=False, blob="", monthly_active_users=1, monthly_active_agent_users=1
            ),
        ]  # fmt: skip
        return member(slug, days=tuple(days))

    found = [agents("a", 400, 1), agents("b", 50, 30), agents("c", 10, None)]
    (part,) = organizations(about("low-agent-usage", 0.046), WHOLE, found, 1).parts
    assert (part.name, part.said) == ("a", "1 of 400 people active in 28 days used agent mode")
    assert part.share == 1


def test_organizations__whose_prompts_go_to_one_mode() -> None:
    def modes(slug: str, share: float) -> Analysis:
        rows = (Share("chat_panel_ask_mode", 950, share), Share("x", 50, 1 - share))
        return member(slug, modes=Mix("feature", rows, 0, 1000))

    answer = organizations(
        about("low-feature-variety", 0.91), WHOLE, [modes("a", 0.95), modes("b", 0.5), member("c")], 1
    )
    assert answer.parts == (Where("a", "95 % of the prompts with a known mode went to Ask mode", 1.0),)
    assert answer.beside == (
        "The other organization of this run explains less; of 1 organization the figures are not known"
    )


def test_organizations__where_little_is_accepted() -> None:
    def outputs(slug: str, share: float | None, generated: float) -> Analysis:
        figures = {"acceptance": Change(share, None), "code_generation_activity_count": Change(generated, None)}
        return member(slug, last_28=Window(28, date(2026, 11, 20), figures))

    found = [outputs("a", 0.05, 1000), outputs("b", 0.4, 9000), outputs("c", None, 9)]
    answer = organizations(about("low-acceptance", 0.145), WHOLE, found, 1)
    assert answer.parts == (Where("a", "5 % of 1,000 outputs accepted, agents' edits included", 1.0),)


def test_organizations__most_of_it_lies_elsewhere() -> None:
    whole = msgspec.structs.replace(WHOLE, typical_day=Change(154, 200))
    answer = organizations(about("falling-usage", -1.0), whole, [people("a", 46, 62), people("b", 9, 9)], 1)
    assert [(part.name, round(part.share or 0, 2)) for part in answer.parts] == [("a", 0.35)]
    assert answer.beside == (
        "The other organization of this run explains less; most of it lies in organizations that this run does not read"
    )
    answer = organizations(about("falling-usage", -1.0), whole, [people("a", 46, 92)], 1)
    assert (answer.parts[0].share, answer.beside) == (1, "")


def test_organizations__at_most_five() -> None:
    found = [people(f"o{number}", 10, 20) for number in range(9)]
    answer = organizations(about("falling-usage", -1.0), WHOLE, found, 1)
    assert [part.name for part in answer.parts] == ["o0", "o1", "o2", "o3", "o4"]
    assert answer.beside == "The 4 other organizations of this run explain less"


@pytest.mark.parametrize(
    ("members", "enterprises", "reason"),
    [
        ([], 1, "added to the input “organization”"),
        ([people("a", 1, 2)], 2, "several enterprises"),
        ([people("a", None, 2)], 1, "do not have the figures"),
        ([people("a", 3, 2)], 1, "the one organization of this run does not explain it"),
    ],
)
def test_organizations__why_it_cannot_be_told(members: list[Analysis], enterprises: int, reason: str) -> None:
    answer = organizations(about("falling-usage", -1.0), WHOLE, members, enterprises)
    assert answer.parts == ()
    assert reason in answer.reason


@pytest.mark.parametrize(
    "quiet",
    [about("reports-stopped"), finding(), about("falling-usage", status=Status.ABSENT)],
    ids=["no place", "an organization", "absent"],
)
def test_organizations__nothing_to_explain(quiet: Finding) -> None:
    assert organizations(quiet, WHOLE, [people("a", 1, 2)], 1) == Answer()


def test_organizations__names_are_slugs_and_what_is_unknown_is_no_part() -> None:
    no_seats = member("a", activation=Activation(5, None, None, None, None, "seats are not known"))
    assert organizations(about("low-active-users", 0.58), WHOLE, [no_seats], 1).parts == ()
    assert organizations(about("low-acceptance", 0.1), WHOLE, [no_seats], 1).parts == ()
    assert organizations(about("low-feature-variety", 0.9), WHOLE, [no_seats], 1).parts == ()
    assert organizations(about("no-agent-usage", 0.01), WHOLE, [no_seats], 1).parts == ()
