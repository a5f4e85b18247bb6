"""The optimizer of the reference run of imputation, replayed.

R's `optim(method = "L-BFGS-B")` stops when -log likelihood falls by less than 1e7 machine epsilons of itself, which
leaves it 3e-6 above the minimum: estimates differ from the exact maximum in the fifth digit, p-values of 1e-20 in the
third. With the same parametrization (Sigma = L L', L = diag(exp(a)) M, M unit lower triangular), the same start
(zeros) and the same rule, all published numbers come out to ten digits, so that everything else - strategies,
conditional means, ANCOVA, jackknife - is proven exactly; our own maximum is compared with it in tests/stats/missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from opencro.stats import missing

Floats = NDArray[np.float64]
RULE = {"maxcor": 5, "ftol": 1e7 * np.finfo(float).eps, "gtol": 0.0, "maxiter": 100}


class Reml:
    """-log restricted likelihood of an unstructured model from sums by pattern of missing values."""

    def __init__(self, data: missing.IncompleteData) -> None:
        known, x = data.informative, data.design()
        self.visits, self.p = x.shape[1], x.shape[2]
        z = np.concatenate([x, np.where(known, data.outcome, 0.0)[:, :, None]], axis=2) * known[:, :, None]
        self.patterns, self.pattern = np.unique(known, axis=0, return_inverse=True)
        self.own = np.einsum("itp,isq->itspq", z, z)  # (n, T, T, p + 1, p + 1)
        self.known = known.sum(axis=1)

    def sums(self, weights: Floats) -> None:
        """Takes each subject as often as `weights` say."""
        count = len(self.patterns)
        self.count = np.array([weights[self.pattern == k].sum() for k in range(count)])
        weighted = self.own * weights[:, None, None, None, None]
        self.cross = np.stack([weighted[self.pattern == k].sum(axis=0) for k in range(count)])
        self.free = float(weights @ self.known) - self.p

    def unpack(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Sigma, its factor and the derivatives of Sigma (size, T, T)."""
        t = self.visits
        scale, unit = np.exp(theta[:t]), np.eye(t)
        low = np.tril_indices(t, -1)
        unit[low] = theta[t:]
        factor = scale[:, None] * unit
        slopes = np.zeros((theta.size, t, t))
        slopes[np.arange(t), np.arange(t)] = factor
        slopes[np.arange(t, theta.size), low[0], low[1]] = scale[low[0]]
        half = slopes @ factor.T
        return factor @ factor.T, factor, half + np.swapaxes(half, 1, 2)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """The value and its gradient."""
        sigma, _, slopes = self.unpack(theta)
        both = self.patterns[:, :, None] & self.patterns[:, None, :]
        padded = np.where(both, sigma, np.eye(self.visits))
        inverse = np.linalg.inv(padded) * both
        total = np.einsum("kts,ktspq->pq", inverse, self.cross, optimize=True)
        p = self.p
        gram, right = total[:p, :p], total[:p, p]
        self.beta = np.linalg.solve(gram, right)
        value = self.count @ np.linalg.slogdet(padded)[1] + np.linalg.slogdet(gram)[1] + total[p, p] - right @ self.beta
        turn = np.append(-self.beta, 1.0)
        middle = np.outer(turn, turn)
        middle[:p, :p] += np.linalg.inv(gram)
        spread = np.einsum("ktspq,pq->kts", self.cross, middle, optimize=True)
        pull = self.count[:, None, None] * inverse - inverse @ spread @ inverse
        gradient = np.einsum("kts,hts->h", pull, slopes, optimize=True)
        return float(value + self.free * np.log(2 * np.pi)) / 2, gradient / 2


def replay(data: missing.IncompleteData, weights: Floats, kind: str) -> missing.Parameters:
    """The parameters for each row of weights (sets, n), as the reference run stopped at them."""
    model = Reml(data)
    visits = len(data.visits)
    beta, sigma = [], []
    for row in weights:
        model.sums(row)
        end = minimize(model, np.zeros(visits * (visits + 1) // 2), jac=True, method="L-BFGS-B", options=RULE).x
        model(end)
        beta.append(model.beta)
        sigma.append(np.repeat(model.unpack(end)[0][None], len(data.groups), axis=0))
    return missing.Parameters(np.stack(beta), np.stack(sigma), weights, kind)


def replay_jackknife(data: missing.IncompleteData) -> missing.Parameters:
    """For all subjects, then with each left out."""
    n = len(data.outcome)
    return replay(data, np.vstack([np.ones((1, n)), 1 - np.eye(n)]), "jackknife")
