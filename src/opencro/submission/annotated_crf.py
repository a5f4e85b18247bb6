"""The annotated CRF: a page per form with its items, answers and, in colour, the SDTM variables that they go to.

Source: CDISC SDTM metadata submission guidelines 2.0, section 3 (one colour per domain on a page, variables in capital
letters, [NOT SUBMITTED], bookmarks by visit and by form). The annotations come from the declarations that make the
datasets; where these do not reach an item, from the item's own `sdtm`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from opencro.study import CodeList, Form, Item, Study
from opencro.submission.paper import BOLD, PDF_VERSION, REGULAR, register_fonts, width_of, wrap
from opencro.tabulation import Domain, Target, find_targets

NOT_SUBMITTED = "[NOT SUBMITTED]"
LEFT, RIGHT, TOP, BOTTOM = 54.0, letter[0] - 40.0, letter[1] - 54.0, 54.0
SIZE, LEADING, GAP = 8.0, 10.5, 7.0
ANSWER_AT, NOTE_AT = LEFT + 168.0, LEFT + 330.0
COLOURS = tuple(HexColor(c) for c in ("#cfe8ff", "#fff3b0", "#d3f2d3", "#ffd9bf", "#ead6f7"))
GREY = HexColor("#e6e6e6")
CIRCLE, INDENT = "○ ", "\t "
MOST = 32
"""Lines of an answer in one row."""
_FIELDS = {
    "date": "DD-MMM-YYYY",
    "partial-date": "DD-MMM-YYYY (parts may be unknown)",
    "time": "HH:MM",
    "datetime": "DD-MMM-YYYY HH:MM",
    "partial-datetime": "DD-MMM-YYYY HH:MM (parts may be unknown)",
    "file": "file",
}


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation: its words, the domain whose colour it has, and the variable that takes the item as collected.

    There is no domain where nothing is submitted.
    """

    text: str
    domain: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An item as it is drawn: heading above it, question with its hint, lines of the answer, annotations."""

    question: tuple[str, ...]
    answer: tuple[str, ...]
    notes: tuple[tuple[Note, tuple[str, ...]], ...]
    section: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        """In points, with the gap to the next."""
        noted = sum(LEADING * len(lines) + 4 for _, lines in self.notes)
        return self.headed + max(LEADING * max(len(self.question), len(self.answer)), noted) + GAP

    @property
    def headed(self) -> float:
        """The height of the heading in points."""
        return LEADING * len(self.section) + GAP if self.section else 0.0


def annotate_item(domains: Mapping[str, Domain], form: Form, item: Item) -> tuple[Note, ...]:
    """The annotations of an item."""
    targets = find_targets(domains, form.id, item.id)
    if item.sdtm and all(target.derived for target in targets):
        domain, _, variable = item.sdtm.partition(".")
        return (Note(variable, domain, variable),)
    return tuple(_note(target) for target in targets) or (Note(NOT_SUBMITTED),)


def _note(target: Target) -> Note:
    name = target.variable
    if target.supplemental:
        name = f"QVAL in SUPP{target.domain} when QNAM = {target.variable}"
    words = name + (f" when {target.where}" if target.where else "") + (" (derived)" if target.derived else "")
    return Note(words, target.domain, "" if target.derived else target.variable)


@dataclass(frozen=True, slots=True)
class AnnotatedCrf:
    """The PDF, and the pages on which each (domain, variable) is annotated as collected."""

    content: bytes
    pages: Mapping[tuple[str, str], tuple[int, ...]]


def render_annotated_crf(study: Study, domains: Mapping[str, Domain], labels: Mapping[str, str]) -> AnnotatedCrf:
    """The annotated CRF; `labels` are the names of datasets in words."""
    register_fonts()
    target = BytesIO()
    canvas = Canvas(
        target, pagesize=letter, invariant=1, pageCompression=1, pdfVersion=PDF_VERSION, initialFontName=REGULAR
    )
    canvas.setTitle(f"Annotated case report form of {study.id}")
    canvas.setAuthor("openCRO")
    canvas.showOutline()
    entries = list(_outline(study))
    pages: dict[tuple[str, str], list[int]] = {}
    for form in study.forms.values():
        for number, entry in enumerate(entries):
            if entry.form is form:
                canvas.bookmarkPage(f"entry-{number}")
        drawn = _FormPages(canvas, study, domains, labels, form)
        drawn.draw()
        for place in drawn.noted:
            pages.setdefault(place[:2], []).append(place[2])
    for number, entry in enumerate(entries):
        canvas.addOutlineEntry(entry.title, f"entry-{number}", entry.level, closed=entry.level == 1)
    canvas.save()
    return AnnotatedCrf(target.getvalue(), {name: tuple(dict.fromkeys(found)) for name, found in pages.items()})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A bookmark: each has a destination of its own."""

    title: str
    level: int
    form: Form


def _outline(study: Study) -> Iterator[_Entry]:
    """Bookmarks by visit, in the order of visits, then by form."""
    forms = list(study.forms.values())
    at = {
        visit.name: [f for f in forms if visit.name in visits_of(study, f)] for visit in study.protocol.schedule.visits
    }
    at["Running records"] = [f for f in forms if not visits_of(study, f)]
    filled = {name: found for name, found in at.items() if found}
    if filled:
        yield _Entry("Visits", 0, next(iter(filled.values()))[0])
    for name, found in filled.items():
        yield _Entry(name, 1, found[0])
        yield from (_Entry(form.title, 2, form) for form in found)
    if forms:
        yield _Entry("Forms", 0, forms[0])
    yield from (_Entry(f"{form.title} ({form.id})", 1, form) for form in forms)


def visits_of(study: Study, form: Form) -> tuple[str, ...]:
    """The names of the visits at which a form is filled, in the order of visits."""
    schedule = study.protocol.schedule
    at = {visit for activity in schedule.activities if form.id in activity.forms for visit in activity.visits}
    return tuple(visit.name for visit in schedule.visits if visit.id in at)


class _FormPages:
    """The pages of one form while they are drawn."""

    def __init__(
        self, canvas: Canvas, study: Study, domains: Mapping[str, Domain], labels: Mapping[str, str], form: Form
    ) -> None:
        self._canvas, self._study, self._form = canvas, study, form
        noted = [(item, annotate_item(domains, form, item)) for group in form.groups for item in group.items]
        named = dict.fromkeys(note.domain for _, notes in noted for note in notes if note.domain)
        self._labels = {name: labels.get(name, "") for name in named}
        self._rows = [
            (group.label or group.id, [row for item in group.items for row in self._row(item, dict(noted)[item])])
            for group in form.groups
        ]
        self._y = TOP
        self._page = 0
        self.noted: list[tuple[str, str, int]] = []

    def _row(self, item: Item, notes: Sequence[Note]) -> Iterator[Row]:
        """The row of an item, or several where its answers need more than half a page."""
        question = wrap(item.label + (" *" if item.required else ""), ANSWER_AT - LEFT - 12, SIZE)
        question += [line for text in item.help.splitlines() for line in wrap(text, ANSWER_AT - LEFT - 12, SIZE)]
        section = [line for text in item.section.splitlines() for line in wrap(text, RIGHT - LEFT, SIZE, BOLD)]
        answer = list(_fitted(answers(item, self._study.codelists)))
        boxes = []
        for note in notes:
            words = note.text if len(self._labels) == 1 or not note.domain else f"{note.domain}.{note.text}"
            boxes.append((note, tuple(wrap(words, RIGHT - NOTE_AT - 8, SIZE, BOLD))))
        yield Row(tuple(question), tuple(answer[:MOST]), tuple(boxes), tuple(section))
        for start in range(MOST, len(answer), MOST):
            yield Row((), tuple(answer[start : start + MOST]), ())

    def draw(self) -> None:
        """All of them."""
        self._begin()
        for label, rows in self._rows:
            if len(self._rows) > 1:
                self._room(2 * LEADING + (rows[0].height if rows else 0))
                self._text(LEFT, self._y - LEADING, label, BOLD)
                self._y -= LEADING + GAP
            for row in rows:
                self._room(row.height)
                self._draw_row(row)
        self._end()

    def _colour(self, domain: str) -> Color:
        names = list(self._labels)
        return COLOURS[names.index(domain) % len(COLOURS)] if domain in names else GREY

    def _text(self, x: float, y: float, text: str, font: str = REGULAR, size: float = SIZE) -> None:
        self._canvas.setFont(font, size)
        self._canvas.setFillGray(0)
        self._canvas.drawString(x, y, text)

    def _begin(self) -> None:
        self._page += 1
        more = "" if self._page == 1 else ", continued"
        self._text(LEFT, TOP + 8, f"{self._form.title} ({self._form.id}){more}", BOLD, 11)
        self._canvas.setFont(REGULAR, SIZE)
        self._canvas.drawRightString(RIGHT, TOP + 8, self._study.file.protocol or self._study.id)
        self._y = TOP - 2
        if self._page == 1:
            for line in wrap(f"When: {self._when()}", RIGHT - LEFT, SIZE - 1):
                self._text(LEFT, self._y - LEADING, line, REGULAR, SIZE - 1)
                self._y -= LEADING - 1
            self._y -= 3
        for domain, label in self._labels.items():
            words = f"{domain} = {label}" if label else domain
            self._y -= 4
            self._box(LEFT, self._y, [words], self._colour(domain), SIZE + 1)
            self._y -= LEADING + 4
        self._y -= 4
        self._canvas.setLineWidth(0.8)
        self._canvas.line(LEFT, self._y, RIGHT, self._y)
        self._y -= GAP

    def _when(self) -> str:
        visits = visits_of(self._study, self._form)
        if not visits:
            return "once for a participant" if self._once() else "a running record over the whole study"
        return ", ".join(visits)

    def _once(self) -> bool:
        return self._form.participant_level and not any(group.repeating for group in self._form.groups)

    def _end(self) -> None:
        self._text(LEFT, BOTTOM - 20, f"* required. {self._study.id}, definition version {self._study.file.version}",
                   REGULAR, SIZE - 1)  # fmt: skip
        self._canvas.drawRightString(RIGHT, BOTTOM - 20, f"Page {self._canvas.getPageNumber()}")
        self._canvas.showPage()

    def _room(self, height: float) -> None:
        if self._y - height < BOTTOM:
            self._end()
            self._begin()

    def _draw_row(self, row: Row) -> None:
        for number, line in enumerate(row.section):
            self._text(LEFT, self._y - LEADING * (number + 1) + 2, line, BOLD)
        self._y -= row.headed
        for number, line in enumerate(row.question):
            self._text(LEFT, self._y - LEADING * (number + 1) + 2, line)
        for number, line in enumerate(row.answer):
            y = self._y - LEADING * (number + 1) + 2
            if line.startswith((CIRCLE, INDENT)):
                self._text(ANSWER_AT + 10, y, line[2:])
                if line.startswith(CIRCLE):
                    self._canvas.circle(ANSWER_AT + 3.5, y + 3, 2.8)
            else:
                self._text(ANSWER_AT, y, line)
        y = self._y
        for note, lines in row.notes:
            if note.variable:
                self.noted.append((note.domain, note.variable, self._canvas.getPageNumber()))
            self._box(NOTE_AT, y, lines, self._colour(note.domain), SIZE)
            y -= LEADING * len(lines) + 4
        self._y -= row.height - row.headed
        self._canvas.setStrokeGray(0.85)
        self._canvas.setLineWidth(0.4)
        self._canvas.line(LEFT, self._y + GAP / 2, RIGHT, self._y + GAP / 2)
        self._canvas.setStrokeGray(0)

    def _box(self, x: float, y: float, lines: tuple[str, ...] | list[str], colour: Color, size: float) -> None:
        """A coloured box around words; `y` is its upper edge."""
        wide = max(width_of(line, size, BOLD) for line in lines) + 8
        height = LEADING * len(lines) + 2
        self._canvas.setFillColor(colour)
        self._canvas.setStrokeGray(0.35)
        self._canvas.setLineWidth(0.5)
        self._canvas.rect(x, y - height, wide, height, fill=1)
        self._canvas.setStrokeGray(0)
        for number, line in enumerate(lines):
            self._text(x + 4, y - LEADING * (number + 1) + 2, line, BOLD, size)


def _fitted(texts: Iterable[str]) -> Iterator[str]:
    """Lines that fit the column of answers; what follows a circle on further lines is indented."""
    for text in texts:
        circled = text.startswith(CIRCLE)
        first, *more = wrap(text.removeprefix(CIRCLE), 142 if circled else 150, SIZE)
        yield CIRCLE + first if circled else first
        yield from (f"{INDENT}{line}" if circled else line for line in more)


def answers(item: Item, codelists: Mapping[str, CodeList]) -> Iterator[str]:
    """The lines of the field for an answer: codes with a circle before them, or what is to be written."""
    if item.derive:
        yield "computed"
    listed = codelists.get(item.codes or "")
    if listed is not None:
        for code in listed.codes:
            yield f"{CIRCLE}{code.label or code.value}"
        return
    field = _FIELDS.get(item.type) or (f"text, up to {item.length}" if item.length else item.type)
    yield f"{field} ({item.unit})" if item.unit else field
