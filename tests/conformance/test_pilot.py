"""The pilot's SDTM gives what CDISC's engine recorded, rule by rule, or the difference is argued in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from opencro.conformance import Setting, Status, conform, read_rules, read_tables
from tests.conformance.cases import ARCHIVE, LIBRARY

DIFFERENCES = Path(__file__).parent / "pilot_differences.yaml"
RECORDED = "cdisc/core/engine_pilot_per_rule.jsonl"


@pytest.mark.peer
def test_the_pilot_gives_the_recorded_findings_or_an_argument(shared: Path) -> None:
    if not (shared / ARCHIVE).is_file() or not (shared / RECORDED).is_file():
        pytest.skip("CDISC's rules and the recorded run of its engine are not part of the project")
    lines = (shared / RECORDED).read_text(encoding="utf-8").splitlines()
    recorded = {line["core_id"]: line for line in map(json.loads, lines)}
    rules = [
        r for r in read_rules(shared / ARCHIVE)[0] if any((s.name, s.version) == ("SDTMIG", "3.4") for s in r.standards)
    ]
    tables = read_tables(shared / "cdisc/cdiscpilot01/parquet/sdtm")
    report = conform(tables, rules, Setting("sdtmig", "", LIBRARY, limit=10))
    argued = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))
    differing = {}
    for outcome in report.outcomes:
        theirs = recorded.get(outcome.rule.id, {})
        whole = bool(theirs) and "execution error" not in theirs.get("ds", {"execution error": 1})
        ran = outcome.status not in (Status.NOT_RUN, Status.ERROR)
        if not (whole and ran and theirs["issues"] == outcome.count):
            differing[outcome.rule.id] = outcome.count
    assert len(rules) == argued["rules"]
    assert differing == {d["rule"]: d["ours"] for d in argued["differences"]}
    assert all(len(d["argument"]) > 20 for d in argued["differences"])
    assert not report.counts()[Status.ERROR]
