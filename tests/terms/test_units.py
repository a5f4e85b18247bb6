"""Units: values that anyone can look up, and laws that hold for every unit of the pack."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.finding import Finding, Refused
from opencro.terms import Conversion, TermsStore, Unit

UNITS = TermsStore().units()
BY_DIMENSION: dict[str, list[Unit]] = defaultdict(list)
for _unit in UNITS.units:
    BY_DIMENSION[_unit.dimension].append(_unit)
values = st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-3)
pairs = st.sampled_from(sorted(BY_DIMENSION)).flatmap(lambda d: st.tuples(*[st.sampled_from(BY_DIMENSION[d])] * 3))


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, "LB", "kg", 0.45359237),
        (1.0, "in", "cm", 2.54),
        (212.0, "F", "C", 100.0),
        (98.6, "F", "C", 37.0),
        (-40.0, "C", "F", -40.0),
        (0.0, "C", "K", 273.15),
        (760.0, "mmHg", "kPa", 101.325),
        (1.0, "g/dL", "g/L", 10.0),
        (140.0, "THOU/uL", "GI/L", 140.0),
        (1.0, "uIU/mL", "mIU/L", 1.0),
        (60.0, "beats/min", "Hz", 1.0),
        (1.0, "ukat/L", "U/L", 60.0),
        (2.0, "WEEKS", "DAYS", 14.0),
        (1.0, "kcal", "kJ", 4.184),
    ],
)
def test_known_conversions(value: float, source: str, target: str, expected: float) -> None:
    assert UNITS.convert([value], source, target)[0] == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_defined_factors_are_exact() -> None:
    assert UNITS.convert([1.0], "lb", "kg")[0] == 0.45359237
    assert UNITS.convert([1.0], "in", "cm")[0] == 2.54
    assert UNITS.convert([212.0, 32.0], "F", "C").tolist() == [100.0, 0.0]


@given(pairs, values)
def test_there_and_back_is_the_same_value(units: tuple[Unit, Unit, Unit], value: float) -> None:
    first, second, _ = units
    back = UNITS.convert(UNITS.convert([value], first.name, second.name), second.name, first.name)[0]
    there = UNITS.conversion(first.name, second.name)
    assert isinstance(there, Conversion)
    # a shift of size s costs s * 2**-52, seen from the first unit
    assert back == pytest.approx(value, rel=1e-14, abs=4e-16 * abs(float(there.shift / there.scale)))


@given(pairs)
def test_a_way_over_a_third_unit_is_the_direct_way(units: tuple[Unit, Unit, Unit]) -> None:
    ab, bc, ac = (
        UNITS.conversion(a.name, b.name) for a, b in ((units[0], units[1]), (units[1], units[2]), (units[0], units[2]))
    )
    assert isinstance(ab, Conversion)
    assert isinstance(bc, Conversion)
    assert isinstance(ac, Conversion)
    assert (ab.scale * bc.scale, ab.shift * bc.scale + bc.shift) == (ac.scale, ac.shift)


@given(st.sampled_from(UNITS.units), values)
def test_a_unit_to_itself_changes_no_bit(unit: Unit, value: float) -> None:
    assert UNITS.convert([value], unit.name, unit.name)[0] == value


def test_missing_values_stay_missing_and_the_shape_stays() -> None:
    result = UNITS.convert(np.array([[1.0, np.nan], [2.0, 3.0]]), "in", "cm")
    assert result.shape == (2, 2)
    assert np.isnan(result[0, 1])
    assert UNITS.convert(np.array([], dtype=float), "in", "cm").size == 0


def test_every_spelling_finds_its_unit() -> None:
    for unit in UNITS.units:
        for spelling in (unit.name, *unit.also):
            assert UNITS.find(spelling) == unit


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("lb", "LB"), ("IN", "in"), ("F", "F"), ("Mmhg", "mmHg"), (" KG ", "kg"), ("mm", "mm"), ("mM", "mmol/L")],
)
def test_other_spellings(spelling: str, name: str) -> None:
    found = UNITS.find(spelling)
    assert found is not None
    assert found.name == name


def test_a_case_that_could_be_two_units_is_not_guessed() -> None:
    assert UNITS.find("NM") is None


def test_an_unknown_unit_gets_a_suggestion() -> None:
    found = UNITS.conversion("kgg", "LB")
    assert isinstance(found, Finding)
    assert (found.code, found.remedy) == ("TRM-040", 'Did you mean "kg"?')


def test_units_of_two_kinds_do_not_convert() -> None:
    with pytest.raises(Refused) as caught:
        UNITS.convert([1.0], "kg", "cm")
    assert caught.value.findings.codes() == ("TRM-041",)


@pytest.mark.parametrize(
    "units",
    [
        "[{name: a, factor: x}]",
        "[{name: a, factor: 0}]",
        "[{name: a, factor: 1/0}]",
        "[{name: a, factor: 1}, {name: b, factor: 2, also: [a]}]",
    ],
)
def test_a_units_file_that_does_not_hold_is_refused(units: str, home: Path, shipped: TermsStore) -> None:
    folder = home / "units/9"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text('id: units\nversion: "9"\nkind: units\ntitle: t\nsource: s\nlicence: l\n')
    (folder / "units.yaml").write_text(f"dimensions:\n  any:\n    units: {units}\n")
    with pytest.raises(Refused) as caught:
        TermsStore([home]).units("9")
    assert caught.value.findings.codes() == ("TRM-042",)


@pytest.mark.peer
def test_names_are_cdisc_submission_values_where_cdisc_has_one(whole: TermsStore) -> None:
    pack = whole.pack("sdtm-ct", "2025-03-28")
    lists = pack.codelist("UNIT"), pack.codelist("VSRESU")
    other = {
        u.name: m.submission_value
        for u in UNITS.units
        for codelist in lists
        if (m := codelist.match(u.name)) and m.submission_value != u.name
    }
    # BAR is a food bar in CDISC terminology, not the unit of pressure
    assert other == {"bar": "BAR"}
