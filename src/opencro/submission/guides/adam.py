"""The analysis data reviewer's guide: section names of the PHUSE template, content from the build.

Source: PHUSE Analysis Data Reviewer's Guide, template 2019 (names of sections only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencro.analysis import AnalysisDataset, label_of
from opencro.submission.define_xml import MetaData
from opencro.submission.guides.model import Blank, Block, Grid, Guide, Known, Section, Words
from opencro.submission.guides.shared import (
    acronyms,
    arms,
    dataset_grid,
    differences,
    issues,
    protocol_name,
    sentence,
    standards,
)

_TREATMENT = re.compile(r"^(TRT(\d\d[PA]|[PA]|SDT|EDT|SEQ|DUR)|TR\d\d)")
_RECORD_FLAG = re.compile(r"^(ANL\d\dFL|ABLFL|BASETYPE|AVISIT|AVISITN|DTYPE|AWTARGET|AWTDIFF)$")


def make_adrg(known: Known, metadata: MetaData) -> Guide:
    """The guide to the analysis datasets."""
    sections = (
        *_introduction(known),
        *_considerations(known),
        *_processing(known),
        *_datasets(known, metadata),
        *_conformance(known),
        *_programs(known),
    )
    return Guide("ADRG", "Analysis Data Reviewer's Guide", known.study.id, sections)


def _introduction(known: Known) -> Iterator[Section]:
    yield Section("1", "Introduction")
    purpose = (
        f"This guide helps a reviewer to find the way through the analysis datasets of {known.study.id}. It was made "
        "out of the declarations that made the datasets; marked places wait for words of people."
    )
    yield Section("1.1", "Purpose", (Words(purpose),))
    yield Section("1.2", "Acronyms", (acronyms(),))
    yield Section("1.3", "Study Data Standards and Dictionary Inventory", standards(known))
    source = "The analysis datasets were made from the tabulated datasets of the same package and nothing else."
    yield Section("1.4", "Source Data Used for Analysis Dataset Creation", (Words(source),))
    yield Section("2", "Protocol Description")
    yield protocol_name(known, "2.1")
    blocks = (Blank("protocol-design-in-relation-to-adam"), arms(known))
    yield Section("2.2", "Protocol Design in Relation to ADaM Concepts", blocks)


def _considerations(known: Known) -> Iterator[Section]:
    yield Section("3", "Analysis Considerations Related to Multiple Analysis Datasets")
    yield Section("3.1", "Comparison of SDTM and ADaM Content", (Blank("comparison-of-sdtm-and-adam"),))
    variables = [set(d.variables) for d in known.analysis.values()]
    core = sorted(set.intersection(*variables)) if variables else []
    rows: tuple[tuple[str, ...], ...] = tuple((name, _label(known, name)) for name in core)
    text = "These variables are in every analysis dataset."
    yield Section("3.2", "Core Variables", (Words(text), Grid(("Variable", "Label"), rows, (1, 4))))
    rows = _named(known, _TREATMENT)
    yield Section("3.3", "Treatment Variables", (Grid(("Variable", "Label", "Datasets"), rows, (1, 2.5, 3)),))
    rows = _named(known, _RECORD_FLAG)
    grid = Grid(("Variable", "Label", "Datasets"), rows, (1, 2.5, 3))
    yield Section("3.4", "Use of Visit Windowing, Unscheduled Visits, and Record Selection", (grid,))
    yield Section("3.5", "Imputation/Derivation Methods", (*_switches(known), Blank("imputation-and-derivation")))


def _label(known: Known, variable: str) -> str:
    holder = next(d for d in known.analysis.values() if variable in d.variables)
    return label_of(holder, variable, known.analysis)


def _named(known: Known, pattern: re.Pattern[str]) -> tuple[tuple[str, ...], ...]:
    names = dict.fromkeys(v for d in known.analysis.values() for v in d.variables if pattern.match(v))
    return tuple(
        (v, _label(known, v), sentence(d.name for d in known.analysis.values() if v in d.variables)) for v in names
    )


def _switches(known: Known) -> tuple[Block, ...]:
    """Peculiarities that the study reproduces by name."""
    on = [s for s in known.switches if s.on]
    if not on:
        return ()
    rows = tuple(
        (s.id, " ".join(s.what.split()), sentence(d.name for d in known.analysis.values() if _uses(d, s.id)))
        for s in on
    )
    text = "Rules that are particular to this study; each is a named switch of its declarations."
    return (Words(text), Grid(("Switch", "Rule", "Datasets"), rows, (1.5, 4, 1.5)))


def _uses(dataset: AnalysisDataset, switch: str) -> bool:
    return any(switch in (step.switch, step.unless) for step in dataset.steps)


def _processing(known: Known) -> Iterator[Section]:
    yield Section("4", "Analysis Data Creation and Processing Issues")
    yield Section("4.1", "Split Datasets", (Words("No dataset is split."),))
    rows = tuple((d.name, sentence(sorted(d.needs()))) for d in known.analysis.values())
    yield Section("4.2", "Data Dependencies", (Grid(("Dataset", "Made from"), rows, (1, 4)),))
    yield Section("4.3", "Intermediate Datasets", (Words("There are no intermediate datasets."),))
    yield Section("4.4", "Variable Conventions", (Blank("variable-conventions"),))


def _datasets(known: Known, metadata: MetaData) -> Iterator[Section]:
    yield Section("5", "Analysis Dataset Descriptions")
    yield Section("5.1", "Overview", (Blank("overview"),))
    yield Section("5.2", "Analysis Datasets", (dataset_grid(known, metadata),))
    for number, dataset in enumerate(known.analysis.values(), start=1):
        rows = [("Class", dataset.kind.capitalize()), ("Structure", dataset.structure),
                ("Keys", sentence(dataset.keys)), ("Records", f"{known.records.get(dataset.name, 0):,}"),
                ("Made from", sentence(sorted(dataset.needs()))), ("Remark", dataset.comment)]  # fmt: skip
        blocks: list[Block] = [Grid(("", ""), tuple(r for r in rows if r[1]), (1, 4))]
        if dataset.parameters:
            made = tuple((sentence(p.codes), " ".join(p.derivation.split())) for p in dataset.parameters)
            blocks.append(Grid(("Parameters", "How AVAL is made"), made, (1, 3)))
        yield Section(f"5.2.{number}", f"{dataset.name}, {dataset.label}", tuple(blocks))


def _conformance(known: Known) -> Iterator[Section]:
    yield Section("6", "Data Conformance Summary")
    inputs = "The declarations were checked beside the tabulated datasets before the analysis datasets were made."
    yield Section("6.1", "Conformance Inputs", (Words(inputs), Blank("conformance-inputs")))
    yield Section("6.2", "Issues Summary", (*issues(known, "analysis/"), *differences(known, "adam")))


def _programs(known: Known) -> Iterator[Section]:
    yield Section("7", "Submission of Programs")
    text = (
        "Datasets, results and displays are declared; the declarations are in the folder programs as text. They are "
        "read by openCRO; the methods of define.xml say the same in words."
    )
    yield Section("7.1", "Description", (Words(text),))
    rows = tuple((f"{d.name.lower()}.txt", d.name, d.label) for d in known.analysis.values())
    yield Section("7.2", "ADaM Programs", (Grid(("File", "Dataset", "Label"), rows, (1, 1, 3)),))
    made = ("analysis/displays/", "analysis/listings/", "analysis/figures/")
    names = sorted(n.removeprefix("analysis/") for n in known.study.texts if n.startswith(made))
    shown = tuple((f"{n.removesuffix('.yaml').replace('/', '-').lower()}.txt",) for n in names)
    blocks: tuple[Block, ...] = (Grid(("File",), shown, (1,)),) if shown else (Words("No display is declared."),)
    yield Section("7.3", "Analysis Output Programs", blocks)
    yield Section("7.4", "Macro Programs", (Words("There are no macro programs."),))
