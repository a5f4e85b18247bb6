"""Reading declarations: YAML documents of the study folder become domains, or findings with file and line.

Read, resolve, plan, run: what is found here (TAB-001..009) belongs to the phase "read".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Findings, Refused, suggest
from opencro.kernel.located import Key, Located
from opencro.study import Study, validation_findings
from opencro.tabulation.algorithms import ALGORITHMS
from opencro.tabulation.algorithms.algorithm import Algorithm
from opencro.tabulation.algorithms.derive import Branch
from opencro.tabulation.model import Domain, DomainHead, Link, LinkFile, Variable

_OPTIONS = ("label", "type", "length", "origin", "comment", "evaluator", "codelist", "when")
_DOMAIN_FILE = re.compile(r"^tabulation/[A-Z][A-Z0-9]{1,7}\.yaml$")
_SECTIONS = ("variables", "supplemental", "working")


def read_domains(study: Study) -> tuple[dict[str, Domain], Findings]:
    """Every declaration in the study's tabulation/ folder, by domain, and what is wrong with them."""
    findings: list[Finding] = []
    domains: dict[str, Domain] = {}
    for name, document in sorted(study.documents.items()):
        if not _DOMAIN_FILE.match(name) or name == "tabulation/RELREC.yaml":
            continue
        domain = _read_domain(document, findings)
        if domain is not None:
            domains[domain.name] = domain
    return domains, Findings(tuple(findings))


def load_domains(study: Study) -> dict[str, Domain]:
    """The declarations of a study; Refused when any cannot be read."""
    domains, findings = read_domains(study)
    if not findings.ok:
        raise Refused(findings)
    return domains


def load_links(study: Study) -> tuple[Link, ...]:
    """The related records that tabulation/RELREC.yaml declares; Refused when it cannot be read."""
    document = study.documents.get("tabulation/RELREC.yaml")
    if document is None:
        return ()
    try:
        return LinkFile.model_validate(document.value).links
    except ValidationError as error:
        raise Refused(validation_findings(error, document, "TAB-006")) from None


def _read_domain(document: Located, findings: list[Finding]) -> Domain | None:
    value = document.value
    if not isinstance(value, dict):
        findings.append(
            _finding("TAB-001", document, (), "the file holds no mapping", "domain, sources, variables", "")
        )
        return None
    try:
        head = DomainHead.model_validate({k: v for k, v in value.items() if k not in _SECTIONS})
    except ValidationError as error:
        findings.extend(validation_findings(error, document, "TAB-002"))
        return None
    sections = {s: _read_variables(document, s, value.get(s) or {}, findings) for s in _SECTIONS}
    _check_expression(document, ("keep",), head.keep, findings)
    for i, source in enumerate(head.sources):
        _check_expression(document, ("sources", i, "where"), source.where, findings)
    return Domain(
        name=head.domain,
        sources=head.sources,
        variables=sections["variables"],
        supplemental=sections["supplemental"],
        working=sections["working"],
        keep=head.keep,
        order=head.order,
        keys=head.keys,
        label=head.label,
        structure=head.structure,
        comment=head.comment,
        supplemental_by=head.supplemental_by,
        supplemental_width=head.supplemental_width,
        conversions=head.conversions,
        file=document.file,
    )


def _read_variables(document: Located, section: str, value: Any, findings: list[Finding]) -> Mapping[str, Variable]:
    if not isinstance(value, dict):
        findings.append(_finding("TAB-001", document, (section,), "not a mapping", "variable: {algorithm: ...}", ""))
        return {}
    made: dict[str, Variable] = {}
    for name, body in value.items():
        variable = _read_variable(document, (section, name), body, findings)
        if variable is not None:
            made[name] = variable
    return made


def _read_variable(document: Located, key: Key, body: Any, findings: list[Finding]) -> Variable | None:
    if not isinstance(body, dict):
        remedy = "Write e.g. `{item: AETERM}`."
        findings.append(_finding("TAB-003", document, key, f"{body!r} names no algorithm", "a mapping", remedy))
        return None
    options = {k: body[k] for k in _OPTIONS if k in body}
    when = str(options.pop("when", ""))
    algorithm = read_algorithm(document, key, {k: v for k, v in body.items() if k not in _OPTIONS}, findings)
    if algorithm is None:
        return None
    if when and _check_expression(document, (*key, "when"), when, findings):
        algorithm = ALGORITHMS["case"].model_validate({"case": (Branch(when, algorithm),)})
    codes = str(options.pop("codelist", ""))
    return Variable(str(key[-1]), algorithm, codes=codes, line=document.line(key), **options)


def read_algorithm(document: Located, key: Key, body: Mapping[str, Any], findings: list[Finding]) -> Algorithm | None:
    """One algorithm out of a mapping in which exactly one key is an algorithm's word."""
    words = [word for word in body if word in ALGORITHMS]
    word = words[0] if len(words) == 1 else _main_word(words)
    if word is None:
        unknown = next(iter(body), "")
        got = f"no algorithm among {list(body)}" if not words else f"several algorithms: {words}"
        remedy = suggest(str(unknown), ALGORITHMS) or "See docs/tabulation.md for the algorithms."
        findings.append(_finding("TAB-004", document, key, got, "exactly one algorithm", remedy))
        return None
    arguments = dict(body)
    if word == "case":
        arguments["case"] = _branches(document, (*key, "case"), arguments["case"], findings)
    if word in ("first_of", "greatest_of"):
        parts = [read_algorithm(document, (*key, word, i), p, findings) for i, p in enumerate(arguments[word])]
        arguments[word] = tuple(p for p in parts if p is not None)
    if word == "compute":
        _check_expression(document, (*key, word), str(arguments[word]), findings)
    try:
        return ALGORITHMS[word].model_validate(arguments)
    except ValidationError as error:
        findings.extend(validation_findings(error, document, "TAB-005", key))
        return None


def _main_word(words: list[str]) -> str | None:
    """Where an argument of one algorithm is also an algorithm's word, the first written is meant."""
    return words[0] if words and set(words[1:]) <= {"item", "variable", "visit", "date", "number"} else None


def _branches(document: Located, key: Key, value: Any, findings: list[Finding]) -> tuple[Branch, ...]:
    branches = []
    for i, body in enumerate(value if isinstance(value, list) else []):
        when = str(body.get("when", ""))
        _check_expression(document, (*key, i, "when"), when, findings)
        then = read_algorithm(document, (*key, i), {k: v for k, v in body.items() if k != "when"}, findings)
        if then is not None:
            branches.append(Branch(when, then))
    return tuple(branches)


def _check_expression(document: Located, key: Key, text: str, findings: list[Finding]) -> bool:
    if not text:
        return True
    outcome = parse_expression(text, document.place(*key))
    if isinstance(outcome, Expression):
        return True
    findings.extend(outcome)
    return False


def _finding(code: str, document: Located, key: Key, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, document.place(*key), got, expected, remedy or "Correct the declaration.")
