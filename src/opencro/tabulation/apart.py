"""Whether participants can be tabulated apart from each other: then a study of any size is made in pieces.

That holds when every lookup and every numbering stays within a participant and every dataset is ordered by USUBJID
first; the declarations tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.tabulation.algorithms.algorithm import Algorithm
from opencro.tabulation.algorithms.derive import Case, FirstPresent, Greatest
from opencro.tabulation.algorithms.lookup import Lookup
from opencro.tabulation.algorithms.timing import SequenceNumber
from opencro.tabulation.model import Domain

SUBJECT = "USUBJID"


def check_apart(domains: Mapping[str, Domain]) -> Findings:
    """What keeps participants from being tabulated apart: TAB-023, warnings."""
    return Findings(tuple(finding for domain in domains.values() for finding in _check(domain)))


def _check(domain: Domain) -> Iterator[Finding]:
    if not domain.order or domain.order[0] != SUBJECT:
        got = f"{domain.name} is not ordered by {SUBJECT} first"
        yield _finding(Place(domain.file, None, "order"), got, f"Begin `order` with {SUBJECT}.")
    for variable in domain.all_variables().values():
        for algorithm in walk_algorithm(variable.algorithm):
            place = Place(domain.file, variable.line, variable.name)
            if isinstance(algorithm, Lookup) and algorithm.pairs.get(SUBJECT) != SUBJECT:
                got = f"{variable.name} looks {algorithm.lookup} up in other participants too"
                yield _finding(place, got, f"Add {SUBJECT} to `by`.")
            if isinstance(algorithm, SequenceNumber) and SUBJECT not in algorithm.within:
                yield _finding(place, f"{variable.name} counts over participants", f"Add {SUBJECT} to `within`.")


def walk_algorithm(algorithm: Algorithm) -> Iterator[Algorithm]:
    """An algorithm and those inside of it."""
    yield algorithm
    inner: tuple[Algorithm, ...] = ()
    if isinstance(algorithm, Case):
        inner = tuple(branch.then for branch in algorithm.case)
    elif isinstance(algorithm, FirstPresent):
        inner = algorithm.first_of
    elif isinstance(algorithm, Greatest):
        inner = algorithm.greatest_of
    for one in inner:
        yield from walk_algorithm(one)


def _finding(place: Place, got: str, remedy: str) -> Finding:
    expected = "declarations within a participant; all are made at once, which needs memory for all"
    return Finding("TAB-023", place, got, expected, remedy, Severity.WARNING)
