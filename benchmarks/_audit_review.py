"""One review of a ledger in a process of its own: CPU seconds, peak memory, and how much was marked."""

from __future__ import annotations

import json
import sys

from benchmarks._process import cpu_seconds, peak_mib
from benchmarks.audit_review import make_study
from opencro.capture import TrailReview, review_trail
from opencro.ledger import open_ledger


def main() -> None:
    """The ledger named on the command line, reviewed as a whole."""
    done: list[TrailReview] = []
    with open_ledger(sys.argv[1]) as ledger:
        seconds = cpu_seconds(lambda: done.append(review_trail(make_study(), ledger)))
    counts = done[0].counts
    marks = {
        name: int(counts[name].sum()) for name in ("facts", "late", "after_query", "after_lock", "night", "bursts")
    }
    print(json.dumps({"seconds": seconds, "mib": peak_mib(), **marks}))


if __name__ == "__main__":
    main()
