"""The whole define.xml of a study's SDTM datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from opencro.study import Study
from opencro.submission.define_xml.model import (
    CodeList,
    CommentDef,
    DatasetClass,
    Define,
    DefineStudy,
    GlobalVariables,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MetaData,
    MethodDef,
    Origin,
    Standard,
    words,
)
from opencro.submission.describe.codelists import TERMINOLOGY, codelist_of, codelist_oid
from opencro.submission.describe.derivation import comment_of, method_of, method_oid, origin_of, origin_type
from opencro.submission.describe.subject import Subject
from opencro.submission.describe.types import data_type, has_length
from opencro.submission.describe.value_level import ValueLevel, value_levels, value_list_oid
from opencro.tabulation import Column, Domain, Outline
from opencro.terms import TermsStore

GUIDE = "STD.SDTMIG"
_CLASSES = {"Special-Purpose": "SPECIAL PURPOSE", "Trial Design": "TRIAL DESIGN"}


def describe_datasets(
    study: Study,
    domains: Mapping[str, Domain],
    datasets: Mapping[str, Outline],
    store: TermsStore,
    created: datetime,
    archive: str = "xpt/{name}.xpt",
) -> Define:
    """The define.xml model of datasets, from what is known of their rows.

    `archive` is the href of a dataset's file with `{name}` in lower case.
    """
    subject = Subject(study, domains, datasets, store)
    levels = list(value_levels(subject))
    columns = [(d, c.name) for d, data in datasets.items() for c in data.described.columns]
    lists = {(d, name): codelist_of(subject, d, name) for d, name in columns}
    metadata = MetaData(
        f"MDV.{study.id}.{study.file.version}",
        f"{study.id}, data definitions",
        "2.1.0",
        description=study.file.title,
        standards=_standards(subject),
        value_lists=tuple(v.values for v in levels),
        where_clauses=tuple(c for v in levels for c in v.conditions),
        datasets=tuple(_dataset(subject, d, archive) for d in datasets),
        items=(*_items(subject, lists, levels), *(i for v in levels for i in v.items)),
        codelists=tuple(c for c in lists.values() if c is not None),
        methods=(*_methods(subject), *(m for v in levels for m in v.methods)),
        comments=_comments(subject),
    )
    names = GlobalVariables(study.id, study.file.title, study.file.protocol or study.id)
    return Define(
        f"{study.id}.define",
        created.isoformat(timespec="seconds"),
        "Submission",
        DefineStudy(f"ST.{study.id}", names, metadata),
        source_system="openCRO",
        source_system_version=version("opencro"),
    )


def _standards(subject: Subject) -> tuple[Standard, ...]:
    pinned = subject.study.file.standards
    found = [Standard(GUIDE, "SDTMIG", "IG", pinned["sdtmig"], "Final")]
    if "sdtm-ct" in pinned:
        found.append(Standard(TERMINOLOGY, "CDISC/NCI", "CT", pinned["sdtm-ct"], "Final", publishing_set="SDTM"))
    return tuple(found)


def _dataset(subject: Subject, name: str, archive: str) -> ItemGroupDef:
    dataset, spec = subject.datasets[name].described, subject.spec(name)
    kind = spec.observation_class
    parent = name.removeprefix("SUPP") if name.startswith("SUPP") else name
    comment = subject.domains[name].comment if name in subject.domains else ""
    return ItemGroupDef(
        f"IG.{name}",
        name,
        "No" if name == "DM" else "Yes",
        dataset.structure,
        domain=parent,
        is_reference_data="Yes" if kind == "Trial Design" else "No",
        sas_dataset_name=name,
        purpose="Tabulation",
        standard_oid=GUIDE,
        archive_location_id=f"LF.{name}",
        comment_oid=f"COM.{name}" if comment else "",
        description=words(dataset.label),
        items=tuple(_reference(subject, name, column, i) for i, column in enumerate(dataset.columns, start=1)),
        dataset_class=DatasetClass(_CLASSES.get(kind, kind.upper())),
        leaf=Leaf(f"LF.{name}", archive.format(name=name.lower()), f"{name.lower()}.xpt"),
    )


def _reference(subject: Subject, dataset: str, column: Column, order: int) -> ItemRef:
    spec = subject.variable_spec(dataset, column.name)
    declared = subject.declared(dataset, column.name)
    derived = declared is not None and origin_type(declared) == "Derived"
    values = subject.datasets[dataset].summary.columns[column.name]
    return ItemRef(
        f"IT.{dataset}.{column.name}",
        "Yes" if spec is not None and spec.core == "Req" else "No",
        order,
        column.key_sequence,
        method_oid=method_oid(dataset, column.name) if derived else "",
        role=spec.role if spec else "",
        is_non_standard=spec is None,
        has_no_data=values.empty,
    )


def _items(
    subject: Subject, lists: Mapping[tuple[str, str], CodeList | None], levels: Sequence[ValueLevel]
) -> Iterator[ItemDef]:
    coded = {key for key, value in lists.items() if value is not None}
    listed = {(v.dataset, v.variable) for v in levels}
    for name, data in subject.datasets.items():
        for column in data.described.columns:
            yield _item(subject, name, column, coded, listed)


def _item(
    subject: Subject, dataset: str, column: Column, coded: set[tuple[str, str]], listed: set[tuple[str, str]]
) -> ItemDef:
    values = subject.datasets[dataset].summary.columns[column.name]
    declared = subject.declared(dataset, column.name)
    kind = data_type(column, values)
    key = (dataset, column.name)
    return ItemDef(
        f"IT.{dataset}.{column.name}",
        column.name,
        kind,
        length=column.length if has_length(kind) else None,
        significant_digits=values.decimals if kind == "float" else None,
        sas_field_name=column.name,
        comment_oid=f"COM.{dataset}.{column.name}" if declared and declared.comment else "",
        description=words(column.label),
        codelist_oid=codelist_oid(dataset, column.name) if key in coded else "",
        origins=() if key in listed else _origins(subject, dataset, column.name),
        value_list_oid=value_list_oid(dataset, column.name) if key in listed else "",
    )


def _origins(subject: Subject, dataset: str, name: str) -> tuple[Origin, ...]:
    if dataset in subject.domains or not dataset.startswith(("SUPP", "RELREC")):
        return origin_of(subject, dataset, subject.declared(dataset, name))
    return ()


def _methods(subject: Subject) -> tuple[MethodDef, ...]:
    found = []
    for name, domain in subject.domains.items():
        for column in subject.datasets[name].described.columns:
            method = method_of(name, domain.variables.get(column.name))
            found += [method] if method else []
    return tuple(found)


def _comments(subject: Subject) -> tuple[CommentDef, ...]:
    found = []
    for name, domain in subject.domains.items():
        made = comment_of(f"COM.{name}", domain.comment)
        found += [made] if made else []
        for variable in domain.variables.values():
            made = comment_of(f"COM.{name}.{variable.name}", variable.comment)
            found += [made] if made else []
    return tuple(found)
