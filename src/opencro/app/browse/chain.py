"""What every variable is made of, in words, from analysis datasets back to the items of forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opencro.analysis import AnalysisDataset, load_datasets, method_of, needs_of, origin_of
from opencro.study import Study
from opencro.tabulation import Domain, Variable, load_domains

Node = dict[str, Any]


def variable_chain(study: Study) -> dict[str, Node]:
    """`ADSL.AGE` -> label, words, the names that it is made of (`from`), and the items of forms (`items`)."""
    chain: dict[str, Node] = {}
    domains = load_domains(study)
    for domain in domains.values():
        for name, variable in domain.all_variables().items():
            chain[f"{domain.name}.{name}"] = _tabulated(domain, variable)
    datasets = load_datasets(study)
    needs = needs_of(datasets)
    for dataset in datasets.values():
        for name in dataset.variables:
            chain[f"{dataset.name}.{name}"] = _analysed(dataset, name, needs)
    return chain


def _tabulated(domain: Domain, variable: Variable) -> Node:
    wanted = variable.algorithm.needs()
    items = sorted({item for name in wanted if name.startswith("raw.") for item in _items(domain, name[4:])})
    made_of = sorted(n if "." in n else f"{domain.name}.{n}" for n in wanted if not n.startswith("raw."))
    return {"label": variable.label, "words": variable.algorithm.words(), "from": made_of, "items": items}


def _items(domain: Domain, name: str) -> Iterator[str]:
    """The items that a name stands for in the sources of a domain: FORM.ITEM."""
    for source in domain.sources:
        if not source.form:
            continue
        if source.unpivot is not None and name in source.unpivot.items:
            pattern = source.unpivot.items[name]
            yield from (f"{source.form}.{pattern.replace('{test}', test)}" for test in source.unpivot.tests)
        else:
            yield f"{source.form}.{name}"


def _analysed(dataset: AnalysisDataset, name: str, needs: Mapping[tuple[str, str], set[tuple[str, str]]]) -> Node:
    made_of = sorted(f"{d}.{v}" for d, v in needs.get((dataset.name, name), set()) if v != "*")
    origin = origin_of(dataset, name)
    words = method_of(dataset, name) or origin
    return {"label": dataset.variables[name].label, "words": f"{origin}. {words}", "from": made_of, "items": []}
