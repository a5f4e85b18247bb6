"""Sections that both guides have."""

from __future__ import annotations

from collections.abc import Iterable

from opencro.submission.define_xml import ItemGroupDef, MetaData
from opencro.submission.guides.model import Block, Grid, Known, Section, Words

_STANDARDS = {
    "sdtmig": "SDTM Implementation Guide",
    "adamig": "ADaM Implementation Guide",
    "sdtm-ct": "CDISC controlled terminology, SDTM",
    "adam-ct": "CDISC controlled terminology, ADaM",
    "define": "Define-XML",
    "meddra": "MedDRA",
    "whodrug": "WHODrug",
}
ACRONYMS = {
    "ADaM": "Analysis Data Model",
    "CDISC": "Clinical Data Interchange Standards Consortium",
    "CRF": "Case report form",
    "SDTM": "Study Data Tabulation Model",
    "XPT": "SAS transport file, version 5",
}


def acronyms() -> Grid:
    """Those that the guides use themselves."""
    return Grid(("Acronym", "Meaning"), tuple(ACRONYMS.items()), (1, 4))


def standards(known: Known) -> tuple[Block, ...]:
    """The pinned versions of standards and dictionaries."""
    pinned = known.study.file.standards
    rows = tuple((words, pinned[name]) for name, words in _STANDARDS.items() if name in pinned)
    missing = [words for name, words in _STANDARDS.items() if name in ("meddra", "whodrug") and name not in pinned]
    notes = [Words(f"No version of {' or '.join(missing)} is pinned in this study.")] if missing else []
    return (Grid(("Standard or dictionary", "Version"), rows, (3, 1)), *notes)


def protocol_name(known: Known, number: str) -> Section:
    """Protocol number and title."""
    file = known.study.file
    rows = [("Study", known.study.id), ("Protocol number", file.protocol), ("Title", file.title),
            ("Phase", file.phase), ("Indication", file.indication), ("Definition version", file.version)]  # fmt: skip
    return Section(number, "Protocol Number and Title", (Grid(("", ""), tuple(r for r in rows if r[1]), (1, 3)),))


def arms(known: Known) -> Grid:
    """The planned arms."""
    found = known.study.protocol.design.arms
    return Grid(("Arm", "Name", "Description"), tuple((a.id, a.name, a.description) for a in found), (1, 1.5, 3))


def dataset_class(dataset: ItemGroupDef) -> str:
    """The class of a dataset as define.xml has it."""
    return dataset.dataset_class.name.capitalize() if dataset.dataset_class else ""


def label_of(dataset: ItemGroupDef) -> str:
    """The label of a dataset."""
    return dataset.description[0].text if dataset.description else dataset.name


def keys_of(dataset: ItemGroupDef) -> str:
    """Its key variables in order."""
    keyed = sorted((i.key_sequence, i.item_oid) for i in dataset.items if i.key_sequence is not None)
    return ", ".join(oid.rpartition(".")[2] for _, oid in keyed)


def dataset_grid(known: Known, metadata: MetaData) -> Grid:
    """Every dataset in one table."""
    rows = tuple(
        (d.name, label_of(d), dataset_class(d), f"{known.records.get(d.name, 0):,}", keys_of(d), d.structure)
        for d in metadata.datasets
    )
    head = ("Dataset", "Label", "Class", "Records", "Keys", "Structure")
    return Grid(head, rows, (1, 1.7, 1.5, 0.9, 2.2, 2))


def issues(known: Known, folder: str) -> tuple[Block, ...]:
    """What the build found about declarations and data of a package."""
    found = [f for f in known.findings if f.place.file.startswith(folder)]
    if not found:
        return (Words("The build reported no finding about these datasets and their declarations."),)
    rows = tuple((f.code, str(f.severity), str(f.place), f"{f.got}; expected {f.expected}") for f in found)
    return (Grid(("Code", "Severity", "Place", "What was found"), rows, (0.8, 0.8, 1.8, 4)),)


def differences(known: Known, package: str) -> tuple[Block, ...]:
    """Cells that differ from another version of the datasets, as the study lists them; empty where it lists none."""
    listed = known.differences.get(package)
    if listed is None or not listed.differences:
        return ()
    rows = tuple(
        (d.dataset, ", ".join(d.variables), f"{d.count:,}", " ".join(d.cause.split())) for d in listed.differences
    )
    words = "Where these datasets differ from the version that the study compares them with, and why."
    return (Words(words), Grid(("Dataset", "Variables", "Cells", "Cause"), rows, (1, 1.5, 0.7, 4)))


def sentence(names: Iterable[str]) -> str:
    """Names with commas, or a dash."""
    return ", ".join(names) or "-"
