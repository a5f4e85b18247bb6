"""Published results of the family `binary`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opencro.stats import binary
from tests.reference.stats.material import Reference, table

Numbers = list[float]


def _one(method: Callable[..., Any], **options: Any) -> Callable[[Reference], Numbers]:
    def compute(r: Reference) -> Numbers:
        found = method(r.data["x"], r.data["n"], **options)
        return [found.lower, found.upper]

    return compute


def _two(method: Callable[..., Any], *, estimate: bool = False, **options: Any) -> Callable[[Reference], Numbers]:
    def compute(r: Reference) -> Numbers:
        found = method(*_counts(r), **options)
        return [found.estimate, found.lower, found.upper] if estimate else [found.lower, found.upper]

    return compute


def _counts(r: Reference) -> tuple[int, int, int, int]:
    return r.data["x1"], r.data["n1"], r.data["x2"], r.data["n2"]


def _strata(r: Reference) -> tuple[Any, Any, Any, Any]:
    frame = table(r.data)
    return tuple(frame[name].to_numpy() for name in ("x1", "n1", "x2", "n2"))  # type: ignore[return-value]


def _newcombe_table_two(r: Reference) -> Numbers:
    methods = (binary.wald_difference, binary.farrington_manning, binary.miettinen_nurminen, binary.newcombe)
    return [limit for method in methods for limit in _two(method)(r)]


def _stratified_score(r: Reference) -> Numbers:
    found = binary.stratified_miettinen_nurminen(*_strata(r))
    return [found.estimate, found.lower, found.upper]


def _weighted_difference(r: Reference) -> Numbers:
    found = binary.mantel_haenszel_difference(*_strata(r), variance="greenland-robins")
    return [found.estimate, found.se]


def _breslow_day(r: Reference) -> Numbers:
    plain, tarone = (binary.breslow_day(*_strata(r), tarone=t) for t in (False, True))
    return [plain.chi_square, plain.p_value, tarone.chi_square, tarone.p_value]


def _common_ratio(r: Reference) -> Numbers:
    found = binary.mantel_haenszel_ratio(*_strata(r))
    return [found.estimate, found.lower, found.upper]


def _stratified_wilson(r: Reference) -> Numbers:
    x1, n1, x2, n2 = _strata(r)
    found = binary.stratified_wilson(x1 + x2, n1 + n2, quantile_weights=[1.0] * len(x1))
    return [found.pooled, found.lower, found.upper]


RECOMPUTE: dict[str, Callable[[Reference], Numbers]] = {
    "prop.clopper_pearson.*": _one(binary.clopper_pearson),
    "prop.wilson_cc.*": _one(binary.wilson, correct=True),
    "prop.wilson.stratified": _stratified_wilson,
    "prop.wilson.*": _one(binary.wilson),
    "prop.agresti_coull.*": _one(binary.agresti_coull),
    "prop.jeffreys.*": _one(binary.jeffreys),
    "prop.wald.*": _one(binary.wald),
    "rd.wald.*": _two(binary.wald_difference, estimate=True),
    "rd.miettinen_nurminen.*": _two(binary.miettinen_nurminen),
    "rd.mn.published.*": _two(binary.miettinen_nurminen),
    "rd.mee.*": _two(binary.farrington_manning),
    "rd.agresti_caffo.*": _two(binary.agresti_caffo),
    "rd.newcombe.*": _two(binary.newcombe),
    "rd.newcombe1998.published.*": _newcombe_table_two,
    "rd.mn.stratified.*": _stratified_score,
    "rd.mh.wald_cmhweights": _weighted_difference,
    "rr.katz.*": _two(binary.katz, estimate=True),
    "rr.mn.*": _two(binary.miettinen_nurminen_ratio),
    "rr.koopman.*": _two(binary.koopman),
    "rr.mh.2x2x5": _common_ratio,
    "or.woolf.*": _two(binary.woolf, estimate=True),
    "or.mn.*": _two(binary.miettinen_nurminen_odds),
    "breslow_day.2x2x5": _breslow_day,
}
