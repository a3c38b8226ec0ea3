"""The Jinja2 environment: sandboxed, strict, with the filters that format figures.

Templates hold words and order; numbers arrive computed. Text from outside is escaped whenever it is
printed, so a template cannot forget it; text that is Markdown already is marked `Markdown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from jinja2 import BytecodeCache, FunctionLoader, StrictUndefined, TemplateSyntaxError, UndefinedError
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import SandboxedEnvironment

from copilot_metrics_action import escape
from copilot_metrics_action.errors import TemplateError

NONE = "–"
_ISO_DAY = re.compile(r"(?<![\w/.`-])20\d\d-\d\d-\d\d(?![\w/`-]|\.\w)")  # a day in a sentence, not in a name


class Markdown(str):
    """Text that is Markdown on purpose: printed as it is."""

    __slots__ = ()


def count(value: float | None) -> Markdown:
    """1,234; a dash when missing."""
    return Markdown(NONE if value is None else f"{value:,.0f}")


def people(value: object) -> Markdown:
    """A count of people: 1,234; "under 5" for a group that is withheld (None); a dash when it is not known."""
    if value is None:
        return Markdown("under 5")
    return count(value) if isinstance(value, int | float) else Markdown(NONE)


def number(value: float | None, digits: int = 1) -> Markdown:
    """12.3; a dash when missing."""
    return Markdown(NONE if value is None else f"{value:,.{digits}f}".replace("-", "−"))


def ratio(value: float | None, digits: int | None = None) -> Markdown:
    """0.123 as 12.3 %; whole percents from ten on, unless `digits` says otherwise."""
    if value is None:
        return Markdown(NONE)
    percent = value * 100
    shown = (0 if abs(percent) >= 10 or percent == 0 else 1) if digits is None else digits
    return Markdown(f"{percent:,.{shown}f} %".replace("-", "−"))


def delta(value: float | None, digits: int = 0) -> Markdown:
    """A relative change: +25 %, −3 %, ±0 %."""
    if value is None:
        return Markdown(NONE)
    return Markdown(_signed(value * 100, digits) + " %")


def points(value: float | None, digits: int = 1) -> Markdown:
    """A difference of shares: +4.1 points."""
    return Markdown(NONE if value is None else _signed(value * 100, digits) + " points")


def signed(value: float | None, digits: int = 0) -> Markdown:
    """+3, −12, ±0."""
    return Markdown(NONE if value is None else _signed(value, digits))


def _signed(value: float, digits: int) -> str:
    shown = f"{abs(value):,.{digits}f}"
    sign = "±" if not float(shown.replace(",", "")) else "+" if value > 0 else "−"
    return sign + shown


def day(value: date | None) -> Markdown:
    """17 Nov 2026."""
    return Markdown(NONE if value is None else f"{value.day} {value:%b %Y}")


def short_day(value: date | None) -> Markdown:
    """17 Nov."""
    return Markdown(NONE if value is None else f"{value.day} {value:%b}")


def day_list(days: Iterable[date], most: int = 4) -> Markdown:
    """9–10 Oct, 31 Oct – 1 Nov, 24 Dec 2026 – 1 Jan 2027 and 3 more days: at most `most` runs of days are named."""
    runs: list[tuple[date, date]] = []
    for one in sorted(set(days)):
        if runs and one - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    left = sum((last - first).days + 1 for first, last in runs[most:])
    return Markdown(", ".join(_run(*run) for run in runs[:most]) + (f" and {plural(left, 'more day')}" if left else ""))


def _run(first: date, last: date) -> str:
    if first == last:
        return short_day(first)
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    return f"{first.day}–{short_day(last)}" if first.month == last.month else f"{short_day(first)} – {short_day(last)}"


def month(value: date) -> Markdown:
    """October 2026."""
    return Markdown(f"{value:%B %Y}")


def plural(value: float, one: str, many: str = "") -> Markdown:
    """1 symptom, 2 symptoms, no symptoms."""
    word = one if value == 1 else many or one + "s"
    return Markdown(f"{value:,.0f} {word}" if value else f"no {word}")


UNITS: Mapping[str, tuple[str, str]] = {
    "people": ("person", "people"),
    "seats": ("seat", "seats"),
    "days": ("day", "days"),
    "prompts": ("prompt", "prompts"),
    "outputs": ("output", "outputs"),
}


def figure(value: float | None, unit: str = "") -> Markdown:
    """A figure with its unit, as `Evidence` names units: 47 %, +0.1 % a week, 96 people."""
    if value is None:
        return Markdown(NONE)
    if unit == "ratio":
        return ratio(value)
    if unit == "percent-a-week":
        return Markdown(_signed(value, 1) + " % a week")
    if unit == "number":
        return number(value)
    shown = _few(value)
    return Markdown(f"{shown} {UNITS[unit][shown != '1']}") if unit in UNITS else shown


def _few(value: float) -> Markdown:
    """A count; with a decimal where an average is so small that it matters."""
    return number(value) if value < 10 and value != int(value) else count(value)


def change(value: Any, unit: str = "") -> Markdown:
    """A `Change` in words: a difference of points for ratios, else a relative change; a dash when it cannot be said."""
    if value is None:
        return Markdown(NONE)
    if unit == "ratio":
        return points(value.difference)
    if unit == "number":
        # Of what stands beside it: 7.7 after 7.9 is −0.2, whatever the next digits say.
        now, before = value.now, value.before
        return Markdown(NONE) if now is None or before is None else signed(round(now, 1) - round(before, 1), 1)
    return against(value.now, value.before)


def against(value: float | None, before: float | None) -> Markdown:
    """A count against an earlier one: +12 %; +3 where that was below ten, since "+100 %" of two people says less."""
    if value is None or before is None:
        return Markdown(NONE)
    return signed(value - before) if abs(before) < 10 else delta(value / before - 1)


def cell(value: float | None, unit: str = "") -> Markdown:
    """A figure under a heading that names its unit already: shares stay percents, counts stay bare."""
    if unit in ("ratio", "number", "percent-a-week"):
        return figure(value, unit)
    return Markdown(NONE) if value is None else _few(value)


def reported(value: float | None, digits: int = 0) -> Markdown:
    """A figure, or the words that tell it from zero."""
    if value is None:
        return Markdown("not reported")
    return number(value, 0 if value == int(value) else digits)


def told(value: object) -> Markdown:
    """A problem as errors put it, `where: what; hint`, with the hint on a line of its own."""
    what, _, hint = str(value).partition("; ")
    return Markdown(str(message(what, 600)) + (f"<br>**Do this:** {message(hint, 600)}" if hint else ""))


def nowrap(value: object) -> Markdown:
    """Short text that a narrow table does not break: a date, a figure with its unit."""
    return Markdown(str(value).replace(" ", "&nbsp;")) if isinstance(value, Markdown) else nowrap(name(value, 200))


def sentence(value: object, length: int = 120) -> Markdown:
    """Words from outside with a capital at their start."""
    shown = str(name(value, length))
    return Markdown(shown[:1].upper() + shown[1:])


def money(value: float | None, currency: str) -> Markdown:
    """1,234 USD; a dash when missing."""
    return Markdown(NONE if value is None else f"{value:,.0f} {escape.markdown(currency, 12)}")


def name(value: object, length: int = 48) -> Markdown:
    """A name from outside, made inert and short enough for a table."""
    return Markdown(escape.markdown(value, length) or NONE)


def message(value: object, length: int = 300) -> Markdown:
    """A sentence with names from outside in it, made inert; days as a person writes them."""
    return Markdown(escape.message(_ISO_DAY.sub(_spoken, str(value)), length))


def _spoken(match: re.Match[str]) -> str:
    try:
        return day(date.fromisoformat(match[0]))
    except ValueError:
        return match[0]


FILTERS: Mapping[str, Callable[..., str]] = {
    "count": count,
    "people": people,
    "number": number,
    "ratio": ratio,
    "delta": delta,
    "points": points,
    "signed": signed,
    "day": day,
    "short_day": short_day,
    "day_list": day_list,
    "month": month,
    "plural": plural,
    "figure": figure,
    "change": change,
    "against": against,
    "cell": cell,
    "reported": reported,
    "nowrap": nowrap,
    "sentence": sentence,
    "told": told,
    "money": money,
    "name": name,
    "message": message,
    "md": Markdown,
    "html": lambda value: Markdown(escape.html(value)),
}


def _finalize(value: object) -> str:
    """What a template prints. Plain text is from outside until it is marked; None is a dash, never "None"."""
    if isinstance(value, Markdown):
        return value
    if value is None:
        return NONE
    if isinstance(value, date):
        return day(value)
    if isinstance(value, bool | int):
        return str(value)
    return escape.markdown(value)


class Templates:
    """The shipped templates under those a user overrides, by name: `summary.md.j2`, `issues/flat-usage.md.j2`.

    compiled  where what they were compiled to is kept for the next run; None: nowhere
    """

    def __init__(
        self,
        shipped: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        compiled: BytecodeCache | None = None,
    ) -> None:
        self.names = frozenset(shipped)
        self.overridden = bool(overrides)
        # One that replaces nothing may still be a part of another of the user's own.
        own = {name: source for name, source in (overrides or {}).items() if name not in self.names}
        self.unused = tuple(name for name in own if not any(name in source for source in (overrides or {}).values()))
        self._shipped = shipped
        self._compiled = compiled
        self._environment = SandboxedEnvironment(
            loader=FunctionLoader({**_sources(shipped), **_sources(overrides or {})}.get),
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            bytecode_cache=compiled,
        )
        self._environment.filters.update(FILTERS)

    def shipped(self) -> Templates:
        """The shipped templates alone."""
        return Templates(self._shipped, compiled=self._compiled)

    def compile(self) -> None:
        """Compiles them all, so that what is kept is complete."""
        for name in sorted(self.names):
            self._environment.get_template(name)

    def render(self, name: str, /, **values: Any) -> str:
        """The rendered template. Raises TemplateError that names the template, the line and what is wrong."""
        try:
            text = self._environment.get_template(name).render(**values)
            text.encode()  # half a character is told here, with the template's name, and not by whoever writes it
            return text
        except TemplateSyntaxError as error:
            raise TemplateError(f"{error.name or name}:{error.lineno}", error.message or "syntax error") from None
        except UndefinedError as error:
            raise TemplateError(_line(name, error), error.message or "an undefined name") from None
        except (
            JinjaError,
            TypeError,
            ValueError,
            ArithmeticError,
            LookupError,
            AttributeError,
            RecursionError,
            MemoryError,
        ) as error:
            raise TemplateError(_line(name, error), f"{type(error).__name__}: {error}") from None


def _sources(sources: Mapping[str, str]) -> dict[str, tuple[str, str, Callable[[], bool]]]:
    # The name as the file name: a traceback through a template then carries it with the right line.
    return {name: (source, name, lambda: True) for name, source in sources.items()}


def _line(name: str, error: Exception) -> str:
    """`template:line` of the innermost template frame, of the template itself when there is none."""
    place, trace = name, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
