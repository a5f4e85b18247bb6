"""A participant's casebook on paper: every form as it was asked and answered, with queries and signatures; or blank.

A form is printed in the words of the definition under which it was entered, although the study has a newer one. Every
signature stands with printed name, time with zone and meaning.
Sources: 21 CFR 11.10(b), 11.50; EU GMP Annex 11 section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

from opencro.capture import FormWork, Query
from opencro.kernel.finding import Refused
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import Form, Item, ItemGroup, Study, load_version
from opencro.submission.paper import BOLD, REGULAR, register_fonts

MARGIN = 42.0
WIDTH = A4[0] - 2 * MARGIN
HIDDEN = "(not shown)"
_TEXT = ParagraphStyle("text", fontName=REGULAR, fontSize=8.5, leading=11)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7.5, leading=9.5, textColor=colors.HexColor("#53616e"))
_FORM = ParagraphStyle("form", parent=_TEXT, fontName=BOLD, fontSize=12, leading=15, spaceBefore=8, spaceAfter=2)
_GROUP = ParagraphStyle("group", parent=_TEXT, fontName=BOLD, fontSize=9, leading=12, spaceBefore=6, spaceAfter=2)
_LINE = colors.HexColor("#d3dae0")


@dataclass(frozen=True)
class PrintedForm:
    """One form of a casebook: where it stands, what is known of it. A blank one has no records."""

    place: RecordKey
    work: FormWork = field(default_factory=FormWork)
    records: Sequence[StandingRecord] = ()
    queries: Sequence[Query] = ()


def render_casebook(
    study: Study, title: str, forms: Iterable[PrintedForm], *, shows: Callable[[str, Item], bool], printed: str
) -> bytes:
    """A casebook as PDF; `shows` says whether a form's item is for the reader, `printed` who printed it."""
    register_fonts()
    story: list[Flowable] = []
    definitions: dict[str, Study] = {}
    for one in forms:
        definition = _definition(study, one.work.definition_version, definitions)
        form = definition.forms.get(one.place.form)
        if form is not None:
            story += [*_form(definition, form, one, shows), PageBreak()]
    out = BytesIO()
    document = BaseDocTemplate(out, pagesize=A4, title=title, author="openCRO", invariant=1)
    frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN - 18, 0, 0, 0, 0)

    def decorate(canvas: Any, _: Any) -> None:
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillGray(0.35)
        canvas.drawString(MARGIN, A4[1] - MARGIN + 2, f"{study.file.protocol or study.id} · {title}")
        canvas.drawString(MARGIN, MARGIN - 16, printed)
        canvas.drawRightString(A4[0] - MARGIN, MARGIN - 16, str(canvas.getPageNumber()))

    document.addPageTemplates([PageTemplate("page", [frame], onPage=decorate)])
    document.build(story[:-1] or [Paragraph("Nothing is entered.", _TEXT)])
    return out.getvalue()


def blank_forms(study: Study) -> list[PrintedForm]:
    """Every form of a study once, with nothing entered."""
    return [PrintedForm(RecordKey(form=form.id)) for form in study.forms.values() if form.source != "transfer"]


def _definition(study: Study, version: str, known: dict[str, Study]) -> Study:
    if version in ("", study.file.version):
        return study
    if version not in known:
        try:
            known[version] = load_version(study.root, version)
        except Refused:
            known[version] = study
    return known[version]


def _form(study: Study, form: Form, one: PrintedForm, shows: Callable[[str, Item], bool]) -> Iterator[Flowable]:
    visits = {visit.id: visit.name for visit in study.protocol.schedule.visits}
    at = visits.get(one.place.event, one.place.event)
    repeat = f" {one.place.form_repeat}" if one.place.form_repeat > 1 else ""
    yield Paragraph(escape(f"{form.title}{repeat}"), _FORM)
    said = [at, f"definition {study.file.version}"]
    if one.work.last_saved_at:
        said.append(f"last saved {_time(one.work.last_saved_at)}, {one.work.state}")
    yield Paragraph(escape(" · ".join(part for part in said if part)), _SMALL)
    for group in form.groups:
        yield from _group(study, form, group, one, shows)
    yield from _signature(one.work)


def _group(
    study: Study, form: Form, group: ItemGroup, one: PrintedForm, shows: Callable[[str, Item], bool]
) -> Iterator[Flowable]:
    records = [r for r in one.records if r.key.group == group.id]
    blank: list[StandingRecord | None] = [None]
    for record in records or blank:
        number = f" {record.key.group_repeat}" if record and group.repeating else ""
        if number or len(form.groups) > 1:
            yield Paragraph(escape(f"{group.label or group.id}{number}"), _GROUP)
        rows = [_row(study, item, record, one, shows) for item in group.items if record is None or _says(item, record)]
        if rows:
            yield _table(rows)
        yield Spacer(1, 4)


def _says(item: Item, record: StandingRecord) -> bool:
    """On paper a conditional item without a value is left out."""
    return bool(record.values.get(item.id)) or not item.show_when


def _row(
    study: Study, item: Item, record: StandingRecord | None, one: PrintedForm, shows: Callable[[str, Item], bool]
) -> list[Paragraph]:
    codelist = study.codelists.get(item.codes or "")
    labels = {code.value: code.label or code.value for code in codelist.codes} if codelist else {}
    if record is None:
        answer = "   ".join(f"○ {escape(label)}" for label in labels.values()) or "_" * 28
    else:
        text = record.values.get(item.id, "")
        words = ", ".join(labels.get(part, part) for part in text.split(";")) if item.type == "choices" else text
        answer = escape(labels.get(words, words)) if shows(one.place.form, item) or not text else HIDDEN
    unit = f" {item.unit}" if item.unit else ""
    notes = [f"? {query.text}" + (f" → {query.answer}" if query.answer else "") + f" [{query.state}]"
             for query in _asked(item, record, one)] if shows(one.place.form, item) else []  # fmt: skip
    mark = " *" if item.required and record is None else ""
    cells = [Paragraph(escape(item.label + mark), _TEXT), Paragraph(answer + escape(unit), _TEXT)]
    return [*cells, Paragraph("<br/>".join(map(escape, notes)), _SMALL)]


def _asked(item: Item, record: StandingRecord | None, one: PrintedForm) -> list[Query]:
    return [q for q in one.queries if record is not None and q.item == item.id and q.key == record.key]


def _table(rows: Sequence[Sequence[Paragraph]]) -> Table:
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(rows, colWidths=[WIDTH * 0.38, WIDTH * 0.32, WIDTH * 0.30], style=style)


def _signature(work: FormWork) -> Iterator[Flowable]:
    signature = work.signature
    if signature is None:
        return
    stale = "<b>This signature no longer holds: the form was changed after it.</b><br/>" if work.stale else ""
    who = f"Signed by <b>{escape(signature.printed_name)}</b> ({escape(signature.role)}), {_time(signature.signed_at)}"
    yield Paragraph(f"{stale}{who}<br/>“{escape(signature.meaning)}”", _TEXT)
    yield Paragraph(f"SHA-256 of values and definition: {signature.sha256}", _SMALL)


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"


def of_forms(records: Sequence[StandingRecord]) -> Mapping[RecordKey, list[StandingRecord]]:
    """Records by the form that they belong to."""
    found: dict[RecordKey, list[StandingRecord]] = {}
    for record in records:
        found.setdefault(record.key._replace(group="", group_repeat=0), []).append(record)
    return found
