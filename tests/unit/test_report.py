"""Reports: whole pages against golden files, and what must hold for every page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
import views
from msgspec import UNSET
from msgspec.structs import replace

from copilot_metrics_action import charts, report
from copilot_metrics_action.charts import Figure
from copilot_metrics_action.effects import Intervention, Target, judge, progress
from copilot_metrics_action.errors import TemplateError
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.metrics import Kind, Scope
from copilot_metrics_action.people import Window as PeopleWindow
from copilot_metrics_action.report import Links, RunView, ScopeView, SeatPrice, people, sheet, wording
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.teams import Team, Teams
from copilot_metrics_action.templates import Templates, change
from copilot_metrics_action.trends import Activation, Analysis, Change
from copilot_metrics_action.triage import Action

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "data" / "golden"
FINDINGS = (views.FLAT, views.NO_AGENTS, views.ABSENT, views.WATCH, views.UNKNOWN)
ACTIONS = (
    Action("opened", views.ACME, "flat-usage", "present since 2 Oct", 31, "https://github.com/acme/copilot-admin/issues/31"),
    Action("left", views.ACME, "no-agent-usage", "snoozed until 31 Dec", 28, "https://github.com/acme/copilot-admin/issues/28"),
)  # fmt: skip
LONG = "a" * 150 + "|**bold** <img src=x> [link](https://evil.example) @octocat #1 `code`"
HEBREW = "שפה-של-לקוח\u202e\u2066"


def shipped() -> dict[str, str]:
    folder = ROOT / "templates"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.j2")}


@cache
def templates() -> Templates:
    return Templates(shipped())


def scope_view(analysis: Analysis, findings: tuple[Finding, ...] = FINDINGS, **changes: object) -> ScopeView:
    findings = tuple(replace(one, scope=analysis.scope) for one in findings)
    view = ScopeView(
        analysis.scope, analysis, findings, charts.describe(analysis, findings), views.coverage_of(analysis)
    )
    return replace(view, **changes)


# ---- the scenarios of the golden files


def two_symptoms() -> RunView:
    days = views.stored_days(without=(date(2026, 10, 13), date(2026, 10, 14)))
    return views.view_of(
        scope_view(views.analysis_of(days)), seat_price=SeatPrice(19.0, "USD"), actions=ACTIONS, data_commit="abc1234"
    )


def healthy() -> RunView:
    days = views.stored_days(140, people=140, growth=0.01, agents=0.09)
    return views.view_of(scope_view(views.analysis_of(days), (views.ABSENT,)), data_commit="abc1234")


def nothing_read() -> RunView:
    problem = (
        "organizations/acme: GitHub answered 403, the 'Copilot usage metrics' policy must be enabled; organization "
        "settings → Copilot → Policies → Features → Copilot usage metrics → Enabled, then run again"
    )
    return views.view_of(ScopeView(views.ACME, problem=problem), errors=(problem,))


def read_before() -> RunView:
    view = scope_view(
        views.analysis_of(views.stored_days(60)), problem="organizations/acme: GitHub answered 502 five times"
    )
    return views.view_of(view, errors=(view.problem,), data_commit="abc1234")


def one_day() -> RunView:
    analysis = views.analysis_of(views.stored_days(1, people=9), seats=(views.seat_counts(views.AS_OF),))
    unknown = replace(views.UNKNOWN, reason="28 settled days are needed, none is there")
    return views.view_of(scope_view(analysis, (unknown,)), first_run=True)


def no_seats() -> RunView:
    return views.view_of(scope_view(views.analysis_of(views.stored_days(60), seats=()), (views.NO_AGENTS,)))


def odd_names() -> RunView:
    names = [LONG, HEBREW, "", "unknown", "=1+1", *(f"language-{number}" for number in range(300))]
    analysis = views.analysis_of(views.stored_days(60, languages=names))
    view = scope_view(analysis, (replace(views.FLAT, verdict=LONG, headline=HEBREW),), notices=(LONG,))
    coverage = views.coverage_of(analysis, new_fields=(LONG, *(f"field_{number}" for number in range(40))))
    return views.view_of(replace(view, coverage=coverage), notices=(HEBREW,))


def with_people(view: RunView, *windows: PeopleWindow) -> RunView:
    [scope] = view.scopes
    assert scope.analysis is not None
    joined = replace(scope.analysis.activation, joined=True)
    analysis = replace(scope.analysis, windows=windows or (views.PEOPLE,), activation=joined)
    return replace(view, scopes=(replace(scope, analysis=analysis),))


def demo() -> RunView:
    view = with_people(replace(two_symptoms(), demo=True, actions=(), data_commit="", seat_price=None))
    return replace(
        view, links=replace(view.links, server_url="", repository="", data_branch=".", charts_branch="charts")
    )


def dry_run() -> RunView:
    planned = tuple(f"organizations/acme/days/2026/2026-11-{day:02}.json" for day in (16, 17))
    return replace(two_symptoms(), dry_run=True, planned_files=planned, data_commit="")


def several() -> RunView:
    scopes = [
        ("enterprises", "holding"),
        ("organizations", "acme"),
        ("organizations", "beta"),
        ("organizations", "new"),
    ]
    told = [
        scope_view(
            views.analysis_of(
                views.stored_days(100, people=60 * (index + 1), growth=(index - 1) * 0.02, seed=index),
                Scope(kind, slug),  # type: ignore[arg-type]
            ),
            FINDINGS if index == 1 else (views.ABSENT,),
        )
        for index, (kind, slug) in enumerate(scopes[:3])
    ]
    analyses = [one.analysis for one in told if one.analysis]
    unread = ScopeView(Scope("organizations", "new"), problem="organizations/new: GitHub answered 404 for its reports")
    return views.view_of(
        *told,
        unread,
        errors=(unread.problem,),
        actions=ACTIONS,
        overview=charts.describe_overview(analyses),
        data_commit="abc1234",
    )


SUMMARIES: tuple[Callable[[], RunView], ...] = (
    two_symptoms, healthy, nothing_read, read_before, one_day, no_seats, odd_names, demo, dry_run, several,
)  # fmt: skip


def check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} differs; `make golden` writes it anew"


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def sane(text: str) -> None:
    """What must hold for every page, whatever is in it."""
    assert "None" not in text
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert text.count("<details") == text.count("</details>")
    width = 0
    for line in text.splitlines():
        cells = line.count("|") if line.startswith("|") else 0
        assert not (width and cells and cells != width), line
        width = cells
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert "](https://evil.example" not in text
    assert "<img src=x" not in text
    assert not re.search(r"@\w", text)


@pytest.mark.golden
@pytest.mark.parametrize("scenario", SUMMARIES, ids=lambda scenario: scenario.__name__)
def test_summary(scenario: Callable[[], RunView]) -> None:
    text = report.summary(scenario(), templates())
    sane(text)
    check(f"summary-{scenario.__name__.replace('_', '-')}.md", text)


def acted_on(scope: ScopeView) -> ScopeView:
    """The scope with things that were done, and what came of them; and a target."""
    assert scope.analysis
    done = tuple(
        Intervention(id=str(day), day=day, what=what, source="configuration", **more)
        for day, what, more in (
            (date(2026, 9, 8), "Guild meeting: agents", {}),
            (date(2026, 10, 20), "<b>Workshop</b> | by @mona", {"team": "payments", "url": "javascript:alert(1)"}),
            (date(2026, 10, 21), "Pair programming", {"dated": "seen"}),
            (date(2026, 10, 22), "A mistake", {"withdrawn": date(2026, 10, 23)}),
        )
    )
    return replace(
        scope,
        done=done,
        effects=judge([scope.analysis], done),
        progress=progress([scope.analysis], [Target("seats-in-use", 0.6, date(2027, 3, 31))]),
    )


@pytest.mark.golden
def test_pages() -> None:
    view = replace(two_symptoms(), scopes=tuple(map(acted_on, two_symptoms().scopes)))
    written = report.pages(view, templates(), {})
    assert list(written) == ["organizations/acme/README.md", "AGENTS.md", "README.md", "reports/2026-10.md"]
    del written["AGENTS.md"]  # the same on every branch; tests/integration/test_agents.py runs its queries
    for path, text in written.items():
        sane(text)
        check(f"page-{path.replace('/', '-')}", text)


@pytest.mark.golden
def test_pages__several() -> None:
    written = report.pages(several(), templates(), {})
    assert list(written) == [
        "enterprises/holding/README.md",
        "organizations/acme/README.md",
        "organizations/beta/README.md",
        "AGENTS.md",
        "README.md",
        "reports/2026-10.md",
    ]
    for path in ("README.md", "reports/2026-10.md"):
        sane(written[path])
        check(f"pages-several-{path.replace('/', '-')}", written[path])


# ---- line one


def analysis_with(days: int = 60) -> Analysis:
    return views.analysis_of(views.stored_days(days))


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        (
            (views.FLAT, views.NO_AGENTS),
            "🔴 2 symptoms in acme: daily use is flat and nobody uses agents; data to 17 Nov 2026, 2 days provisional",
        ),
        ((views.FLAT,), "🔴 1 symptom in acme: daily use is flat; data to 17 Nov 2026, 2 days provisional"),
        ((views.ABSENT,), "🟢 No symptoms in acme; data to 17 Nov 2026, 2 days provisional"),
        (
            (views.ABSENT, views.UNKNOWN),
            "🟢 No symptoms in acme (1 of 2 could not be judged); data to 17 Nov 2026, 2 days provisional",
        ),
        (
            (views.ABSENT, views.WATCH),
            "🟡 No symptoms in acme; watched: one chat mode only; data to 17 Nov 2026, 2 days provisional",
        ),
        ((views.UNKNOWN,), "⚪ Too little data to judge acme yet; data to 17 Nov 2026, 2 days provisional"),
    ],
)
def test_verdict(findings: tuple[Finding, ...], line: str) -> None:
    text = report.summary(views.view_of(scope_view(analysis_with(), findings)), templates())
    assert text.splitlines()[0] == f"## {line}"


@pytest.mark.parametrize(
    ("scopes", "line"),
    [
        ((), "⚪ Nothing to report on"),
        ((ScopeView(views.ACME),), "⚪ No data for acme yet"),
        ((ScopeView(views.ACME, problem="x"),), "⛔ Nothing could be read for acme"),
        (
            (ScopeView(views.ACME, problem="x"), ScopeView(Scope("organizations", "beta"), problem="y")),
            "⛔ Nothing could be read for acme and beta",
        ),
    ],
)
def test_verdict__without_data(scopes: tuple[ScopeView, ...], line: str) -> None:
    text = report.summary(views.view_of(*scopes), templates())
    sane(text)
    assert text.splitlines()[0] == f"## {line}"


def test_state__a_first_day_on_which_nothing_was_read() -> None:
    empty = analysis_with(0)
    view = scope_view(
        empty, (views.UNKNOWN,), problem="organizations/acme: GitHub answered 401: Bad credentials; renew it"
    )
    text = report.summary(views.view_of(view, errors=(view.problem,)), templates())
    sane(text)
    assert "> organizations/acme: GitHub answered 401: Bad credentials<br>**Do this:** renew it<br>Nothing" in text
    for noise in ("none missing", "Symptoms that", "cannot be judged"):
        assert noise not in text


def test_state__what_could_not_be_stored_is_not_said_to_be() -> None:
    problem = "branch copilot-metrics: GitHub answered 403: Resource not accessible by integration; grant it"
    view = views.view_of(scope_view(analysis_with()), errors=(problem,))
    assert "**Data:** 61 days expected, 60 read · none missing" in report.summary(view, templates())
    assert "2 new days (16–17 Nov), **not stored** ·" in report.summary(view, templates())
    for kept in (replace(view, data_commit="abc1234"), replace(view, dry_run=True), replace(view, errors=())):
        assert "60 stored · none missing" in report.summary(kept, templates())
        assert "not stored" not in report.summary(kept, templates())
    coverage = views.coverage_of(analysis_with(), new=())
    quiet = replace(view, scopes=(replace(view.scopes[0], coverage=coverage),))
    assert "60 stored · none missing" in report.summary(quiet, templates()), "of days before"


def test_windows__a_change_is_that_of_the_figures_beside_it() -> None:
    assert str(change(Change(7.74, 7.86), "number")) == "−0.2"
    assert str(change(Change(7.74, None), "number")) == "–"


def test_verdict__worst_first() -> None:
    heavier = replace(views.NO_AGENTS, weight=9.0)
    verdict = wording.verdict(scope_view(analysis_with(), (views.FLAT, heavier)))
    assert "nobody uses agents and daily use is flat" in verdict.words


# ---- size


def test_summary__one_scope_stays_small() -> None:
    assert len(report.summary(odd_names(), templates()).encode()) < 32 * 1024


def many(count: int) -> RunView:
    view = scope_view(views.analysis_of(views.stored_days(120)))
    scopes = [replace(view, scope=Scope("organizations", f"team-{number:03}")) for number in range(count)]
    return views.view_of(*scopes)


@pytest.mark.parametrize("count", [20, 60])
def test_summary__many_scopes_fit(count: int) -> None:
    text = report.summary(many(count), templates())
    sane(text)
    assert len(text.encode()) <= 256 * 1024
    assert text.count("\n### ") >= count
    if count == 60:
        assert "Left out to stay under 256 KB, least important first: what each number means, languages" in text
        assert "each stands on the page of its scope" in text


def test_fit__drops_whole_sections_in_order() -> None:
    parts = {name: f"{name} " * 100 for name in ("headline", "weeks", "models", "definitions")}
    text = "first\n" + "".join(f"\x01{name}\x02\n{body}\n\x03" for name, body in parts.items()) + "\x04"
    whole = sheet.fit(text, 10_000)
    assert all(body.strip() in whole for body in parts.values())
    assert "Left out" not in whole
    fitted = sheet.fit(text, 3_000)
    assert "models" not in fitted.split("Left out")[0]
    assert "weeks weeks" in fitted
    assert fitted.endswith("Left out to stay under 2 KB, least important first: what each number means, models.\n")


def test_fit__sections_within_sections() -> None:
    scopes = "".join(f"### {number}\n\x01headline\x02\n{'figure ' * 20}\n\x03\n" for number in range(100))
    text = f"first\n\x01scopes\x02\n{scopes}\x03\n\x04"
    assert sheet.fit(text, 4_000).count("###") == 100
    assert "figure figure" not in sheet.fit(text, 4_000)
    assert sheet.fit(text, 1_000).splitlines()[0] == "first"
    assert "###" not in sheet.fit(text, 1_000)


def test_every_section_can_be_left_out() -> None:
    named = {path.name.removesuffix(".md.j2") for path in (ROOT / "templates" / "sections").glob("*.j2")}
    assert named - {"alerts", "state", "overview", "footer"} == set(sheet.DROPPED_FIRST)
    assert set(report.SECTIONS) <= named
    assert set(sheet.DROPPED_FIRST) == set(sheet.TITLES)


def test_sections__as_configured() -> None:
    text = report.summary(replace(two_symptoms(), sections=("headline", "cost")), templates())
    assert "Seats in use" in text
    assert "Seats and cost" in text
    assert "<summary>Weeks" not in text
    assert "What to do" not in text
    assert "### Issues" in text


# ---- what is shown, and how


def test_missing_is_said_and_never_zero() -> None:
    analysis = views.analysis_of(views.stored_days(40, bare=True), seats=())
    text = report.summary(views.view_of(scope_view(analysis, ())), templates())
    assert "| IDE agent mode | not reported | not reported |" in text
    assert "| **Agent users**<br><sub>healthy: 5–10&nbsp;%&nbsp;early&nbsp;on</sub> | **–** | – |" in text
    assert "Seats are not known: Seats could not be read" in text


def test_symptom__links_its_issue_and_next_step() -> None:
    text = report.summary(two_symptoms(), templates())
    assert "<br>[#31](https://github.com/acme/copilot-admin/issues/31) |" in text
    assert "**Next:** " in text


def test_charts__pictures_for_both_themes() -> None:
    text = report.summary(two_symptoms(), templates())
    url = "https://github.com/acme/copilot-admin/blob/copilot-metrics-charts/2026-11-17/organizations/acme/active-users"
    assert f'<source media="(prefers-color-scheme: dark)" srcset="{url}-dark.png?raw=true">' in text
    assert f'src="{url}-light.png?raw=true"' in text
    assert 'alt="About ' in text


@pytest.mark.parametrize(
    "changes",
    [{"charts": "mermaid"}, {"dry_run": True}, {"demo": True}],
    ids=["asked for", "dry run", "demo in a repository"],
)
def test_charts__mermaid(changes: dict[str, object]) -> None:
    text = report.summary(replace(two_symptoms(), **changes), templates())
    assert "<picture>" not in text
    assert text.count("```mermaid") == 6


def test_charts__none_leaves_the_text() -> None:
    text = report.summary(replace(two_symptoms(), charts="none"), templates())
    assert "<picture>" not in text
    assert "mermaid" not in text
    assert "**About " in text
    assert "people on a working day, 13 weeks" in text


def test_pictures__by_the_addresses_of_the_summary() -> None:
    view = two_symptoms()
    figure = Figure("active-users", "t", "a", "x", light=b"1", dark=b"2")
    view = replace(
        view, scopes=(replace(view.scopes[0], figures=(figure,)),), overview=replace(figure, name="overview")
    )
    text = report.summary(view, templates())
    found = report.by_address(view)
    assert [url for url in found if "overview" not in url] == [url for url in found if url in text][:2]
    assert sorted(found.values()) == [b"1", b"1", b"2", b"2"]


def test_error__is_told_once() -> None:
    text = report.summary(nothing_read(), templates())
    assert text.count("GitHub answered 403") == 1
    assert "Nothing was changed." in text


def test_template__of_the_user() -> None:
    mine = Templates(shipped(), {"sections/headline.md.j2": "MINE {{ name }} {{ nobody }}"})
    with pytest.raises(TemplateError, match=r"sections/headline\.md\.j2:1: 'nobody' is undefined"):
        report.summary(two_symptoms(), mine)
    mine = Templates(shipped(), {"sections/headline.md.j2": "MINE {{ name }}"})
    assert "MINE acme" in report.summary(two_symptoms(), mine)


# ---- pages


def test_pages__do_not_change_with_the_date_or_the_run() -> None:
    view = two_symptoms()
    first = report.pages(view, templates(), {})
    stopped = replace(views.FLAT, symptom="reports-stopped", headline="reports have stopped")
    scope = view.scopes[0]
    assert scope.coverage is not None
    later = replace(
        view,
        as_of=view.as_of + timedelta(days=8),
        scopes=(
            replace(
                scope,
                findings=(*scope.findings, stopped),
                coverage=replace(scope.coverage, expected=999, new=(), revised=()),
                problem="GitHub answered 502",
                notices=("not ready",),
            ),
        ),
        links=replace(view.links, run_url="https://github.com/acme/copilot-admin/actions/runs/9"),
        actions=(),
        errors=("something",),
        notices=("something else",),
        first_run=True,
    )
    assert report.pages(later, templates(), {}) == first
    assert "31" not in re.findall(r"#(\d+)", first["organizations/acme/README.md"])


def test_pages__say_how_far_the_data_go() -> None:
    written = report.pages(two_symptoms(), templates(), {"reports/2026-10.md": ""})
    for path, text in written.items() - {("AGENTS.md", written["AGENTS.md"])}:
        assert "17 Nov 2026" in text, path
        assert "If that is more than a week ago, collection has stopped." in text, path


def test_pages__nothing_read_nothing_written() -> None:
    assert report.pages(nothing_read(), templates(), {}) == {}


def test_index__keeps_the_lines_of_others() -> None:
    view = several()
    stored = report.pages(view, templates(), {})["README.md"]
    acme = next(one for one in view.scopes if one.scope == views.ACME)
    alone = replace(view, scopes=(acme,))
    again = report.pages(alone, templates(), {"README.md": stored})["README.md"]
    assert rows(again) == [row for row in rows(stored) if "nothing read yet" not in row]
    assert report.pages(alone, templates(), {"README.md": again})["README.md"] == again


def test_index__says_what_is_not_collected() -> None:
    stored = (
        "| [gone](organizations/gone/README.md) | 🟢 no symptoms | 1 % | 1 | – | – | | 3 Oct 2026 |\n"
        "| [late](organizations/late/README.md) | 🟢 no symptoms | 1 % | 1 | – | – | | 10 Nov 2026 |\n"
    )
    text = report.pages(several(), templates(), {"README.md": stored})["README.md"]
    assert "| [gone](organizations/gone/README.md) | ⚪ not collected since 3 Oct 2026 | 1 %" in text
    assert "| [late](organizations/late/README.md) | 🟢 no symptoms |" in text
    assert "| new | ⚪ nothing read yet |" in text
    assert "Data to 10 Nov 2026." in text
    assert report.pages(several(), templates(), {"README.md": text})["README.md"] == text


def test_month__seats_that_were_counted_later() -> None:
    view = two_symptoms()
    scope = view.scopes[0]
    analysis = views.analysis_of(views.stored_days(140), seats=(views.seat_counts(views.AS_OF),))
    found = replace(views.FLAT, symptom="low-active-users", headline="many seats are unused")
    view = replace(view, scopes=(replace(scope, analysis=analysis, findings=(found,)),))
    page = report.pages(view, templates(), {})["reports/2026-10.md"]
    assert f"Seats were first counted on {views.AS_OF.day} Nov 2026" in page
    assert "- Bring seats in use from 49 % to **54 %**: 21 more people." in page
    assert "- **Many seats are unused.** Send the onboarding material again" in page
    assert f"/blob/copilot-metrics/organizations/acme/seats/2026/{views.AS_OF}.json" in page


def test_names__an_enterprise_and_an_organization_of_one_name() -> None:
    late = (views.seat_counts(views.AS_OF),)
    kinds: tuple[Kind, ...] = ("enterprises", "organizations")
    scopes = [scope_view(views.analysis_of(views.stored_days(140), Scope(kind, "acme"), seats=late)) for kind in kinds]
    view = views.view_of(*scopes)
    summary = report.summary(view, templates())
    assert "in 2 of 2 organizations and enterprises: acme (enterprise) and acme; data" in summary.splitlines()[0]
    assert "\n### 🔴 [acme (enterprise)](" in summary
    pages = report.pages(view, templates(), {})
    assert pages["enterprises/acme/README.md"].startswith("# Copilot in acme (enterprise)\n")
    assert "| [acme (enterprise)](" in pages["README.md"]
    month = pages["reports/2026-10.md"]
    assert month.count("first counted on") == 1
    assert f" In acme (enterprise) and acme seats were first counted on {views.AS_OF.day} Nov 2026: that count" in month


def test_index__keeps_nothing_but_its_own_lines() -> None:
    stored = "| [x](https://evil.example) | a |\n| [beta](../../organizations/../x/README.md) | b |\nhello\n"
    text = report.pages(two_symptoms(), templates(), {"README.md": stored})["README.md"]
    assert "evil" not in text
    assert "hello" not in text
    assert len(rows(text)) == 3


def test_month__written_once_when_settled() -> None:
    view = two_symptoms()
    assert "reports/2026-10.md" in report.pages(view, templates(), {})
    assert report.wanted(view.as_of) == ("README.md", "reports/2026-10.md")
    assert "reports/2026-10.md" not in report.pages(view, templates(), {"reports/2026-10.md": "as it was"})


@pytest.mark.parametrize(
    ("as_of", "settled_to", "due"),
    [
        (date(2026, 11, 1), date(2026, 10, 28), False),
        (date(2026, 11, 3), date(2026, 10, 30), False),
        (date(2026, 11, 4), date(2026, 10, 31), True),
        (date(2026, 11, 30), date(2026, 10, 30), False),
        (date(2027, 1, 4), date(2026, 12, 31), True),
    ],
)
def test_month__due(as_of: date, settled_to: date, due: bool) -> None:
    analysis = views.analysis_of(views.stored_days(90, newest=settled_to + timedelta(days=2)), as_of=as_of)
    assert analysis.newest_settled == settled_to
    written = report.pages(views.view_of(scope_view(analysis), as_of=as_of), templates(), {})
    assert any(path.startswith("reports/") for path in written) == due


def test_month__a_scope_that_lags_does_not_hold_it_up_for_ever() -> None:
    slow = views.analysis_of(views.stored_days(60, newest=date(2026, 10, 20)), Scope("organizations", "slow"))
    quick = views.analysis_of(views.stored_days(60))
    early = views.view_of(scope_view(slow), scope_view(quick), as_of=date(2026, 11, 6))
    assert "reports/2026-10.md" not in report.pages(early, templates(), {})
    late = replace(early, as_of=date(2026, 11, 11))
    assert "reports/2026-10.md" in report.pages(late, templates(), {})


def test_month__little_is_known() -> None:
    analysis = views.analysis_of(views.stored_days(20, newest=date(2026, 11, 2), bare=True), seats=())
    text = report.pages(views.view_of(scope_view(analysis, ()), as_of=date(2026, 11, 4)), templates(), {})
    page = text["reports/2026-10.md"]
    sane(page)
    assert "not known" in page
    assert "The month before is not stored" in page
    assert "Not enough is known for a target." in page


# ---- links


def test_links__of_a_repository() -> None:
    links = replace(views.LINKS, data_branch="copilot metrics")
    assert links.page("README.md") == "https://github.com/acme/copilot-admin/blob/copilot%20metrics/README.md"
    assert links.at("abc", "x.json") == "https://github.com/acme/copilot-admin/blob/abc/x.json"
    assert links.commit("abc") == "https://github.com/acme/copilot-admin/commit/abc"
    assert links.issues("copilot-adoption").endswith("/issues?q=is%3Aopen%20label%3Acopilot-adoption")
    assert links.chart("2026-11-17/overview-dark.png").endswith("-charts/2026-11-17/overview-dark.png?raw=true")


@pytest.mark.parametrize(
    ("here", "page"),
    [("", "README.md"), ("reports", "../README.md"), ("organizations/acme", "../../README.md")],
)
def test_links__of_a_folder(here: str, page: str) -> None:
    links = Links("", "", ".", "charts").seen_from(here)
    assert links.page("README.md") == page
    assert links.chart("2026-11-17/o.png") == page.replace("README.md", "charts/2026-11-17/o.png")
    assert links.issues("x") == links.commit("x") == links.changes("x") == ""


# ---- words and tables


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (list("abcde"), "a, b, c, d and e"),
        (list("abcdef"), "a, b, c, d and 2 more"),
    ],
)
def test_listed(names: list[str], words: str) -> None:
    assert wording.listed(names) == words


def test_tables__daily() -> None:
    days = views.stored_days(3, languages=("python", "=cmd"))
    text = report.tables(views.view_of(scope_view(views.analysis_of(days), ())))["organizations/acme/daily.csv"]
    header, *lines = text.splitlines()
    names = header.split(",")
    assert names[:5] == ["day", "kind", "scope", "settled", "daily_active_users"]
    assert "pull_requests.total_created" in names
    assert "code_generation_activity_count_by_language.python" in names
    assert "blob" not in names
    assert [line.split(",")[:4] for line in lines] == [
        ["2026-11-15", "organizations", "acme", "true"],
        ["2026-11-16", "organizations", "acme", "false"],
        ["2026-11-17", "organizations", "acme", "false"],
    ]


def test_tables__nothing_read() -> None:
    assert report.tables(nothing_read()) == {}


def test_status_words_cover_every_status() -> None:
    for status in Status:
        text = report.summary(
            views.view_of(scope_view(analysis_with(), (replace(views.FLAT, status=status),))), templates()
        )
        sane(text)


def test_activation__reason_instead_of_a_share() -> None:
    analysis = replace(analysis_with(), activation=Activation(198, 420, 420, None, None, "more people than seats"))
    text = report.summary(views.view_of(scope_view(analysis, ())), templates())
    assert "60–80&nbsp;%</sub> | **–**<br><sub>more people than seats</sub> |" in text


# ---- the closed API


def with_legacy(count: int) -> RunView:
    old = tuple(
        LegacyDay(
            day=date(2024, 11, 4) + timedelta(number), source="metrics", blob="",
            daily_active_users=20 + number % 7, total_engaged_users=17 + number % 7,
        )
        for number in range(count)
    )  # fmt: skip
    analysis = views.analysis_of(views.stored_days(40))
    return views.view_of(scope_view(analysis, (), figures=charts.describe(analysis, (), old), legacy=old))


def test_legacy__a_section_of_the_page_with_the_weeks_of_the_guide() -> None:
    text = report.pages(with_legacy(10), templates(), {})["organizations/acme/README.md"]
    sane(text)
    assert "<summary>Before the reports: 10 days from GitHub’s closed API</summary>" in text
    assert "| 7 | 23.00 | 20.00 |" in text
    assert "| 3 | 21.00 | 18.00 |" in text
    assert text.count("organizations/acme/closed-api-light.png") == 1
    section = text[text.index("Before the reports") :]
    assert "closed-api-light.png" in section, "not among the charts of the reports"


def test_legacy__a_long_series_shows_a_year() -> None:
    text = report.pages(with_legacy(60 * 7), templates(), {})["organizations/acme/README.md"]
    assert "7 earlier weeks are in `legacy/series.json`" in text


def test_legacy__not_in_the_summary_and_not_in_any_other_figure() -> None:
    view = with_legacy(100)
    without = replace(
        view, scopes=tuple(replace(one, legacy=(), figures=charts.describe(one.analysis, ())) for one in view.scopes)
    )
    assert report.summary(view, templates()) == report.summary(without, templates())


# ---- people


def test_people__four_weeks_ago_and_withheld() -> None:
    earlier = replace(views.PEOPLE, end=views.PEOPLE.end - timedelta(27), active_28_days=180, agents=9)
    text = report.summary(with_people(two_symptoms(), earlier, views.PEOPLE), templates())
    # Arrows between steps of which each is part of the one before; prompting and accepting are not.
    assert (
        "People: 420 seats → 280 ever active → 198 in 28 days → 151 in 7 · of those in 28 days: 174 prompting, "
        "181 accepting, under 5 with an agent of any kind</summary>" in text
    )
    assert "“Agent users” further up are those of IDE agent mode alone" in text
    assert "1 of 198, IDE agent mode</sub>" in text
    assert "| Active in 28 days | 198 | 47 % | 180 |" in text
    assert "| Of those of 28 days, with an agent of any kind | under 5 | – | 9 |" in text
    assert "19 of 142 with VS Code" in text
    assert "JetBrains" not in text
    assert "| Copilot CLI | 6 |" in text
    assert "198 of 420</sub> |" in text


def test_people__an_old_window_is_not_shown() -> None:
    old = replace(views.PEOPLE, end=views.PEOPLE.end - timedelta(15))
    assert "People: " not in report.summary(with_people(two_symptoms(), old), templates())


def test_people__a_window_that_says_nothing() -> None:
    bare = PeopleWindow(taken=views.AS_OF, start=views.NEWEST, end=views.NEWEST, lines=0, bytes=0)
    assert "People: " not in report.summary(with_people(two_symptoms(), bare), templates())


def test_people__too_few_to_tell() -> None:
    few = dict.fromkeys(("seats", "ever_active", "active_28_days", "active_7_days", "prompting", "accepting"))
    text = report.summary(with_people(two_symptoms(), replace(views.PEOPLE, agents=None, **few)), templates())
    assert "<summary>People: under 5</summary>" in text
    assert "Days active of 28" not in text


def test_people__without_seats() -> None:
    window = replace(views.PEOPLE, seats=UNSET, ever_active=UNSET, without_seat=UNSET)
    text = report.summary(with_people(two_symptoms(), window), templates())
    assert "People: 198 in 28 days → 151 in 7" in text
    assert "joined with the seats" not in text
    assert "| Active in the last 7 of them | 151 | – |" in text


def test_teams__none_are_large_enough() -> None:
    view = two_symptoms()
    none = Teams(views.NEWEST, (), (), 0)
    text = report.summary(replace(view, scopes=(replace(view.scopes[0], teams=none),)), templates())
    assert "<summary>Teams: none</summary>" in text
    assert "those with at least five people with a seat" in text


def test_teams__a_withheld_group_is_among_those_in_which_the_fewest_are_active() -> None:
    analysis = analysis_with()
    counts = {"half": 20, "nearly-nobody": None, "new": UNSET, "nobody": 0}
    found = tuple(Team(name, 40, active, UNSET, analysis, ()) for name, active in counts.items())
    small = Team("small", 5, None, UNSET, analysis, ())  # one to four of five: nobody is told how few
    shown = people.teams(Teams(views.NEWEST, (*found, small), (), 0))
    assert [row.name for row in shown] == ["nobody", "nearly-nobody", "half", "small", "new"]


def test_overview__largest_increases() -> None:
    text = report.summary(several(), templates())
    assert "**Largest increases in four weeks**" in text
    for label in ("lines added", "people on a working day"):
        [line] = [line for line in text.splitlines() if line.startswith(f"- {label}: ")]
        assert all("+" in part for part in line.removeprefix(f"- {label}: ").split(", "))
