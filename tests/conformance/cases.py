"""The published cases of CDISC's rules: unpacked, run, and compared with the result that is published beside each."""

from __future__ import annotations

import ast
import csv
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from opencro.conformance import Issue, Rule, Setting, Status, conform, read_tables
from opencro.terms import TermsStore

ARCHIVE = "cdisc/core/rules_and_cases.tar.xz"
MISSES = Path(__file__).parent / "misses.yaml"
LIBRARY = {domain.name: domain for domain in TermsStore().catalogue("sdtmig", "3.4").domains}
Cells = Counter[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Case:
    """One folder of data with the published result."""

    name: str
    rule: str
    folder: Path
    standard: str
    substandard: str


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "Published"


def find_cases(published: Path) -> Iterator[Case]:
    for result in sorted(published.glob("*/*/*/results/results.csv")):
        folder = result.parents[1]
        env = _environment(folder / "data/.env")
        name = folder.relative_to(published).as_posix()
        yield Case(name, name.split("/")[0], folder, env.get("PRODUCT", "?").upper(), env.get("SUBSTANDARD", ""))


def _environment(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    pairs = (line.split("=", 1) for line in text.replace("PRODUCT=", "\nPRODUCT=").splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def value_of(value: Any) -> str:
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


def expected_cells(case: Case) -> Cells:
    """What is published; a line without a variable says that a dataset was skipped and is no finding."""
    with (case.folder / "results/results.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if rows and "path" in rows[0]:
        return Counter((*_pointer(r["path"]), r["attribute"], value_of(r["value"])) for r in rows if r["attribute"])
    return Counter((r["Dataset"], r["Record"], r["Variable"], value_of(r["Value"])) for r in rows if r["Variable"])


def _pointer(path: str) -> tuple[str, str]:
    if not path:
        return "", ""
    _, dataset, index = path.split("/")
    return dataset, str(int(index) + 1)


def cells_of(issues: tuple[Issue, ...]) -> Cells:
    return Counter((i.dataset, str(i.row or ""), name, value_of(v)) for i in issues for name, v in i.values.items())


def run_case(case: Case, rule: Rule) -> tuple[bool, Status, str]:
    """Whether the findings are exactly those published, how the rule ended, and why."""
    library = LIBRARY if case.standard == "SDTMIG" else {}
    setting = Setting(case.standard.lower(), case.substandard, library, limit=1_000_000)
    outcome = conform(read_tables(case.folder / "data"), (rule,), setting).outcomes[0]
    ran = outcome.status not in (Status.NOT_RUN, Status.ERROR)
    return ran and cells_of(outcome.issues) == expected_cells(case), outcome.status, outcome.reason


def read_misses() -> dict[str, Any]:
    return yaml.safe_load(MISSES.read_text(encoding="utf-8"))
