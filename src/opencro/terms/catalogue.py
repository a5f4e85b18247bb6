"""A catalogue pack on disk -> the domains and variables of an implementation guide.

Source: `domains.tsv` and `variables.tsv` of packs such as sdtmig/3.1.2: facts, none of the guide's sentences.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from opencro.terms.model import Catalogue, DomainSpec, VariableSpec
from opencro.terms.pack import PackInfo, read_table

DOMAIN_COLUMNS = ("domain", "label", "class", "structure", "keys")
VARIABLE_COLUMNS = (
    "domain",
    "order",
    "variable",
    "label",
    "type",
    "role",
    "core",
    "codelists",
    "format",
    "origin",
    "listed_in",
)


def read_catalogue(folder: Path, info: PackInfo) -> Catalogue:
    """Read both tables of a catalogue pack; refused with TRM-023 when one is absent or has other columns."""
    variables = read_table(folder / "variables.tsv", VARIABLE_COLUMNS)
    by_domain = {
        domain: tuple(_variable(row) for row in rows)
        for domain, rows in groupby(variables.iter_rows(), key=lambda row: row[0])
    }
    domains = tuple(
        DomainSpec(name, label, observation_class, structure, tuple(keys.split()), by_domain.get(name, ()))
        for name, label, observation_class, structure, keys in read_table(
            folder / "domains.tsv", DOMAIN_COLUMNS
        ).iter_rows()
    )
    return Catalogue(info.id, info.version, info.title, domains)


def _variable(row: tuple[str, ...]) -> VariableSpec:
    domain, order, name, label, kind, role, core, codelists, form, origin, listed_in = row
    lists = tuple(codelists.split())
    return VariableSpec(domain, int(order), name, label, kind, role, core, lists, form, origin, listed_in)
