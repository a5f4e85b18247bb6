"""Cases of rules: data with the findings that are expected of them, in the layout in which CDISC publishes its own.

`RULE/rule.yml`, `RULE/positive/01/data/*.csv` (nothing may be found), `RULE/negative/01/data/*.csv` (something must),
and beside `data` the expected findings in `results/results.csv`: Dataset, Record, Variable, Value.
"""

from __future__ import annotations

import ast
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencro.conformance.model import Issue, Rule, RuleOutcome, Status
from opencro.conformance.operations import Library
from opencro.conformance.read import read_rules, read_tables
from opencro.conformance.run import Setting, conform
from opencro.kernel.finding import Finding, Findings, Place
from opencro.terms import TermsStore

Cells = Counter[tuple[str, str, str, str]]
_ALL = 10_000_000


@dataclass(frozen=True)
class Case:
    """One folder of data with the expected findings; `standard` and `substandard` as its `.env` names them."""

    name: str
    rule: str
    folder: Path
    standard: str
    substandard: str

    @property
    def is_negative(self) -> bool:
        """Whether the data break the rule."""
        return "/negative/" in self.name


def find_cases(folder: Path) -> Iterator[Case]:
    """Every case with an expected result below a folder of rules, by name."""
    for result in sorted(folder.glob("*/*/*/results/results.csv")):
        case = result.parents[1]
        said = _environment(case / "data/.env")
        name = case.relative_to(folder).as_posix()
        yield Case(name, name.split("/")[0], case, said.get("PRODUCT", "?").upper(), said.get("SUBSTANDARD", ""))


def _environment(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    pairs = (line.split("=", 1) for line in text.replace("PRODUCT=", "\nPRODUCT=").splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _comparable(value: Any) -> str:
    """Numbers by value, lists without their order, missing values alike: what a result file can tell apart."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            return str(value)
    if isinstance(value, list):
        return repr(sorted(str(v or "") for v in value))
    if value is None or value == "null":
        return ""
    if isinstance(value, bool):
        return str(value)
    try:
        return repr(float(value))
    except ValueError:
        return str(value).strip()


def _expected(case: Case) -> Cells:
    """The expected values; a line without a variable says that a dataset was skipped and is no finding."""
    with (case.folder / "results/results.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if rows and "path" in rows[0]:
        return Counter((*_pointer(r["path"]), r["attribute"], _comparable(r["value"])) for r in rows if r["attribute"])
    return Counter((r["Dataset"], r["Record"], r["Variable"], _comparable(r["Value"])) for r in rows if r["Variable"])


def _pointer(path: str) -> tuple[str, str]:
    if not path:
        return "", ""
    _, dataset, index = path.split("/")
    return dataset, str(int(index) + 1)


def _found(issues: tuple[Issue, ...]) -> Cells:
    return Counter((i.dataset, str(i.row or ""), name, _comparable(v)) for i in issues for name, v in i.values.items())


def run_case(
    case: Case, rule: Rule, library: Library | None = None, store: TermsStore | None = None
) -> tuple[bool, RuleOutcome]:
    """Whether the findings are exactly those expected, and the outcome of the rule."""
    setting = Setting(case.standard.lower(), case.substandard, library or {}, _ALL, store or TermsStore())
    outcome = conform(read_tables(case.folder / "data"), (rule,), setting).outcomes[0]
    ran = outcome.status not in (Status.NOT_RUN, Status.ERROR)
    return ran and _found(outcome.issues) == _expected(case), outcome


def check_cases(folder: Path, library: Library | None = None, store: TermsStore | None = None) -> tuple[int, Findings]:
    """Run every case of a folder of rules.

    Returns how many gave what is expected, and findings for the others (CNF-007), for rules without a positive and a
    negative case (CNF-008), and for rule files that cannot be read.
    """
    rules, findings = read_rules(folder)
    wrong = list(findings)
    good = 0
    by_folder = {Path(rule.file).parent.as_posix(): rule for rule in rules}
    seen: dict[str, set[bool]] = {name: set() for name in by_folder}
    for case in find_cases(folder):
        rule = by_folder.get(case.rule)
        if rule is None:
            continue
        seen[case.rule].add(case.is_negative)
        fits, outcome = run_case(case, rule, library, store)
        good += fits
        if not fits:
            place = Place(f"{case.name}/results/results.csv")
            got = f"{outcome.status}, {outcome.count} findings {outcome.reason}".strip()
            wrong.append(Finding("CNF-007", place, got, "the findings of the file", "Correct the rule or the case."))
    for name, kinds in seen.items():
        lacking = [word for word, kind in (("positive", False), ("negative", True)) if kind not in kinds]
        if lacking:
            place = Place(by_folder[name].file)
            got = f"no {' and no '.join(lacking)} case"
            wrong.append(Finding("CNF-008", place, got, "at least one of each", "Add a case with results."))
    return good, Findings(tuple(wrong))
