"""Rows of a data dictionary and the items of our forms: what each says of a field.

A row is made from the item; what the item cannot say (a validation such as `phone`, a matrix, an annotation) is the
difference between both and stands in capture/redcap.yaml. Source: REDCap's data dictionary, 18 columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from opencro.app.redcap.exchange import ApiRefused
from opencro.study import Code, CodeList, Form, Item
from opencro.study.formats.redcap.field import COLUMNS as TITLES

COLUMNS = tuple(TITLES)
VALIDATION = "text_validation_type_or_show_slider_number"
CHOICES = "select_choices_or_calculations"
FIELD_TYPES = (
    *("text", "notes", "calc", "dropdown", "radio", "checkbox", "yesno", "truefalse", "file", "slider"),
    *("descriptive", "sql"),
)
_RESERVED = re.compile(r"redcap_|.*___")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_OLD_VALIDATIONS = {"int": "integer", "float": "number", "date": "date_ymd", "datetime": "datetime_ymd"}
FORM_STATUS = "redcap_form_status"
YES_NO, TRUE_FALSE = "redcap_yesno", "redcap_truefalse"
FIXED_LISTS = {
    FORM_STATUS: CodeList(
        id=FORM_STATUS,
        title="Form status",
        codes=(
            Code(value="0", label="Incomplete"),
            Code(value="1", label="Unverified"),
            Code(value="2", label="Complete"),
        ),
    ),
    YES_NO: CodeList(id=YES_NO, title="Yes or no", codes=(Code(value="1", label="Yes"), Code(value="0", label="No"))),
    TRUE_FALSE: CodeList(
        id=TRUE_FALSE, title="True or false", codes=(Code(value="1", label="True"), Code(value="0", label="False"))
    ),
}
_MARKS = {"required": "required_field", "sensitive": "identifier"}
_BEYOND = ("sdtm", "concept", "unit", "normal", "blinded")
"""What our items say and no dictionary row does."""
_CHOICE_TYPES = {"yesno": YES_NO, "truefalse": TRUE_FALSE}
Row = Mapping[str, str]


def is_stored(row: Row) -> bool:
    """Whether a field of this row holds data."""
    return row["field_type"] != "descriptive"


def status_item(form: str) -> Item:
    """The item that says how far a form has come, as every REDCap form has it."""
    return Item(id=f"{form}_complete", label="Complete?", type="choice", codes=FORM_STATUS)


def row_of(name: str, instrument: str, item: Item, codelists: Mapping[str, CodeList]) -> dict[str, str]:
    """The dictionary row that an item gives by itself."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {"field_name": name, "form_name": instrument, "field_label": item.label}
    row |= {"field_note": item.help or item.unit or "", "section_header": item.section}
    row["identifier"] = "y" if item.sensitive else ""
    row["field_type"], row[VALIDATION] = _type_of(item)
    codes = codelists.get(item.codes or "")
    if codes is not None and row["field_type"] in ("radio", "checkbox"):
        row[CHOICES] = render_choices(codes.codes)
    row["required_field"] = "y" if item.required else ""
    row["text_validation_min"] = _number(item.minimum)
    row["text_validation_max"] = _number(item.maximum)
    return row


def _type_of(item: Item) -> tuple[str, str]:
    if item.type == "choice":
        return {YES_NO: "yesno", TRUE_FALSE: "truefalse"}.get(item.codes or "", "radio"), ""
    plain = {
        "choices": ("checkbox", ""),
        "file": ("file", ""),
        "integer": ("text", "integer"),
        "decimal": ("text", "number"),
        "date": ("text", "date_ymd"),
        "time": ("text", "time"),
        "datetime": ("text", "datetime_ymd"),
    }
    return plain.get(item.type, ("text", ""))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def render_choices(codes: Iterable[Code]) -> str:
    """`1, Yes | 0, No`."""
    return " | ".join(f"{code.value}, {code.label}" if code.label else f"{code.value}, " for code in codes).rstrip()


def parse_choices(text: str) -> list[Code]:
    """The choices of a row, in order; a choice without a comma is its own label, the last of two equal codes counts."""
    found: dict[str, Code] = {}
    for part in re.split(r"\||\n", text):
        value, comma, label = part.strip().partition(",")
        if value.strip():
            found[value.strip()] = Code(value=value.strip(), label=(label if comma else value).strip())
    return list(found.values())


def complete_rows(given: Iterable[Mapping[str, object]]) -> list[dict[str, str]]:
    """Rows with all columns by the names of the API, old words replaced; refused where one is strange."""
    names = {title: column for column, title in TITLES.items()}
    rows = []
    for line in given:
        named = {names.get(key, key): "" if value is None else str(value) for key, value in line.items()}
        row = {column: named.get(column, "").strip() for column in COLUMNS}
        row[VALIDATION] = _OLD_VALIDATIONS.get(row[VALIDATION], row[VALIDATION])
        row["field_type"] = {"select": "dropdown", "textarea": "notes"}.get(row["field_type"], row["field_type"])
        if row["field_type"] in ("dropdown", "radio", "checkbox"):
            row[CHOICES] = " | ".join(part.strip() for part in re.split(r"\||\n", row[CHOICES]) if part.strip())
        rows.append(row)
    _refuse_rows(rows)
    return rows


def _refuse_rows(rows: Sequence[Row]) -> None:
    seen: set[str] = set()
    forms: list[str] = []
    if not rows:
        raise ApiRefused("The data dictionary has no fields.")
    for number, row in enumerate(rows, 2):
        name, form = row["field_name"], row["form_name"]
        if not _NAME.match(name) or len(name) > 64 or _RESERVED.match(name):
            raise ApiRefused(f"Row {number}: the field name '{name}' cannot be used.")
        if name in seen:
            raise ApiRefused(f"Row {number}: the field name '{name}' is used twice.")
        if not re.match(r"[a-z][a-z0-9_]*\Z", form) or len(form) > 64:
            raise ApiRefused(f"Row {number}: the form name '{form}' cannot be used.")
        if form in forms[:-1]:
            raise ApiRefused(f"Row {number}: the fields of the form '{form}' do not stand together.")
        if row["field_type"] not in FIELD_TYPES:
            raise ApiRefused(f"Row {number}: the field type '{row['field_type']}' is not known.")
        if row["field_type"] in ("dropdown", "radio", "checkbox") and not parse_choices(row[CHOICES]):
            raise ApiRefused(f"Row {number}: the field '{name}' has no choices.")
        seen.add(name)
        if not forms or forms[-1] != form:
            forms.append(form)


def item_of(row: Row, known: Item | None = None) -> tuple[Item, CodeList | None]:
    """The item of a row, and its code list; what `known` says beyond REDCap (SDTM, concept, unit) is kept."""
    kind, validation = row["field_type"], row[VALIDATION]
    values: dict[str, object] = {"id": row["field_name"], "label": row["field_label"] or row["field_name"]}
    values |= {"help": row["field_note"], "section": row["section_header"]}
    values |= {name: row[column].lower() == "y" for name, column in _MARKS.items()}
    codes: CodeList | None = None
    if kind in ("dropdown", "radio", "checkbox"):
        codes = CodeList(id=row["field_name"], title=str(values["label"]), codes=tuple(parse_choices(row[CHOICES])))
        values |= {"type": "choices" if kind == "checkbox" else "choice", "codes": codes.id}
    elif kind in _CHOICE_TYPES:
        codes = FIXED_LISTS[_CHOICE_TYPES[kind]]
        values |= {"type": "choice", "codes": codes.id}
    else:
        values |= _typed(kind, validation, row)
    if known is not None:
        values |= {name: getattr(known, name) for name in _BEYOND}
        values["help"] = known.help if row["field_note"] == (known.help or known.unit) else row["field_note"]
    return Item.model_validate(values), codes


def _typed(kind: str, validation: str, row: Row) -> dict[str, object]:
    if kind == "file":
        return {"type": "file"}
    if kind == "calc":
        return {"type": "text"}
    if kind == "slider":
        return {"type": "integer", **_bounds(row, 0, 100)}
    if kind != "text":
        return {"type": "text"}
    if validation == "integer":
        return {"type": "integer", **_bounds(row)}
    if validation.startswith("number") and "thousands" not in validation:
        return {"type": "decimal", **_bounds(row)}
    for start, type in (("datetime_", "datetime"), ("date_", "date"), ("time", "time")):
        if validation.startswith(start) and validation not in ("time_mm_ss",):
            return {"type": type}
    return {"type": "text"}


def _bounds(row: Row, low: float | None = None, high: float | None = None) -> dict[str, object]:
    found: dict[str, object] = {"minimum": low, "maximum": high}
    for column, name in (("text_validation_min", "minimum"), ("text_validation_max", "maximum")):
        if re.fullmatch(r"-?\d+([.,]\d+)?", row[column]):
            found[name] = float(row[column].replace(",", "."))
    return found


def difference(row: Row, by_itself: Row) -> dict[str, str]:
    """The columns in which a row says more or other than its item gives."""
    return {c: row[c] for c in COLUMNS if row[c] != by_itself[c] and c not in ("field_name", "form_name")}


def known_items(forms: Iterable[Form]) -> dict[str, Item]:
    """Every item of some forms by its id."""
    return {item.id: item for form in forms for group in form.groups for item in group.items}
