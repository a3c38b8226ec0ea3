"""The templates' language: filters, escaping, and errors that name the place."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_metrics_action.connect import shipped_templates
from copilot_metrics_action.errors import TemplateError
from copilot_metrics_action.templates import FILTERS, Markdown, Templates, day_list


def render(text: str, **values: Any) -> str:
    return Templates({"a.md.j2": text}).render("a.md.j2", **values)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("none | count", "–"),
        ("0 | count", "0"),
        ("1234567 | count", "1,234,567"),
        ("12.345 | number", "12.3"),
        ("-1.25 | number(2)", "−1.25"),
        ("0.123 | ratio", "12 %"),
        ("0.0123 | ratio", "1.2 %"),
        ("0 | ratio", "0 %"),
        ("0.5 | ratio(1)", "50.0 %"),
        ("0.254 | delta", "+25 %"),
        ("-0.03 | delta", "−3 %"),
        ("0.001 | delta", "±0 %"),
        ("none | delta", "–"),
        ("0.041 | points", "+4.1 points"),
        ("-12 | signed", "−12"),
        ("0 | signed", "±0"),
        ("1 | plural('day')", "1 day"),
        ("2 | plural('day')", "2 days"),
        ("0 | plural('day')", "no days"),
        ("2 | plural('person', 'people')", "2 people"),
        ("none | figure('ratio')", "–"),
        ("0.47 | figure('ratio')", "47 %"),
        ("-3.14 | figure('percent-a-week')", "−3.1 % a week"),
        ("0 | figure('percent-a-week')", "±0.0 % a week"),
        ("1.0 | figure('people')", "1 person"),
        ("3.4 | figure('people')", "3.4 people"),
        ("1234.4 | figure('prompts')", "1,234 prompts"),
        ("2 | figure", "2"),
        ("none | name", "None"),
        ("'@mona' | name", "@\u200bmona"),
    ],
)
def test_filters(expression: str, shown: str) -> None:
    assert render("{{ " + expression + " }}") == shown


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], ""),
        (["2026-11-03"], "3 Nov"),
        (["2026-11-05", "2026-11-03", "2026-11-04", "2026-11-04", "2026-11-09"], "3–5 Nov, 9 Nov"),
        ([f"2026-11-{day:02}" for day in (1, 3, 5, 7, 9, 10)], "1 Nov, 3 Nov, 5 Nov, 7 Nov and 2 more days"),
        (["2026-10-31", "2026-11-01", "2026-11-05"], "31 Oct – 1 Nov, 5 Nov"),
        (["2026-12-31", "2027-01-01"], "31 Dec 2026 – 1 Jan 2027"),
    ],
)
def test_day_list(days: list[str], words: str) -> None:
    assert day_list([date.fromisoformat(day) for day in days]) == words


def test_filters__days() -> None:
    day = date(2026, 11, 7)
    assert render("{{ d | day }}, {{ d | short_day }}, {{ d }}", d=day) == "7 Nov 2026, 7 Nov, 7 Nov 2026"


@pytest.mark.parametrize(
    ("unit", "before", "now", "shown"),
    [
        ("ratio", 0.10, 0.14, "+4.0 points"),
        ("people", 20.0, 25.0, "+25 %"),
        ("people", 2.0, 4.0, "+2"),
        ("people", None, 4.0, "–"),
    ],
)
def test_filters__a_change(unit: str, before: float | None, now: float, shown: str) -> None:
    value = SimpleNamespace(
        now=now,
        before=before,
        difference=None if before is None else now - before,
        ratio=None if before is None else now / before - 1,
    )
    assert render(f"{{{{ v | change('{unit}') }}}}", v=value) == shown


def test_filters__no_change_is_a_dash() -> None:
    assert render("{{ none | change }}") == "–"


# Text from outside


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "True"),
        (12, "12"),
        ("**bold** @mona", "&#42;&#42;bold&#42;&#42; @\u200bmona"),
        ("<script>", "&lt;script&gt;"),
        (Markdown("**bold**"), "**bold**"),
    ],
)
def test_output__is_inert_unless_it_is_marked(value: Any, shown: str) -> None:
    assert render("{{ value }}", value=value) == shown
    assert render("{% for v in [value] %}{{ v }}{% endfor %}", value=value) == shown


def test_output__escaping_cannot_be_forgotten() -> None:
    assert "**" not in render("{{ 'a' ~ value }} {{ value | upper }} {{ [value] | join(' ') }}", value="**b**")


@pytest.mark.parametrize(
    "text", ["{{ ''.__class__.__mro__ }}", "{{ value.__globals__ }}", "{{ cycler.__init__.__globals__ }}"]
)
def test_sandbox__nothing_of_python(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, value=print)


# Errors


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a\n{{ nobody }}", "a.md.j2:2", "'nobody' is undefined"),
        ("{{ value.nothing }}", "a.md.j2:1", "nothing"),
        ("a\n\n{% if %}", "a.md.j2:3", "Expected an expression"),
        ("{{ value | nofilter }}", "a.md.j2:1", "nofilter"),
        ("{% include 'other.md.j2' %}", "a.md.j2:1", "other.md.j2"),
        ("a\n{{ 1 / 0 }}", "a.md.j2:2", "ZeroDivisionError"),
        ("{{ 'text' | count }}", "a.md.j2:1", "ValueError"),
    ],
)
def test_error__names_the_place(text: str, place: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said) as caught:
        render(text, value="x")
    assert caught.value.where == place


@pytest.mark.parametrize(
    "text",
    ["{{ value | change }}", "{% include 'a.md.j2' %}", "{{ 'x' * 10**15 }}", "{{ '\\ud800' | md }}"],
    ids=["filter", "endless", "memory", "half a character"],
)
def test_error__names_the_place_of_these_too(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, value="x")


def test_error__in_an_included_template() -> None:
    templates = Templates({"a.md.j2": "{% include 'b.md.j2' %}", "b.md.j2": "\n{{ nobody }}"})
    with pytest.raises(TemplateError) as caught:
        templates.render("a.md.j2")
    assert caught.value.where == "b.md.j2:2"


def test_error__no_such_template() -> None:
    with pytest.raises(TemplateError, match=r"none\.md\.j2"):
        Templates({}).render("none.md.j2")


# Own templates over the shipped ones


def test_overrides__one_template_replaces_one() -> None:
    shipped = {"a.md.j2": "{% include 'b.md.j2' %} and {% include 'c.md.j2' %}", "b.md.j2": "b", "c.md.j2": "c"}
    assert Templates(shipped, {"b.md.j2": "mine"}).render("a.md.j2") == "mine and c"


def test_shipped__each_can_be_read() -> None:
    shipped = shipped_templates()
    assert {"summary.md.j2", "scope.md.j2", "issues/flat-usage.md.j2"} <= set(shipped)
    templates = Templates(shipped)
    for name in shipped:
        assert templates._environment.get_template(name), name


def test_shipped__every_filter_is_there() -> None:
    assert {"count", "ratio", "delta", "points", "day", "md", "html"} <= set(FILTERS)
