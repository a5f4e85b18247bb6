"""The covariance structures by name, with the derivatives of Sigma in the parameters (log standard deviations, phi)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from opencro.stats.mmrm.cores import (
    Alone,
    Antedependent,
    Autoregressive,
    Compound,
    Core,
    Floats,
    Spatial,
    Toeplitz,
    Unstructured,
)
from opencro.stats.result import StatsError

STRUCTURES = ("us", "toeph", "toep", "adh", "ad", "ar1h", "ar1", "csh", "cs", "sp_exp", "sp_gau")
SPATIAL = frozenset({"sp_exp", "sp_gau"})


@dataclass(frozen=True)
class Structure:
    """Sigma(theta) for one group; theta = (log standard deviations, phi of the core)."""

    name: str
    visits: int
    core: Core = field(repr=False)
    pick: Floats = field(repr=False)  # (m, number of standard deviations): which of them a visit has

    @property
    def size(self) -> int:
        """The number of parameters."""
        return int(self.pick.shape[1]) + self.core.count

    def sigma(self, theta: Floats) -> Floats:
        """Sigma, shape (..., m, m)."""
        scale, phi = self._parts(theta)
        return np.asarray(scale[..., :, None] * self.core.value(phi) * scale[..., None, :])

    def jacobian(self, theta: Floats, sigma: Floats) -> Floats:
        """dSigma / dtheta, shape (..., size, m, m)."""
        scale, phi = self._parts(theta)
        inner = self.core.jacobian(phi)
        inner = inner * scale[..., None, :, None] * scale[..., None, None, :]
        return np.concatenate([self._sides() * sigma[..., None, :, :], inner], axis=-3)

    def second(self, theta: Floats, sigma: Floats, jacobian: Floats, weight: Floats) -> Floats:
        """sum over i, j of weight[i, j] d2Sigma[i, j] / dtheta dtheta', shape (..., size, size)."""
        scale, phi = self._parts(theta)
        sides = self._sides().reshape(self.pick.shape[1], -1)
        deviations = self.pick.shape[1]
        lead = weight.shape[:-2]
        flat = (weight * sigma).reshape(*lead, 1, -1)
        out = np.empty((*lead, self.size, self.size))
        out[..., :deviations, :deviations] = (sides * flat) @ sides.T
        inner = jacobian[..., deviations:, :, :]
        inner = inner.reshape(*inner.shape[:-2], self.visits**2)
        cross = (sides * weight.reshape(*lead, 1, -1)) @ np.swapaxes(inner, -1, -2)
        out[..., :deviations, deviations:] = cross
        out[..., deviations:, :deviations] = np.swapaxes(cross, -1, -2)
        scaled = scale[..., :, None] * weight * scale[..., None, :]
        out[..., deviations:, deviations:] = self.core.second(phi, scaled)
        return out

    def start(self, moment: Floats) -> Floats:
        """Parameters near a matrix of moments; it need not be positive definite."""
        variance = np.maximum(np.diagonal(moment, 0, -2, -1), 1e-6)
        deviation = np.sqrt(variance)
        correlation = nearest_correlation(moment / (deviation[..., :, None] * deviation[..., None, :]))
        logs = 0.5 * np.log(variance) @ (self.pick / self.pick.sum(axis=0))
        if self.name == "us":
            factor = np.linalg.cholesky(correlation)
            logs = logs + np.log(np.diagonal(factor, 0, -2, -1))
        return np.concatenate([logs, self.core.guess(correlation)], axis=-1)

    def _parts(self, theta: Floats) -> tuple[Floats, Floats]:
        deviations = self.pick.shape[1]
        with np.errstate(over="ignore"):
            return np.exp(theta[..., :deviations] @ self.pick.T), theta[..., deviations:]

    def _sides(self) -> Floats:
        """(number of standard deviations, m, m): how often each stands in cell i, j, as row or as column."""
        return np.asarray(self.pick.T[:, :, None] + self.pick.T[:, None, :])


def build_structure(name: str, visits: int, distance: Floats | None = None) -> Structure:
    """The structure called `name` for a number of visits; spatial structures need the distances between visits."""
    lower = name.lower()
    if lower not in STRUCTURES:
        raise StatsError("STA-301", f"covariance {name!r}", "one of " + ", ".join(STRUCTURES), "Choose one of these.")
    if lower in SPATIAL and distance is None:
        remedy = "Give `coordinates`, one column per dimension."
        raise StatsError("STA-302", f"covariance {name!r} without coordinates", "the place of every row", remedy)
    heterogeneous = lower == "us" or lower.endswith("h")
    pick = np.eye(visits) if heterogeneous else np.ones((visits, 1))
    return Structure(lower, visits, _core(lower, visits, distance), pick)


def _core(name: str, visits: int, distance: Floats | None) -> Core:
    if visits == 1:
        return Alone()
    place = np.arange(visits)
    lag = np.abs(place[:, None] - place)
    if name == "us":
        return Unstructured(visits)
    if name in ("cs", "csh"):
        return Compound((lag > 0).astype(float)[None])
    if name in ("toep", "toeph"):
        return Toeplitz(np.stack([lag == k for k in range(1, visits)]).astype(float))
    if name in ("ar1", "ar1h"):
        return Autoregressive(visits)
    if name in ("ad", "adh"):
        return Antedependent(visits)
    assert distance is not None
    return Spatial(distance, gaussian=name == "sp_gau")


def nearest_correlation(correlation: Floats, floor: float = 0.02) -> Floats:
    """Raises the eigenvalues of a symmetric matrix to `floor` and makes its diagonal 1 again."""
    symmetric = np.where(np.eye(correlation.shape[-1], dtype=bool), 1.0, np.clip(correlation, -0.98, 0.98))
    values, vectors = np.linalg.eigh(symmetric)
    raised = (vectors * np.maximum(values, floor)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    scale = 1.0 / np.sqrt(np.diagonal(raised, 0, -2, -1))
    return np.asarray(scale[..., :, None] * raised * scale[..., None, :])
