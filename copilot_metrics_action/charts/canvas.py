"""Paints a plan: a title, a plot, and labels to its right instead of a legend. One look for all charts."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_metrics_action.charts import scales
from copilot_metrics_action.charts.colours import BAND
from copilot_metrics_action.charts.ink import Ink, Spot, own_style, text_width
from copilot_metrics_action.charts.plan import (
    Absent,
    Band,
    Bars,
    Days,
    Label,
    Layer,
    Limit,
    Line,
    Panels,
    Plan,
    Points,
    Shade,
    Stack,
    Weeks,
)
from copilot_metrics_action.charts.words import short_day

WIDTH, HEIGHT = 640, 320  # pixels of the page
EDGE, FOOT = 2, 30
TITLE, LABEL, SMALL, TINY = 17.0, 15.0, 13.0, 12.0  # sizes of type
TITLE_LINE, MARK_LINE = 23, 16
MARKS = 3  # changes in counting and things done that are named; the newest
PANEL_COLUMNS, PANEL_HEIGHT, PANEL_GAP = 4, 92, 24
WEEK_NAMES = 7  # below an axis, at most
BAR, BLOCK = 0.74, 0.72  # of the room of a day, of a week


def paint(plan: Plan) -> tuple[bytes, bytes]:
    """The chart as palette PNGs at 2x, for the light and the dark theme."""
    with own_style():
        if isinstance(plan.axis, Panels):
            return _paint_panels(plan, plan.axis)
        return Canvas(plan, plan.axis).paint()


class Canvas:
    """One plot being painted. Places are days (ordinals) or weeks (0, 1, …), heights are values."""

    def __init__(self, plan: Plan, axis: Days | Weeks) -> None:
        self._plan = plan
        self._axis = axis
        self._ink = Ink(WIDTH, HEIGHT)
        labels = [*_labels(plan.layers)]
        step = scales.step(max([plan.at_least, *map(_reach, plan.layers)]), whole=not plan.percent)
        self._top = max(max([plan.at_least, *map(_reach, plan.layers)]) * 1.07, step)
        self._heights = [step * index for index in range(int(self._top / step) + 1)]
        self._figures = [f"{one * 100:.3g} %" if plan.percent else f"{one:,.0f}" for one in self._heights]
        marks = axis.marks[-MARKS:] if isinstance(axis, Days) else ()
        self._left = EDGE + 8 + max(text_width(figure, SMALL) for figure in self._figures)
        self._right = WIDTH - EDGE - 8 - max([0, *(_label_width(label) for label in labels)])
        self._head = _heading(self._ink, plan, HEIGHT) - MARK_LINE * len(marks)
        if isinstance(axis, Days):
            self._span = (axis.start.toordinal() - 0.7, axis.end.toordinal() + 0.7)
        else:
            self._span = (min(len(axis.starts) - 6, 0) - 0.6, len(axis.starts) - 0.4)  # one week alone is no wall

    def paint(self) -> tuple[bytes, bytes]:
        rules_drawn = False
        for layer in self._plan.layers:
            if not isinstance(layer, Shade | Band) and not rules_drawn:
                self._rules()
                rules_drawn = True
            self._draw(layer)
        self._set_marks()
        self._set_labels([*_labels(self._plan.layers)])
        return self._ink.pictures()

    def _x(self, place: float) -> float:
        return self._left + (place - self._span[0]) / (self._span[1] - self._span[0]) * (self._right - self._left)

    def _y(self, height: float) -> float:
        return FOOT + height / self._top * (self._head - FOOT)

    # ---- axes

    def _rules(self) -> None:
        for height, figure in zip(self._heights, self._figures, strict=True):
            y = self._y(height)
            self._ink.text(self._left - 7, y, figure, SMALL, "muted", anchor="right")
            self._ink.line([(self._left, y), (self._right, y)], "rule", 1.0 if height else 1.4)
        for place, name in self._ticks():
            self._ink.text(self._x(place), FOOT - 15, name, SMALL, "muted", anchor="middle")

    def _ticks(self) -> list[tuple[float, str]]:
        axis = self._axis
        if isinstance(axis, Days):
            return [(one.toordinal(), str(short_day(one))) for one in scales.day_ticks(axis.start, axis.end)]
        last, step = len(axis.starts) - 1, -(-len(axis.starts) // WEEK_NAMES)
        return [(place, str(short_day(axis.starts[place]))) for place in range(last, -1, -step)]

    # ---- layers

    def _draw(self, layer: Layer) -> None:
        match layer:
            case Shade():
                self._shade()
            case Band():
                self._band(layer)
            case Bars():
                boxes = [self._bar(one.toordinal(), 0, value, BAR) for one, value in layer.values.items()]
                (self._ink.hatched if layer.hatched else self._ink.boxes)(boxes, layer.colour)
            case Stack():
                self._stack(layer)
            case Line():
                self._line(layer)
            case Points():
                spots = [(self._x(place), self._height(value)) for place, value in enumerate(layer.values)]
                self._ink.line(spots, layer.colour, layer.width)
                self._ink.dots(spots, layer.colour, layer.width * 2.6)
            case Limit():
                y = self._y(layer.height)
                self._ink.line([(self._left, y), (self._right, y)], "orange", 1.4, dashes=(4, 4))
            case Absent():
                self._ink.crosses([(self._x(one.toordinal()), FOOT + 7.0) for one in layer.days], "muted", 5)
            case Label():
                pass  # labels make room for each other: they are set last

    def _height(self, value: float | None) -> float:
        return float("nan") if value is None else self._y(value)

    def _bar(self, place: float, low: float, high: float, width: float) -> tuple[float, float, float, float]:
        return self._x(place - width / 2), self._y(low), self._x(place + width / 2), self._y(high)

    def _shade(self) -> None:
        if isinstance(self._axis, Days):
            for first, last in scales.runs([one.toordinal() for one in self._axis.off]):
                edges = max(self._x(first - 0.5), self._left), min(self._x(last + 0.5), self._right)
                self._ink.boxes([(edges[0], FOOT, edges[1], self._head)], "shade")

    def _band(self, band: Band) -> None:
        days = sorted(band.edges)
        xs = [self._left, *(self._x(one.toordinal()) for one in days), self._right]
        low, high = ([self._y(band.edges[one][side]) for one in (days[0], *days, days[-1])] for side in (0, 1))
        corners = [*zip(xs, low, strict=True), *zip(xs[::-1], high[::-1], strict=True)]
        self._ink.area(corners, "green", alpha=BAND)

    def _line(self, line: Line) -> None:
        places, heights = scales.broken(line.values)
        spots = [(self._x(place), self._y(height)) for place, height in zip(places, heights, strict=True)]
        self._ink.line(spots, line.colour, line.width, dashes=(7, 5) if line.dashed else None)
        if len(alone := [spot for spot in spots if spot[1] == spot[1]]) == 1:
            self._ink.dots(alone, line.colour, line.width * 2.6)

    def _stack(self, stack: Stack) -> None:
        feet = [0.0] * len(stack.running)
        for _, colour, values in stack.parts:
            heads = [foot + (value or 0) for foot, value in zip(feet, values, strict=True)]
            blocks: dict[bool, list[tuple[float, float, float, float]]] = {False: [], True: []}
            for place, (foot, head) in enumerate(zip(feet, heads, strict=True)):
                if head > foot:
                    blocks[stack.running[place]].append(self._bar(place, foot, head, BLOCK))
            self._ink.boxes(blocks[False], colour)
            self._ink.hatched(blocks[True], colour)
            for left, _, right, head in blocks[False]:  # a hairline of paper keeps the blocks apart
                self._ink.line([(left, head), (right, head)], "paper", 1.0)
            feet = heads
        for place in range(len(feet)):
            if all(values[place] is None for _, _, values in stack.parts):
                self._ink.text(self._x(place), FOOT + 8, "–", SMALL, "muted", anchor="middle")

    # ---- words around them

    def _set_marks(self) -> None:
        shown = self._axis.marks[-MARKS:] if isinstance(self._axis, Days) else ()
        for row, mark in enumerate(shown):
            start = self._x(max(mark.day.toordinal() - 0.5, self._span[0] + 0.2))
            end = self._x(min(mark.until.toordinal() + 0.5, self._span[1])) if mark.until else start
            y = self._head + 10 + MARK_LINE * (len(shown) - 1 - row)
            self._ink.line([(start, FOOT), (start, y - 8)], "muted", 1.0, dashes=(2, 2))
            if end > start:
                self._ink.line([(start, self._head), (end, self._head)], "muted", 1.6)
            text = f"{short_day(mark.day)}: {mark.what}"
            text = _shortened(text, WIDTH - EDGE - self._left, TINY)
            x = min(start, WIDTH - EDGE - text_width(text, TINY))
            self._ink.text(x, y, text, TINY, "muted")

    def _set_labels(self, labels: Sequence[Label]) -> None:
        wanted = sorted(((self._y(label.height), label) for label in labels), key=lambda one: one[0])
        sizes = [36.0 if label.note else 18.0 for _, label in wanted]
        spots = scales.spread([y for y, _ in wanted], sizes, FOOT, self._head + 8)
        for y, (_, label) in zip(spots, wanted, strict=True):
            colour = "muted" if label.colour == "grey" else label.colour
            size = LABEL if label.note and label.important else SMALL
            self._ink.text(
                self._right + 8, y + (8 if label.note else 0), label.text, size, colour, bold=label.important
            )
            if label.note:
                self._ink.text(self._right + 8, y - 8, label.note, TINY, "muted")


def _heading(ink: Ink, plan: Plan, height: float) -> float:
    """Sets the title and the unit; how high the plot below them may reach."""
    y = height - 13.0
    for line in _wrapped(plan.title, WIDTH - 2 * EDGE):
        ink.text(EDGE, y, line, TITLE, "ink", bold=True)
        y -= TITLE_LINE
    line = _shortened(" · ".join((plan.unit, *plan.notes)), WIDTH - 2 * EDGE, SMALL)
    ink.text(EDGE, y, line, SMALL, "muted")
    return y - 20


def _wrapped(text: str, room: float) -> list[str]:
    """The text on one line or two."""
    first, rest = "", text.split(" ")
    while rest and text_width(f"{first} {rest[0]}".strip(), TITLE, bold=True) <= room:
        first = f"{first} {rest.pop(0)}".strip()
    if not rest:
        return [first]
    return [*([first] if first else []), _shortened(" ".join(rest), room, TITLE, bold=True)]


def _shortened(text: str, room: float, size: float, *, bold: bool = False) -> str:
    if text_width(text, size, bold=bold) <= room:
        return text
    fitting = int(len(text) * room / text_width(text, size, bold=bold))
    while fitting and text_width(text[:fitting].rstrip() + "…", size, bold=bold) > room:
        fitting -= 1
    return text[:fitting].rstrip() + "…"


def _label_width(label: Label) -> float:
    size = LABEL if label.note and label.important else SMALL
    return max(text_width(label.text, size, bold=label.important), text_width(label.note, TINY))


def _labels(layers: Sequence[Layer]) -> list[Label]:
    """The labels of a plan, and those of its stacks and limits."""
    found: list[Label] = []
    for layer in layers:
        match layer:
            case Label():
                found.append(layer)
            case Limit():
                found.append(Label(layer.height, layer.text, "orange", important=False))
            case Stack():
                found += _stack_labels(layer)
    return found


def _stack_labels(stack: Stack) -> list[Label]:
    """The name of each part beside the last bar, where it has a hundredth of it."""
    places = [place for place in range(len(stack.running)) if any(values[place] for _, _, values in stack.parts)]
    if not places:
        return []
    last = [values[places[-1]] or 0 for _, _, values in stack.parts]
    return [
        Label(sum(last[:number]) + part / 2, name, colour)
        for number, ((name, colour, _), part) in enumerate(zip(stack.parts, last, strict=True))
        if part >= 0.01 * sum(last)
    ]


def _reach(layer: Layer) -> float:
    """How far up a layer goes."""
    values: Sequence[float | None] = ()
    match layer:
        case Bars() | Line():
            values = [*layer.values.values()]
        case Points():
            values = layer.values
        case Band():
            values = [high for _, high in layer.edges.values()]
        case Limit() | Label():
            values = [layer.height]
        case Stack():
            values = [sum(part[2][place] or 0 for part in layer.parts) for place in range(len(layer.running))]
    return max((value for value in values if value is not None), default=0.0)


def _paint_panels(plan: Plan, axis: Panels) -> tuple[bytes, bytes]:
    rows = -(-len(axis.panels) // PANEL_COLUMNS)
    height = 38 + TITLE_LINE * len(_wrapped(plan.title, WIDTH - 2 * EDGE)) + rows * PANEL_HEIGHT
    ink = Ink(WIDTH, height)
    top = _heading(ink, plan, height)
    width = (WIDTH - 2 * EDGE + PANEL_GAP) / PANEL_COLUMNS
    for index, (name, figure, values) in enumerate(axis.panels):
        left, head = EDGE + index % PANEL_COLUMNS * width, top - index // PANEL_COLUMNS * PANEL_HEIGHT
        right, foot, room = left + width - PANEL_GAP, head - PANEL_HEIGHT + 24, PANEL_HEIGHT - 52
        ink.text(right, head - 8, figure, LABEL, "ink", bold=True, anchor="right")
        space = right - left - text_width(figure, LABEL, bold=True) - 6
        ink.text(left, head - 8, _shortened(name, space, SMALL), SMALL, "muted")
        ink.line([(left, foot), (right, foot)], "rule", 1.0)
        known = [value for value in values if value is not None]
        most = max(known, default=0) or 1
        step = (right - left) / max(len(values) - 1, 1)
        spots: list[Spot] = [
            (left + step * place, float("nan") if value is None else foot + value / most * room)
            for place, value in enumerate(values)
        ]
        ink.line(spots, "blue", 2.0)
        if len(known) == 1:
            ink.dots(spots, "blue", 5)
    return ink.pictures()
