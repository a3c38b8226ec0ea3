"""Charts: what they say, and what is in the picture."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
import views
from msgspec.structs import replace
from PIL import Image

from copilot_metrics_action import charts, counting_changes
from copilot_metrics_action.charts import canvas, colours, words
from copilot_metrics_action.charts.agents import PHASE_COLOURS
from copilot_metrics_action.charts.canvas import paint
from copilot_metrics_action.charts.chat import MODE_COLOURS
from copilot_metrics_action.charts.closed_api import closed_api
from copilot_metrics_action.charts.ink import text_width
from copilot_metrics_action.charts.plan import day_axis
from copilot_metrics_action.history import StoredDay
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.metrics import Kind, Scope
from copilot_metrics_action.symptoms import Status
from copilot_metrics_action.trends import CountingChange

ROOT = Path(__file__).parents[2]
ALL = ("active-users", "activation", "agent-share", "chat-modes", "completion-acceptance", "adoption-phases")


def figure(name: str, days: tuple[StoredDay, ...], **settings: object) -> charts.Figure:
    findings = settings.pop("findings", ())
    analysis = views.analysis_of(days, **settings)  # type: ignore[arg-type]
    return next(one for one in charts.describe(analysis, findings) if one.name == name)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def drawn() -> tuple[charts.Figure, ...]:
    days = views.stored_days(without=(date(2026, 10, 13), date(2026, 10, 14)))
    return charts.draw(views.analysis_of(days), (views.FLAT, views.NO_AGENTS))


# ---- words


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([None, None], ""),
        ([0, 0, 0], "▁▁▁"),
        ([5], "▅"),
        ([100, 101, 99, 100], "▅▅▄▅"),  # noise looks flat
        ([0, 50, 100], "▁▅█"),
        ([10, None, 100], "▁·█"),
    ],
)
def test_sparkline(values: Sequence[float | None], line: str) -> None:
    assert words.sparkline(values) == line


def test_describe__every_chart_in_order_with_words() -> None:
    figures = charts.describe(views.analysis_of(views.stored_days()), ())
    assert tuple(one.name for one in figures) == ALL
    for one in figures:
        assert one.title
        assert one.alt.startswith((one.title, "198 of 420"))
        assert one.text
        assert one.mermaid
        assert one.light is None
        assert one.file("dark") == f"{one.name}-dark.png"


def test_describe__no_data_no_chart() -> None:
    assert charts.describe(views.analysis_of(()), ()) == ()


def test_describe__needs_no_matplotlib() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import views; from copilot_metrics_action import charts;"
        "charts.describe(views.analysis_of(views.stored_days(60)), ()); assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(ROOT), str(ROOT / "tests")], check=True)


@pytest.mark.parametrize(
    ("growth", "findings", "title"),
    [
        (0.0, (), "Steady: about 95 people on a working day"),
        (0.08, (), "Growing: 82 people on a working day, +37 % in four weeks"),
        (-0.05, (), "Fewer: 105 people on a working day, −18 % in four weeks"),
        (0.0, (views.FLAT,), "About 95 people on a working day: no growth since 2 Oct"),
        (
            -0.05,
            (replace(views.FLAT, symptom="falling-usage"),),
            "Daily use is falling: 105 people on a working day, 128 four weeks before",
        ),
        (0.0, (replace(views.FLAT, status=Status.WATCH),), "Steady: about 95 people on a working day"),
    ],
)
def test_active_users__title_is_the_finding(growth: float, findings: tuple[object, ...], title: str) -> None:
    assert figure("active-users", views.stored_days(84, growth=growth), findings=findings).title == title


def test_active_users__one_day() -> None:
    one = figure("active-users", views.stored_days(1, people=9))
    assert one.title == "8 people active on 17 Nov 2026"
    assert one.alt.endswith("2026: 8; 1 day provisional.")


def test_active_users__says_provisional_and_missing_days() -> None:
    alt = figure("active-users", views.stored_days(60, without=(date(2026, 10, 13),))).alt
    assert alt.endswith("2 days provisional; 1 day without data.")


@pytest.mark.parametrize(
    ("seats", "title"),
    [
        (420, "47 % of seats are in use: below the healthy 60–80 %"),
        (280, "71 % of seats are in use: within the healthy 60–80 %"),
        (220, "90 % of seats are in use: above the healthy 60–80 %"),
    ],
)
def test_activation__against_the_healthy_range(seats: int, title: str) -> None:
    assert figure("activation", views.stored_days(60), seats=(views.seat_counts(views.AS_OF, seats),)).title == title


def test_activation__seats_not_known() -> None:
    one = figure("activation", views.stored_days(60), seats=())
    assert one.title == "198 people active in 28 days; seats are not known"
    assert "the token lacks the permission" in one.alt


@pytest.mark.parametrize(
    ("agents", "title"),
    [
        (0.0, "Nobody uses agents in the IDE"),
        (0.006, "0.5 % of people use agents: below the 5–10 % of a good start"),
        (0.07, "7.1 % of people use agents: within the 5–10 % of a good start"),
        (0.14, "14 % of people use agents: past the 5–10 % of a good start"),
        (0.5, "50 % of people use agents: well past the 5–10 % of a good start"),
    ],
)
def test_agent_share__against_a_good_start(agents: float, title: str) -> None:
    assert figure("agent-share", views.stored_days(60, agents=agents)).title == title


def test_chat_modes__unknown_is_left_out_and_said() -> None:
    one = figure("chat-modes", views.stored_days(60))
    assert one.title == "Ask mode makes 74 % of chat; nobody chats in agent mode"
    assert "prompts of unknown mode left out of the chart" in one.text
    assert "unknown" in one.alt
    assert "Unknown" not in one.mermaid


def test_bare_records__charts_of_what_is_reported() -> None:
    analysis = views.analysis_of(views.stored_days(40, bare=True), seats=())
    assert [one.name for one in charts.draw(analysis, ())] == ["active-users", "activation"]


def test_mermaid__quotes_cannot_break_out() -> None:
    assert words.xychart('a "b"\nc', "u", [("x", 1.0), ("y", None), ("z", 2.5)]) == (
        'xychart-beta\n  title "a \'b\' c"\n  x-axis ["x", "z"]\n  y-axis "u" 0 --> 2.8\n  line [1, 2.5]'
    )
    assert words.xychart("a", "u", [("x", 1.0)]) == ""


# ---- pictures


def test_draw__six_pairs_are_small_palette_pictures(drawn: tuple[charts.Figure, ...]) -> None:
    assert tuple(one.name for one in drawn) == ALL
    assert sum(len(one.light or b"") + len(one.dark or b"") for one in drawn) < 250 * 1024
    for one in drawn:
        for data, paper in ((one.light, (255, 255, 255)), (one.dark, (13, 17, 23))):
            assert data is not None
            image = Image.open(io.BytesIO(data))
            assert image.mode == "P"
            assert image.size == (1280, 640)
            assert image.convert("RGB").getpixel((0, 0)) == paper
            assert not image.info.keys() & {"Software", "Creation Time"}


def test_draw__same_data_same_bytes(drawn: tuple[charts.Figure, ...]) -> None:
    days = views.stored_days(without=(date(2026, 10, 13), date(2026, 10, 14)))
    assert charts.draw(views.analysis_of(days), (views.FLAT, views.NO_AGENTS)) == drawn


def test_draw__same_words_as_describe(drawn: tuple[charts.Figure, ...]) -> None:
    days = views.stored_days(without=(date(2026, 10, 13), date(2026, 10, 14)))
    described = charts.describe(views.analysis_of(days), (views.FLAT, views.NO_AGENTS))
    assert tuple(replace(one, light=None, dark=None) for one in drawn) == described


def test_draw__a_missing_day_is_a_gap() -> None:
    whole = views.stored_days(21, people=100)
    holes = tuple(one for one in whole if one.day != date(2026, 11, 10))
    pictures = [charts.draw(views.analysis_of(days, changes=()), ())[0].light for days in (whole, holes)]
    blue = tuple(bytes.fromhex(colours.THEMES["light"]["soft"][1:]))
    full, gap = (
        next(
            count
            for count, colour in Image.open(io.BytesIO(picture or b"")).convert("RGB").getcolors()
            if colour == blue
        )
        for picture in pictures
    )
    assert 0.9 < gap / full * 15 / 14 < 1.1  # 15 working days, one bar less


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(views.stored_days(1, people=1), id="one day, one person"),
        pytest.param(views.stored_days(3), id="three days"),
        pytest.param(views.stored_days(60, people=0), id="nobody at all"),
        pytest.param(views.stored_days(30, people=250_000), id="a quarter of a million"),
        pytest.param((*views.stored_days(5, newest=date(2025, 11, 3)), *views.stored_days(5)), id="a year's gap"),
    ],
)
def test_draw__odd_data(days: tuple[StoredDay, ...]) -> None:
    for one in charts.draw(views.analysis_of(days), ()):
        assert one.light
        assert one.dark


def test_draw__text_from_outside_is_no_formula() -> None:
    change = CountingChange(date(2026, 11, 3), r"costs $\frac{1}{0}$ " + "x" * 300, ("daily_active_users",), "")
    late = replace(change, day=date(2026, 8, 20), until=date(2026, 9, 1))
    assert charts.draw(views.analysis_of(views.stored_days(90), changes=(late, change, change)), ())[0].light


def test_overview__small_multiples() -> None:
    analyses = [
        views.analysis_of(
            views.stored_days(90, people=20 + 30 * index, growth=(index - 2) * 0.04, seed=index),
            Scope("organizations", f"team-{index}" + "-long" * 10),
        )
        for index in range(5)
    ]
    one = charts.draw_overview(analyses)
    assert one is not None
    assert one.title == "Daily use grows in 2 and falls in 2 of 5 organizations"
    assert one.light
    assert one.dark
    assert replace(one, light=None, dark=None) == charts.describe_overview(analyses)
    assert charts.describe_overview(analyses[:1]) is None


def test_overview__an_enterprise_and_an_organization_of_one_name() -> None:
    kinds: tuple[Kind, ...] = ("enterprises", "organizations")
    one = charts.describe_overview([views.analysis_of(views.stored_days(90), Scope(kind, "acme")) for kind in kinds])
    assert one is not None
    assert "newest week: acme 96, acme (enterprise) 96." in one.alt


# ---- colours that everybody can tell apart

# Machado, Oliveira, Fernandes (2009): a simulation of complete colour blindness, as matrices on linear RGB.
SIGHT = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green cones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "no blue cones": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    seen = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear(colour), strict=True)))) for row in SIGHT[sight]]
    red, green, blue = seen
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    a, b, c = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def contrast(one: str, other: str) -> float:
    low, high = sorted(
        sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True)) for colour in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("change", counting_changes.load(), ids=lambda change: str(change.day))
def test_a_change_in_counting_is_told_whole(change: CountingChange) -> None:
    axis = text_width("1,000,000", canvas.SMALL) + 10  # left of the plot
    told = f"{words.short_day(change.day)}: {change.what}"
    assert text_width(told, canvas.TINY) <= canvas.WIDTH - 2 * canvas.EDGE - axis


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_colours__apart_for_every_eye(theme: str, sight: str) -> None:
    shades = colours.THEMES[theme]
    for one, other in itertools.combinations({*MODE_COLOURS.values(), *PHASE_COLOURS.values()}, 2):
        apart = sum((a - b) ** 2 for a, b in zip(lab(shades[one], sight), lab(shades[other], sight), strict=True))
        assert apart**0.5 > 19, f"{one} and {other}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours__readable_on_their_paper(theme: str) -> None:
    shades = colours.THEMES[theme]
    for name in ("ink", "muted", "blue", "orange", "green", "purple", "pink"):
        assert contrast(shades[name], shades["paper"]) >= 4.5, name
    assert contrast(shades["grey"], shades["paper"]) >= 3  # a line or an area, never type


def test_palette__same_length_in_both_themes() -> None:
    assert len(colours.palette("light")) == len(colours.palette("dark")) <= 3 * 256


def test_frame__quiet_days_are_shaded() -> None:
    holiday = date(2026, 11, 11)
    axis = day_axis(views.analysis_of(views.stored_days(30), set_aside=(holiday,)), "daily_active_users")
    assert axis is not None
    assert holiday in axis.off
    assert date(2026, 11, 14) in axis.off
    assert date(2026, 11, 12) not in axis.off
    assert axis.end - axis.start == timedelta(days=29)


# ---- the closed API


def legacy_days(count: int, *, engaged: bool = True) -> tuple[LegacyDay, ...]:
    return tuple(
        LegacyDay(
            day=date(2025, 1, 6) + timedelta(number),
            source="metrics",
            blob="",
            daily_active_users=20 + number,
            total_engaged_users=10 + number if engaged else None,
        )
        for number in range(count)
    )


def test_closed_api__a_chart_of_its_own_that_says_so() -> None:
    analysis = views.analysis_of(views.stored_days(60))
    without = charts.describe(analysis, ())
    *others, one = charts.describe(analysis, (), legacy_days(16))
    assert tuple(others) == without, "nothing of it is in the other charts"
    assert one.name == "closed-api"
    assert one.title == "Before the reports: about 34 people a day"
    assert "6 Jan to 21 Jan 2025, in averages of seven days. From GitHub's closed API: another source" in one.alt
    assert one.text.endswith("active people a day, 3 weeks: from 23.0 to 34.5")
    assert "[23, 30, 34.5]" in one.mermaid


@pytest.mark.parametrize("count", [0, 1, 7])
def test_closed_api__too_little(count: int) -> None:
    analysis = views.analysis_of(views.stored_days(60))
    assert charts.describe(analysis, (), legacy_days(count)) == charts.describe(analysis, ())


def test_closed_api__painted() -> None:
    plan = closed_api(legacy_days(300, engaged=False))
    assert plan is not None
    assert plan.notes == ("5 May to 1 Nov 2025",), "half a year"
    assert all(png.startswith(b"\x89PNG") for png in paint(plan))
