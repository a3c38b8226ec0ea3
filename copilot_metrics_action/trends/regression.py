"""The trend of daily counts: a quasi-Poisson regression, fitted for every last day of a window at once.

    log mu_t = a[weekday(t)] + b (t - mean t) / 7 (+ a step of level at each known change of counting)

b is the growth a week. The weekday effects have a closed form for a given b, so only b (and the steps)
are searched, by Newton's method. Same estimates as a generalized linear model with a log link
(R. W. M. Wedderburn, Biometrika 61 (1974) 439-447); the dispersion is Pearson's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

NEWTON_STEPS = 5  # far from the limit the search gains two digits a step; five agree with the limit to 1e-6
MOST_GROWTH = 1.0  # of log level a week: keeps a window with one lonely day from running away
LEAST_DISPERSION = 0.3  # the daily users of a small team vary less than Poisson; below this is luck
MOST_CORRELATION = 0.6  # slow waves widen the error, at most fourfold in variance
LEAST_SPAN_DAYS = 10
LEAST_SPARE_DAYS = 4  # kept days beyond the number of parameters
LEAST_SIDE_DAYS = 5  # kept days on each side of a step of counting


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


def fit(counts: Floats, keep: Booleans, steps: Floats | None = None) -> Trend:
    """The trend of each window.

    counts  windows x days, oldest day first, a whole number of weeks; NaN = no record
    keep    which days count; days without a record never do
    steps   windows x days x changes: 1 where a known change of counting is in force, else 0
    """
    windows, length = counts.shape
    weeks = length // 7
    shape = (windows, weeks, 7)
    kept = (keep & ~np.isnan(counts)).reshape(shape)
    y = np.where(kept, counts.reshape(shape), 0.0)
    total = y.sum(axis=1)
    # A weekday on which nobody ever worked says nothing of growth, and its level has no logarithm.
    kept &= (total > 0)[:, None, :]
    weight = kept.astype(float)
    used = kept.sum(axis=(1, 2))
    parameters = kept.any(axis=1).sum(axis=1) + 1
    time = ((np.arange(length) - (length - 1) / 2) / 7).reshape(1, weeks, 7)

    columns = [np.broadcast_to(time, shape)]
    onesided = np.zeros(windows, bool)
    if steps is not None:
        for column in np.moveaxis(steps, -1, 0):
            inside = column.reshape(shape)
            after = (weight * inside).sum(axis=(1, 2))
            before = used - after
            straddles = (after > 0) & (before > 0)
            onesided |= straddles & ((after < LEAST_SIDE_DAYS) | (before < LEAST_SIDE_DAYS))
            if straddles.any():
                columns.append(inside * straddles[:, None, None])
                parameters = parameters + straddles
    x = np.stack(columns)  # columns x windows x weeks x 7

    beta = np.zeros((windows, len(columns)))
    information = np.zeros((windows, len(columns), len(columns)))
    mu = y
    with np.errstate(all="ignore"):
        for step in range(NEWTON_STEPS + 1):
            growth = (
                np.exp(np.einsum("bk,kbij->bij", beta, x)) * weight
                if len(columns) > 1
                else (np.exp(beta[:, 0, None, None] * time) * weight)
            )
            mu = growth * np.where(total > 0, total / growth.sum(axis=1), 0.0)[:, None, :]
            level = mu.sum(axis=1)
            moments = (x * mu).sum(axis=2)  # columns x windows x 7
            centre = np.where(level > 0, moments / level, 0.0)
            for i in range(len(columns)):
                for j in range(i, len(columns)):
                    value = (x[i] * x[j] * mu).sum(axis=(1, 2)) - (centre[i] * moments[j]).sum(axis=1)
                    information[:, i, j] = information[:, j, i] = value
            diagonal = np.einsum("bii->bi", information)
            diagonal[diagonal <= 1e-9] = 1e9  # a column that this window does not have
            if step == NEWTON_STEPS:
                break
            score = (x * (y - mu)).sum(axis=(2, 3)).T
            move = score / information[:, 0, :] if len(columns) == 1 else _solve(information, score)
            beta = np.clip(beta + np.clip(np.nan_to_num(move), -0.5, 0.5), -4.0, 4.0)
            beta[:, 0] = np.clip(beta[:, 0], -MOST_GROWTH, MOST_GROWTH)

        residual = np.where(kept, (y - mu) / np.sqrt(np.maximum(mu, 1e-9)), 0.0).reshape(windows, length)
        flat = kept.reshape(windows, length)
        spare = used - parameters
        dispersion = np.maximum(LEAST_DISPERSION, (residual**2).sum(axis=1) / np.maximum(spare, 1))
        correlation = np.clip(_lag_one(residual, flat) + 1.5 / np.maximum(used, 1), 0.0, MOST_CORRELATION)
        if len(columns) == 1:
            variance = 1.0 / information[:, 0, 0]
        else:
            unit = np.zeros((windows, len(columns)))
            unit[:, 0] = 1.0
            variance = _solve(information, unit)[:, 0]
        error = 100 * np.sqrt(dispersion * (1 + correlation) / (1 - correlation) * np.maximum(variance, 0.0))

    position = np.arange(length)
    first = np.where(flat, position, length).min(axis=1)
    last = np.where(flat, position, -1).max(axis=1)
    enough = (spare >= LEAST_SPARE_DAYS) & (last - first + 1 >= LEAST_SPAN_DAYS) & ~onesided
    nothing = np.nan
    return Trend(np.where(enough, 100 * beta[:, 0], nothing), np.where(enough, error, nothing), used, onesided)


def _solve(matrix: Floats, right: Floats) -> Floats:
    # A little on the diagonal: a step at the very edge may be no different from the slope.
    ridge = 1e-9 * np.eye(matrix.shape[-1]) * np.maximum(1.0, np.einsum("bii->b", matrix))[:, None, None]
    solved: Floats = np.linalg.solve(matrix + ridge, right[..., None])[..., 0]
    return solved


def _lag_one(residual: Floats, kept: Booleans) -> Floats:
    """Correlation of the residuals of each kept day with those of the kept day before it."""
    length = residual.shape[1]
    position = np.where(kept, np.arange(length), -1)
    previous = np.full_like(position, -1)
    previous[:, 1:] = np.maximum.accumulate(position, axis=1)[:, :-1]
    pair = kept & (previous >= 0)
    before = np.take_along_axis(residual, np.maximum(previous, 0), axis=1)
    product = np.where(pair, residual * before, 0.0).sum(axis=1)
    square = (residual**2).sum(axis=1)
    return np.asarray(np.where(square > 0, product / np.where(square > 0, square, 1.0), 0.0))
