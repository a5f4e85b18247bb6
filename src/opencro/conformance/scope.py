"""Which datasets a rule is for: domain, class, entity, data structure and use case, as the language defines them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from opencro.conformance.model import Reach, Rule, Table

_FACTS = yaml.safe_load((Path(__file__).parent / "facts.yaml").read_text(encoding="utf-8"))
CLASSES: Mapping[str, str] = {d: c for c, domains in _FACTS["classes"].items() for d in domains.split()}
_USES: Mapping[str, Mapping[str, str]] = _FACTS["use_cases"]
_TOPICS = (("TERM", "EVENTS"), ("TRT", "INTERVENTIONS"), ("QNAM", "RELATIONSHIP"))
_PATTERNS = {"SUPP--", "SQ--", "AP--", "APFA--"}


def class_of(table: Table, tables: Mapping[str, Table] | None = None) -> str | None:
    """The general observation class of a dataset: by its domain, else by its topic variable."""
    known = CLASSES.get(table.whole)
    if known:
        return known
    names = set(table.frame.columns)
    stem = table.domain if "DOMAIN" in names else ""
    if stem is not None and ("DOMAIN" in names or "RDOMAIN" in names):
        for topic, observed in _TOPICS:
            if stem + topic in names:
                return observed
        if stem + "TESTCD" in names:
            return "FINDINGS ABOUT" if stem + "OBJ" in names else "FINDINGS"
    if table.is_associated and tables:
        parent = next((t for t in tables.values() if t.domain == table.associated_suffix), None)
        return class_of(parent) if parent is not None and not parent.is_associated else None
    return None


def is_custom(domain: str | None) -> bool:
    """Whether no implementation guide defines the domain."""
    return domain not in CLASSES


def why_not(rule: Rule, table: Table, tables: Mapping[str, Table], standard: str, substandard: str) -> str:
    """The part of the scope that keeps a rule from a dataset, or an empty string when it applies."""
    if standard.lower() == "tig" and not _use_case(rule, table, substandard):
        return "use case"
    if not _structure(rule, table):
        return "data structure"
    if not _domain(rule, table):
        return "domain"
    if not _class(rule, table, tables):
        return "class"
    return "" if _entity(rule, table) else "entity"


def _use_case(rule: Rule, table: Table, substandard: str) -> bool:
    domains = _USES.get(substandard.upper(), {})
    subject = table.related_domain if table.is_supplemental and table.related_domain else table.domain
    allowed = {d for use in rule.use_cases for d in domains.get(use, "").split()}
    listed = {d for uses in _USES.values() for names in uses.values() for d in names.split()}
    return subject in allowed or subject not in listed


def _structure(rule: Rule, table: Table) -> bool:
    reach = rule.scope.get("structures")
    if reach is None or "ALL" in reach.include:
        return True
    found = structure_of(table)
    return (not reach.include or found in reach.include) and found not in reach.exclude


def structure_of(table: Table) -> str:
    """The analysis data structure of a dataset, by name and variables."""
    names = {c.upper() for c in table.frame.columns}
    if table.name.upper() == "ADSL":
        return "SUBJECT LEVEL ANALYSIS DATASET"
    if names & {"PARAMCD", "PARAM", "AVAL", "AVALC"}:
        return "BASIC DATA STRUCTURE"
    if any(n.endswith(("TRT", "TERM", "DECOD")) for n in names):
        return "OCCURRENCE DATA STRUCTURE"
    return "ADAM OTHER"


def _pattern(table: Table, names: tuple[str, ...]) -> bool:
    return bool(_PATTERNS.intersection(names)) and (table.is_supplemental or table.is_associated)


def _domain(rule: Rule, table: Table) -> bool:
    reach = rule.scope.get("domains", Reach())
    split = table.name != table.whole
    if reach.include:
        own = {table.domain, table.name, "ALL"}
        inside = bool(own.intersection(reach.include)) or _pattern(table, reach.include)
    else:
        inside = not (rule.splits is True and not split)
    own = {table.domain, table.name, table.whole, "ALL"}
    outside = bool(reach.exclude) and (bool(own.intersection(reach.exclude)) or _pattern(table, reach.exclude))
    if rule.splits is True and split and not outside:
        inside = True
    return inside and not outside and not (rule.splits is False and split)


def _class(rule: Rule, table: Table, tables: Mapping[str, Table]) -> bool:
    reach = rule.scope.get("classes", Reach())
    if "ALL" in reach.include:
        return True
    found = class_of(table, tables)
    about = found == "FINDINGS ABOUT"
    inside = not reach.include or found in reach.include or (about and "FINDINGS" in reach.include)
    outside = found is not None and (found in reach.exclude or (about and "FINDINGS" in reach.exclude))
    return inside and not outside


def _entity(rule: Rule, table: Table) -> bool:
    reach = rule.scope.get("entities")
    if reach is None:
        return True
    return bool({table.name, "ALL"}.intersection(reach.include)) and not {table.name, "ALL"}.intersection(reach.exclude)
