"""Draws from the posterior of the imputation model: multivariate normal outcomes, flat prior of means, Jeffreys of
covariances.

Data augmentation (Tanner & Wong 1987; Schafer 1997, chapter 5): gaps given parameters, covariances given completed
residuals (inverse Wishart), means given covariances (normal, generalized least squares).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opencro.stats.missing.imputation import Parameters
from opencro.stats.missing.incomplete import Floats, IncompleteData, Ints
from opencro.stats.result import StatsError


@dataclass(frozen=True, eq=False)
class _Setup:
    y: Floats
    x: Floats
    cross: Floats  # (classes, T, T, p, p): sums of x_t x_s'
    classes: Ints  # (n,) which covariance a subject has
    patterns: tuple[tuple[Ints, Ints, Ints, int], ...]  # rows, known visits, gaps, class


def draw_parameters(
    data: IncompleteData,
    imputations: int,
    *,
    seed: int,
    same_covariance: bool = True,
    burn_in: int = 200,
    thinning: int = 20,
) -> Parameters:
    """Draws means and covariances from their posterior given the observed values, by Gibbs sampling.

    `imputations`: sets wanted; `seed`; `same_covariance`: one covariance for all arms or one an arm; `burn_in`: steps
    before the first set; `thinning`: steps between sets. Priors: p(beta, Sigma) proportional to |Sigma|^-(T + 1) / 2
    (Jeffreys, as SAS MI; R rbmi puts a weak inverse Wishart centred at the REML estimate on Sigma instead). Errors:
    STA-603 (fewer subjects than the covariance needs), STA-605 (means that cannot be estimated). Source: Schafer
    (1997) Analysis of Incomplete Multivariate Data, section 5.4. Example: `draw_parameters(data, 20, seed=1)`.
    """
    setup = _set_up(data, same_covariance)
    rng = np.random.default_rng(seed)
    arms, visits = len(data.groups), len(data.visits)
    seen = ~np.isnan(setup.y)
    beta = np.asarray(np.linalg.lstsq(setup.x[seen], setup.y[seen], rcond=None)[0], dtype=np.float64)
    scale = float(np.nanvar(setup.y - setup.x @ beta))
    sigma: Floats = np.repeat(np.eye(visits)[None] * scale, setup.cross.shape[0], axis=0)
    out_beta, out_sigma = np.empty((imputations, beta.size)), np.empty((imputations, arms, visits, visits))
    of_arm = np.zeros(arms, dtype=np.int64) if same_covariance else np.arange(arms)
    for step in range(burn_in + 1 + (imputations - 1) * thinning):
        y = _draw_gaps(setup, beta, sigma, rng)
        sigma = _draw_sigma(setup, y - setup.x @ beta, rng)
        beta = _draw_beta(setup, y, sigma, rng)
        kept, rest = divmod(step - burn_in, thinning)
        if kept >= 0 and rest == 0:
            out_beta[kept], out_sigma[kept] = beta, sigma[of_arm]
    return Parameters(out_beta, out_sigma, np.ones((imputations, len(setup.y))), "posterior")


def _set_up(data: IncompleteData, same_covariance: bool) -> _Setup:
    known = data.informative
    y, x = np.where(known, data.outcome, np.nan), data.design()
    if np.linalg.matrix_rank(x[known]) < x.shape[2]:
        raise StatsError(
            "STA-605", f"{x.shape[2]} means and slopes, of which the data fix {np.linalg.matrix_rank(x[known])}",
            "observed values for each", "Leave out covariates or shifts that no observed value speaks of.",
        )  # fmt: skip
    classes = np.zeros(len(y), dtype=np.int64) if same_covariance else data.group
    count = int(classes.max()) + 1
    sizes = np.array([(known[classes == c].any(axis=1)).sum() for c in range(count)])
    if (sizes <= y.shape[1] + 1).any():
        raise StatsError(
            "STA-603", f"{sizes.min()} subjects", f"more than {y.shape[1] + 1} for a covariance of {y.shape[1]} visits",
            "Use one covariance for all arms, or fewer visits.",
        )  # fmt: skip
    cross = np.stack(
        [np.einsum("itp,isq->tspq", x[classes == c], x[classes == c], optimize=True) for c in range(count)]
    )
    found: dict[tuple[bytes, int], list[int]] = {}
    for i in np.flatnonzero(~known.all(axis=1)):
        found.setdefault((known[i].tobytes(), int(classes[i])), []).append(int(i))
    patterns = tuple(
        (np.array(rows), np.flatnonzero(known[rows[0]]), np.flatnonzero(~known[rows[0]]), c)
        for (_, c), rows in found.items()
    )
    return _Setup(y, x, cross, classes, patterns)


def _draw_gaps(setup: _Setup, beta: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
    mean = setup.x @ beta
    y = setup.y.copy()
    for rows, known, gaps, c in setup.patterns:
        s = sigma[c]
        across = s[np.ix_(known, gaps)]
        slope = np.linalg.solve(s[np.ix_(known, known)], across)
        factor = np.linalg.cholesky(s[np.ix_(gaps, gaps)] - across.T @ slope)
        away = setup.y[np.ix_(rows, known)] - mean[np.ix_(rows, known)]
        noise = rng.standard_normal((rows.size, gaps.size)) @ factor.T
        y[np.ix_(rows, gaps)] = mean[np.ix_(rows, gaps)] + away @ slope + noise
    return y


def _draw_sigma(setup: _Setup, residual: Floats, rng: np.random.Generator) -> Floats:
    out = np.empty((setup.cross.shape[0], residual.shape[1], residual.shape[1]))
    for c in range(len(out)):
        mine = residual[setup.classes == c]
        out[c] = _inverse_wishart(len(mine), mine.T @ mine, rng)
    return out


def _inverse_wishart(df: int, scale: Floats, rng: np.random.Generator) -> Floats:
    """A draw with density proportional to |S|^-(df + T + 1)/2 exp(-tr(scale S^-1)/2), by Bartlett's factor."""
    size = len(scale)
    bartlett = np.tril(rng.standard_normal((size, size)), -1)
    bartlett[np.diag_indices(size)] = np.sqrt(rng.chisquare(df - np.arange(size)))
    half = np.linalg.solve(bartlett, np.linalg.cholesky(scale).T)
    return np.asarray(half.T @ half)


def _draw_beta(setup: _Setup, y: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
    inverse = np.linalg.inv(sigma)
    precision = np.einsum("cts,ctspq->pq", inverse, setup.cross, optimize=True)
    weighted = np.einsum("its,is->it", inverse[setup.classes], y)
    factor = np.linalg.cholesky(precision)
    centre = np.linalg.solve(precision, np.einsum("itp,it->p", setup.x, weighted))
    return np.asarray(centre + np.linalg.solve(factor.T, rng.standard_normal(len(centre))))
