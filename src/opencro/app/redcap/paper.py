"""Instruments as a PDF, blank or with a record's answers.

Source: REDCap's API, content=pdf.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, HRFlowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer

from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.export_records import may_export, note_export, stands_here
from opencro.app.redcap.lines import Line, read_lines
from opencro.app.redcap.project import Field, Instrument
from opencro.app.redcap.session import Session
from opencro.app.redcap.values import checked, render_label
from opencro.submission.paper import REGULAR, register_fonts

_BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12)
_NOTE = ParagraphStyle("note", parent=_BODY, fontSize=7.5, leading=10, textColor="#555555")
_TITLE = ParagraphStyle("title", parent=_BODY, fontSize=14, leading=18, spaceAfter=6)
_SECTION = ParagraphStyle("section", parent=_BODY, fontSize=10.5, leading=14, spaceBefore=8)
_ANSWER = ParagraphStyle("answer", parent=_BODY, leftIndent=14)


def export_pdf(session: Session, call: Call) -> Answer:
    """content=pdf: all instruments or one, blank, of one record, or (`allRecords`) of all."""
    session.rights.demand("api_export")
    register_fonts()
    instruments = _instruments(session, call)
    pages: list[Flowable] = []
    if call.text("record") or "allRecords" in call.parameters:
        for line in _lines(session, call):
            for instrument in instruments:
                if stands_here(session.project, line, instrument.name):
                    pages += _form(session, instrument, line)
        note_export(session, "pdf", "pdf", len(pages))
    else:
        for instrument in instruments:
            pages += _form(session, instrument, None)
    return Answer(_document(session, pages), f'application/pdf; name="{session.study.id}.pdf"')


def _instruments(session: Session, call: Call) -> list[Instrument]:
    known, name = session.project.instruments, call.text("instrument")
    if name and name not in known:
        raise ApiRefused(f"The instrument '{name}' does not exist.")
    return [instrument for instrument in known.values() if name in ("", instrument.name)]


def _lines(session: Session, call: Call) -> list[Line]:
    record, event = call.text("record"), call.text("event")
    repeat = call.number("repeat_instance")
    lines = read_lines(session.project, session.ledger, [record] if record else None, session.rights.sites)
    if record and record not in lines.sites:
        raise ApiRefused(f"The record '{record}' does not exist.")
    if event and event not in session.project.events:
        raise ApiRefused(f"The event '{event}' does not exist.")
    return [x for x in lines.lines if event in ("", x.event) and repeat in (None, x.instance)]


def _form(session: Session, instrument: Instrument, line: Line | None) -> Iterator[Flowable]:
    project = session.project
    yield Paragraph(f"<b>{escape(instrument.label)}</b>", _TITLE)
    if line is not None:
        where = f"{line.record} · {project.events[line.event].name}" + (f" · {line.instance}" if line.instance else "")
        yield Paragraph(escape(where), _NOTE)
    for field in project.fields_of(instrument.name):
        if field.row["section_header"]:
            yield Paragraph(f"<b>{_plain(field.row['section_header'])}</b>", _SECTION)
        yield Paragraph(_plain(field.row["field_label"]), _BODY)
        if field.row["field_note"]:
            yield Paragraph(_plain(field.row["field_note"]), _NOTE)
        if field.type != "descriptive":
            yield from _answer(session, field, None if line is None else line.values, line)
        yield Spacer(1, 4)
    yield PageBreak()


def _answer(session: Session, field: Field, values: Mapping[str, str] | None, line: Line | None) -> Iterator[Flowable]:
    codelists = dict(session.study.codelists)
    stored = "" if values is None else values.get(field.name, "")
    if line is not None and field.name == session.project.record_id:
        stored = line.record
    if values is not None and not may_export(session, field):
        yield Paragraph("(not shown)", _ANSWER)
    elif field.codes in codelists:
        given = checked(stored) if field.type == "checkbox" else [stored]
        for code in codelists[field.codes].codes:
            mark = "☑" if code.value in given else "☐"
            yield Paragraph(f"{mark} {escape(code.label or code.value)}", _ANSWER)
    elif stored:
        yield Paragraph(escape(render_label(field, stored, codelists)), _ANSWER)
    else:
        yield HRFlowable(width="60%", hAlign="LEFT", spaceBefore=10, spaceAfter=2, thickness=0.5)


def _plain(text: str) -> str:
    return escape(text).replace("\n", "<br/>")


def _document(session: Session, pages: list[Flowable]) -> bytes:
    sink = io.BytesIO()
    title = session.study.file.title
    SimpleDocTemplate(sink, pagesize=A4, title=title, author="openCRO", invariant=1).build(pages or [Spacer(1, 1)])
    return sink.getvalue()
