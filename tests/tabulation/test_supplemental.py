"""SUPP-- datasets and RELREC out of work tables."""

from __future__ import annotations

import polars as pl

from opencro.tabulation.algorithms.assign import CollectedItem
from opencro.tabulation.model import Domain, Link, Variable
from opencro.tabulation.supplemental import derive_relations, derive_supplemental
from opencro.tabulation.table import Table

SEQUENCE = Variable("AESEQ", CollectedItem(item="X"))
FLAG = Variable("FLAG", CollectedItem(item="FLAG"), label="A flag", origin="Derived", evaluator="SPONSOR")
OTHER = Variable("ANOTHER", CollectedItem(item="ANOTHER"))


def _table(name: str, **columns: list[object]) -> Table:
    domain = Domain(name, (), {f"{name}SEQ": SEQUENCE}, {"FLAG": FLAG, "ANOTHER": OTHER}, {}, supplemental_width=0)
    return Table(domain, pl.DataFrame({"STUDYID": ["S"] * len(columns["USUBJID"]), **columns}))


def test_every_present_value_is_a_row_by_its_keys() -> None:
    table = _table("AE", USUBJID=["1"] * 2, AESEQ=[10.0, 2.0], FLAG=["Y", None], ANOTHER=["a", "b"])
    made = derive_supplemental(table, table.frame)
    assert made is not None
    assert made.select("RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL").rows() == [
        ("AE", "AESEQ", "10", "ANOTHER", "ANOTHER", "a", "COLLECTED", None),
        ("AE", "AESEQ", "10", "FLAG", "A flag", "Y", "DERIVED", "SPONSOR"),
        ("AE", "AESEQ", "2", "ANOTHER", "ANOTHER", "b", "COLLECTED", None),
    ]


def test_a_domain_without_numbers_relates_to_the_subject() -> None:
    table = Table(
        Domain("DM", (), {}, {"FLAG": FLAG}, {}),
        pl.DataFrame({"STUDYID": ["S"], "USUBJID": ["1"], "FLAG": ["Y"]}),
    )
    made = derive_supplemental(table, table.frame)
    assert made is not None
    assert made.select("IDVAR", "IDVARVAL").rows() == [(None, None)]


def test_a_width_aligns_the_record_to_the_right() -> None:
    domain = Domain("AE", (), {"AESEQ": SEQUENCE}, {"FLAG": FLAG}, {}, supplemental_width=4)
    frame = pl.DataFrame({"STUDYID": ["S"], "USUBJID": ["1"], "AESEQ": [7.0], "FLAG": ["Y"]})
    made = derive_supplemental(Table(domain, frame), frame)
    assert made is not None
    assert made.get_column("IDVARVAL").to_list() == ["   7"]


def test_records_that_hold_the_same_value_are_related_and_others_are_not() -> None:
    events = _table("AE", USUBJID=["1", "1", "2"], AESEQ=[1.0, 2.0, 1.0], EVENT=["1-E1", "1-E2", "2-E1"])
    ends = _table("DS", USUBJID=["1", "2"], DSSEQ=[1.0, 1.0], EVENT=["1-E2", None])
    link = Link(id="END", left="AE", right="DS", by={"EVENT": "EVENT"}, relation="{EVENT}", width=3)
    made = derive_relations([link], {"AE": events, "DS": ends})
    assert made is not None
    assert made.select("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID").rows() == [
        ("AE", "1", "AESEQ", "  2", None, "1-E2"),
        ("DS", "1", "DSSEQ", "  1", None, "1-E2"),
    ]


def test_nothing_related_is_no_dataset() -> None:
    assert derive_relations([], {}) is None
