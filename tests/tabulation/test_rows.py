"""Rows of a domain out of records of forms and rows of other domains."""

from __future__ import annotations

import polars as pl

from opencro.tabulation.model import Domain, Source, Unpivot
from opencro.tabulation.rows import gather_rows
from opencro.tabulation.table import Table

KEYS = {"record": [1, 2, 3], "fact": [11, 12, 13], "site": ["7"] * 3, "event_repeat": [1, 1, 1]}


def _records(**items: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({**KEYS, "participant": ["1", "1", "2"], "event": ["BL", "BL", "BL"], **items})


def _gather(frame: pl.DataFrame, *sources: Source, tables: dict[str, Table] | None = None) -> pl.DataFrame:
    return gather_rows(Domain("XX", sources, {}, {}, {}), lambda _form, _group: frame, tables or {})


def test_each_record_gives_a_row_that_knows_its_record() -> None:
    rows = _gather(_records(TERM=["A", None, "C"]), Source(form="AE"))
    assert rows.get_column("raw.TERM").to_list() == ["A", None, "C"]
    assert rows.select("_record", "_fact", "_participant", "_event", "_form", "_source").row(2) == (
        3,
        13,
        "2",
        "BL",
        "AE",
        0,
    )


def test_records_that_do_not_fit_give_no_row() -> None:
    rows = _gather(_records(YN=["Y", "N", None]), Source(form="AE", where='YN == "Y"'))
    assert rows.get_column("_record").to_list() == [1]


def test_a_form_by_items_gives_one_row_per_visit() -> None:
    rows = _gather(_records(CAT=["A", "A", "A"], ITEM=["x", "y", "z"]), Source(form="QS", by=("CAT",)))
    assert rows.select("_participant", "raw.ITEM").rows() == [("1", "x"), ("2", "z")]


def test_tests_side_by_side_become_rows_and_empty_ones_are_left_out() -> None:
    unpivot = Unpivot(tests=("SYS", "DIA"), items={"RES": "{test}_RES", "POS": "{test}_POS"}, keep="RES is present")
    frame = _records(SYS_RES=["120", None, "110"], DIA_RES=["80", "70", None], SYS_POS=["UP", "UP", "UP"])
    rows = _gather(frame, Source(form="VS", unpivot=unpivot))
    assert rows.select("_record", "raw.test", "raw.RES", "raw.POS").rows() == [
        (1, "SYS", "120", "UP"),
        (3, "SYS", "110", "UP"),
        (1, "DIA", "80", None),
        (2, "DIA", "70", None),
    ]


def test_fixed_items_tell_sources_apart_and_go_before_collected_ones() -> None:
    frame = _records(TERM=["A", "B", "C"])
    rows = _gather(frame, Source(form="DS", where='TERM == "A"'), Source(form="DS", set={"TERM": "FIXED", "KIND": "2"}))
    assert rows.select("_source", "raw.TERM", "raw.KIND").rows() == [
        (0, "A", None),
        (1, "FIXED", "2"),
        (1, "FIXED", "2"),
        (1, "FIXED", "2"),
    ]


def test_rows_of_other_domains_come_once_from_the_preferred_one() -> None:
    def table(name: str, form: str, visits: list[float]) -> Table:
        frame = pl.DataFrame({"_participant": ["1"] * len(visits), "_form": [form] * len(visits), "VISITNUM": visits})
        return Table(Domain(name, (), {}, {}, {}), frame)

    tables = {"VS": table("VS", "VITALS", [1.0, 2.0]), "LB": table("LB", "LAB", [2.0, 3.0, 3.0])}
    source = Source(datasets=("VS", "LB"), by=("VISITNUM",), where="VISITNUM > 1")
    rows = _gather(_records(), source, tables=tables)
    assert rows.select("raw.VISITNUM", "_form").rows() == [(2.0, "VITALS"), (3.0, "LAB")]
