"""Trials that randomize clusters: parallel arms and stepped wedges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr, ndtri

from opencro.design.fixed.sizes import SampleSize, check_positive
from opencro.stats import Result


@dataclass(frozen=True)
class ClusterSize(Result):
    """An individually randomized trial, inflated for clusters: participants and clusters per arm."""

    title: ClassVar[str] = "Cluster randomized trial"

    arm: tuple[str, ...]
    n_individual: tuple[float, ...]
    design_effect: float
    n: tuple[float, ...]
    clusters: tuple[float, ...]

    @property
    def clusters_rounded(self) -> tuple[int, ...]:
        """Clusters of each arm, rounded up."""
        return tuple(math.ceil(c - 1e-9) for c in self.clusters)

    def columns(self) -> Mapping[str, Any]:
        """The fields and the rounded clusters."""
        return dict(super().columns()) | {"clusters_rounded": self.clusters_rounded}


def inflate_for_clusters(size: SampleSize, *, icc: float, cluster_size: float, cv: float = 0.0) -> ClusterSize:
    """A sample size with the design effect 1 + ((1 + cv^2) m - 1) icc.

    `icc`: intracluster correlation; `cluster_size` m: mean participants per cluster; `cv`: coefficient of variation of
    cluster sizes. Errors DES-203. Source: Eldridge SM, Ashby D, Kerry S. Int J Epidemiol 2006; 35:1292-1300.

    >>> from opencro.design.fixed import sample_size_means_z
    >>> inflate_for_clusters(sample_size_means_z(0.3, 1), icc=0.05, cluster_size=20).clusters_rounded
    (23, 23)
    """
    check_positive(cluster_size=cluster_size, icc=icc)
    effect = 1 + ((1 + cv**2) * cluster_size - 1) * icc
    n = tuple(m * effect for m in size.n)
    return ClusterSize(size.arm, size.n, effect, n, tuple(m / cluster_size for m in n))


@dataclass(frozen=True)
class SteppedWedge(Result):
    """Variance of the effect of treatment and power of a stepped wedge."""

    title: ClassVar[str] = "Stepped wedge (cross-sectional, Hussey and Hughes)"

    clusters: int
    periods: int
    variance: float
    power: float


def power_stepped_wedge(
    delta: float, *, sequences: int, clusters_per_sequence: int, n_per_cell: float, sd: float, icc: float,
    alpha: float = 0.05, periods: int | None = None,
) -> SteppedWedge:  # fmt: skip
    """Power of a cross-sectional stepped wedge with a random effect of clusters and fixed periods, two-sided.

    Sequence s starts treatment after period s; `periods` is sequences + 1 unless told; `n_per_cell`: participants of a
    cluster in a period; `sd`: total. By generalized least squares. Errors DES-203. Source: Hussey MA, Hughes JP.
    Contemp Clin Trials 2007; 28:182-191.
    """
    check_positive(sequences=sequences, clusters_per_sequence=clusters_per_sequence, n_per_cell=n_per_cell, sd=sd)
    times = sequences + 1 if periods is None else periods
    v = np.diag(np.full(times, (1 - icc) * sd**2 / n_per_cell)) + icc * sd**2
    inverse = np.linalg.inv(v)
    information = np.zeros((times + 1, times + 1))
    for s in range(1, sequences + 1):
        x = np.column_stack([np.eye(times), (np.arange(1, times + 1) > s).astype(float)])
        information += clusters_per_sequence * x.T @ inverse @ x
    variance = float(np.linalg.inv(information)[-1, -1])
    power = float(ndtr(abs(delta) / math.sqrt(variance) - ndtri(1 - alpha / 2)))
    return SteppedWedge(sequences * clusters_per_sequence, times, variance, power)
