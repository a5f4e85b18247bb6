"""Every published result is computed again within its tolerance, or stands in `differences.yaml` with the reason.

A family's module holds `RECOMPUTE`: patterns of reference ids (fnmatch) and functions from a Reference to the numbers
in the order of its `stat`.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reference.stats.material import Reference, references

HERE = Path(__file__).parent
Recompute = Callable[[Reference], Any]
DIFFERENCES: dict[str, str] = yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8")) or {}


def _recomputers() -> list[tuple[str, Recompute]]:
    names = sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith(("test_", "material")))
    modules = [importlib.import_module(f"tests.reference.stats.{name}") for name in names]
    return [pair for module in modules for pair in module.RECOMPUTE.items()]


RECOMPUTERS = _recomputers()


def _flat(value: Any) -> list[float | None]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [None if value in (None, "NA") else float(value)]
    return [x for v in value for x in _flat(v)]


def _near(got: float | None, wanted: float | None, rel_tol: float) -> bool:
    if wanted is None or got is None:
        return wanted is None and (got is None or math.isnan(got) or math.isinf(got))
    return math.isclose(got, wanted, rel_tol=rel_tol, abs_tol=1e-12 if wanted == 0 else 0.0)


@pytest.mark.peer
@pytest.mark.parametrize("reference", references(), ids=lambda r: r.id)
def test_published_result(reference: Reference) -> None:
    """Fails for a number outside its tolerance and for a reference that no family computes."""
    if reference.id in DIFFERENCES:
        pytest.skip(f"differs, and why is known: {DIFFERENCES[reference.id]}")
    found = [compute for pattern, compute in RECOMPUTERS if fnmatchcase(reference.id, pattern)]
    assert found, f"no family computes {reference.id} ({reference.method})"
    got, wanted = _flat(found[0](reference)), _flat(reference.value)
    assert len(got) == len(wanted)
    off = [(g, w) for g, w in zip(got, wanted, strict=True) if not _near(g, w, reference.rel_tol)]
    assert not off, f"{reference.stat}: {off} of {wanted} (tolerance {reference.rel_tol})"


@pytest.mark.skipif(not references(), reason="../shared/data is absent: published results are compared with it")
def test_every_named_difference_is_about_a_reference() -> None:
    assert set(DIFFERENCES) <= {r.id for r in references()}
