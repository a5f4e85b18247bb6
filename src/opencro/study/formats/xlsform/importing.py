"""An XLSForm workbook as parts of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from opencro.kernel.finding import Findings, suggest
from opencro.study.formats.xlsform.choices import ChoiceList, read_choices
from opencro.study.formats.xlsform.layout import Group, Layout, lay_out
from opencro.study.formats.xlsform.make_checks import make_checks
from opencro.study.formats.xlsform.make_items import HANDLED, ItemMaker, said_yes, say_unread
from opencro.study.formats.xlsform.make_logic import Logic
from opencro.study.formats.xlsform.making import Making, fit
from opencro.study.formats.xlsform.sheet import Row, Sheet, read_sheet
from opencro.study.formats.xlsform.survey import Container, Question, read_survey, write_out_loops
from opencro.study.formats.xlsform.texts import Texts, piped_names, read_texts
from opencro.study.formats.xlsform.workbook import Workbook, is_workbook, read_workbook
from opencro.study.model.form import Code, CodeList, EditCheck, Form, Item, ItemGroup

_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv", ".md")
_READ = ("survey", "choices", "settings", "external_choices")
_CARRIED = frozenset(["form_title", "form_id", "default_language", "version", "allow_choice_duplicates"])


@dataclass(frozen=True)
class XlsformImport:
    """The form in a workbook; with errors in `findings` it is given as far as it could be read."""

    name: str = ""
    title: str = ""
    version: str = ""
    language: str = "en"
    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)


def is_xlsform(data: bytes, file: str) -> bool:
    """Whether a file may hold an XLSForm: a workbook, or text whose name says CSV or Markdown."""
    return is_workbook(data) or PurePath(file).suffix.casefold() in _SUFFIXES


def read_xlsform(data: bytes, file: str = "") -> XlsformImport:
    """The form in a workbook (.xlsx, .xlsm, .xls) or in the CSV or Markdown variant; `file` is its name in findings.

    Findings XLF-002..010 are errors of the workbook, the others say what could not be carried (docs/xlsform.md). Raises
    `Refused` with XLF-001 when nothing can be read.
    """
    making = Making(file)
    sheets = _sheets(making, read_workbook(data, file))
    settings = next(iter(sheets["settings"].rows), Row("settings", 1, {}))
    stem = PurePath(file).stem or "form"
    name = settings.get("form_id") or settings.get("name") or stem
    title = settings.get("form_title") or name
    if not sheets["survey"].columns or not making.all_findings().ok:
        return XlsformImport(name, title, findings=making.all_findings())
    return _Import(making, sheets, settings, fit(name)).make(name, title)


def _sheets(making: Making, book: Workbook) -> dict[str, Sheet]:
    """The four sheets that are read; XLF-002 without a survey, XLF-028 for others."""
    named = {name.strip().casefold(): name for name in book.sheets}
    if "survey" not in named and len(named) == 1 and _looks_like_a_survey(book.sheets[next(iter(named.values()))]):
        named = {"survey": next(iter(named.values()))}
    if "survey" not in named:
        got = f"the sheets {', '.join(named.values())}" if named else "no sheets"
        remedy = suggest("survey", named) or "Call the sheet with the questions survey."
        making.error("XLF-002", "survey", None, "", got, "a sheet survey", remedy)
    for key, name in named.items():
        if key not in _READ and any(any(row) for row in book.sheets[name]):
            remedy = suggest(key, _READ) or "It was not read."
            making.say("XLF-028", name, None, "", "another sheet", ", ".join(_READ), remedy)
    sheets = {key: read_sheet(making, key, book.sheets.get(named.get(key, ""), ())) for key in _READ}
    if "survey" in named and not any(column.name == "type" for column in sheets["survey"].columns):
        remedy = "Name the columns in the first row."
        making.error("XLF-002", "survey", 1, "type", "no column type", "the columns type, name and label", remedy)
    return sheets


def _looks_like_a_survey(table: object) -> bool:
    rows = [row for row in table if any(row)] if isinstance(table, list) else []
    header = {cell.casefold() for cell in rows[0]} if rows else set()
    return {"type", "name"} <= header


@dataclass
class _Import:
    making: Making
    sheets: Mapping[str, Sheet]
    settings: Row
    form_id: str
    taken: set[str] = field(default_factory=set)

    def make(self, name: str, title: str) -> XlsformImport:
        """The form with all that belongs to it."""
        making, sheets = self.making, self.sheets
        self._say_settings()
        texts = read_texts(making, (sheets["survey"], sheets["choices"]), self.settings.get("default_language"))
        duplicates = said_yes(self.settings.get("allow_choice_duplicates")) is True
        filters = " ".join(row.get("choice_filter") for row in sheets["survey"].rows)
        lists = read_choices(making, sheets["choices"], self.taken, duplicates=duplicates, filters=filters)
        external = read_choices(making, sheets["external_choices"], self.taken, duplicates=True, filters=filters)
        root = write_out_loops(making, read_survey(making, sheets["survey"]), lists)
        layout = lay_out(making, root, self.form_id)
        maker = ItemMaker(making, texts, lists, external, self.form_id, self.taken)
        for known in (lists, external):
            maker.codelists.update({c.codelist.id: c.codelist for c in known.values()})
        items = {placed.item_id: maker.make(placed) for placed in layout.items}
        logic = Logic(making, texts, self.form_id, layout, maker.choices_of, items)
        logic.complete()
        checks = make_checks(logic)
        self._say_texts(root, layout)
        groups = tuple(self._group(group, texts, logic, maker) for group in layout.groups)
        if not groups:
            remedy = "Add a question that somebody answers."
            making.error("XLF-010", "survey", None, "", "no question with an answer", "a question", remedy)
        codelists = tuple(_labelled(c, texts, {**lists, **external}, maker) for c in maker.codelists.values())
        form = [Form(id=self.form_id, title=title, participant_level=True, groups=groups)] if groups else []
        found = making.all_findings()
        version = self.settings.get("version")
        return XlsformImport(
            name, title, version, texts.language, tuple(form), codelists, checks, texts.translations, found
        )

    def _say_settings(self) -> None:
        for column, text in self.settings.cells.items():
            if column.name not in _CARRIED and not (column.name == "name" and not self.settings.get("form_id")):
                shown = text if len(text) <= 40 else text[:37] + "..."
                got, remedy = f"the setting {column} = {shown}", "It does nothing here; see whether it matters."
                row = self.settings
                self.making.say("XLF-029", row.sheet, row.number, str(column), got, "", remedy)

    def _say_texts(self, root: Container, layout: Layout) -> None:
        """What texts take from answers (XLF-025), and cells of rows that are no items."""
        items = {id(placed.row) for placed in layout.items}
        known = {placed.question.name for placed in layout.items} | set(layout.unasked)
        for row in _rows(root):
            for column, name in piped_names(row):
                if name in known or "#" in name:
                    got, remedy = f"a text takes its words from `{name}`", "Write them out; it is shown as it stands."
                    self.making.say("XLF-025", row.sheet, row.number, column, got, "words", remedy)
                else:
                    got = f"a text takes its words from `{name}`, which is no question"
                    remedy = suggest(name, known) or "Correct the name."
                    self.making.error("XLF-009", row.sheet, row.number, column, got, "a question", remedy)
            if id(row) not in items:
                for cell in row.cells:
                    if cell.name not in HANDLED:
                        say_unread(self.making, row, cell.name, str(cell))

    def _group(self, group: Group, texts: Texts, logic: Logic, maker: ItemMaker) -> ItemGroup:
        taken = {name.casefold() for name in logic.items}
        made: list[Item] = []
        for placed in group.items:
            made.append(logic.items[placed.item_id])
            if placed.question.kind.other and placed.item_id in maker.choices_of:
                other = maker.other_of(placed, taken)
                made.append(Item(id=other.id, label=other.label, show_when=logic.show_other(placed)))
        label = texts.own(group.label)
        if label:
            texts.translate(f"group.{self.form_id}.{group.id}", group.label)
        return ItemGroup(id=group.id, label=label, repeating=group.repeating, items=tuple(made))


def _labelled(codelist: CodeList, texts: Texts, lists: Mapping[str, ChoiceList], maker: ItemMaker) -> CodeList:
    """A code list with its words."""
    known = [*lists.values(), *maker.choices_of.values()]
    choices = next((c for c in known if c.codelist.id == codelist.id), None)
    if choices is None:
        return codelist
    codes = []
    for code in codelist.codes:
        words = choices.labels.get(code.value, {})
        label = texts.own(words)
        codes.append(Code(value=code.value, label="" if label == code.value else label))
        texts.translate(f"code.{codelist.id}.{code.value}", words)
    return CodeList(id=codelist.id, codes=tuple(codes))


def _rows(container: Container) -> Iterator[Row]:
    for member in container.members:
        yield member.row
        if not isinstance(member, Question):
            yield from _rows(member)
