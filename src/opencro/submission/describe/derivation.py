"""Origins, methods and comments: what a declaration says, in the words of Define-XML.

Source: CDISC Define-XML 2.1 section 5.3.11.3 (origin type and source).
"""

from __future__ import annotations

from opencro.submission.define_xml.model import CommentDef, MethodDef, Origin, words
from opencro.submission.describe.subject import Subject
from opencro.tabulation import Variable, innermost

_SOURCES = {"Collected": "Investigator", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}
_WRITTEN = {
    "CRF": "Collected",
    "DERIVED": "Derived",
    "ASSIGNED": "Assigned",
    "PROTOCOL": "Protocol",
    "EDT": "Collected",
}


def origin_type(variable: Variable) -> str:
    """Collected, Derived, Assigned or Protocol."""
    written = variable.origin.upper()
    if written in _WRITTEN:
        return _WRITTEN[written]
    return variable.origin or innermost(variable.algorithm).origin


def origin_of(subject: Subject, dataset: str, variable: Variable | None) -> tuple[Origin, ...]:
    """The origin of a variable; data of transfers come from a vendor; what the protocol says is Protocol."""
    if variable is None:
        return (Origin("Protocol", "Sponsor"),)
    kind = origin_type(variable)
    source = _SOURCES.get(kind, "Sponsor")
    if kind == "Collected" and _from_transfer(subject, dataset):
        source = "Vendor"
    return (Origin(kind, source),)


def _from_transfer(subject: Subject, dataset: str) -> bool:
    domain = subject.domains.get(dataset)
    forms = {s.form for s in domain.sources if s.form} if domain else set()
    return bool(forms) and all(subject.study.forms[f].source == "transfer" for f in forms)


def method_of(dataset: str, variable: Variable | None) -> MethodDef | None:
    """The method of a derived variable: the algorithm's own words."""
    if variable is None or origin_type(variable) != "Derived":
        return None
    oid = method_oid(dataset, variable.name)
    return MethodDef(oid, f"Algorithm for {dataset}.{variable.name}", "Computation", words(variable.algorithm.words()))


def method_oid(dataset: str, name: str) -> str:
    """MT.AE.AESTDY."""
    return f"MT.{dataset}.{name}"


def comment_of(oid: str, text: str) -> CommentDef | None:
    """A comment, when there is something to say."""
    return CommentDef(oid, words(text)) if text else None
