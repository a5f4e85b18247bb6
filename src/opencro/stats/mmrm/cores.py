"""The inside of a covariance: Sigma = D C(phi) D, where D holds the standard deviations and C one of these cores.

Every core gives C, its first derivatives in phi and its second derivatives contracted with a matrix of weights. Any
leading axes are carried along. phi is free of bounds; a correlation is phi / sqrt(1 + phi^2) unless its core says
otherwise. The parameters are those of the R package mmrm, which matters to the Kenward-Roger covariance alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def correlation_of(phi: Floats) -> tuple[Floats, Floats, Floats]:
    """phi / sqrt(1 + phi^2) with its first and second derivative."""
    root = 1.0 / np.sqrt(1.0 + phi * phi)
    return phi * root, root**3, -3.0 * phi * root**5


def free_of(rho: Floats) -> Floats:
    """The phi whose correlation is `rho`, kept away from +-1."""
    inside = np.clip(rho, -0.98, 0.98)
    return np.asarray(inside / np.sqrt(1.0 - inside * inside))


class Core(ABC):
    """C(phi) for m visits."""

    count: int

    @abstractmethod
    def value(self, phi: Floats) -> Floats:
        """C, shape (..., m, m)."""

    @abstractmethod
    def jacobian(self, phi: Floats) -> Floats:
        """dC / dphi, shape (..., count, m, m)."""

    @abstractmethod
    def second(self, phi: Floats, weight: Floats) -> Floats:
        """sum over i, j of weight[i, j] d2C[i, j] / dphi dphi', shape (..., count, count); weight is symmetric."""

    @abstractmethod
    def guess(self, correlation: Floats) -> Floats:
        """A start from a positive definite correlation matrix, shape (..., count)."""


class Banded(Core):
    """One correlation per band of cells."""

    bands: Floats  # (count, m, m), 0 or 1

    @abstractmethod
    def _map(self, phi: Floats) -> tuple[Floats, Floats, Floats]:
        """The correlation and its first and second derivative."""

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self.bands)

    def value(self, phi: Floats) -> Floats:
        rho = self._map(phi)[0]
        return np.asarray(np.einsum("...h,hij->...ij", rho, self.bands) + np.eye(self.bands.shape[-1]))

    def jacobian(self, phi: Floats) -> Floats:
        return np.asarray(self._map(phi)[1][..., None, None] * self.bands)

    def second(self, phi: Floats, weight: Floats) -> Floats:
        curve = self._map(phi)[2] * np.einsum("...ij,hij->...h", weight, self.bands)
        return np.asarray(curve[..., None] * np.eye(self.count))

    def _mean(self, correlation: Floats) -> Floats:
        return np.asarray(np.einsum("...ij,hij->...h", correlation, self.bands) / self.bands.sum(axis=(1, 2)))


@dataclass(frozen=True)
class Toeplitz(Banded):
    """One correlation per lag."""

    bands: Floats = field(repr=False)

    def _map(self, phi: Floats) -> tuple[Floats, Floats, Floats]:
        return correlation_of(phi)

    def guess(self, correlation: Floats) -> Floats:
        """Means by lag may leave the cone of correlation matrices: they are drawn together until they are in."""
        phi = free_of(self._mean(correlation))
        for _ in range(60):
            bad = np.linalg.eigvalsh(self.value(phi))[..., 0] < 1e-3
            if not bad.any():
                break
            phi = np.where(bad[..., None], 0.8 * phi, phi)
        return phi


@dataclass(frozen=True)
class Compound(Banded):
    """One correlation, a + (1 - a) / (1 + exp(-phi)) with a = -1 / (m - 1), the least that m visits can share."""

    bands: Floats = field(repr=False)

    def _map(self, phi: Floats) -> tuple[Floats, Floats, Floats]:
        least = -1.0 / (self.bands.shape[-1] - 1)
        share = 1.0 / (1.0 + np.exp(-phi))
        slope = (1.0 - least) * share * (1.0 - share)
        return least + (1.0 - least) * share, slope, slope * (1.0 - 2.0 * share)

    def guess(self, correlation: Floats) -> Floats:
        least = -1.0 / (self.bands.shape[-1] - 1)
        share = np.clip((self._mean(correlation) - least) / (1.0 - least), 0.01, 0.99)
        return np.asarray(np.log(share) - np.log1p(-share))


@dataclass(frozen=True)
class Alone(Core):
    """One visit: a variance and nothing else."""

    count: int = 0

    def value(self, phi: Floats) -> Floats:
        return np.ones((*phi.shape[:-1], 1, 1))

    def jacobian(self, phi: Floats) -> Floats:
        return np.zeros((*phi.shape[:-1], 0, 1, 1))

    def second(self, phi: Floats, weight: Floats) -> Floats:  # noqa: ARG002  every core has the same face
        return np.zeros((*weight.shape[:-2], 0, 0))

    def guess(self, correlation: Floats) -> Floats:
        return np.zeros((*correlation.shape[:-2], 0))


@dataclass(frozen=True)
class Autoregressive(Core):
    """rho^|i - j|."""

    visits: int
    count: int = 1

    def _lags(self) -> NDArray[np.int64]:
        place = np.arange(self.visits)
        return np.asarray(np.abs(place[:, None] - place))

    def value(self, phi: Floats) -> Floats:
        return np.asarray(correlation_of(phi)[0][..., None] ** self._lags())

    def jacobian(self, phi: Floats) -> Floats:
        rho, slope, _ = (part[..., None] for part in correlation_of(phi))
        lags = self._lags()
        return np.asarray(lags * rho ** np.maximum(lags - 1, 0) * slope)[..., None, :, :]

    def second(self, phi: Floats, weight: Floats) -> Floats:
        rho, slope, curve = (part[..., None] for part in correlation_of(phi))
        lags = self._lags()
        bend = lags * (lags - 1) * rho ** np.maximum(lags - 2, 0) * slope**2
        bend = bend + lags * rho ** np.maximum(lags - 1, 0) * curve
        return np.asarray((weight * bend).sum(axis=(-2, -1)))[..., None, None]

    def guess(self, correlation: Floats) -> Floats:
        return free_of(np.diagonal(correlation, 1, -2, -1).mean(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Antedependent(Core):
    """The product of the correlations of neighbouring visits between i and j."""

    visits: int

    @property
    def count(self) -> int:  # type: ignore[override]
        return self.visits - 1

    def _between(self) -> NDArray[np.bool_]:
        """(count, m, m): is the step from h to h + 1 on the way from i to j?"""
        place = np.arange(self.visits)
        low, high = np.minimum(place[:, None], place), np.maximum(place[:, None], place)
        step = np.arange(self.count)[:, None, None]
        return np.asarray((low <= step) & (step < high))

    def _product(self, rho: Floats, without: tuple[int, ...]) -> Floats:
        on = self._between()
        factors = np.where(on, rho[..., :, None, None], 1.0)
        for h in without:
            factors[..., h, :, :] = on[h]
        return np.asarray(factors.prod(axis=-3))

    def value(self, phi: Floats) -> Floats:
        return self._product(correlation_of(phi)[0], ())

    def jacobian(self, phi: Floats) -> Floats:
        rho, slope, _ = correlation_of(phi)
        parts = [slope[..., h, None, None] * self._product(rho, (h,)) for h in range(self.count)]
        return np.stack(parts, axis=-3)

    def second(self, phi: Floats, weight: Floats) -> Floats:
        rho, slope, curve = correlation_of(phi)
        out = np.zeros((*weight.shape[:-2], self.count, self.count))
        for h in range(self.count):
            for k in range(h + 1):
                bend = curve[..., h] if h == k else slope[..., h] * slope[..., k]
                total = (weight * self._product(rho, (h, k))).sum(axis=(-2, -1)) * bend
                out[..., h, k] = out[..., k, h] = total
        return out

    def guess(self, correlation: Floats) -> Floats:
        return free_of(np.diagonal(correlation, 1, -2, -1))


@dataclass(frozen=True)
class Unstructured(Core):
    """L L' with L unit lower triangular; phi are the cells of L below the diagonal, row by row."""

    visits: int

    @property
    def count(self) -> int:  # type: ignore[override]
        return self.visits * (self.visits - 1) // 2

    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows, columns = np.tril_indices(self.visits, -1)
        return rows, columns

    def _factor(self, phi: Floats) -> Floats:
        out = np.zeros((*phi.shape[:-1], self.visits, self.visits))
        out[...] = np.eye(self.visits)
        rows, columns = self._cells()
        out[..., rows, columns] = phi
        return out

    def value(self, phi: Floats) -> Floats:
        factor = self._factor(phi)
        return np.asarray(factor @ np.swapaxes(factor, -1, -2))

    def jacobian(self, phi: Floats) -> Floats:
        rows, columns = self._cells()
        across = np.swapaxes(self._factor(phi)[..., :, columns], -1, -2)  # column b of L, for every cell (a, b)
        half = np.zeros((*phi.shape, self.visits, self.visits))
        half[..., np.arange(self.count), rows, :] = across
        return np.asarray(half + np.swapaxes(half, -1, -2))

    def second(self, phi: Floats, weight: Floats) -> Floats:  # noqa: ARG002  every core has the same face
        rows, columns = self._cells()
        same = columns[:, None] == columns
        return np.asarray(2.0 * weight[..., rows[:, None], rows] * same)

    def guess(self, correlation: Floats) -> Floats:
        factor = np.linalg.cholesky(correlation)
        rows, columns = self._cells()
        scale = np.diagonal(factor, 0, -2, -1)[..., rows]
        return np.asarray(factor[..., rows, columns] / scale)


@dataclass(frozen=True)
class Spatial(Core):
    """rho^distance with rho = 1 / (1 + exp(-phi)), or exp(-distance^2 / exp(2 phi)) where `gaussian`."""

    distance: Floats = field(repr=False)  # (m, m) or (classes, m, m)
    gaussian: bool = False
    count: int = 1

    def _exponent(self, phi: Floats) -> tuple[Floats, Floats, Floats]:
        phi = phi[..., None]
        if self.gaussian:
            power = -((self.distance * np.exp(-phi)) ** 2)
            return power, -2.0 * power, 4.0 * power
        rho = 1.0 / (1.0 + np.exp(-phi))
        log_rho = -np.logaddexp(0.0, -phi)
        return self.distance * log_rho, self.distance * (1.0 - rho), -self.distance * rho * (1.0 - rho)

    def value(self, phi: Floats) -> Floats:
        return np.asarray(np.exp(self._exponent(phi)[0]))

    def jacobian(self, phi: Floats) -> Floats:
        power, slope, _ = self._exponent(phi)
        return np.asarray(slope * np.exp(power))[..., None, :, :]

    def second(self, phi: Floats, weight: Floats) -> Floats:
        power, slope, curve = self._exponent(phi)
        return np.asarray((weight * (slope**2 + curve) * np.exp(power)).sum(axis=(-2, -1)))[..., None, None]

    def guess(self, correlation: Floats) -> Floats:
        """The mean correlation of neighbours is taken to hold at the median distance."""
        near = np.diagonal(correlation, 1, -2, -1).mean(axis=-1, keepdims=True)
        near = np.clip(near, 0.1, 0.9)
        apart = self.distance[self.distance > 0]
        typical = float(np.median(apart)) if apart.size else 1.0
        if self.gaussian:
            return np.asarray(np.log(typical) - 0.5 * np.log(-np.log(near)))
        rho = np.clip(near ** (1.0 / typical), 1e-6, 1 - 1e-6)
        return np.asarray(np.log(rho) - np.log1p(-rho))
