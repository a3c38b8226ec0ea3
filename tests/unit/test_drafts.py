"""What an adoption issue says: every shipped template, and the words of figures and days."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from issue_world import ACME, ANALYSIS

from copilot_metrics_action import drafts, escape
from copilot_metrics_action.charts import Figure
from copilot_metrics_action.errors import TemplateError
from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.places import Answer, Where
from copilot_metrics_action.symptoms import Evidence, Finding, Status
from copilot_metrics_action.templates import Templates
from copilot_metrics_action.trends import Analysis, CountingChange, Week
from copilot_metrics_action.triage import Draft
from copilot_metrics_action.triage.body import BEGIN, END, tasks

ROOT = Path(__file__).parents[2] / "templates"
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.glob("issues/*.j2")}
SHIPPED = Templates(SOURCES)
SYMPTOMS = sorted(
    Path(name).name.removesuffix(".md.j2") for name in SOURCES if not re.search(r"/(base|comment|digest)\.", name)
)

FLAT = Finding(
    ACME,
    "flat-usage",
    Status.PRESENT,
    headline="daily use is flat",
    verdict="About 96 people use Copilot on a working day (+0.1 % a week).",
    unit="percent-a-week",
    since=date(2026, 10, 2),
    window=(date(2026, 10, 7), date(2026, 11, 17)),
    days_used=28,
    days_set_aside=(date(2026, 10, 9), date(2026, 10, 10)),
    days_missing=(date(2026, 11, 1),),
    evidence=(
        Evidence("Trend, 6 weeks", 0.1, "percent-a-week", "within ±3 %", "above +4.5 %", (-0.9, 1.1)),
        Evidence("Seats in use", 0.47, "ratio", "below 60 %", "above 64 %", note="60 to 80 % is healthy"),
        Evidence("People", 96.4, "people"),
        Evidence("Agents", None, "ratio", note="not reported"),
    ),
    config_key="symptoms.flat-usage",
)
FIGURE = Figure("active-users", "About 96 people a day", 'A "flat" line', "`▅▆▅` 97 → 96")
URLS = ("https://github.com/acme/admin/blob/c/l.png?raw=true", "https://github.com/acme/admin/blob/c/d.png?raw=true")
DATA = "organizations/acme/history/2026.json"
PAGE = f"https://github.com/acme/admin/blob/copilot-metrics/{DATA}"
RUN = "https://github.com/acme/admin/actions/runs/7"


def drafted(finding: Finding = FLAT, templates: Templates = SHIPPED, **more: Any) -> Draft:
    analysis = more.pop("analysis", ANALYSIS)
    shown: dict[str, Any] = {"figure": FIGURE, "chart_urls": URLS, "data": [(DATA, PAGE)], "run_url": RUN}
    return drafts.draft(finding, analysis, drafts.Exhibits(**shown | more), templates)


def change(finding: Finding = FLAT, **fields: Any) -> Finding:
    return msgspec.structs.replace(finding, **fields)


def test_draft__says_everything() -> None:
    draft = drafted(where=Answer((Where("platform", "6 people fewer", 0.6),)), mentions=["acme/ai", "@mona"])
    assert draft.title == "acme: daily Copilot use is flat"
    for text in (
        "About 96 people use Copilot on a working day (+0.1 % a week). Since **2 Oct 2026**.",
        '<source media="(prefers-color-scheme: dark)" srcset="https://github.com/acme/admin/blob/c/d.png?raw=true">',
        '<img alt="A &quot;flat&quot; line" src="https://github.com/acme/admin/blob/c/l.png?raw=true">',
        "`▅▆▅` 97 → 96",
        "| | measured | 95 % interval | opens at | closes at |",
        "| Trend, 6 weeks | +0.1 % a week | −0.9 to +1.1 | within ±3 % | above +4.5 % |",
        "| Seats in use<br><sub>60 to 80 % is healthy</sub> | 47 % |  | below 60 % | above 64 % |",
        "| Agents<br><sub>not reported</sub> | – |  |  |  |",
        "Days used: 28, all of them settled, from 7 Oct 2026 to 17 Nov 2026; 2 set aside (9–10 Oct); "
        "1 missing (1 Nov).",
        "- **platform** (60 % of it): 6 people fewer",
        "https://docs.github.com/en/copilot/tutorials/roll-out-at-scale/assign-licenses/track-usage-and-adoption",
        f"[`{DATA}`]({PAGE})",
        "What patterns might explain low adoption across some teams in the Copilot metrics export?",
        "`symptoms.flat-usage` in `.github/copilot-metrics.yml`",
        "`copilot-metrics:snooze`",
        "it closes itself when",
        "For the attention of @acme/ai @mona.",
    ):
        assert text in draft.body
    assert RUN in draft.run_line
    assert RUN not in draft.body
    assert "It got worse." in draft.worse
    assert "It is back." in draft.again
    assert draft.still.startswith("**It is still there**")
    assert "copilot-metrics:snooze-until-2027-01-01" in draft.still


def test_draft__a_beginning_before_the_first_day_that_could_be_judged() -> None:
    draft = drafted(change(or_earlier=True))
    assert "Since **2 Oct 2026** or earlier." in draft.body
    assert "Since **2 Oct 2026** or earlier." in draft.again
    assert "Since **2 Oct 2026** or earlier." in draft.still


def test_draft__a_closed_issue_promises_no_more_text() -> None:
    promise = "Four weeks after a tick or a note this issue says what came of it."
    assert promise in drafted().body
    assert promise not in drafted(change(status=Status.ABSENT, since=None)).body


@pytest.mark.parametrize(
    ("newest", "years"),
    [(date(2027, 1, 3), [2026, 2027]), (date(2027, 4, 30), [2027]), (date(2026, 12, 31), [2026])],
)
def test_data_paths__both_years_while_the_new_one_is_young(newest: date, years: list[int]) -> None:
    days = tuple(StoredDay(day=newest - timedelta(age), settled=True, blob="") for age in range(300, -1, -1))
    analysis = msgspec.structs.replace(ANALYSIS, newest_day=newest, days=days)
    assert drafts.data_paths(analysis) == [f"organizations/acme/history/{year}.json" for year in years]


def test_data_paths__nothing_stored() -> None:
    assert drafts.data_paths(ANALYSIS) == [DATA]


def test_draft__several_files_to_attach() -> None:
    draft = drafted(data=[("h/2026.json", "https://x/2026"), ("h/2027.json", "")])
    assert "Attach [`h/2026.json`](https://x/2026) and `h/2027.json` of the data branch to a chat" in draft.body


def test_draft__the_end_shows_its_evidence() -> None:
    draft = drafted(change(status=Status.ABSENT, since=None, verdict="About 120 people."), mentions=["mona"])
    assert draft.body.startswith("**Over.** About 120 people. Data to **17 Nov 2026**.")
    assert "@mona" not in draft.body
    assert "It is over." in draft.recovered
    assert "Trend, 6 weeks: +0.1 % a week (closes at: above +4.5 %)" in draft.recovered
    assert "`▅▆▅` 97 → 96" in draft.recovered
    assert (draft.worse, draft.again, draft.still) == ("", "", "")
    assert "**Where:**" not in draft.body
    assert "snooze" not in draft.body
    assert "weak" not in draft.body
    steps = {task.step for task in tasks(f"{BEGIN}\n{draft.body}\n{END}")}
    assert {"activation-check", "share-prompts"} < steps  # whichever was ticked stays


@pytest.mark.parametrize("symptom", SYMPTOMS)
@pytest.mark.parametrize("status", [Status.PRESENT, Status.ABSENT])
@pytest.mark.parametrize("kind", ["organizations", "enterprises"])
def test_draft__every_template(symptom: str, status: Status, kind: Any) -> None:
    draft = drafted(change(symptom=symptom, status=status, scope=Scope(kind, "acme")))
    name = "acme (enterprise)" if kind == "enterprises" else "acme"  # both may be served
    assert re.fullmatch(re.escape(name) + r": [a-zC].{10,60}", draft.title)
    assert draft.title != f"{name}: {FLAT.headline}"
    assert draft.body.count("- [ ] ") >= 4
    assert "https://docs.github.com/en/copilot/" in draft.body
    assert "\n\n\n" not in draft.body
    assert not re.search(r"[{}]|None|Undefined", draft.body)
    assert len(draft.body) < 8_000
    present = status is Status.PRESENT
    assert (f"the {kind[:-1]}" in draft.body) or not present
    assert draft.body.count("```") == (2 if present else 0)
    assert draft.body.count("<details>") == draft.body.count("</details>") == (2 if present else 0)
    assert ("### Why this may be" in draft.body) is ("### What to do" in draft.body) is present
    assert draft.body.count("<sub>") == draft.body.count("</sub>")


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_draft__a_prompt_names_what_the_attached_file_holds(symptom: str) -> None:
    prompt = drafted(change(symptom=symptom)).body.partition("```text")[2].partition("```")[0]
    held = {*StoredDay.__struct_fields__, "seats", "settled: false"}
    assert set(re.findall(r"`([^`]+)`", prompt)) <= held


def test_draft__there_is_a_template_for_each_symptom() -> None:
    assert SYMPTOMS == [
        "falling-usage",
        "flat-usage",
        "low-acceptance",
        "low-active-users",
        "low-agent-usage",
        "low-feature-variety",
        "no-agent-usage",
        "reports-stopped",
    ]


def test_draft__a_symptom_without_a_template() -> None:
    draft = drafted(change(symptom="new-symptom", headline="something is <odd> & new"))
    assert draft.title == "acme: something is <odd> & new"
    assert "### What to do" in draft.body


def test_draft__where_it_cannot_be_told() -> None:
    assert "**Where:** this cannot be told" in drafted().body
    assert "teams: true" not in drafted().body, "this release has no figures of teams"
    assert "**Where:**" not in drafted(change(symptom="reports-stopped")).body


def test_draft__where_it_cannot_be_told_and_why() -> None:
    reason = "this run reads none of its organizations"
    body = drafted(change(scope=Scope("enterprises", "big")), where=Answer(reason=reason)).body
    assert "**Where:** this cannot be told: this run reads none of its organizations." in body
    assert "### Where" not in body


def test_draft__the_other_places_are_said() -> None:
    body = drafted(where=Answer((Where("a", "much"),), "The other organization of this run explains less")).body
    assert "### Where\n\nOf what this run reads, these contribute most:\n\n- **a**: much\n\nThe other" in body
    assert "The other organization of this run explains less.\n" in body


@pytest.mark.parametrize(
    ("signs", "said", "unsaid", "steps"),
    [
        (("idle-seats",), ["Few join", "do come back"], ["try it once"], {"activation-check"}),
        (("rare-return",), ["try it once"], ["Few join"], {"share-prompts"}),
        (("idle-seats", "rare-return"), ["Few join", "try it once"], ["do come back"], {"activation-check", "share-prompts"}),  # noqa: E501
        ((), ["It was weak when this issue opened"], ["Few join", "try it once"], {"share-prompts"}),
    ],
)  # fmt: skip
def test_draft__flat_usage_says_what_the_evidence_says(
    signs: tuple[str, ...], said: list[str], unsaid: list[str], steps: set[str]
) -> None:
    body = drafted(change(signs=signs)).body
    assert all(text in body for text in said)
    assert not any(text in body for text in unsaid)
    found = {task.step for task in tasks(f"{BEGIN}\n{body}\n{END}")}
    assert found & {"activation-check", "share-prompts"} == steps


def test_draft__seats_that_were_never_used_and_those_that_were() -> None:
    unused = change(symptom="low-active-users")
    seats = SeatCounts(taken=date(2026, 11, 21), total_seats=420, active_28_days=198, no_activity=140)
    body = drafted(unused, analysis=msgspec.structs.replace(ANALYSIS, seats=(seats,))).body
    assert "Of 420 seats on 21 Nov 2026, **140** show no activity: never used" in body
    assert "**82** more were used before" in body
    unknown = msgspec.structs.replace(seats, no_activity=None)
    assert "show no activity" not in drafted(unused, analysis=msgspec.structs.replace(ANALYSIS, seats=(unknown,))).body
    assert "show no activity" not in drafted(unused).body


def test_draft__nobody_is_nobody() -> None:
    assert drafted(change(symptom="no-agent-usage", signs=("none-at-all",))).title == "acme: nobody uses Copilot agents"
    assert drafted(change(symptom="no-agent-usage")).title == "acme: next to nobody uses Copilot agents"


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_draft__every_step_of_a_checklist_has_a_name_of_its_own(symptom: str) -> None:
    signs = ("idle-seats", "rare-return")
    body = drafted(change(symptom=symptom, signs=signs)).body
    assert body.count("- [ ] ") == body.count(" <!-- step: ")
    found = tasks(f"{BEGIN}\n{body}\n{END}")
    assert len({task.step for task in found}) == len(found) >= 4
    assert (found[-1].step == "note") == (symptom != "reports-stopped")


def test_draft__many_places_are_counted() -> None:
    body = drafted(where=Answer(tuple(Where(f"team {number}", "less") for number in range(25)))).body
    assert "- **team 19**: less" in body
    assert "**team 20**" not in body
    assert "- and 5 more" in body


def test_draft__changes_in_counting() -> None:
    changes = (
        CountingChange(date(2026, 7, 2), "more users are counted", (), ""),
        CountingChange(date(2026, 9, 1), "agents are under-counted", (), "", until=date(2026, 11, 30)),
    )
    body = drafted(change(changes=changes)).body
    assert "- 2 Jul 2026: more users are counted\n- 1 Sep 2026 to 30 Nov 2026: agents are under-counted\n" in body


def test_draft__without_pictures() -> None:
    figure = msgspec.structs.replace(FIGURE, mermaid="xychart-beta\n  line [1, 2]")
    body = drafted(figure=figure, chart_urls=None).body
    assert "**About 96 people a day**\n\n```mermaid\nxychart-beta\n  line [1, 2]\n```\n\n`▅▆▅` 97 → 96" in body
    assert "```mermaid" not in drafted(chart_urls=None).body
    assert "▅" not in drafted(figure=None, chart_urls=None).body


def test_draft__nothing_measured() -> None:
    bare = change(evidence=(), window=None, since=None)
    assert "### Evidence" not in drafted(bare).body
    assert "Since" not in drafted(bare).body
    analysis = msgspec.structs.replace(ANALYSIS, newest_day=None, newest_settled=None)
    assert drafted(bare, analysis=analysis).body


def test_draft__names_from_outside_stay_inert() -> None:
    evil = "@all <b> [x](http://evil.example) | `--> #17"
    noted = change(verdict=evil, evidence=(Evidence(evil, 1, "people", evil, evil, note=evil),))
    body = drafted(
        noted,
        where=Answer((Where(evil, evil),), beside=evil),
        mentions=["@all <b>"],
        figure=msgspec.structs.replace(FIGURE, alt=evil),
    ).body
    body = re.sub(r" <!-- step: [a-z-]+ -->", "", body)
    assert not any(text in body for text in ("@all", "<b>", "-->"))
    seen = body.replace(re.findall(r'alt="[^"]*"', body)[0], "")  # in an attribute nothing is a link
    assert not any(text in seen for text in ("[x](", "http://evil", "#17"))
    assert all(line.count("|") == 5 for line in body.splitlines() if line.startswith("| "))


def test_draft__the_same_data_gives_the_same_text() -> None:
    later = msgspec.structs.replace(ANALYSIS, as_of=date(2026, 12, 21))
    assert drafted(analysis=later) == drafted()


def test_draft__too_long_loses_whole_parts_in_order() -> None:
    huge = tuple(Evidence(f"Row {number}", 1, "people", note="n" * 400) for number in range(60))
    figure = msgspec.structs.replace(FIGURE, text="`▅▆▅`" * 7_000)
    body = drafted(change(evidence=huge), figure=figure).body
    assert len(body) <= drafts.MAX_TEXT
    assert "▅" not in body
    assert "### Evidence" in body
    rows = tuple(Evidence(f"Row {number}", 1, "people", note="n" * 400) for number in range(200))
    body = drafted(change(evidence=rows)).body
    assert "### Evidence" not in body
    assert "About 96 people" in body
    assert "`copilot-metrics:snooze`" in body


def test_draft__a_template_that_never_ends() -> None:
    templates = Templates(
        SOURCES,
        {"issues/flat-usage.md.j2": "Title\n\n{{ 'x' * 70000 }}{% for n in range(900) %}{{ 'y' * 100 }}{% endfor %}"},
    )
    assert drafted(templates=templates).body == drafted().body.partition(" Since")[0]


def test_draft__what_the_page_says_a_template_may_use() -> None:
    page = (ROOT.parent / "docs/issues.md").read_text("utf-8").partition("## Templates")[2]
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)))
    assert len(names) > 20
    used = "Title\n\n" + "".join(f"{{{{ {name} }}}}\n" for name in names if name != "event")
    assert drafted(templates=Templates(SOURCES, {"issues/flat-usage.md.j2": used})).body
    comment = Templates(
        SOURCES, {"issues/comment.md.j2": "".join(f"{{{{ {name} }}}}" for name in names[:9]) + "{{ event }}"}
    )
    assert drafted(templates=comment).still.endswith("still")


def test_draft__overridden() -> None:
    override = (
        '{% extends "issues/base.md.j2" %}{% block title %}{{ slug }}: wake up{% endblock %}'
        '{% block todo %}- [ ] Call {{ "*me*" }}{% endblock %}'
    )
    draft = drafted(templates=Templates(SOURCES, {"issues/flat-usage.md.j2": override}))
    assert draft.title == "acme: wake up"
    assert "- [ ] Call " + escape.markdown("*me*") in draft.body
    broken = Templates(SOURCES, {"issues/flat-usage.md.j2": "Title\n\n{{ nothing }}"})
    with pytest.raises(TemplateError, match=r"flat-usage.md.j2:3: 'nothing' is undefined"):
        drafted(templates=broken)


def week(end: date, people: float | None, prompts: int | None, acceptance: float = 0.3, provisional: int = 0) -> Week:
    return Week(end - timedelta(6), end, 7, provisional, people, None, 120, prompts, acceptance, acceptance, 0.05, None)


def weeks(scope: Scope, *found: Week) -> Analysis:
    return msgspec.structs.replace(ANALYSIS, scope=scope, weeks=found)


def test_digest__people_of_one_scope_only_since_people_of_several_do_not_add_up() -> None:
    draft = drafts.digest(
        [(weeks(ACME, week(date(2026, 11, 8), 80, 1000), week(date(2026, 11, 15), 96, 1010)), [FLAT])], RUN, SHIPPED
    )
    assert draft is not None
    assert "**Week of 9 Nov to 15 Nov 2026**: 96 people on a typical working day, 1 symptom" in draft.body


def test_digest__the_newest_settled_week_and_what_moved() -> None:
    platform = Scope("enterprises", "big")
    one = weeks(
        ACME,
        week(date(2026, 11, 8), 80, 1000),
        week(date(2026, 11, 15), 96, 1010, acceptance=0.25),
        week(date(2026, 11, 22), 10, 5, provisional=2),
    )
    two = weeks(platform, week(date(2026, 11, 8), 500, 9000), week(date(2026, 11, 15), 505, 9000))
    draft = drafts.digest([(one, [FLAT]), (two, [change(status=Status.ABSENT)])], RUN, SHIPPED)
    assert draft is not None
    assert draft.title == "Copilot, week by week"
    for text in (
        "**Week of 9 Nov to 15 Nov 2026**: 1 symptom\n",
        "| organizations/acme | 96 | +20 % | 120 | 1,010 | +1 % | 25 % | 5.0 % |",
        "- organizations/acme: people a working day +20 %\n- organizations/acme: accepted −5.0 points\n",
        "- organizations/acme: daily use is flat",
        "- enterprises/big: none",
    ):
        assert text in draft.body
    assert draft.again.startswith("**Week to 15 Nov 2026**: 1 symptom.")
    assert "+20 %" in draft.again
    assert "Undefined" not in draft.body


def test_digest__no_complete_week() -> None:
    assert drafts.digest([(ANALYSIS, [])], RUN, SHIPPED) is None
    assert drafts.digest([(weeks(ACME, week(date(2026, 11, 15), 96, 1)), [])], RUN, SHIPPED) is None
    late = weeks(ACME, week(date(2026, 11, 15), 96, 1), week(date(2026, 11, 22), 96, 1))
    assert drafts.digest([(late, [])], RUN, SHIPPED) is None


def test_digest__nothing_moved_and_nothing_known() -> None:
    quiet = weeks(ACME, week(date(2026, 11, 8), None, None), week(date(2026, 11, 15), None, None))
    draft = drafts.digest([(quiet, [])], "", SHIPPED)
    assert draft is not None
    assert "What moved" not in draft.body
    assert "| acme | – | – | 120 | – | – | 30 % | 5.0 % |" in draft.body
    assert draft.run_line == ""
