"""A REDCap file, dictionary or project, as parts of a study."""

from __future__ import annotations

from dataclasses import dataclass, field

from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.study.formats.redcap.make_forms import Build, make_forms
from opencro.study.formats.redcap.make_schedule import make_schedule
from opencro.study.formats.redcap.read_dictionary import is_dictionary, read_dictionary
from opencro.study.formats.redcap.read_project import is_project, read_project
from opencro.study.model.form import CodeList, EditCheck, Form
from opencro.study.model.protocol import Design, Schedule


@dataclass(frozen=True)
class RedcapImport:
    """The definition in a REDCap file; with errors in `findings` it is given as far as it could be read."""

    title: str = ""
    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    design: Design = field(default_factory=Design)
    schedule: Schedule = field(default_factory=Schedule)
    findings: Findings = field(default_factory=Findings)


def is_redcap(data: bytes) -> bool:
    """Whether a file is a REDCap data dictionary or project."""
    return is_dictionary(data) or is_project(data)


def read_redcap(data: bytes, file: str = "") -> RedcapImport:
    """The definition in a data dictionary CSV or a project XML; `file` is its name in findings.

    Findings RCP-005..007 are errors of the file, the others say what could not be carried (docs/redcap.md). Raises
    `Refused` with RCP-001..004 or ODM-001..003 when nothing can be read.
    """
    if is_dictionary(data):
        fields, notes = read_dictionary(data, file)
        made = make_forms(fields, file)
        return RedcapImport("", made.forms, made.codelists, made.checks, findings=Findings((*notes, *made.findings)))
    if not is_project(data):
        remedy = "Export the data dictionary or the project from REDCap."
        raise Refused([Finding("RCP-001", Place(file), "another file", "a dictionary CSV or project XML", remedy)])
    project = read_project(data, file)
    build = Build(
        titles=project.titles,
        repeating=frozenset(form for _, form in project.repeating if form),
        at_visits=bool(project.events),
    )
    made = make_forms(project.fields, file, build)
    design, schedule, found = make_schedule(project, made.form_names, file)
    findings = Findings((*project.findings, *made.findings, *found))
    return RedcapImport(project.title, made.forms, made.codelists, made.checks, design, schedule, findings)
