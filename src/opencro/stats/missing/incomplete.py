"""Outcomes of subjects at visits with gaps, and what is assumed of the gaps: what every method of this family starts
from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ASSUMPTIONS = ("MAR", "JR", "CR", "CIR", "LMCF")


@dataclass(frozen=True, eq=False)
class IncompleteData:
    """Subjects (n) by visits (T) with gaps, made by `arrange_outcomes`."""

    outcome: Floats  # (n, T), NaN where missing
    group: Ints  # (n,) codes
    groups: tuple[str, ...]
    reference: int
    visits: tuple[str, ...]
    covariates: Floats  # (n, T, c)
    covariate_names: tuple[str, ...]
    by_visit: Bools  # (c,)
    baseline: Bools  # (c,) covariates that stay the same within a subject
    ice: Ints  # (n,) first visit that the intercurrent event affects, T where there is none
    assumption: tuple[str, ...]  # (n,) of `ASSUMPTIONS`, what gaps from `ice` on are assumed to be
    off_treatment: bool = False  # the model has a shift by arm from `ice` on

    @property
    def missing(self) -> Bools:
        """(n, T) where a value is to be imputed."""
        return np.isnan(self.outcome)

    @property
    def informative(self) -> Bools:
        """(n, T) where a value is observed and speaks of the imputation model.

        Values after an event whose gaps are not assumed missing at random are kept in the data but not used for the
        model, which describes subjects before such events.
        """
        after = np.arange(len(self.visits)) >= self.ice[:, None]
        other = np.array([a != "MAR" for a in self.assumption])
        return np.asarray(~self.missing & ~(after & other[:, None]))

    def design(self, group: Ints | None = None) -> Floats:
        """The mean model (n, T, p) as if the subjects were in `group`: a mean by arm and visit, covariates, shifts."""
        g = self.group if group is None else group
        n, visits = self.outcome.shape
        arms = len(self.groups)
        cells = np.zeros((n, visits, arms, visits))
        cells[np.arange(n)[:, None], np.arange(visits), g[:, None], np.arange(visits)] = 1.0
        parts = [cells.reshape(n, visits, arms * visits)]
        for k in range(len(self.covariate_names)):
            x = self.covariates[:, :, k]
            parts.append(x[:, :, None] * np.eye(visits) if self.by_visit[k] else x[:, :, None])
        if self.off_treatment:
            after = np.arange(visits) >= self.ice[:, None]
            parts.append(after[:, :, None] * (g[:, None, None] == np.arange(arms)))
        return np.concatenate(parts, axis=2)


def arrange_outcomes(
    outcome: ArrayLike,
    group: Sequence[Any],
    *,
    reference: Any,
    covariates: Mapping[str, ArrayLike] | None = None,
    same_slope: Sequence[str] = (),
    visits: Sequence[str] | None = None,
    ice_visit: Sequence[str | None] | None = None,
    assumption: str | Sequence[str] = "MAR",
) -> IncompleteData:
    """Checks and arranges the outcomes of a trial for imputation.

    `outcome` (n, T): one row a subject, NaN where missing; `group` (n,): arms; `reference`: the control arm;
    `covariates`: name to (n,) or, changing over time, (n, T), complete; each has a slope by visit except those in
    `same_slope`; `visits`: T names; `ice_visit` (n,): the first visit that the intercurrent event affects, None
    without one; `assumption`: of gaps from there on, for all or one a subject: "MAR", "JR" (jump to reference), "CR"
    (copy reference), "CIR" (copy increments in reference), "LMCF" (last mean carried forward). Gaps before are always
    MAR. Events and strategies of ICH E9(R1) by name: `handle_intercurrent_events`. Error: STA-600. Example:
    `arrange_outcomes([[1.0, 2.0], [0.5, np.nan]], ["A", "P"], reference="P")`.
    """
    y = np.asarray(outcome, dtype=np.float64)
    arms = [str(g) for g in group]
    if y.ndim != 2 or len(arms) != len(y) or y.shape[1] == 0:
        raise _wrong(f"outcomes {y.shape} of {len(arms)} subjects", "one row a subject, one column a visit")
    groups = tuple(sorted(set(arms)))
    if str(reference) not in groups:
        raise _wrong(f"the reference {reference}", f"one of {', '.join(groups)}")
    names = _name_visits(visits, y.shape[1])
    x, labels, baseline = _stack_covariates(covariates or {}, y.shape)
    unknown = set(same_slope) - set(labels)
    if unknown:
        raise _wrong(f"same_slope {', '.join(sorted(unknown))}", f"names among {', '.join(labels)}")
    data = IncompleteData(
        y, np.array([groups.index(a) for a in arms], dtype=np.int64), groups, groups.index(str(reference)), names, x,
        labels, np.array([n not in same_slope for n in labels], dtype=np.bool_), baseline,
        np.full(len(y), y.shape[1], dtype=np.int64), ("MAR",) * len(y),
    )  # fmt: skip
    return with_events(data, ice_visit, assumption)


def with_events(
    data: IncompleteData, ice_visit: Sequence[str | None] | None, assumption: str | Sequence[str]
) -> IncompleteData:
    """The same outcomes with other intercurrent events or another assumption for the gaps after them.

    Arguments as in `arrange_outcomes`; `ice_visit` None keeps the events there are. Error: STA-600.
    """
    n, visits = data.outcome.shape
    ice = data.ice
    if ice_visit is not None:
        unknown = {str(v) for v in ice_visit if v is not None} - set(data.visits)
        if unknown or len(ice_visit) != n:
            raise _wrong(
                f"{len(ice_visit)} events at {', '.join(sorted(unknown)) or 'known visits'}",
                f"one of {', '.join(data.visits)} or None for each of {n} subjects",
            )
        ice = np.array([visits if v is None else data.visits.index(str(v)) for v in ice_visit], dtype=np.int64)
    chosen = (assumption,) * n if isinstance(assumption, str) else tuple(assumption)
    if len(chosen) != n or set(chosen) - set(ASSUMPTIONS):
        raise _wrong(f"assumptions {', '.join(sorted(set(chosen)))}", f"{', '.join(ASSUMPTIONS)}, one or {n} of them")
    return replace(data, ice=ice, assumption=chosen)


def with_off_treatment_shift(data: IncompleteData) -> IncompleteData:
    """A retrieved-dropout model: the mean shifts from the event on, by arm; off-treatment values that were observed
    teach it.

    Gaps after the event are then imputed as missing at random among those off treatment (treatment policy). Too few
    retrieved values leave a shift that cannot be estimated: STA-605 when the model is fitted. Source: Wang, D. & Hu
    (2023), Roger et al. (2019) as reviewed in Bell et al. (2025); the simplest of their models.
    """
    return replace(data, off_treatment=True)


def _name_visits(visits: Sequence[str] | None, count: int) -> tuple[str, ...]:
    names = tuple(str(v) for v in visits) if visits is not None else tuple(f"visit {t + 1}" for t in range(count))
    if len(set(names)) != count:
        raise _wrong(f"the visits {', '.join(names)}", f"{count} different names")
    return names


def _stack_covariates(given: Mapping[str, ArrayLike], shape: tuple[int, int]) -> tuple[Floats, tuple[str, ...], Bools]:
    columns, baseline = [], []
    for name, values in given.items():
        x = np.asarray(values, dtype=np.float64)
        if x.shape not in ((shape[0],), shape) or not np.isfinite(x).all():
            raise _wrong(
                f"the covariate {name} of shape {x.shape}", f"complete numbers, {shape[0]} or {shape[0]} x {shape[1]}"
            )
        baseline.append(x.ndim == 1)
        columns.append(np.broadcast_to(x[:, None] if x.ndim == 1 else x, shape))
    stacked = np.stack(columns, axis=2) if columns else np.zeros((*shape, 0))
    return stacked, tuple(given), np.array(baseline, dtype=np.bool_)


def _wrong(got: str, expected: str) -> StatsError:
    return StatsError("STA-600", got, expected, "Factors among the covariates go in as columns of 0 and 1.")
