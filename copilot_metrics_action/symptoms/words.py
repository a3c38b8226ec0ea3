"""Figures as words for the sentences of a finding: 1,234, 12.3 %, +0.1 % a week, 17 Nov 2026."""

from __future__ import annotations

from datetime import date


def count(value: float | None) -> str:
    """1,234."""
    return "no figure" if value is None or value != value else f"{value:,.0f}"


def percent(ratio: float | None) -> str:
    """0.123 as 12.3 %, 0.58 as 58 %."""
    if ratio is None or ratio != ratio:
        return "no figure"
    text = f"{ratio * 100:,.1f}"
    return text.removesuffix(".0").replace("-", "−") + " %"


def slope(value: float | None) -> str:
    """+0.1 % a week."""
    return "no figure" if value is None or value != value else f"{signed(value)} % a week"


def signed(value: float) -> str:
    """+0.1, −3, ±0."""
    text = f"{abs(value):,.1f}".removesuffix(".0")
    return ("±" if text == "0" else "+" if value > 0 else "−") + text


def bare(value: float) -> str:
    """3, 4.5, −6: a limit."""
    return f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", "−")


def day(value: date) -> str:
    """17 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def plural(value: int, one: str) -> str:
    """1 day, 2 days."""
    return f"{value:,} {one}" if value == 1 else f"{value:,} {one}s"


def listed(names: list[str]) -> str:
    """a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
