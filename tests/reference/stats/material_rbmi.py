"""The optimizer of the reference run of imputation, replayed.

R's `optim(method = "L-BFGS-B")` stops when -log likelihood falls by less than 1e7 machine epsilons of itself, which
leaves it 3e-6 above the minimum: estimates differ from the exact maximum in the fifth digit, p-values of 1e-20 in the
third. With the same parametrization (Sigma = L L', L = diag(exp(a)) M, M unit lower triangular), the same start
(zeros) and the same rule, all published numbers come out to ten digits, so that everything else - strategies,
conditional means, ANCOVA, jackknife - is proven exactly; our own maximum is compared with it in tests/stats/missing.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
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
        mine = np.equal.outer(np.arange(count), self.pattern) * weights
        self.cross = np.ascontiguousarray(
            (mine @ self.own.reshape(len(weights), -1)).reshape(count, *self.own.shape[1:])
        )
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
        p, q = self.p, self.p + 1
        flat = self.cross.reshape(-1, q * q)
        total = (inverse.ravel() @ flat).reshape(q, q)
        gram, right = total[:p, :p], total[:p, p]
        self.beta = np.linalg.solve(gram, right)
        value = self.count @ np.linalg.slogdet(padded)[1] + np.linalg.slogdet(gram)[1] + total[p, p] - right @ self.beta
        turn = np.append(-self.beta, 1.0)
        middle = np.outer(turn, turn)
        middle[:p, :p] += np.linalg.inv(gram)
        spread = (flat @ middle.ravel()).reshape(inverse.shape)
        pull = self.count[:, None, None] * inverse - inverse @ spread @ inverse
        gradient = slopes.reshape(theta.size, -1) @ pull.sum(axis=0).ravel()
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
    """For all subjects, then with each left out.

    In a process of its own with one thread: on a busy machine the threads that scipy's optimizer starts for vectors
    of ten numbers make it fifty times slower.
    """
    n = len(data.outcome)
    weights = np.vstack([np.ones((1, n)), 1 - np.eye(n)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(replay, data, weights, "jackknife").result()
