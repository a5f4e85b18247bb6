"""XPath said in our language of expressions, with the same meaning for what is blank.

Source: W3C XPath 1.0 section 3.4 (comparisons) and 4 (functions); ODK XForms specification (functions, dates as days
since 1970-01-01); docs/expressions.md. A blank answer is an empty text there, and no number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opencro.kernel.expression import ValueType
from opencro.study.formats.xlsform.xpath import (
    Call,
    Here,
    Minus,
    Number,
    Operation,
    Path,
    Question,
    Quoted,
    XPath,
    parse_xpath,
)

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 9)
_ARITHMETIC = {"+": ("+", _SUM), "-": ("-", _SUM), "*": ("*", _PRODUCT), "div": ("/", _PRODUCT)}
_CLOCK = frozenset(["today", "now"])
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MANY = frozenset(["min", "max", "sum", "mean"])


class Unsayable(Exception):
    """What our language cannot say; `got` and `expected` are short words."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(got)
        self.got, self.expected = got, expected


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gives: its name in an expression (or a constant), its type, its codes where several are given."""

    name: str
    kind: ValueType | None
    several: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A part in our language: its text, its type (None: missing), and how strongly its outermost sign binds."""

    text: str
    kind: ValueType | None
    strength: int = _ATOM

    def within(self, strength: int) -> str:
        """The text, in parentheses where it would otherwise fall apart."""
        return self.text if self.strength >= strength else f"({self.text})"


MISSING = Said("missing", None)
Find = Callable[[Question | Here | Path], Answer]
"""The answer that is meant; raises `Unreadable` for what the form does not have, `Unsayable` for what has no value."""


def say_condition(text: str, find: Find) -> Said:
    """An expression as a condition of ours; raises `Unreadable` or `Unsayable`."""
    return _condition(parse_xpath(text), find)


def say_value(text: str, find: Find) -> Said:
    """An expression as a value of ours, a condition as the text `true` or `false`; raises as `say_condition`."""
    said = _say(parse_xpath(text), find)
    return Said(f'if({said.text}, "true", "false")', "text") if said.kind == "boolean" else said


def negate(said: Said) -> Said:
    """The opposite of a condition."""
    if said.strength == _NOT and said.text.startswith("not ("):
        return Said(said.text.removeprefix("not (").removesuffix(")"), "boolean", _OR)
    return Said(f"not {said.within(_ATOM)}", "boolean", _NOT)


def both(*conditions: Said) -> Said:
    """Conditions that must all hold."""
    if len(conditions) == 1:
        return conditions[0]
    return Said(" and ".join(part.within(_AND) for part in conditions), "boolean", _AND)


def either(conditions: Sequence[Said]) -> Said:
    """Conditions of which one must hold."""
    if len(conditions) == 1:
        return conditions[0]
    return Said(" or ".join(part.within(_AND) for part in conditions), "boolean", _OR)


def present(name: str) -> Said:
    """Whether an item has a value."""
    return Said(f"{name} is present", "boolean", _COMPARE)


def absent(name: str) -> Said:
    """Whether an item has no value."""
    return Said(f"{name} is missing", "boolean", _COMPARE)


def quoted(text: str) -> Said:
    """A text as a constant; an empty one is missing."""
    return Said('"' + text.replace('"', '""') + '"', "text") if text.strip() else MISSING


def _say(tree: XPath, find: Find) -> Said:
    match tree:
        case Number(text=text):
            return Said(text.rstrip(".") if text.endswith(".") else text, "number")
        case Quoted(text=text):
            return quoted(text)
        case Question() | Here() | Path():
            answer = find(tree)
            return Said(answer.name, answer.kind)
        case Minus(operand=operand):
            return Said(f"-{_number(operand, find).within(_SIGN)}", "number", _SIGN)
        case Operation(sign="and" | "or" as word, left=left, right=right):
            parts = [_condition(part, find) for part in (left, right)]
            return both(*parts) if word == "and" else either(parts)
        case Operation(sign="=" | "!=" | "<" | "<=" | ">" | ">="):
            return _compare(tree, find)
        case Operation(sign="|"):
            raise Unsayable("`|`, which joins sets of answers", "one answer")
        case Operation():
            return _compute(tree, find)
        case Call():
            return _call(tree, find)


def _condition(tree: XPath, find: Find) -> Said:
    said = _say(tree, find)
    if said.kind == "boolean":
        return said
    if said.kind == "number" and isinstance(tree, Question | Here | Path):
        return Said(f"{said.within(_SUM)} is present", "boolean", _COMPARE)  # the text of an answer, be it "0"
    if said.kind == "number":
        return Said(f"{said.within(_SUM)} != 0", "boolean", _COMPARE)
    if said == MISSING:
        return Said("false", "boolean")
    return Said(f"{said.within(_SUM)} is present", "boolean", _COMPARE)


def _number(tree: XPath, find: Find) -> Said:
    """A part as a number: a condition is 1 or 0, a date its days since 1970-01-01."""
    said = _say(tree, find)
    if said.kind == "boolean":
        return Said(f"if({said.text}, 1, 0)", "number")
    if said.kind == "date":
        return Said(f'days_between("1970-01-01", {said.text})', "number")
    if said.kind == "text" and said.text.startswith('"'):
        bare = said.text.strip('"')
        if not re.fullmatch(r"-?\d+(\.\d+)?", bare):
            raise Unsayable(f"a number of {said.text}", "a number")
        return Said(bare, "number")
    return Said(f"number({said.text})", "number") if said.kind == "text" else said


def _compare(tree: Operation, find: Find) -> Said:
    left, right = _say(tree.left, find), _say(tree.right, find)
    if tree.sign in ("=", "!="):
        same = _equal(left, right)
        return same if tree.sign == "=" else _different(left, right, same)
    if "boolean" in (left.kind, right.kind):
        left, right = _number(tree.left, find), _number(tree.right, find)
    if MISSING in (left, right):
        return Said("false", "boolean")
    kinds = {left.kind, right.kind}
    days = any(_DATE.match(said.text.strip('"')) for said in (left, right))
    if kinds == {"date", "number"} or ("date" not in kinds and "number" not in kinds and not days):
        left, right = _number(tree.left, find), _number(tree.right, find)
    elif "date" not in kinds and "number" not in kinds:
        left, right = (Said(f"date({said.text})", "date") for said in (left, right))
    return Said(f"{left.within(_SUM)} {tree.sign} {right.within(_SUM)}", "boolean", _COMPARE)


def _equal(left: Said, right: Said) -> Said:
    if "boolean" in (left.kind, right.kind):
        return _equal_conditions(left, right)
    if MISSING in (left, right):
        value = right if left == MISSING else left
        return absent(value.within(_SUM)) if value != MISSING else Said("true", "boolean")
    same = Said(f"{left.within(_SUM)} == {right.within(_SUM)}", "boolean", _COMPARE)
    if not _may_be_blank(left) or not _may_be_blank(right):
        return same
    return either([same, both(absent(left.within(_SUM)), absent(right.within(_SUM)))])


def _equal_conditions(left: Said, right: Said) -> Said:
    conditions = [
        said if said.kind == "boolean" else Said(f"{said.within(_SUM)} is present", "boolean", _COMPARE)
        for said in (left, right)
    ]
    if any(said.kind == "number" for said in (left, right)):
        raise Unsayable("a condition compared with a number", "true() or false()")
    for one, other in (conditions, conditions[::-1]):
        if other.text in ("true", "false"):
            return one if other.text == "true" else negate(one)
    return either([both(*conditions), both(*(negate(part) for part in conditions))])


def _may_be_blank(said: Said) -> bool:
    return not said.text.startswith('"') and not said.text.lstrip("-").replace(".", "").isdigit()


def _different(left: Said, right: Said, same: Said) -> Said:
    if MISSING in (left, right) and left != right:
        value = right if left == MISSING else left
        return present(value.within(_SUM))
    return negate(same)


def _compute(tree: Operation, find: Find) -> Said:
    left, right = _number(tree.left, find), _number(tree.right, find)
    if MISSING in (left, right):
        return MISSING
    if tree.sign == "mod":
        quotient = f"{left.within(_PRODUCT)} / {right.within(_SIGN)}"
        whole = f"if({quotient} < 0, round_up({quotient}), round_down({quotient}))"
        return Said(f"{left.within(_SUM)} - {right.within(_PRODUCT)} * {whole}", "number", _SUM)
    sign, strength = _ARITHMETIC[tree.sign]
    return Said(f"{left.within(strength)} {sign} {right.within(strength + 1)}", "number", strength)


def _call(tree: Call, find: Find) -> Said:
    name, given = tree.name, tree.arguments
    if name in _CLOCK:
        raise Unsayable(f"`{name}()`, which asks the clock", "a question with the date")
    if name in _MANY and given:
        return _several(name, given, find)
    if name == "round" and given:
        return _rounded(given, find)
    if name == "coalesce" and len(given) == 2:
        first, second = (_say(part, find) for part in given)
        return _branch(absent(first.within(_SUM)), second, first)
    if name == "if" and len(given) == 3:
        return _branch(_condition(given[0], find), *(_say(part, find) for part in given[1:]))
    made = _functions(find).get((name, len(given)))
    if made is None:
        raise Unsayable(f"the function `{name}` with {len(given)} argument(s)", "a function that we have")
    return made(*given)


def _several(name: str, given: tuple[XPath, ...], find: Find) -> Said:
    if len(given) == 1:
        raise Unsayable(f"`{name}` over the answers of a repeat", "answers of one record")
    return Said(f"{name}({', '.join(_number(part, find).text for part in given)})", "number")


def _rounded(given: tuple[XPath, ...], find: Find) -> Said:
    digits = given[1] if len(given) > 1 else Number("0")
    if len(given) > 2 or not isinstance(digits, Number) or not digits.text.isdigit():
        raise Unsayable("`round` with decimals that are computed", "a whole number of decimals")
    return Said(f"round({_number(given[0], find).text}, {digits.text})", "number")


def _branch(condition: Said, *branches: Said) -> Said:
    parts = [Said(f'if({said.text}, "true", "false")', "text") if said.kind == "boolean" else said for said in branches]
    kinds = {part.kind for part in parts} - {None}
    if kinds == {"number", "text"}:
        parts = [_unquoted(part) for part in parts]
        kinds = {part.kind for part in parts} - {None}
    if len(kinds) > 1:
        raise Unsayable(f"`if` that gives a {' or a '.join(sorted(map(str, kinds)))}", "values of one type")
    return Said(f"if({condition.text}, {', '.join(part.text for part in parts)})", kinds.pop() if kinds else None)


def _unquoted(said: Said) -> Said:
    """A number in quotes beside a number without them."""
    bare = said.text.strip('"')
    return Said(bare, "number") if said.kind == "text" and re.fullmatch(r"-?\d+(\.\d+)?", bare) else said


def _functions(find: Find) -> Mapping[tuple[str, int], Callable[..., Said]]:
    """What the functions with a fixed number of arguments become."""

    def text(tree: XPath) -> str:
        said = _say(tree, find)
        if said.kind in ("number", "date", "boolean"):
            raise Unsayable(f"`{said.text}` as a text", "a text")
        return said.text

    def number(tree: XPath) -> Said:
        return _number(tree, find)

    def whole(tree: XPath) -> Said:
        part = number(tree).text
        return Said(f"if({part} < 0, round_up({part}), round_down({part}))", "number")

    def of_number(ours: str) -> Callable[[XPath], Said]:
        return lambda part: Said(f"{ours}({number(part).text})", "number")

    def unchanged(tree: XPath) -> Said:
        return Said(text(tree), "text")

    return {
        ("true", 0): lambda: Said("true", "boolean"),
        ("false", 0): lambda: Said("false", "boolean"),
        ("not", 1): lambda part: negate(_condition(part, find)),
        ("boolean", 1): lambda part: _condition(part, find),
        ("string-length", 1): lambda part: Said(f"length({text(part)})", "number"),
        ("contains", 2): lambda whole, part: Said(f"contains({text(whole)}, {text(part)})", "boolean"),
        ("starts-with", 2): lambda whole, part: Said(f"starts_with({text(whole)}, {text(part)})", "boolean"),
        ("string", 1): unchanged,
        ("number", 1): number,
        ("int", 1): whole,
        ("floor", 1): of_number("round_down"),
        ("ceiling", 1): of_number("round_up"),
        ("abs", 1): of_number("abs"),
        ("sqrt", 1): of_number("sqrt"),
        ("pow", 2): lambda base, power: Said(f"power({number(base).text}, {number(power).text})", "number"),
        **_of_answers(find),
    }


def _of_answers(find: Find) -> Mapping[tuple[str, int], Callable[..., Said]]:
    return {
        ("once", 1): lambda part: _say(part, find),
        ("selected", 2): lambda answers, code: _selected(answers, code, find),
        ("count-selected", 1): lambda answers: _count_selected(answers, find),
        ("date", 1): lambda part: Said(f"date({_day(part, find)})", "date"),
        ("decimal-date", 1): lambda part: _days(part, find),
        ("decimal-date-time", 1): lambda part: _days(part, find),
        ("format-date", 2): lambda day, form: _formatted(day, form, find),
    }


def _selected(answers: XPath, code: XPath, find: Find) -> Said:
    if not isinstance(answers, Question | Here | Path):
        raise Unsayable("`selected` of what is no question", "a question with choices")
    answer = find(answers)
    wanted = _say(code, find)
    if wanted.kind == "number" and not _may_be_blank(wanted):
        wanted = quoted(wanted.text)
    if not answer.codes or wanted.kind != "text":
        raise Unsayable(f"`selected` of `{answer.name}`", "a question with choices, and a code")
    if answer.several:
        return Said(f"selected({answer.name}, {wanted.text})", "boolean")
    return Said(f"{answer.name} == {wanted.text}", "boolean", _COMPARE)


def _count_selected(answers: XPath, find: Find) -> Said:
    answer = find(answers) if isinstance(answers, Question | Here | Path) else None
    if answer is None or not answer.codes:
        raise Unsayable("`count-selected` of what has no choices", "a question with choices")
    if not answer.several:
        return Said(f"if({answer.name} is present, 1, 0)", "number")
    parts = [f"if(selected({answer.name}, {quoted(code).text}), 1, 0)" for code in answer.codes]
    return Said(" + ".join(parts), "number", _SUM)


def _day(tree: XPath, find: Find) -> str:
    said = _say(tree, find)
    if said.kind not in ("text", "date"):
        raise Unsayable("a date made of a number", "a date or a text")
    return said.text


def _days(tree: XPath, find: Find) -> Said:
    return Said(f'days_between("1970-01-01", {_day(tree, find)})', "number")


def _formatted(day: XPath, form: XPath, find: Find) -> Said:
    if not isinstance(form, Quoted) or form.text != "%Y":
        raise Unsayable("`format-date` other than the year", 'format-date(..., "%Y")')
    return Said(f"year({_year_of(day, find)})", "number")


def _year_of(tree: XPath, find: Find) -> str:
    said = _say(tree, find)
    if said.kind not in ("text", "date"):
        raise Unsayable("the year of a number", "a date")
    return said.text
