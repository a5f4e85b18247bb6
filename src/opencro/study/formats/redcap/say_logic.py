"""REDCap's logic said in our language of expressions, with the same meaning for what is blank.

Source: REDCap's help pages; docs/expressions.md. `datediff` counts a year as 365.2425 and a month as 30.44 days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from opencro.kernel.expression import ValueType
from opencro.study.formats.redcap.logic import (
    Logic,
    LogicError,
    Number,
    Operation,
    Opposite,
    Quoted,
    Reference,
    Special,
    parse_logic,
)

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 9)
_ARITHMETIC = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_DAYS = {"d": "", "y": " / 365.2425", "m": " / 30.44"}
"""Units of `datediff` as what days are divided by; REDCap writes months with a capital M, minutes with a small one."""
_PLAIN = {"sqrt": "sqrt", "abs": "abs", "min": "min", "max": "max", "sum": "sum", "mean": "mean"}
_ROUNDING = {"round": "round", "rounddown": "round_down", "roundup": "round_up"}
_TEXTS = {"upper": "upper", "lower": "lower", "trim": "trim"}
_CLOCK = ("today", "now")
_NOTHING = ("", "nan")


@dataclass(frozen=True, slots=True)
class KnownField:
    """What a logic must know of a field: its name in the expression, its type, its codes where several are answers.

    `timed` says that its values are moments, not days.
    """

    name: str
    kind: ValueType
    several: bool = False
    codes: tuple[str, ...] = ()
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A part in our language: its text, its type, and how strongly its outermost sign binds."""

    text: str
    kind: ValueType | None
    strength: int = _ATOM

    def within(self, strength: int) -> str:
        """The text, in parentheses where it would otherwise fall apart."""
        return self.text if self.strength >= strength else f"({self.text})"


MISSING = Said("missing", None)
Find = Callable[[Reference], KnownField]
"""The field that a reference means; raises `LogicError` when there is none that we can name."""


def say_condition(text: str, find: Find) -> str:
    """A branching logic as a condition of ours; raises `LogicError` when it cannot be said."""
    return _condition(parse_logic(text), find).text


def say_calculation(text: str, find: Find) -> str:
    """A calculation as an expression of ours; a condition gives 1 or 0. Raises `LogicError`."""
    said = _say(parse_logic(text), find)
    return _as_number(said).text if said.kind == "boolean" else said.text


def _say(tree: Logic, find: Find) -> Said:
    match tree:
        case Number(text=text):
            return Said(text.rstrip(".") if text.endswith(".") else text, "number")
        case Quoted(text=text):
            return _quoted(text)
        case Reference():
            return _field(tree, find)
        case Opposite(sign="!", operand=operand):
            return _not(_condition(operand, find))
        case Opposite(operand=operand):
            return Said(f"-{_number(operand, find).within(_SIGN)}", "number", _SIGN)
        case Operation(sign="and" | "or" as word, left=left, right=right):
            strength = _AND if word == "and" else _OR
            parts = [_condition(part, find).within(strength) for part in (left, right)]
            return Said(f" {word} ".join(parts), "boolean", strength)
        case Operation(sign="=" | "<>" | "<" | "<=" | ">" | ">="):
            return _compare(tree, find)
        case Operation():
            return _compute(tree, find)
        case Special():
            return _special(tree, find)


def _quoted(text: str) -> Said:
    if text.strip().casefold() in _NOTHING:
        return MISSING
    if text.strip().casefold() in _CLOCK:
        raise LogicError(f'"{text}", which asks the clock', "an item with the date")
    return Said('"' + text.replace('"', '""') + '"', "text")


def _field(tree: Reference, find: Find) -> Said:
    field = find(tree)
    if field.several:
        code = tree.parts[-1][1]
        if not code:
            raise LogicError(f"{tree}, a checkbox without a code", "[field(code)]")
        if code not in field.codes:
            raise LogicError(f"{tree}, a code that the field does not have", f"one of {', '.join(field.codes)}")
        return Said(f'selected({field.name}, "{code}")', "boolean")
    return Said(field.name, field.kind)


def _not(said: Said) -> Said:
    return Said(f"not {said.within(_ATOM)}", "boolean", _NOT)


def _condition(tree: Logic, find: Find) -> Said:
    said = _say(tree, find)
    if said.kind == "boolean":
        return said
    if said.kind == "number":
        return Said(f"{said.within(_SUM)} != 0", "boolean", _COMPARE)
    raise LogicError(f"`{said.text}` as a condition", "a comparison")


def _as_number(said: Said) -> Said:
    """A condition as 1 or 0; any other part as it is."""
    return Said(f"if({said.text}, 1, 0)", "number") if said.kind == "boolean" else said


def _number(tree: Logic, find: Find) -> Said:
    return _as_number(_say(tree, find))


def _compare(tree: Operation, find: Find) -> Said:
    left, right = _say(tree.left, find), _say(tree.right, find)
    if left.kind == "boolean" or right.kind == "boolean":
        return _compare_condition(tree.sign, left, right)
    if tree.sign in ("=", "<>"):
        return _equal(left, right) if tree.sign == "=" else _different(left, right)
    if MISSING in (left, right):
        raise LogicError(f"`{tree.sign}` with nothing", "a value")
    return Said(f"{left.within(_SUM)} {tree.sign} {right.within(_SUM)}", "boolean", _COMPARE)


def _compare_condition(sign: str, left: Said, right: Said) -> Said:
    """A box is ticked or not: compared with 1 or 0 it is a condition."""
    condition, value = (left, right) if left.kind == "boolean" else (right, left)
    word = value.text.strip('"')
    if value.kind in ("number", "text") and word in ("0", "1") and sign in ("=", "<>"):
        return condition if (word == "1") == (sign == "=") else _not(condition)
    if value == MISSING and sign in ("=", "<>"):
        raise LogicError("a box compared with nothing", "1 or 0")
    first, second = (_as_number(part) for part in (left, right))
    return _compare_numbers(sign, first, second)


def _compare_numbers(sign: str, left: Said, right: Said) -> Said:
    ours = {"=": "==", "<>": "!="}.get(sign, sign)
    return Said(f"{left.within(_SUM)} {ours} {right.within(_SUM)}", "boolean", _COMPARE)


def _equal(left: Said, right: Said) -> Said:
    if MISSING in (left, right):
        value = right if left == MISSING else left
        return Said(f"{value.within(_SUM)} is missing", "boolean", _COMPARE)
    same = Said(f"{left.within(_SUM)} == {right.within(_SUM)}", "boolean", _COMPARE)
    if not _may_be_blank(left) or not _may_be_blank(right):
        return same
    blank = f"{left.within(_SUM)} is missing and {right.within(_SUM)} is missing"
    return Said(f"{same.text} or {blank}", "boolean", _OR)


def _may_be_blank(said: Said) -> bool:
    return not said.text.startswith('"') and not said.text.lstrip("-").replace(".", "").isdigit()


def _different(left: Said, right: Said) -> Said:
    if MISSING in (left, right):
        value = right if left == MISSING else left
        return Said(f"{value.within(_SUM)} is present", "boolean", _COMPARE)
    return _not(_equal(left, right))


def _compute(tree: Operation, find: Find) -> Said:
    left, right = _number(tree.left, find), _number(tree.right, find)
    if MISSING in (left, right):
        return MISSING
    if tree.sign == "^":
        return Said(f"power({left.text}, {right.text})", "number")
    if tree.sign == "%":
        return _modulo(left, right)
    strength = _ARITHMETIC[tree.sign]
    return Said(f"{left.within(strength)} {tree.sign} {right.within(strength + 1)}", "number", strength)


def _modulo(left: Said, right: Said) -> Said:
    whole = f"round_down({left.within(_PRODUCT)} / {right.within(_SIGN)})"
    return Said(f"{left.within(_SUM)} - {right.within(_PRODUCT)} * {whole}", "number", _SUM)


def _special(tree: Special, find: Find) -> Said:
    name, given = tree.name, tree.arguments
    if name in _PLAIN and given:
        numbers = [_number(part, find) for part in given]
        return Said(f"{_PLAIN[name]}({', '.join(part.text for part in numbers)})", "number")
    if name in _ROUNDING and given:
        return _rounded(_ROUNDING[name], given, find)
    if name == "if" and len(given) == 3:
        return _branch(given, find)
    if name == "datediff" and len(given) >= 3:
        return _datediff(given, find)
    made = _others(find).get((name, len(given)))
    if made is None:
        raise LogicError(f"the function `{name}` with {len(given)} argument(s)", "a function that we have")
    return made(*given)


def _rounded(name: str, given: tuple[Logic, ...], find: Find) -> Said:
    digits = given[1] if len(given) > 1 else Number("0")
    if not isinstance(digits, Number) or not digits.text.isdigit() or len(given) > 2:
        raise LogicError(f"`{name}` with decimals that are computed", "a whole number of decimals")
    return Said(f"{name}({_number(given[0], find).text}, {digits.text})", "number")


def _branch(given: tuple[Logic, ...], find: Find) -> Said:
    condition = _condition(given[0], find)
    branches = [_say(part, find) for part in given[1:]]
    kinds = {part.kind for part in branches} - {None}
    if "boolean" in kinds:
        branches = [_as_number(part) for part in branches]
        kinds = {part.kind for part in branches} - {None}
    if kinds == {"number", "text"}:
        branches = [_unquoted(part) for part in branches]
        kinds = {"number"}
    kind = kinds.pop() if kinds else None
    return Said(f"if({condition.text}, {', '.join(part.text for part in branches)})", kind)


def _unquoted(said: Said) -> Said:
    """A number in quotes beside a number without them."""
    word = said.text.strip('"')
    return Said(word, "number") if said.kind == "text" and word.replace(".", "", 1).isdigit() else said


def _datediff(given: tuple[Logic, ...], find: Find) -> Said:
    unit, *options = given[2:]
    if not isinstance(unit, Quoted):
        raise LogicError("`datediff` in a unit that is computed", '"y", "M" or "d"')
    word = unit.text if unit.text in ("m", "M") else unit.text.casefold()
    if word not in ("d", "y", "M"):
        raise LogicError(f'`datediff` in "{unit.text}"', '"y", "M" or "d"')
    if any(isinstance(part, Reference) and find(part).timed for part in given[:2]):
        raise LogicError("`datediff` of moments", "days")
    dates = [_say(part, find) for part in given[:2]]
    if any(part.kind == "number" for part in dates):
        raise LogicError("`datediff` of a number", "two dates")
    words = [str(getattr(option, "text", "")).casefold() for option in options]
    signed = any(word in ("true", "1") for word in words)
    days = f"days_between({dates[0].text}, {dates[1].text})"
    divided = _DAYS[word.casefold()]
    return Said(f"{days if signed else f'abs({days})'}{divided}", "number", _PRODUCT if divided else _ATOM)


def _others(find: Find) -> Mapping[tuple[str, int], Callable[..., Said]]:
    def text(tree: Logic) -> str:
        return _say(tree, find).text

    def of_texts(ours: str) -> Callable[[Logic], Said]:
        return lambda part: Said(f"{ours}({text(part)})", "text")

    def contains(whole: Logic, part: Logic) -> Said:
        return Said(f"contains(lower({text(whole)}), lower({text(part)}))", "boolean")

    def starts(whole: Logic, part: Logic) -> Said:
        return Said(f"starts_with(lower({text(whole)}), lower({text(part)}))", "boolean")

    def missing(part: Logic) -> Said:
        return Said(f"{_say(part, find).within(_SUM)} is missing", "boolean", _COMPARE)

    return {
        **{(name, 1): of_texts(ours) for name, ours in _TEXTS.items()},
        ("contains", 2): contains,
        ("starts_with", 2): starts,
        ("not_contain", 2): lambda whole, part: _not(contains(whole, part)),
        ("length", 1): lambda part: Said(f"length({text(part)})", "number"),
        ("isblankormissingcode", 1): missing,
        ("isblankormissing", 1): missing,
        ("isblanknotmissingcode", 1): missing,
        ("isnumber", 1): lambda part: Said(f"number({text(part)}) is present", "boolean", _COMPARE),
        ("isinteger", 1): lambda part: Said(
            f"number({text(part)}) == round(number({text(part)}))", "boolean", _COMPARE
        ),
        ("year", 1): lambda part: Said(f"year({text(part)})", "number"),
        ("mod", 2): lambda left, right: _modulo(_number(left, find), _number(right, find)),
    }
