"""What a participant sees behind a survey link, and what becomes of the answers.

Nothing that was answered before is shown to whoever holds the link only: coming back asks for the return code. Answers
go the way of an import, in the participant's own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opencro.app.redcap.exchange import ApiRefused
from opencro.app.redcap.export_records import EVENT, INSTANCE, INSTRUMENT
from opencro.app.redcap.import_records import calculate, gather, store
from opencro.app.redcap.lines import Line, read_lines
from opencro.app.redcap.project import Field, Project
from opencro.app.redcap.rights import Rights
from opencro.app.redcap.session import Session
from opencro.app.redcap.surveys import SurveyPlace, code_of, seal
from opencro.app.redcap.values import SEPARATOR, column_of
from opencro.capture import is_asked
from opencro.ledger import Source
from opencro.study import Code

PARTICIPANT = "participant"


@dataclass(frozen=True)
class Question:
    """One question of the page."""

    name: str
    label: str
    note: str
    section: str
    kind: str
    """`text`, `textarea`, `radio`, `checkbox` or `words` (nothing to answer)."""
    codes: tuple[Code, ...]
    required: bool
    value: str = ""

    @property
    def answers(self) -> list[str]:
        """The answers of a checkbox."""
        return [part for part in self.value.split(SEPARATOR) if part]


@dataclass(frozen=True)
class SurveyPage:
    """A page: `state` is `open`, `done`, or `return` where somebody began and the return code is asked for."""

    title: str
    instructions: str
    thanks: str
    state: str
    questions: tuple[Question, ...] = ()
    returns: bool = False
    """Whether a participant may leave and come back with the return code."""


def survey_session(session: Session, record: str) -> Session:
    """The session of the participant whose link was opened: it may fill in surveys and nothing else."""
    session.user, session.memberships, session.source = record, (), Source.UI
    session.role = PARTICIPANT
    session.__dict__["rights"] = Rights({"api_import": 1})
    return session


def survey_page(
    session: Session, place: SurveyPlace, code: str = "", typed: Mapping[str, str] | None = None
) -> SurveyPage:
    """The page of a place; refused where the project has no such survey any more."""
    project = session.project
    _refuse_gone(session, place)
    survey = project.document.surveys[place.instrument]
    title = survey.get("title") or project.instruments[place.instrument].label
    words, thanks = (_plain(survey.get(name, "")) for name in ("instructions", "acknowledgement"))
    line = _line(session, place)
    touched = line is not None and place.instrument in line.touched
    status = line.values.get(f"{place.instrument}_complete", "0") if touched and line is not None else ""
    known = code == code_of(session, place, "return", 8) and survey.get("save_and_return") == "1"
    if status == "2":
        return SurveyPage(title, words, thanks, "done")
    if touched and not known:
        return SurveyPage(title, words, thanks, "return")
    values = dict(line.values) if known and line is not None else {}
    questions = _questions(project, place.instrument, values | dict(typed or {}))
    return SurveyPage(title, words, thanks, "open", tuple(questions), survey.get("save_and_return") == "1")


def queue(session: Session, record: str) -> list[tuple[str, str]]:
    """Title and sealed link of every survey of a record that is not done."""
    project = session.project
    lines = read_lines(project, session.ledger, [record])
    arms = {project.events[line.event].arm for line in lines.lines}
    found = []
    for event, instrument in project.mapping:
        if instrument in project.document.surveys and project.events[event].arm in arms:
            place = SurveyPlace(project.study.id, record, event, instrument, 1)
            if survey_page(session, place).state != "done":
                title = project.document.surveys[instrument].get("title") or project.instruments[instrument].label
                found.append((f"{title} · {project.events[event].name}", seal(session.secret, place)))
    return found


def take_answers(
    session: Session, place: SurveyPlace, typed: Mapping[str, str], *, code: str = "", finish: bool = True
) -> list[str]:
    """Keep the answers; what is wrong with them, or nothing. Questions that are not asked are left out."""
    project = session.project
    if survey_page(session, place, code).state != "open":
        return ["This survey takes no answers now."]
    given = {name: text for name, text in typed.items() if text}
    asked = [f for f in project.fields_of(place.instrument) if _is_asked(session, f, given)]
    absent = [f for f in asked if f.row["required_field"] and not given.get(f.name) and finish]
    if absent:
        return [f"{f.row['field_label']}: ✱" for f in absent]
    row = {project.record_id: place.record}
    if project.longitudinal:
        row[EVENT] = place.event
    kind = project.repeat_of(place.event, place.instrument)
    if kind != "no":
        row |= {INSTANCE: str(place.instance), **({INSTRUMENT: place.instrument} if kind == "instrument" else {})}
    for field in asked:
        if field.type not in ("calc", "file", "descriptive") and field.name != project.record_id:
            row |= _cells(project, field, given.get(field.name, ""))
    row[f"{place.instrument}_complete"] = "2" if finish else "0"
    try:
        intake = gather(session, [row])
        calculate(intake)
        store(intake, repr(sorted(row.items())), "survey")
    except ApiRefused as refused:
        return refused.message.splitlines()
    return []


def find_by_code(session: Session, code: str) -> SurveyPlace | None:
    """The survey that an access code opens, among those of one study."""
    project = session.project
    if not project.document.surveys:
        return None
    lines = read_lines(project, session.ledger)
    arms = {line.record: project.events[line.event].arm for line in lines.lines}
    for record, arm in arms.items():
        for event, instrument in project.mapping:
            if instrument in project.document.surveys and project.events[event].arm == arm:
                place = SurveyPlace(project.study.id, record, event, instrument, 1)
                if code_of(session, place, "access", 9) == code:
                    return place
    return None


def _refuse_gone(session: Session, place: SurveyPlace) -> None:
    project = session.project
    here = place.instrument in project.document.surveys and (place.event, place.instrument) in project.mapped
    if not here or place.record not in read_lines(project, session.ledger, [place.record]).sites:
        raise ApiRefused("There is no such survey.", 404)


def _line(session: Session, place: SurveyPlace) -> Line | None:
    project = session.project
    kind = project.repeat_of(place.event, place.instrument)
    at = (place.instrument if kind == "instrument" else "", place.instance if kind != "no" else 0)
    lines = read_lines(project, session.ledger, [place.record])
    return next((line for line in lines.lines if line.place == (place.record, place.event, *at)), None)


def _questions(project: Project, instrument: str, values: Mapping[str, str]) -> Iterable[Question]:
    kinds = {"notes": "textarea", "checkbox": "checkbox", "descriptive": "words"}
    for field in project.fields_of(instrument):
        hidden = field.item is not None and field.item.blinded
        if field.name == project.record_id or field.type in ("calc", "file") or hidden:
            continue
        codes = project.study.codelists.get(field.codes)
        kind = kinds.get(field.type, "radio" if codes else "text")
        yield Question(
            field.name,
            _plain(field.row["field_label"]),
            _plain(field.row["field_note"]),
            _plain(field.row["section_header"]),
            kind,
            codes.codes if codes else (),
            bool(field.row["required_field"]),
            values.get(field.name, ""),
        )


def _is_asked(session: Session, field: Field, given: Mapping[str, str]) -> bool:
    if field.item is None:
        return False
    names = session.project.names_in(field.form, field.group)
    row: dict[str, object] = {item: given[name] for item, name in names.items() if name in given}
    return is_asked(session.study.forms[field.form], field.item, row)


def _cells(project: Project, field: Field, text: str) -> dict[str, str]:
    if field.type != "checkbox":
        return {field.name: text}
    held = text.split(SEPARATOR)
    codes = project.study.codelists[field.codes].codes
    return {column_of(field.name, code.value): str(int(code.value in held)) for code in codes}


def _plain(text: str) -> str:
    """Words without markup: what a project says in HTML is shown as text."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"<[^>]*>", "", text.replace("</p>", "\n"))).strip()
