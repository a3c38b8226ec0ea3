"""An interrupted time series: the level after a day against what the trend before would have given.

    log mu_t = a[weekday(t)] + b t + step [t >= day] + c (t - mean t) [t >= day] (+ a step at each change of counting)

fitted as the trends are (quasi-Poisson, log link). The column of the later slope is centred, so that `step` is the
mean of the difference over the days after. Days are not independent: beside the chance of each day use wanders for
days and weeks, and trends bend. How much, nobody knows, so it is not guessed: generalized least squares are made
under each of a grid of answers, and weighed by how well each explains the data (restricted likelihood; D. A. Harville,
J. Am. Stat. Assoc. 72 (1977) 320-338). The grid says what is plausible; it was chosen on the training seeds of
`make bench-effects` (docs/effects.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FIT_STEPS = 12
LEAST_DISPERSION = 0.3  # as in the trends: the daily users of a small team vary less than Poisson
LEAST_SPARE = 4  # observations beyond the parameters
# The grid: shares of the dispersion that are chance of each day; how far use wanders, in logarithms, and for how
# many days; how much a trend bends, in logarithms a week and root of a week. With the weight each answer starts from.
CHANCE = ((0.35, 1.0), (0.6, 1.0), (0.85, 1.0), (1.1, 1.0), (1.5, 1.0))
WANDERING = ((0.0, 1.0), (0.01, 1.0), (0.02, 1.0), (0.04, 0.3))
MEMORY_DAYS = ((3.0, 0.7), (8.0, 1.0), (25.0, 1.0))
BENDING = ((0.0, 1.0), (0.003, 1.0), (0.006, 0.3))
# The grid of a share over 28 days: its wobble against what the weeks before show, and its bending, both relative.
WOBBLE = ((0.35, 1.0), (0.6, 1.0), (1.0, 1.0), (1.6, 0.4))
SHARE_BENDING = ((0.0, 1.0), (0.1, 1.0))
INTERVAL = 2.0  # standard errors on either side of an interval of 95 %
MONTH_DAYS = 28


@dataclass(frozen=True)
class Estimate:
    """A difference with its standard error, on the scale of the model: logarithms of counts, or a share itself."""

    difference: float
    error: float


def of_counts(
    places: NDArray[np.int64],
    counts: Floats,
    exposure: Floats,
    weekday: NDArray[np.int64],
    after: NDArray[np.bool_],
    steps: Floats | None = None,
    restless: float = 1.0,
    trend: Floats | None = None,
) -> Estimate | None:
    """The mean difference of the logarithm of `counts` (each over its `exposure`) on the days `after`.

    places  the day of each observation, as a number, rising
    steps   observations x changes of counting: 1 while one is in force; only such as lie within the days before
    restless  how far the figure wanders and bends, against the number of people on a day
    trend   the shape of the trend, in logarithms; None = a straight line
    None where the observations are too few, or nothing was counted on one side.
    """
    usual = [day for day in range(7) if counts[weekday == day].sum() > 0]
    keep = np.isin(weekday, usual) & (exposure > 0)
    counts, exposure = counts[keep], exposure[keep]
    places, weekday, after = places[keep], weekday[keep], after[keep]
    if not after.any() or after.all() or counts[after].sum() <= 0 or counts[~after].sum() <= 0:
        return None
    weeks = (places - places[~after].mean()) / 7
    columns = [
        after.astype(float),
        np.where(after, weeks - weeks[after].mean(), 0.0),
        weeks if trend is None else trend[keep],
        *((weekday == day).astype(float) for day in usual if (weekday == day).any()),
        *(() if steps is None else steps[keep].T),
    ]
    design = np.stack(columns, axis=1)
    spare = len(counts) - design.shape[1]
    if spare < LEAST_SPARE:
        return None
    level = _fit(design, counts, exposure)
    mean = np.exp(np.clip(level, -20, 20)) * exposure
    mean = np.maximum(mean, 1e-3)
    dispersion = max(LEAST_DISPERSION, float(((counts - mean) ** 2 / mean).sum() / spare))
    working = level + (counts - mean) / mean
    chance = dispersion * np.diag(1 / mean)
    distance = np.abs(places[:, None] - places[None, :])
    smooth = _bending(weeks - weeks[0])
    covariances, weights = [], []
    for (own, w1), (wander, w2), (bend, w3) in product(CHANCE, WANDERING, BENDING):
        for memory, w4 in MEMORY_DAYS if wander else MEMORY_DAYS[:1]:
            covariances.append(own * chance + restless**2 * (wander**2 * np.exp(-distance / memory) + bend**2 * smooth))
            weights.append(w1 * w2 * w3 * (w4 if wander else len(MEMORY_DAYS)))
    return _weighed(design, working, np.stack(covariances), np.log(np.array(weights)))


def of_share(places: NDArray[np.int64], shares: Floats, least: float, steps: Floats | None = None) -> Estimate | None:
    """The difference of the last of `shares`, each over 28 days, from the line through those before it.

    places  the last day of each, as a number, rising, a week or more apart; the last lies wholly after the day
    least   the wobble of a share by chance alone: one person's worth
    """
    last = np.zeros(len(shares))
    last[-1] = 1.0
    weeks = (places - places[0]) / 7
    design = np.stack([last, np.ones(len(shares)), weeks, *(() if steps is None else steps.T)], axis=1)
    spare = len(shares) - design.shape[1]
    if spare < LEAST_SPARE:
        return None
    fitted, *_ = np.linalg.lstsq(design, shares, rcond=None)
    wobble = max(least, float(np.sqrt(((shares - design @ fitted) ** 2).sum() / spare)))
    return _of_wobble(design, shares, places, wobble)


def slope_of_shares(places: NDArray[np.int64], shares: Floats) -> Estimate | None:
    """The growth a week of shares over 28 days (or of the logarithm of counts over 28 days), a week apart."""
    weeks = (places - places[-1]) / 7
    design = np.stack([weeks, np.ones(len(shares))], axis=1)
    if len(shares) - 2 < LEAST_SPARE:
        return None
    fitted, *_ = np.linalg.lstsq(design, shares, rcond=None)
    wobble = max(1e-4, float(np.sqrt(((shares - design @ fitted) ** 2).sum() / (len(shares) - 2))))
    return _of_wobble(design, shares, places, wobble)


def _of_wobble(design: Floats, shares: Floats, places: NDArray[np.int64], wobble: float) -> Estimate | None:
    # Two shares whose days overlap by three quarters have three quarters in common.
    common = np.clip(1 - np.abs(places[:, None] - places[None, :]) / MONTH_DAYS, 0, 1)
    smooth = _bending((places - places[0]) / 7)
    found = [
        ((factor * wobble) ** 2 * (common + 0.02 * np.eye(len(shares))) + (bend * wobble) ** 2 * smooth, w1 * w2)
        for (factor, w1), (bend, w2) in product(WOBBLE, SHARE_BENDING)
    ]
    return _weighed(design, shares, np.stack([one for one, _ in found]), np.log(np.array([w for _, w in found])))


def _fit(design: Floats, counts: Floats, exposure: Floats) -> Floats:
    """The logarithm of the level of each observation, by iterated weighted least squares."""
    offset = np.log(exposure)
    level = np.log((counts + 0.5) / exposure)
    weight = counts + 0.5
    for _ in range(FIT_STEPS):
        root = np.sqrt(weight)[:, None]
        fitted, *_ = np.linalg.lstsq(design * root, level * root[:, 0], rcond=None)
        eta = np.clip(design @ fitted + offset, -7.0, 20.0)
        weight = np.exp(eta)
        level = eta - offset + np.clip((counts - weight) / weight, -3.0, 3.0)
    return np.asarray(eta - offset)


def _bending(weeks: Floats) -> Floats:
    """The covariance of a level whose slope takes a random step each week (an integrated random walk)."""
    low, high = np.minimum(weeks[:, None], weeks[None, :]), np.maximum(weeks[:, None], weeks[None, :])
    return np.asarray(low**2 * (3 * high - low) / 6)


def _weighed(design: Floats, values: Floats, covariances: Floats, weights: Floats) -> Estimate | None:
    """The first coefficient and its error over all covariances, each weighed by its restricted likelihood."""
    count = len(values)
    try:
        root = np.linalg.cholesky(covariances + 1e-12 * np.eye(count))
        both = np.concatenate([design, values[:, None]], axis=1)
        whitened = np.linalg.solve(root, np.broadcast_to(both, (len(root), *both.shape)))
        rows, target = whitened[..., :-1], whitened[..., -1]
        information = rows.swapaxes(1, 2) @ rows
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return None
    beta = (inverse @ (rows.swapaxes(1, 2) @ target[..., None]))[..., 0]
    left = target - (rows @ beta[..., None])[..., 0]
    determinant = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    likelihood = weights - 0.5 * (determinant + np.linalg.slogdet(information)[1] + (left**2).sum(axis=1))
    share = np.exp(likelihood - likelihood.max())
    share /= share.sum()
    mean = float(share @ beta[:, 0])
    variance = float(share @ (inverse[:, 0, 0] + (beta[:, 0] - mean) ** 2))
    if not np.isfinite(mean) or not variance > 0:
        return None
    return Estimate(mean, float(np.sqrt(variance)))
