"""The forms of a study as the fields of a data dictionary.

Source: REDCap's rules for names (small letters, digits, underscores) and for dictionaries (the first field is the id of
the record).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.expression.tree import Compare, Constant, Name, walk
from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.redcap.field import COLUMNS, RedcapField
from opencro.study.formats.redcap.logic import LogicError
from opencro.study.formats.redcap.make_items import TRUEFALSE, YESNO
from opencro.study.formats.redcap.texts import render_choices
from opencro.study.formats.redcap.write_logic import write_logic
from opencro.study.model.form import Code, Form, Item, ItemGroup
from opencro.study.model.whole import Study

RECORD_ID = "record_id"
_IDENTIFIERS = re.compile(r"(record|study|subject|participant|patient|screening|case)_?(id|no|number)")
_VALIDATIONS = {
    "integer": "integer", "decimal": "number", "date": "date_ymd", "datetime": "datetime_ymd", "time": "time",
}  # fmt: skip
_LEFT = {
    "unit": "a unit", "normal": "a normal range", "sdtm": "an SDTM annotation", "concept": "a concept",
    "blinded": "a mark of what unblinds",
}  # fmt: skip


def dictionary_fields(study: Study) -> tuple[tuple[RedcapField, ...], tuple[Finding, ...]]:
    """The fields, and what a dictionary cannot say of the study: findings RCP-050..053."""
    making = _Fields(study)
    rows = list(making.rows())
    if rows and not _is_record_id(rows[0]):
        first = RedcapField(RECORD_ID, rows[0].form_name, "text", "Record ID")
        making.say("RCP-052", "", "no field with the id of the record", f"{RECORD_ID} was put first")
        rows.insert(0, first)
    making.note_left()
    return tuple(rows), tuple(making.findings)


def write_dictionary(fields: tuple[RedcapField, ...], *, api: bool = False) -> bytes:
    """A data dictionary CSV; `api` gives the header the names of the API."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS if api else COLUMNS.values())
    writer.writerows(row.values().values() for row in fields)
    return target.getvalue().encode("utf-8")


def _is_record_id(row: RedcapField) -> bool:
    return row.field_type == "text" and not row.validation and _IDENTIFIERS.fullmatch(row.field_name) is not None


@dataclass
class _Fields:
    """One dictionary in the making: REDCap's names of items, what cannot be said."""

    study: Study
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}
        self.forms: dict[str, str] = {}
        self.renamed: set[str] = set()
        self.fitted: dict[str, tuple[Code, ...]] = {}
        self.checked = dict(self._checked_limits())
        taken: set[str] = set()
        for form in self.study.forms.values():
            self.forms[form.id] = self._free(form.id, "form", set(self.forms.values()), form.id)
            for group in form.groups:
                for item in group.items:
                    listed = self.study.codelists.get(item.codes or "")
                    if listed is not None and listed.id not in self.fitted:
                        self.fitted[listed.id] = self._fitted(listed.id, listed.codes)
                    self.names[form.id, item.id] = self._free(item.id, f"{form.id}_{item.id}", taken, item.id)

    def say(self, code: str, path: str, got: str, remedy: str) -> None:
        """Note what a dictionary cannot say."""
        self.findings.append(Finding(code, Place("", None, path), got, "", f"{remedy}.", Severity.WARNING))

    def _free(self, word: str, other: str, taken: set[str], path: str) -> str:
        name = _named(word)
        if name in taken:
            name = _named(other)
        number = 2
        while name in taken:
            name = f"{_named(other)[:90]}_{number}"
            number += 1
        taken.add(name)
        if name != word.casefold():
            self.say("RCP-050", path, f'"{word}" is called {name}', "REDCap knows small letters, digits and _")
        return name

    def rows(self) -> Iterator[RedcapField]:
        """The fields, form by form."""
        for form in self.study.forms.values():
            for group in form.groups:
                matrix = _is_matrix(group)
                if group.repeating:
                    self.say("RCP-051", f"{form.id}.{group.id}", "a group that repeats", "REDCap repeats whole forms")
                for place, item in enumerate(group.items):
                    heading = group.label if place == 0 and not item.section else item.section
                    yield self._row(form, item, heading, _named(group.id) if matrix else "")

    def _row(self, form: Form, item: Item, heading: str, matrix: str) -> RedcapField:
        kind, choices, validation = self._type(form, item)
        for name, what in _LEFT.items():
            if getattr(item, name):
                self.say("RCP-051", f"{form.id}.{item.id}", what, "A dictionary has no place for it")
        limits = self._limits(form, item) if kind == "text" else ("", "")
        return RedcapField(
            field_name=self.names[form.id, item.id],
            form_name=self.forms[form.id],
            field_type=kind,
            field_label=item.label,
            section_header=heading,
            select_choices_or_calculations=choices,
            field_note=item.help,
            text_validation_type_or_show_slider_number=validation,
            text_validation_min=limits[0],
            text_validation_max=limits[1],
            identifier="y" if item.sensitive else "",
            branching_logic=self._logic(form, item, item.show_when, "show_when") if item.show_when else "",
            required_field="y" if item.required else "",
            matrix_group_name=matrix if kind in ("radio", "checkbox") else "",
            field_annotation=f"@CHARLIMIT={item.length}" if item.length and kind in ("text", "notes") else "",
        )

    def _limits(self, form: Form, item: Item) -> tuple[str, str]:
        """Limits of a number, or those that stand as edit checks of the item."""
        checked = {sign: limit for (f, i, sign), limit in self.checked.items() if (f, i) == (form.id, item.id)}
        return (
            _number(item.minimum) or checked.get("<", ""),
            _number(item.maximum) or checked.get(">", ""),
        )

    def _checked_limits(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Edit checks that say of a date or time what a dictionary calls a limit: `x < "2020-01-01"`."""
        kinds = {(f.id, i.id): i.type for f in self.study.forms.values() for g in f.groups for i in g.items}
        for check in self.study.checks:
            parsed = parse_expression(check.when)
            match parsed.node if isinstance(parsed, Expression) else None:
                case Compare(sign="<" | ">" as sign, left=Name(name=name), right=Constant(value=str(limit))) if (
                    name == check.item
                    and check.severity == "warning"
                    and kinds.get((check.form, name)) in ("date", "datetime", "time")
                ):
                    yield (check.form, name, sign), limit.replace("T", " ")

    def _type(self, form: Form, item: Item) -> tuple[str, str, str]:
        """Field type, choices or calculation, validation."""
        if item.derive and item.type in ("integer", "decimal"):
            logic = self._logic(form, item, item.derive, "derive")
            if logic:
                return "calc", logic, ""
        elif item.derive:
            self.say("RCP-053", f"{form.id}.{item.id}", "a derived value that is no number", "REDCap lets it be typed")
        listed = self.study.codelists.get(item.codes or "")
        codes = listed.codes if listed is not None else ()
        if item.type == "choice" and codes in (YESNO, TRUEFALSE):
            return ("yesno" if codes == YESNO else "truefalse"), "", ""
        if item.type in ("choice", "choices") and codes:
            choices = render_choices(self.fitted[item.codes or ""])
            return ("radio" if item.type == "choice" else "checkbox"), choices, ""
        if item.type == "file":
            return "file", "", ""
        if item.type in ("partial-date", "partial-datetime"):
            self.say("RCP-051", f"{form.id}.{item.id}", "a date of which parts are unknown", "Written as text")
        if item.type == "text" and item.lines > 1:
            return "notes", "", ""
        decimals = f"_{item.decimals}dp" if item.type == "decimal" and item.decimals in (1, 2, 3, 4) else ""
        return "text", "", _VALIDATIONS.get(item.type, "") + decimals

    def _fitted(self, name: str, codes: tuple[Code, ...]) -> tuple[Code, ...]:
        """Codes as REDCap may have them: without blanks, commas and the like."""
        made: dict[str, Code] = {}
        for code in codes:
            value = free = re.sub(r"[^A-Za-z0-9_.-]+", "_", code.value)
            number = 2
            while free in made:
                free = f"{value}_{number}"
                number += 1
            if free != code.value:
                self.renamed.add(code.value)
                self.say("RCP-050", name, f'code "{code.value}" is called {free}', "REDCap knows no blanks and commas")
            made[free] = Code(value=free, label=code.label or code.value)
        return tuple(made.values())

    def _logic(self, form: Form, item: Item, text: str, what: str) -> str:
        def name(written: str) -> str:
            for owner, inner in ((form.id, written), tuple(written.rsplit(".", 1)) if "." in written else ("", "")):
                if (owner, inner) in self.names:
                    return self.names[owner, inner]
            owners = [found for (_, inner), found in self.names.items() if inner == written]
            if len(owners) == 1:
                return owners[0]
            raise LogicError(f"`{written}`", "an item")

        try:
            expression = parse_expression(text)
            parts = walk(expression.node) if isinstance(expression, Expression) else ()
            other = self.renamed & {part.value for part in parts if isinstance(part, Constant)}
            if other:
                raise LogicError(f'the code "{min(map(str, other))}"', "a code that REDCap may have")
            return write_logic(text, name)
        except LogicError as error:
            self.say("RCP-053", f"{form.id}.{item.id}", f"{what} `{text}`: {error.got}", "REDCap cannot say it")
            return ""

    def note_left(self) -> None:
        """What a dictionary has no place for at all: one note for each kind."""
        study = self.study
        kinds = {
            "edit checks": len(study.checks) - len(self.checked),
            "visits": len(study.protocol.schedule.visits),
            "translations": sum(len(words) for words in study.translations.values()),
            "transfers": len(study.transfers),
            "terms of codes": sum(bool(code.term) for listed in study.codelists.values() for code in listed.codes),
        }
        for what, number in kinds.items():
            if number:
                got, remedy = f"{number} {what}", "A dictionary has no place for them"
                self.findings.append(Finding("RCP-051", Place(), got, "", f"{remedy}.", Severity.NOTE))


def _named(word: str) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", word.casefold()).strip("_")
    name = re.sub(r"_{2,}", "_", name)
    return name if name[:1].isalpha() else f"x{name}"


def _is_matrix(group: ItemGroup) -> bool:
    """Several choices with one code list, which REDCap shows as a table."""
    first = group.items[0]
    alike = all((item.type, item.codes) == (first.type, first.codes) for item in group.items)
    return alike and first.type in ("choice", "choices") and len(group.items) > 1


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"
