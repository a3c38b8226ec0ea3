"""Every request of a run, made to fail in every way: nothing lost, doubled or half-written, and the cause named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standin import Fault

from copilot_metrics_action.github import limits

from .campaign import SCENARIOS, Campaign, Point
from .table import KINDS, Kind

Count = Callable[[str, int, int], None]
SAMPLED = ("first", "daily", "closing", "rebuilding")  # pictures take a while to draw
SAMPLE = 24  # points that `make test` tries, spread over kinds and requests


def attempt(one: Campaign, kind: Kind, point: Point, patch: pytest.MonkeyPatch) -> list[str]:
    patch.setattr(limits, "READ_SECONDS", kind.timeout or 20)
    for cap in ("MAX_DECODED_BYTES", "MAX_ANSWER_BYTES"):
        patch.setattr(limits, cap, 8 * 2**20)
    return [f"{kind} at {point}: {each}" for each in one.survive(kind.at(point), kind.words)]


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_request(
    scenario: str,
    kind: Kind,
    campaigns: Callable[[str], Campaign],
    monkeypatch: pytest.MonkeyPatch,
    count: Count,
) -> None:
    one = campaigns(scenario)
    points = [point for point in one.points if kind.applies(point)]
    wrong = [found for point in points if (found := attempt(one, kind, point, monkeypatch))]
    count(f"requests, {scenario}", len(points), len(points) - len(wrong))
    assert not wrong, "\n\n".join("\n".join(found) for found in wrong)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("billing/seats", "integration"), ("users-28-day", "integration"), ("zation-28-day", "bad-gateway")],
)
def test_the_page_of_a_month_waits_for_what_could_not_be_read(
    path: str, kind: str, campaigns: Callable[[str], Campaign]
) -> None:
    assert not campaigns("first").survive(Fault(("GET", path, "every"), kind))


@pytest.mark.parametrize("part", range(2))
def test_a_sample(
    part: int, campaigns: Callable[[str], Campaign], monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    wrong, tried = [], 0
    for number in range(part, SAMPLE, 2):
        # Steps without a common factor, so that every kind and every scenario come up, at requests far apart.
        kind, scenario = KINDS[number % len(KINDS)], SAMPLED[number // 2 % len(SAMPLED)]
        one = campaigns(scenario)
        point = one.points[number * 7 % len(one.points)]
        if kind.applies(point):
            wrong += attempt(one, kind, point, monkeypatch)
            tried += 1
    count("a sample of requests", tried, tried - len(wrong))
    assert not wrong, "\n".join(wrong)
