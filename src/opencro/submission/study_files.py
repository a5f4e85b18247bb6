"""The files of a study's data as an agency wants them: where they stand, what they are called, how they are tagged.

Source: FDA Study Data Technical Conformance Guide, section 7 (folders below `m5/datasets`); ICH study tagging file,
valid values 6.0. In a sequence a define.xml stands beside its datasets, so that its references are changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from opencro.study import Study
from opencro.submission.define_xml import DocumentRef, ItemDef, Leaf, MetaData, PdfPages, read_define, write_define
from opencro.submission.ectd import Dossier, PlannedFile, StudySection

DATASETS = {"sdtm": "tabulations/sdtm", "adam": "analysis/adam/datasets"}
PROGRAMS = "analysis/adam/programs"
_DATASET_TAGS = {"sdtm": "data-tabulation-dataset-sdtm", "adam": "analysis-dataset-adam"}
_DEFINE_TAGS = {"sdtm": "data-tabulation-data-definition", "adam": "analysis-data-definition"}
_PACKAGES = {"sdtm": "SDTM", "adam": "ADaM"}
_NOT_PROGRAMS = ("analysis/differences.yaml",)
"""Compares with other versions of the datasets; makes nothing."""


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF beside datasets; `annotated` is the annotated CRF, others are supplemental documents of define.xml."""

    package: str
    name: str
    title: str
    tag: tuple[str, str]
    content: bytes = field(repr=False)
    annotated: bool = False
    pages: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    """Where (dataset, variable) stands in an annotated CRF."""


def section_of(study: Study, dossier: Dossier) -> StudySection:
    """Where a study stands in module 5."""
    folder = f"m5/53-clin-stud-rep/535-rep-effic-safety-stud/{dossier.indication}/5351-stud-rep-contr/{dossier.study}"
    categories = {"type-of-control": dossier.control} if dossier.control else {}
    return StudySection(study.id, study.file.title, dossier.indication, folder, categories)


def plan_study_files(
    study: Study, dossier: Dossier, built: Path, labels: Mapping[str, str], documents: tuple[Document, ...] = ()
) -> list[PlannedFile]:
    """Datasets, definitions, stylesheets, declarations as text, and documents, from the folder of a build."""
    root = f"m5/datasets/{dossier.study}"
    files: list[PlannedFile] = []
    for package, place in DATASETS.items():
        if not (built / package / "define.xml").is_file():
            continue
        folder = f"{root}/{place}"
        beside = [document for document in documents if document.package == package]
        for path in sorted((built / package / "xpt").glob("*.xpt")):
            label = labels.get(path.stem.upper(), "")
            title = f"{path.stem.upper()}, {label}" if label else path.stem.upper()
            files.append(PlannedFile(f"{folder}/{path.name}", path, title, (_DATASET_TAGS[package], "us")))
        tag, name = (_DEFINE_TAGS[package], "us"), _PACKAGES[package]
        define = place_define((built / package / "define.xml").read_bytes(), beside)
        files.append(PlannedFile(f"{folder}/define.xml", define, f"{name} Data Definition", tag))
        style = built / package / "define.xsl"
        files.append(PlannedFile(f"{folder}/define.xsl", style, f"{name} Define Stylesheet", tag))
        files += [PlannedFile(f"{folder}/{d.name}", d.content, d.title, d.tag) for d in beside]
    return files + list(_programs(study, f"{root}/{PROGRAMS}"))


def place_define(data: bytes, documents: list[Document]) -> bytes:
    """A define.xml that stands beside its datasets and names the documents there."""
    define = read_define(data)
    metadata = define.study.metadata
    datasets = tuple(
        d if d.leaf is None else replace(d, leaf=replace(d.leaf, href=PurePosixPath(d.leaf.href).name))
        for d in metadata.datasets
    )
    placed = _with_documents(replace(metadata, datasets=datasets, items=_paged(metadata, documents)), documents)
    return write_define(replace(define, study=replace(define.study, metadata=placed)))


def _with_documents(metadata: MetaData, documents: list[Document]) -> MetaData:
    def refer(annotated: bool) -> tuple[DocumentRef, ...]:
        return tuple(DocumentRef(_leaf_id(d)) for d in documents if d.annotated is annotated)

    return replace(
        metadata,
        annotated_crf=(*metadata.annotated_crf, *refer(True)),
        supplemental=(*metadata.supplemental, *refer(False)),
        leaves=(*metadata.leaves, *(Leaf(_leaf_id(d), d.name, d.title) for d in documents)),
    )


def _paged(metadata: MetaData, documents: list[Document]) -> tuple[ItemDef, ...]:
    """Variables with the pages of the annotated CRF on which they are collected."""
    annotated = next((d for d in documents if d.annotated), None)
    return metadata.items if annotated is None else tuple(_paged_item(item, annotated) for item in metadata.items)


def _paged_item(item: ItemDef, annotated: Document) -> ItemDef:
    _, dataset, variable, *_ = (*item.oid.split("."), "", "")
    pages = annotated.pages.get((dataset, variable))
    if not pages:
        return item
    reference = DocumentRef(_leaf_id(annotated), (PdfPages("PhysicalRef", " ".join(map(str, pages))),))
    origins = tuple(
        replace(o, documents=(*o.documents, reference)) if o.type == "Collected" else o for o in item.origins
    )
    return replace(item, origins=origins)


def _leaf_id(document: Document) -> str:
    return f"LF.{PurePosixPath(document.name).stem}"


def _programs(study: Study, folder: str) -> Iterator[PlannedFile]:
    """The declarations that made analysis datasets, results and displays."""
    for name, text in sorted(study.texts.items()):
        if name.startswith("analysis/") and name.endswith(".yaml") and name not in _NOT_PROGRAMS:
            plain = name.removeprefix("analysis/").removesuffix(".yaml").replace("/", "-")
            title = f"Declaration of {plain}"
            yield PlannedFile(f"{folder}/{plain.lower()}.txt", text.encode(), title, ("analysis-program", "us"))
