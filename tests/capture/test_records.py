"""Records with their whole address (ODM clinical data) enter like files."""

from __future__ import annotations

import pytest

from opencro.capture import IncomingRecord, import_records
from opencro.ledger import Ledger
from opencro.study import Study
from tests.capture.conftest import ACTOR, DM, Importer


def _record(**changes: object) -> IncomingRecord:
    start = IncomingRecord("701", "701-01", "BL", "1", "VS", "1", "VS", "", {"SYSBP": "120"}, 10)
    return start._replace(**changes)  # type: ignore[arg-type]


def _bring(study: Study, ledger: Ledger, *records: IncomingRecord, **options: object):  # type: ignore[no-untyped-def]
    return import_records(study, records, ledger, actor=ACTOR, digest="0" * 64, file="data.xml", **options)  # type: ignore[arg-type]


@pytest.mark.requirement(33)
def test_records_enter_once(study: Study, ledger: Ledger, bring: Importer) -> None:
    bring("dm", DM)
    records = [
        _record(),
        _record(form="LOG", group="LOG", event="", event_repeat="", form_repeat=4, items={"NOTE": "n"}, line=11),
    ]
    first = _bring(study, ledger, *records)
    assert first.findings.ok
    assert first.counts["new"] == 2
    assert ledger.snapshot().records("LOG").select("form_repeat", "event_repeat", "NOTE").rows() == [(4, 0, "n")]
    again = _bring(study, ledger, *records)
    assert (again.counts["same"], again.receipt) == (2, None)


def test_an_item_that_is_not_named_stays_and_one_that_is_null_is_cleared(
    study: Study, ledger: Ledger, bring: Importer
) -> None:
    bring("dm", DM)
    _bring(study, ledger, _record(items={"SYSBP": "120", "VSTIM": "10:30"}))
    _bring(study, ledger, _record(items={"SYSBP": None}), reason="wrong cuff")
    assert ledger.snapshot().records("VS", "VS", ["SYSBP", "VSTIM"]).select("SYSBP", "VSTIM").rows() == [
        (None, "10:30")
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"form": "VZ"}, "CAP-404"),
        ({"group": "V"}, "CAP-404"),
        ({"event": "WEEK9"}, "CAP-205"),
        ({"items": {"SYSPB": "1"}}, "CAP-308"),
        ({"items": {"SYSBP": "high"}}, "CAP-301"),
        ({"form_repeat": "one"}, "CAP-403"),
        ({"participant": ""}, "CAP-204"),
        ({"participant": "701-99"}, "CAP-206"),
        ({"site": "702"}, "CAP-207"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_its_line(
    study: Study, ledger: Ledger, bring: Importer, changes: dict[str, object], code: str
) -> None:
    bring("dm", DM)
    report = _bring(study, ledger, _record(**changes))
    assert code in report.findings.codes()
    assert report.counts["refused"] == 1
    assert report.receipt is None


def test_one_record_twice_is_refused(study: Study, ledger: Ledger, bring: Importer) -> None:
    bring("dm", DM)
    report = _bring(study, ledger, _record(), _record(line=12))
    assert report.findings.codes() == ("CAP-208", "CAP-208")
