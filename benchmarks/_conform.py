"""A folder of datasets against published rules: `python -m benchmarks._conform RULES FOLDER`, prints JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks._process import cpu_now, peak_mib
from opencro.app.conform import is_for, library_of
from opencro.conformance import Setting, conform, read_rules, read_tables


def main() -> None:
    """Files to findings, Python's start included."""
    rules = tuple(rule for rule in read_rules(Path(sys.argv[1]))[0] if is_for(rule, "sdtmig", "3.4"))
    tables = read_tables(Path(sys.argv[2]))
    report = conform(tables, rules, Setting("sdtmig", "", library_of("sdtmig", "3.4")))
    rows = sum(table.frame.height for table in tables)
    found = sum(outcome.count for outcome in report.outcomes)
    shown = {"datasets": len(tables), "rows": rows, "rules": len(rules), "findings": found}
    print(json.dumps({"seconds": cpu_now(), "mib": peak_mib(), **shown}))


if __name__ == "__main__":
    main()
