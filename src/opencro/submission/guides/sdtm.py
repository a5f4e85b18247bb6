"""The clinical study data reviewer's guide: section names of the PHUSE template, content from the build.

Source: PHUSE Clinical Study Data Reviewer's Guide, template 2019 (names of sections only).
"""

from __future__ import annotations

from collections.abc import Iterator

from opencro.submission.guides.model import Blank, Grid, Guide, Known, Section, Words
from opencro.submission.guides.shared import (
    acronyms,
    arms,
    dataset_class,
    dataset_grid,
    differences,
    issues,
    keys_of,
    label_of,
    protocol_name,
    sentence,
    standards,
)

_DESIGN = ("TA", "TE", "TV", "TI", "TS", "TD")


def make_csdrg(known: Known) -> Guide:
    """The guide to the tabulated datasets."""
    title = "Clinical Study Data Reviewer's Guide"
    sections = (*_introduction(known), *_protocol(known), *_subject_data(known), *_conformance(known))
    return Guide("cSDRG", title, known.study.id, sections)


def _introduction(known: Known) -> Iterator[Section]:
    yield Section("1", "Introduction")
    purpose = (
        f"This guide helps a reviewer to find the way through the tabulated datasets of {known.study.id}. It was made "
        "out of the declarations that made the datasets; marked places wait for words of people."
    )
    yield Section("1.1", "Purpose", (Words(purpose),))
    yield Section("1.2", "Acronyms", (acronyms(),))
    yield Section("1.3", "Study Data Standards and Dictionary Inventory", standards(known))


def _protocol(known: Known) -> Iterator[Section]:
    schedule = known.study.protocol.schedule
    visits = tuple(
        (f"{v.number:g}", v.name, "" if v.day is None else str(v.day), v.epoch or "")
        for v in schedule.visits
        if not v.unscheduled
    )
    planned = Grid(("Number", "Visit", "Planned day", "Epoch"), visits, (1, 3, 1, 2))
    yield Section("2", "Protocol Description")
    yield protocol_name(known, "2.1")
    yield Section("2.2", "Protocol Design", (Blank("protocol-design"), arms(known), planned))
    rows = tuple(
        (d.name, label_of(d), f"{known.records.get(d.name, 0):,}") for d in known.sdtm.datasets if d.name in _DESIGN
    )
    yield Section("2.3", "Trial Design Datasets", (Grid(("Dataset", "Label", "Records"), rows, (1, 4, 1)),))


def _subject_data(known: Known) -> Iterator[Section]:
    yield Section("3", "Subject Data Description")
    forms = sum(len(form.groups) > 0 for form in known.study.forms.values())
    count = (
        f"{len(known.sdtm.datasets)} datasets with {sum(known.records.get(d.name, 0) for d in known.sdtm.datasets):,} "
        f"records were made from {forms} forms."
    )
    yield Section("3.1", "Overview", (Words(count), Blank("overview")))
    flow = (
        "A value on a form is a fact in a ledger that nobody can change. A declaration per variable says which items "
        "and which rule make it; the same declaration gives the dataset, its entry in define.xml and the annotation "
        "on the form, so that every cell leads back to who entered what and when."
    )
    yield Section("3.2", "Traceability Flow Diagram", (Words(flow),))
    crf = "acrf.pdf shows for each item of each form the variables that take it; bookmarks go by visit and by form."
    yield Section("3.3", "Annotated CRFs", (Words(crf),))
    yield Section("3.4", "SDTM Subject Domains", (dataset_grid(known, known.sdtm),))
    listed = [d for d in known.sdtm.datasets if d.name in known.domains]
    for number, dataset in enumerate(listed, start=1):
        domain = known.domains[dataset.name]
        forms_used = sentence(dict.fromkeys(s.form for s in domain.sources if s.form))
        rows = [("Class", dataset_class(dataset)), ("Structure", dataset.structure), ("Keys", keys_of(dataset)),
                ("Records", f"{known.records.get(dataset.name, 0):,}"), ("Forms", forms_used),
                ("Supplemental qualifiers", sentence(domain.supplemental)), ("Remark", domain.comment)]  # fmt: skip
        shown = tuple((name, text) for name, text in rows if text and text != "-")
        yield Section(f"3.4.{number}", f"{dataset.name}, {label_of(dataset)}", (Grid(("", ""), shown, (1, 4)),))


def _conformance(known: Known) -> Iterator[Section]:
    yield Section("4", "Data Conformance Summary")
    inputs = "The declarations were checked with one another and with the pinned guide before the datasets were made."
    yield Section("4.1", "Conformance Inputs", (Words(inputs), Blank("conformance-inputs")))
    yield Section("4.2", "Issues Summary", issues(known, "tabulation/"))
    additional = differences(known, "sdtm") or (Blank("additional-conformance-details"),)
    yield Section("4.3", "Additional Conformance Details", additional)
    criteria = tuple((c.id, c.type, " ".join(c.text.split())) for c in known.study.protocol.eligibility.criteria)
    if criteria:
        yield Section("5", "Appendix I: Inclusion/Exclusion Criteria",
                      (Grid(("Criterion", "Kind", "Text"), criteria, (1, 1, 5)),))  # fmt: skip
