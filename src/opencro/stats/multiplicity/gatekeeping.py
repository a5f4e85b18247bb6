"""Parallel gatekeeping: families tested in order; a family hands on the part of alpha that its rejections have set
free.

Source: Dmitrienko, Tamhane & Wiens (2008) Biom J 50:667; mixtures: Dmitrienko & Tamhane (2011) Stat Med 30:1473.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.multiplicity.adjust import compute_symmetric_closure, critical_constants
from opencro.stats.multiplicity.pvalues import AdjustedP, Floats, check_p_values, judge
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class Family:
    """A family of hypotheses of a gatekeeping procedure.

    `hypotheses`: positions in the list of p-values, from 0; `component`: "bonferroni", "holm", "hochberg" or "hommel";
    `truncation`: 0 (Bonferroni: hands on most) to 1 (the full component: hands on only when all are rejected).
    """

    hypotheses: tuple[int, ...]
    component: Literal["bonferroni", "holm", "hochberg", "hommel"] = "holm"
    truncation: float = 1.0


def gate_parallel_batch(families: Sequence[Family], p: ArrayLike) -> Floats:
    """Adjusted p-values of `gate_parallel` for `p` of shape (trials, m)."""
    values = check_p_values(p)
    _check_families(families, values.shape[-1])
    flat = np.atleast_2d(values)
    adjusted = np.ones(flat.shape)
    done: list[tuple[Family, Floats]] = []
    for family in families:
        at = list(family.hypotheses)
        critical = critical_constants(family.component, len(at), family.truncation)
        local = compute_symmetric_closure(flat[:, at], critical)
        own = _lift(local, done)
        adjusted[:, at] = own
        done.append((family, own))
    return adjusted.reshape(values.shape)


def _lift(local: Floats, done: list[tuple[Family, Floats]]) -> Floats:
    """The smallest alpha whose part that reaches this family is at least the local adjusted p.

    That part is alpha times a factor that jumps up where an earlier hypothesis is rejected, so that it is enough to
    look behind each jump.
    """
    if not done:
        return local
    jumps = np.concatenate([own for _, own in done], axis=1)
    factor = np.ones(jumps.shape)
    for family, own in done:
        rejected = (own[:, None, :] <= jumps[:, :, None]).sum(axis=2)
        factor *= _handed_on(family, rejected)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(factor[:, :, None] > 0, local[:, None, :] / factor[:, :, None], np.inf)
    return np.asarray(np.minimum(np.maximum(needed, jumps[:, :, None]).min(axis=1), 1.0))


def _handed_on(family: Family, rejected: NDArray[np.int64]) -> Floats:
    """1 - e(accepted): the error rate function of a truncated component is (g + (1 - g) |accepted| / n) alpha, 0 for
    none."""
    n = len(family.hypotheses)
    kept = 0.0 if family.component == "bonferroni" else family.truncation
    return np.where(rejected == n, 1.0, (1 - kept) * rejected / n)


def _check_families(families: Sequence[Family], m: int) -> None:
    named = sorted(i for f in families for i in f.hypotheses)
    if named != list(range(m)):
        raise StatsError(
            "STA-706", f"families of the positions {named}", f"each position from 0 to {m - 1} in one family",
            "Positions count from 0 in the order of the p-values.",
        )  # fmt: skip
    for f in families:
        if not 0 <= f.truncation <= 1 or f.component not in ("bonferroni", "holm", "hochberg", "hommel"):
            raise StatsError(
                "STA-706", f"{f.component} truncated at {f.truncation}",
                "bonferroni, holm, hochberg or hommel, truncated at 0 to 1",
                "The last family is usually not truncated: 1.",
            )  # fmt: skip


def gate_parallel(
    families: Sequence[Family], p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None
) -> AdjustedP:
    """Parallel gatekeeping with truncated components, as a multistage procedure.

    `families`: in the order of testing; `p`: all m p-values; `alpha`: familywise level; `names`. Formula: family s is
    tested by its truncated component at alpha_s; alpha_(s+1) = alpha_s - e(accepted), with e = (g + (1 - g)
    |accepted| / n) alpha_s and 0 when none is accepted (Bonferroni: g = 0). The truncated constants are g c(l, k) +
    (1 - g) / n. Adjusted p-values are exact, not searched on a grid. Errors: STA-700, STA-701, STA-706. Source:
    Dmitrienko, Tamhane & Wiens (2008) Biom J 50:667 (R multxpert, `pargateadjp`). Example: `gate_parallel([Family((0,
    1), "holm", 0.5), Family((2, 3))], [0.0082, 0.0174, 0.0042, 0.018])`.
    """
    return judge("Parallel gatekeeping", p, gate_parallel_batch(families, p), alpha, names)
