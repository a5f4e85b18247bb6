"""XPath said in our language means the same, also for what is blank; what has no words here is no error of the form.

The expected values follow W3C XPath 1.0 sections 3.4, 3.5 and 4 and the ODK XForms specification, computed by hand.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.study.formats.xlsform.say_xpath import Answer, Unsayable, say_condition, say_value
from opencro.study.formats.xlsform.xpath import Here, Path, Question, Unreadable, parse_xpath

KINDS = {"a": "number", "b": "number", "t": "text", "d": "date", "e": "date", "m": "text", "one": "text"}
CODES = {"m": ("x", "y", "z"), "one": ("x", "y")}


def _find(tree: Question | Here | Path) -> Answer:
    name = "a" if isinstance(tree, Here) else tree.name
    if name not in KINDS:
        raise Unreadable(f"no question is called `{name}`", "a question")
    return Answer(name, KINDS[name], name == "m", CODES.get(name, ()))  # type: ignore[arg-type]


def _value(text: str, row: dict[str, str]) -> object:
    said = say_value(text, _find)
    expression = parse_expression(said.text)
    assert isinstance(expression, Expression), said.text
    return evaluate(expression, row, KINDS)  # type: ignore[arg-type]


def _holds(text: str, row: dict[str, str]) -> object:
    said = say_condition(text, _find)
    expression = parse_expression(said.text)
    assert isinstance(expression, Expression), said.text
    return evaluate(expression, row, KINDS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("${a} > 3", {"a": "4"}, True),
        (". >= 4 and . <= 4", {"a": "4"}, True),
        ("${a} > 3", {}, False),
        ("not(${a} > 3)", {}, True),
        ("${a} != 5", {}, True),
        ("${a} != 5", {"a": "5"}, False),
        ("${t} != 'x'", {}, True),
        ("${t} = ''", {}, True),
        ("${t} != ''", {"t": "w"}, True),
        ("'' = ${t}", {"t": "w"}, False),
        ("${a} = ${b}", {}, True),
        ("${a} = ${b}", {"a": "1"}, False),
        ("${a} != ${b}", {"a": "1"}, True),
        ("${a}", {"a": "0"}, True),
        ("${t}", {}, False),
        ("0", {}, False),
        ("'false'", {}, True),
        ("true()", {}, True),
        ("false() or ${a} = 1", {"a": "1"}, True),
        ("${a} = 1 or ${a} = 2 and ${b} = 3", {"a": "1"}, True),
        ("(${a} = 1 or ${a} = 2) and ${b} = 3", {"a": "1"}, False),
        ("not(not(${a} = 1))", {"a": "1"}, True),
        ("not(${a} = 1 or ${b} = 1)", {"a": "2", "b": "1"}, False),
        ("selected(${m}, 'x')", {"m": "x;z"}, True),
        ("selected(${m}, 'y')", {"m": "x;z"}, False),
        ("selected(${one}, 'y')", {"one": "y"}, True),
        ("not(selected(${m}, 'x') and selected (${m}, 'z'))", {"m": "x;z"}, False),
        ("count-selected(${m}) = 2", {"m": "x;z"}, True),
        ("count-selected(${m}) = 0", {}, True),
        ("string-length(${t}) < 3", {"t": "ab"}, True),
        ("contains(${t}, 'b')", {"t": "ab"}, True),
        ("starts-with(${t}, 'b')", {"t": "ab"}, False),
        ("${d} > date('2020-01-01')", {"d": "2020-01-02"}, True),
        ("${d} >= ${e}", {"d": "2020-01-02", "e": "2020-01-03"}, False),
        ("${d} - ${e} = 31", {"d": "2020-02-01", "e": "2020-01-01"}, True),
        ("../a = 2", {"a": "2"}, True),
        ("/data/group/a = 2", {"a": "2"}, True),
        ("${t} = ‘x’", {"t": "x"}, True),
        ("boolean(${t})", {"t": "x"}, True),
        ("${a} = '5'", {"a": "5"}, True),
        ("${t} > 3", {"t": "10"}, True),
        ("(${a} > 1) = true()", {"a": "2"}, True),
        ("(${a} > 1) != (${b} > 1)", {"a": "2", "b": "2"}, False),
    ],
)
def test_a_condition_means_the_same(text: str, row: dict[str, str], expected: bool) -> None:
    assert _holds(text, row) is expected


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("2+2", {}, 4.0),
        ("2 + 3 * 4", {}, 14.0),
        ("(2 + 3) * 4", {}, 20.0),
        ("10 - 3 - 2", {}, 5.0),
        ("7 div 2", {}, 3.5),
        ("12 div 3 div 2", {}, 2.0),
        ("12 div (3 div 3)", {}, 12.0),
        ("7 mod 3", {}, 1.0),
        ("-7 mod 3", {}, -1.0),
        ("-(2 + 3)", {}, -5.0),
        ("${a} + ${b}", {"a": "1"}, None),
        ("round(3.14159, 2)", {}, 3.14),
        ("int(-3.7)", {}, -3.0),
        ("int(3.7)", {}, 3.0),
        ("floor(-3.2) + ceiling(3.2)", {}, 0.0),
        ("pow(2, 3) + abs(-1) + sqrt(9)", {}, 12.0),
        ("min(3, ${a}, 5)", {"a": "4"}, 3.0),
        ("max(3, ${a})", {"a": "4"}, 4.0),
        ("if(${a} > 1, 'many', 'few')", {"a": "2"}, "many"),
        ("if(${a} > 1, ${b}, '')", {"a": "2", "b": "7"}, 7.0),
        ("if(${a} > 1, 1, '0')", {"a": "0"}, 0.0),
        ("coalesce(${a}, ${b})", {"b": "7"}, 7.0),
        ("coalesce(${a}, ${b})", {"a": "1", "b": "7"}, 1.0),
        ("${a} > 1", {"a": "2"}, "true"),
        ("number(${t}) + 1", {"t": "2"}, 3.0),
        ("string(${t})", {"t": "w"}, "w"),
        ("decimal-date-time(${d})", {"d": "1970-01-11"}, 10.0),
        ("format-date(${d}, '%Y')", {"d": "1999-12-31"}, 1999.0),
        ("'say \"x\"'", {}, 'say "x"'),
    ],
)
def test_a_value_is_the_same(text: str, row: dict[str, str], expected: object) -> None:
    found = _value(text, row)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    "text",
    [
        "regex(., '^[0-9]$')",
        "${d} < today()",
        "now()",
        "concat(${t}, 'x')",
        "pulldata('fruits', 'name', 'key', 'mango')",
        "jr:choice-name(${one}, '${one}')",
        "${m}[1]",
        "instance('cities')/root/item[name = 'x']/label",
        "sum(${a})",
        "count(${m}) > 1",
        "round(${a}, ${b})",
        "if(${a} > 1, ${d}, ${b})",
        "selected-at(${m}, 0)",
        "${a} | ${b}",
        "cos(${a})",
        "position(..)",
        "format-date(${d}, '%b')",
    ],
)
def test_what_our_language_cannot_say_is_no_error_of_the_form(text: str) -> None:
    parse_xpath(text)
    with pytest.raises(Unsayable):
        _say_anything(text)


def _say_anything(text: str) -> None:
    def find(tree: Question | Here | Path) -> Answer:
        if isinstance(tree, Path) and not tree.plain:
            raise Unsayable("a path", "a question")
        return _find(tree)

    say_value(text, find)


@pytest.mark.parametrize(
    "text",
    ["", "${a} =", "${a} 5", "(${a} > 1", "${a} > 1)", "'open", "${} = 1", "if(1, 2", "a b", "and", "${a} == 1", "${z}",
     "because pyxform doesn't know what to do", "${a} & ${b}", "not ${a}", "1 +", "," , "(" * 70 + "1" + ")" * 70],
)  # fmt: skip
def test_what_is_no_xpath_is_an_error(text: str) -> None:
    with pytest.raises(Unreadable):
        _say_anything(text)


_NUMBERS = st.one_of(st.integers(-20, 20).map(str), st.sampled_from(["${a}", "${b}"]))
_SUMS = st.recursive(
    _NUMBERS,
    lambda part: st.tuples(part, st.sampled_from(["+", "-", "*"]), part).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    max_leaves=8,
)


@given(_SUMS, st.sampled_from(["+", "-", "*"]), _SUMS, st.integers(-9, 9), st.integers(-9, 9))
def test_arithmetic_gives_what_it_gives_elsewhere(left: str, sign: str, right: str, a: int, b: int) -> None:
    text = f"{left} {sign} {right}"
    elsewhere = eval(text.replace("${a}", f"({a})").replace("${b}", f"({b})"))
    assert _value(text, {"a": str(a), "b": str(b)}) == float(elsewhere)


_CONDITIONS = st.recursive(
    st.sampled_from(["${a} = 1", "${a} > ${b}", "${t} != 'x'", "${t} = ''"]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from(["and", "or"]), part).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        part.map(lambda p: f"not({p})"),
    ),
    max_leaves=6,
)


@given(_CONDITIONS, st.sampled_from(["", "1", "2"]), st.sampled_from(["", "1"]), st.sampled_from(["", "x", "y"]))
def test_conditions_follow_the_truth_table_of_xpath(text: str, a: str, b: str, t: str) -> None:
    atoms = {
        "${a} = 1": a == "1",
        "${a} > ${b}": bool(a and b) and float(a) > float(b),
        "${t} != 'x'": t != "x",
        "${t} = ''": t == "",
    }
    python = text
    for atom, truth in atoms.items():
        python = python.replace(atom, str(truth))
    assert _holds(text, {"a": a, "b": b, "t": t}) is eval(python)
