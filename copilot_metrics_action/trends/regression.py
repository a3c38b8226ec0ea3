"""The trend of daily counts: a quasi-Poisson regression, fitted for every last day of a window at once.

    log mu_t = a[weekday(t)] + b (t - mean t) / 7 (+ a step of level at each known change of counting)

b is the growth a week. With a bend, the level stands still until then and grows only after it: b max(0, t - bend) / 7.
That says what the last weeks lost against a level that many earlier days show. The weekday effects have a closed form
for a given b, so only b (and the steps) are searched, by Newton's method. Same estimates as a generalized linear model
with a log link (R. W. M. Wedderburn, Biometrika 61 (1974) 439-447); the dispersion is Pearson's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

NEWTON_STEPS = 5  # agree with the limit to 1e-6 up to a growth of a third a week
MOST_GROWTH = 1.0  # of log level a week: keeps a window with one lonely day from running away
LEAST_DISPERSION = 0.3  # the daily users of a small team vary less than Poisson; below this is luck
MOST_CORRELATION = 0.6  # slow waves widen the error, at most fourfold in variance
STEP_WIDENING = 2.0  # of the error where a step is fitted too: slow waves then pass for a slope more easily
LEAST_SPAN_DAYS = 10
LEAST_SPARE_DAYS = 4  # kept days beyond the number of parameters
LEAST_BENT_DAYS = 10  # kept days after a bend: fewer do not show a slope
LEAST_SIDE_DAYS = 5  # kept days on each side of a step of counting
BLOCK = 128  # windows fitted together: what is in hand then fits the processor's cache, at half the CPU of all at once


@dataclass(frozen=True, eq=False)
class Trend:
    """One estimate for each last day; NaN where there are too few days.

    slope   per cent a week
    error   its standard error
    used    kept days with a count
    onesided  too few kept days on one side of a known change of counting
    """

    slope: Floats
    error: Floats
    used: NDArray[np.int64]
    onesided: Booleans


def fit(counts: Floats, keep: Booleans, steps: Floats | None = None, bend_days: int | None = None) -> Trend:
    """The trend of each window.

    counts  windows x days, oldest day first, a whole number of weeks; NaN = no record
    keep    which days count; days without a record never do
    steps   windows x days x changes: 1 where a known change of counting is in force, else 0
    bend_days  the last days, in which alone the level grows; None = it does throughout
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, max(len(counts), 1), BLOCK)]
    fitted = [_fit(counts[one], keep[one], None if steps is None else steps[one], bend_days) for one in blocks]
    return Trend(
        np.concatenate([one.slope for one in fitted]),
        np.concatenate([one.error for one in fitted]),
        np.concatenate([one.used for one in fitted]),
        np.concatenate([one.onesided for one in fitted]),
    )


def _fit(counts: Floats, keep: Booleans, steps: Floats | None, bend_days: int | None) -> Trend:
    windows, length = counts.shape
    weeks = length // 7
    shape = (weeks, 7, windows)  # windows last: sums over days then run along whole rows of memory
    kept = np.ascontiguousarray((keep & ~np.isnan(counts)).T).reshape(shape)
    y = np.where(kept, np.ascontiguousarray(counts.T).reshape(shape), 0.0)
    total = y.sum(axis=0)
    # A weekday on which nobody ever worked says nothing of growth, and its level has no logarithm.
    kept &= total > 0
    weight = kept.astype(float)
    used = kept.sum(axis=(0, 1))
    parameters = kept.any(axis=0).sum(axis=0) + 1
    days = np.arange(length) - ((length - 1) / 2 if bend_days is None else length - 1 - bend_days)
    time = (days if bend_days is None else np.maximum(days, 0.0)).reshape(weeks, 7, 1) / 7

    columns = [time]
    onesided, stepped = np.zeros(windows, bool), np.zeros(windows, bool)
    if steps is not None:
        for step in np.moveaxis(steps, -1, 0):
            inside = np.ascontiguousarray(step.T).reshape(shape)
            after = (weight * inside).sum(axis=(0, 1))
            before = used - after
            straddles = (after > 0) & (before > 0)
            onesided |= straddles & ((after < LEAST_SIDE_DAYS) | (before < LEAST_SIDE_DAYS))
            stepped |= straddles
            if straddles.any():
                columns.append(inside * straddles)
                parameters = parameters + straddles

    beta, information, mu = _search(y, weight, total, columns)
    with np.errstate(all="ignore"):
        flat = kept.reshape(length, windows)
        residual = np.where(kept, (y - mu) / np.sqrt(np.maximum(mu, 1e-9)), 0.0).reshape(length, windows)
        spare = used - parameters
        dispersion = np.maximum(LEAST_DISPERSION, (residual**2).sum(axis=0) / np.maximum(spare, 1))
        correlation = np.clip(_lag_one(residual, flat) + 1.5 / np.maximum(used, 1), 0.0, MOST_CORRELATION)
        if len(columns) == 1:
            variance = 1.0 / information[:, 0, 0]
        else:
            variance = _solve(information, np.eye(len(columns))[np.zeros(windows, int)])[:, 0]
        error = 100 * np.sqrt(dispersion * (1 + correlation) / (1 - correlation) * np.maximum(variance, 0.0))
        error *= np.where(stepped, STEP_WIDENING, 1.0)
    span = length - flat[::-1].argmax(axis=0) - flat.argmax(axis=0)
    enough = (spare >= LEAST_SPARE_DAYS) & (span >= LEAST_SPAN_DAYS) & ~onesided
    if bend_days is not None:
        enough &= flat[-bend_days:].sum(axis=0) >= LEAST_BENT_DAYS
    return Trend(np.where(enough, 100 * beta[:, 0], np.nan), np.where(enough, error, np.nan), used, onesided)


def _search(y: Floats, weight: Floats, total: Floats, columns: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Newton's method: growth and steps by window, their information without the weekdays' levels, and the means."""
    count, windows = len(columns), y.shape[-1]
    beta = np.zeros((windows, count))
    information = np.zeros((windows, count, count))
    with np.errstate(all="ignore"):
        for step in range(NEWTON_STEPS + 1):
            growth = np.exp(sum(beta[:, i] * column for i, column in enumerate(columns))) * weight
            mu = growth * np.where(total > 0, total / growth.sum(axis=0), 0.0)
            moved = [column * mu for column in columns]
            moments = [part.sum(axis=0) for part in moved]  # by weekday
            centres = [np.where(total > 0, moment / total, 0.0) for moment in moments]
            for i in range(count):
                for j in range(i, count):
                    inner = (columns[i] * moved[j]).sum(axis=(0, 1)) - (centres[i] * moments[j]).sum(axis=0)
                    # A column that a window does not have must not move there.
                    inner = np.where((inner <= 1e-9) & (i == j), 1e9, inner)
                    information[:, i, j] = information[:, j, i] = inner
            if step == NEWTON_STEPS:
                break
            left = y - mu
            score = np.stack([(column * left).sum(axis=(0, 1)) for column in columns], axis=1)
            move = score / information[:, 0, :] if count == 1 else _solve(information, score)
            beta = np.clip(beta + np.clip(np.nan_to_num(move), -0.5, 0.5), -4.0, 4.0)
            beta[:, 0] = np.clip(beta[:, 0], -MOST_GROWTH, MOST_GROWTH)
    return beta, information, mu


def _solve(matrix: Floats, right: Floats) -> Floats:
    # A little on the diagonal: a step at the very edge may be no different from the slope.
    ridge = 1e-9 * np.eye(matrix.shape[-1]) * np.maximum(1.0, np.einsum("bii->b", matrix))[:, None, None]
    solved: Floats = np.linalg.solve(matrix + ridge, right[..., None])[..., 0]
    return solved


def _lag_one(residual: Floats, kept: Booleans) -> Floats:
    """Correlation of the residuals of each kept day with those of the kept day before it; days x windows."""
    previous = np.zeros(residual.shape[1])
    product = np.zeros(residual.shape[1])
    for day, is_kept in zip(residual, kept, strict=True):
        product += day * previous  # a day left out has the residual 0
        previous = np.where(is_kept, day, previous)
    square = (residual**2).sum(axis=0)
    return np.asarray(np.where(square > 0, product / np.where(square > 0, square, 1.0), 0.0))
