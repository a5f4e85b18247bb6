"""What every variable is made of, in words, from analysis datasets back to the items of forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opencro.analysis import AnalysisDataset, load_datasets, method_of, needs_of, origin_of
from opencro.app.wiring import terms_of
from opencro.study import Study
from opencro.tabulation import Domain, Variable, load_domains
from opencro.tabulation.algorithms.lookup import FormItem
from opencro.tabulation.apart import walk_algorithm

Node = dict[str, Any]
Name = tuple[str, str]


def variable_chain(study: Study) -> dict[str, Node]:
    """`ADSL.AGE` -> label, words, the names that it is made of (`from`), and the items of forms (`items`)."""
    chain: dict[str, Node] = {}
    catalogue = terms_of(study).catalogue("sdtmig", study.file.standards["sdtmig"])
    for domain in load_domains(study).values():
        spec = catalogue.find_domain(domain.name)
        labels = {v.name: v.label for v in spec.variables} if spec is not None else {}
        for name, variable in domain.all_variables().items():
            label = variable.label or labels.get(name, "")
            chain[f"{domain.name}.{name}"] = {**_tabulated(domain, variable), "label": label}
    datasets = load_datasets(study)
    needs = needs_of(datasets)
    for owner, name in needs:
        if name != "*":
            chain[f"{owner}.{name}"] = _analysed(datasets[owner], name, needs)
    return chain


def _tabulated(domain: Domain, variable: Variable) -> Node:
    wanted = variable.algorithm.needs()
    own = {item for name in wanted if name.startswith("raw.") for item in _items(domain, name[4:])}
    made_of = sorted(n if "." in n else f"{domain.name}.{n}" for n in wanted if not n.startswith("raw."))
    other = {a.form_item for a in walk_algorithm(variable.algorithm) if isinstance(a, FormItem)}
    items = sorted(own | other)
    return {"words": variable.algorithm.words(), "from": made_of, "items": items}


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


def _analysed(dataset: AnalysisDataset, name: str, needs: Mapping[Name, set[Name]]) -> Node:
    made_of = sorted(f"{d}.{v}" for d, v in needs.get((dataset.name, name), set()) if v != "*")
    spec = dataset.variables.get(name)
    if spec is None:
        words = " ".join(step.words(name) for step in dataset.steps if name in step.makes())
        return {"label": "a working column", "words": words or "As in its source.", "from": made_of, "items": []}
    told = method_of(dataset, name)
    copied = f"Copied from {', '.join(made_of)}."
    words = f"{origin_of(dataset, name)}. {told if told and told != 'Predecessor' else copied}"
    return {"label": spec.label, "words": words, "from": made_of, "items": []}
