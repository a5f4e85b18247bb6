"""What pydantic says of a document, in our words: line, got, expected, remedy, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.kernel.located import Key, Located

UNKNOWN_KEY, MISSING_KEY, WRONG_VALUE = "STU-005", "STU-006", "STU-007"


def validation_findings(
    error: ValidationError,
    document: Located,
    code: str = "",
    prefix: Key = (),
    *,
    model: type[BaseModel] | None = None,
) -> Findings:
    """The errors of a model as findings at their lines.

    `code` is given to all of them; left out, they are STU-005 (unknown key), STU-006 (missing key), STU-007 (wrong
    value). `prefix` is where in the document the model begins. `model` gives suggestions for unknown keys.
    """
    return Findings(tuple(_finding(details, document, code, prefix, model) for details in error.errors()))


def _finding(
    details: ErrorDetails, document: Located, code: str, prefix: Key, model: type[BaseModel] | None
) -> Finding:
    loc: Key = tuple(part for part in details["loc"] if part != "[key]")
    key: Key = (*prefix, *loc)
    kind = details["type"]
    place = Place(document.file, document.line(key), "/".join(str(part) for part in key))
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = _fields(model, loc[:-1]) if model else ()
        remedy = suggest(name, known) or (f"Use one of {', '.join(known)}." if known else "Take it away.")
        return Finding(code or UNKNOWN_KEY, place, f'unknown key "{name}"', "a known key", remedy)
    if kind == "missing":
        return Finding(code or MISSING_KEY, place, f'key "{name}" is missing', f'a value for "{name}"', f"Give {name}.")
    got = f"{name}: {_short(details['input'])}"
    expected, remedy = _expected(details)
    return Finding(code or WRONG_VALUE, place, got, expected, remedy)


def _short(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _expected(details: ErrorDetails) -> tuple[str, str]:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "literal_error":
        permitted = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"one of {', '.join(permitted)}", suggest(str(value), permitted) or "Use one of these."
    if kind == "string_pattern_mismatch":
        return f"text of the form {context['pattern']}", "Write it in this form."
    words = {
        "string_type": ("text", 'Put it between quotes: "...".'),
        "string_too_short": ("text that is not empty", "Give it, or take the key away."),
        "string_too_long": (f"at most {context.get('max_length')} characters", "Shorten it."),
        "too_short": (f"at least {context.get('min_length')}", "Give one."),
        "too_long": (f"at most {context.get('max_length')}", "Take some away."),
        "int_type": ("a whole number", "Give a whole number."),
        "int_parsing": ("a whole number", "Give a whole number."),
        "int_from_float": ("a whole number", "Give a whole number."),
        "float_type": ("a number", "Give a number."),
        "float_parsing": ("a number", "Give a number."),
        "bool_type": ("true or false", "Write true or false."),
        "bool_parsing": ("true or false", "Write true or false."),
        "tuple_type": ("a list", "Write a list: [..., ...]."),
        "dict_type": ("a mapping", "Write `key: value` lines."),
        "mapping_type": ("a mapping", "Write `key: value` lines."),
        "model_type": ("a mapping", "Write `key: value` lines."),
        "greater_than_equal": (f"at least {context.get('ge')}", "Give a greater number."),
    }
    return words.get(kind, (details["msg"].lower(), "Correct the value."))


def _fields(model: type[BaseModel], loc: Iterable[str | int]) -> tuple[str, ...]:
    """The keys that may stand where a path leads."""
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        field = _model_in(current).model_fields.get(part)
        if field is None:
            return ()
        current = field.annotation
    return tuple(field.alias or name for name, field in _model_in(current).model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel]:
    """The model inside `tuple[Model, ...]`, `Model | None` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, list, dict, Union, UnionType):
        for inner in get_args(annotation):
            found = _model_in(inner)
            if found is not BaseModel:
                return found
    return BaseModel
