"""A rule file that is wrong gives a finding with its line, and never holds up a run."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from opencro.conformance import conform, parse_rule, read_rules, read_tables
from opencro.kernel.finding import Refused

GOOD = """Core: {Id: R-1}
Rule Type: Record Data
Check: {all: [{name: AETERM, operator: empty}]}
Outcome: {Message: m}
"""


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("Core: [", "CNF-001", 2),
        ("a: &x 1\nb: *x\n", "CNF-001", None),
        ("- 1\n", "CNF-002", 1),
        ("Outcome: {Message: m}\nRule Type: x\nCore: {}\nCheck: {}\n", "CNF-002", 3),
        (GOOD.replace("operator", "operate"), "CNF-002", 3),
        (GOOD.replace("{all: [{name: AETERM, operator: empty}]}", "{all: []}"), "CNF-002", 3),
        (GOOD.replace("{name: AETERM, operator: empty}", "{not: " * 50 + "1" + "}" * 50), "CNF-004", 3),
        ("x" * 1_000_001, "CNF-001", None),
    ],
)
def test_a_wrong_rule_gives_a_finding_with_its_line(text: str, code: str, line: int | None) -> None:
    rule, findings = parse_rule(text, "r.yml")
    assert rule is None
    assert [(f.code, f.place.line) for f in findings] == [(code, line)]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "[" * 450_000 + "]" * 450_000])
def test_nesting_without_end_is_a_finding(text: str) -> None:
    rule, findings = parse_rule(text, "r.yml")
    assert rule is None
    assert findings.codes() == ("CNF-004",)


def test_rules_are_read_from_folders_and_archives_and_each_once(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    (tmp_path / "c.yml").write_bytes(b"\xff\xfe\x00")
    rules, findings = read_rules(tmp_path)
    assert [r.id for r in rules] == ["R-1"]
    assert sorted(findings.codes()) == ["CNF-001", "CNF-003"]
    with tarfile.open(tmp_path / "rules.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "a.yml", "Published/a/rule.yml")
    assert [r.id for r in read_rules(tmp_path / "rules.tar.xz")[0]] == ["R-1"]


def test_nothing_at_the_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_rules(tmp_path / "none")
    assert refused.value.findings.codes() == ("CNF-005",)
    with pytest.raises(Refused) as refused:
        read_tables(tmp_path)
    assert refused.value.findings.codes() == ("CNF-006",)


def test_a_rule_with_an_unknown_word_is_not_run_and_names_it() -> None:
    rule, _ = parse_rule(GOOD.replace("empty", "is_lovely"), "r.yml")
    assert rule is not None
    outcome = conform([], [rule]).outcomes[0]
    assert (outcome.status, outcome.reason) == ("not run", "operator is_lovely")


@pytest.mark.parametrize("data", [b"DOMAIN,AETERM\nAE,\xff\xfe\n", b"DOMAIN,DOMAIN \nAE,AE\n"])
def test_a_dataset_that_cannot_be_read_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "ae.csv").write_bytes(data)
    with pytest.raises(Refused) as refused:
        read_tables(tmp_path)
    assert refused.value.findings.codes() == ("CNF-011",)


def test_a_dataset_without_records_or_metadata_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "ae.csv").write_bytes(b"DOMAIN,AETERM\n")
    (tmp_path / "dm.csv").write_bytes(b"")
    (tmp_path / "_variables.csv").write_bytes(b"x,y\n1,2\n")
    rule, _ = parse_rule(GOOD, "r.yml")
    assert rule is not None
    assert conform(read_tables(tmp_path), [rule]).outcomes[0].status == "skipped"
