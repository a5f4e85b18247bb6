"""The define.xml of a study's analysis datasets: predecessors, methods and code lists as the declarations say them.

Source: CDISC Define-XML 2.1 sections 4.3 (value level) and 5.3 (origins); ADaMIG 1.3 section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from opencro.analysis import AnalysisDataset, ParameterSpec, method_of, origin_of, predecessor_of
from opencro.study import Study
from opencro.submission.define_xml.model import (
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
    RangeCheck,
    Standard,
    SubClass,
    ValueListDef,
    WhereClauseDef,
    words,
)
from opencro.submission.describe.analysis_codelists import AnalysisCodes
from opencro.submission.describe.subject import Subject
from opencro.submission.describe.types import has_length
from opencro.tabulation import Column, ColumnSummary, Domain, Outline
from opencro.terms import TermsStore

GUIDE = "STD.ADAMIG"
_DATE_DIGITS = 8


@dataclass(frozen=True)
class _Subject:
    """Everything that the parts look at."""

    study: Study
    datasets: Mapping[str, AnalysisDataset]
    outlines: Mapping[str, Outline]

    def variables(self) -> Iterator[tuple[AnalysisDataset, Column, ColumnSummary]]:
        """Each variable of each dataset with what is known of its values."""
        for name, outline in self.outlines.items():
            for column in outline.described.columns:
                yield self.datasets[name], column, outline.summary.columns[column.name]


def describe_analysis(
    study: Study,
    datasets: Mapping[str, AnalysisDataset],
    outlines: Mapping[str, Outline],
    created: datetime,
    archive: str = "xpt/{name}.xpt",
    *,
    domains: Mapping[str, Domain],
    store: TermsStore,
) -> Define:
    """The define.xml model of analysis datasets, from what is known of their rows.

    `domains` and `store` give the published code lists of what is copied from tabulated datasets and of the rest.
    `archive` is the href of a dataset's file with `{name}` in lower case.
    """
    codes = AnalysisCodes(datasets, Subject(study, domains, {}, store))
    metadata = _metadata(_Subject(study, datasets, outlines), codes, archive)
    names = GlobalVariables(study.id, study.file.title, study.file.protocol or study.id)
    return Define(
        f"{study.id}.define.adam",
        created.isoformat(timespec="seconds"),
        "Submission",
        DefineStudy(f"ST.{study.id}", names, metadata),
        source_system="openCRO",
        source_system_version=version("opencro"),
    )


def _metadata(subject: _Subject, codes: AnalysisCodes, archive: str) -> MetaData:
    study = subject.study
    lists = tuple(made for made in (codes.codelist(*one) for one in subject.variables()) if made)
    coded = {made.oid for made in lists}
    made = [subject.datasets[name] for name in subject.outlines]
    levels = [(d, p) for d in made for p in d.parameters]
    return MetaData(
        f"MDV.{study.id}.{study.file.version}.ADAM",
        f"{study.id}, analysis data definitions",
        "2.1.0",
        description=study.file.title,
        standards=(
            Standard(GUIDE, "ADaMIG", "IG", study.file.standards.get("adamig", "1.3"), "Final"),
            *codes.standards(),
        ),
        value_lists=tuple(_value_list(d) for d in made if d.parameters),
        where_clauses=tuple(_where(d, p) for d, p in levels),
        datasets=tuple(_dataset(subject, name, archive) for name in subject.outlines),
        items=(
            *(_item(*one, coded) for one in subject.variables()),
            *(_level_item(subject, *one) for one in levels),
        ),
        codelists=lists,
        methods=(*_methods(subject), *(_level_method(d, p) for d, p in levels)),
        comments=tuple(_comments(subject)),
    )


def _dataset(subject: _Subject, name: str, archive: str) -> ItemGroupDef:
    dataset, described = subject.datasets[name], subject.outlines[name].described
    timed = {"STARTDT", "CNSR"} <= set(dataset.variables)
    inner = (SubClass("TIME-TO-EVENT"),) if timed and dataset.kind == "BASIC DATA STRUCTURE" else ()
    if dataset.kind == "OCCURRENCE DATA STRUCTURE" and "TRTEMFL" in dataset.variables:
        inner = (SubClass("ADVERSE EVENT"),)
    return ItemGroupDef(
        f"IG.{name}",
        name,
        "No" if dataset.kind.startswith("SUBJECT") else "Yes",
        dataset.structure,
        is_reference_data="No",
        sas_dataset_name=name,
        purpose="Analysis",
        standard_oid=GUIDE,
        archive_location_id=f"LF.{name}",
        comment_oid=f"COM.{name}" if dataset.comment else "",
        description=words(dataset.label),
        items=tuple(_reference(subject, dataset, c, i) for i, c in enumerate(described.columns, start=1)),
        dataset_class=DatasetClass(dataset.kind, inner),
        leaf=Leaf(f"LF.{name}", archive.format(name=name.lower()), f"{name.lower()}.xpt"),
    )


def _reference(subject: _Subject, dataset: AnalysisDataset, column: Column, order: int) -> ItemRef:
    derived = origin_of(dataset, column.name) == "Derived" and not _has_levels(dataset, column.name)
    values = subject.outlines[dataset.name].summary.columns[column.name]
    return ItemRef(
        f"IT.{dataset.name}.{column.name}",
        "Yes" if values.missing == 0 and values.rows > 0 else "No",
        order,
        column.key_sequence,
        method_oid=f"MT.{dataset.name}.{column.name}" if derived else "",
        has_no_data=values.empty,
    )


def _has_levels(dataset: AnalysisDataset, name: str) -> bool:
    return name == "AVAL" and bool(dataset.parameters)


def _item(dataset: AnalysisDataset, column: Column, values: ColumnSummary, coded: set[str]) -> ItemDef:
    oid, name = f"IT.{dataset.name}.{column.name}", column.name
    kind = "integer" if column.target == "integer" else column.type
    codelist = f"CL.{dataset.name}.{name}"
    return ItemDef(
        oid,
        name,
        kind,
        length=(column.length or _DATE_DIGITS) if has_length(kind) else None,
        significant_digits=values.decimals if kind == "float" else None,
        sas_field_name=name,
        display_format=column.display_format,
        comment_oid=f"COM.{dataset.name}.{name}" if dataset.variables[name].comment else "",
        description=words(column.label),
        codelist_oid=codelist if codelist in coded else "",
        origins=() if _has_levels(dataset, name) else (_origin(dataset, name),),
        value_list_oid=f"VL.{dataset.name}.{name}" if _has_levels(dataset, name) else "",
    )


def _origin(dataset: AnalysisDataset, name: str) -> Origin:
    kind = origin_of(dataset, name)
    if kind == "Predecessor":
        return Origin(kind, description=words(predecessor_of(dataset, name)))
    return Origin(kind, "Sponsor")


def _methods(subject: _Subject) -> Iterator[MethodDef]:
    for dataset, column, _ in subject.variables():
        if origin_of(dataset, column.name) == "Derived" and not _has_levels(dataset, column.name):
            oid, told = f"MT.{dataset.name}.{column.name}", method_of(dataset, column.name)
            yield MethodDef(oid, f"Algorithm for {dataset.name}.{column.name}", "Computation", words(told))


def _level_oid(dataset: AnalysisDataset, parameter: ParameterSpec) -> str:
    return f"{dataset.name}.AVAL.{parameter.codes[0]}"


def _value_list(dataset: AnalysisDataset) -> ValueListDef:
    refs = tuple(
        ItemRef(
            f"IT.{_level_oid(dataset, p)}",
            "No",
            order,
            method_oid=f"MT.{_level_oid(dataset, p)}",
            where_clause_oids=(f"WC.{_level_oid(dataset, p)}",),
        )
        for order, p in enumerate(dataset.parameters, start=1)
    )
    return ValueListDef(f"VL.{dataset.name}.AVAL", items=refs)


def _where(dataset: AnalysisDataset, parameter: ParameterSpec) -> WhereClauseDef:
    sign = "EQ" if len(parameter.codes) == 1 else "IN"
    check = RangeCheck(f"IT.{dataset.name}.PARAMCD", sign, values=parameter.codes)
    return WhereClauseDef(f"WC.{_level_oid(dataset, parameter)}", checks=(check,))


def _level_item(subject: _Subject, dataset: AnalysisDataset, parameter: ParameterSpec) -> ItemDef:
    outline = subject.outlines[dataset.name]
    column, values = outline.described.column("AVAL"), outline.summary.columns["AVAL"]
    return ItemDef(
        f"IT.{_level_oid(dataset, parameter)}",
        parameter.codes[0],
        column.type,
        length=column.length,
        significant_digits=values.decimals if column.type == "float" else None,
        origins=(Origin("Derived", "Sponsor"),),
    )


def _level_method(dataset: AnalysisDataset, parameter: ParameterSpec) -> MethodDef:
    oid = _level_oid(dataset, parameter)
    return MethodDef(f"MT.{oid}", f"Algorithm for {oid}", "Computation", words(parameter.derivation))


def _comments(subject: _Subject) -> Iterator[CommentDef]:
    for name in subject.outlines:
        dataset = subject.datasets[name]
        if dataset.comment:
            yield CommentDef(f"COM.{name}", words(dataset.comment))
        for variable, spec in dataset.variables.items():
            if spec.comment:
                yield CommentDef(f"COM.{name}.{variable}", words(spec.comment))
