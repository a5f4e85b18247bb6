"""REDCap's logic means the same in our language, also for what is blank; what cannot be said has a reason."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.expression import Expression, check_expression, evaluate, parse_expression
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.logic import LogicError, parse_logic
from opencro.study.formats.redcap.make_forms import make_forms


def _field(name: str, kind: str = "text", **values: str) -> RedcapField:
    return RedcapField(field_name=name, form_name=values.pop("form", "f"), field_type=kind, field_label=name, **values)


FIELDS = [
    _field("n", text_validation_type_or_show_slider_number="number"),
    _field("m", text_validation_type_or_show_slider_number="integer"),
    _field("t"),
    _field("u"),
    _field("d", text_validation_type_or_show_slider_number="date_ymd"),
    _field("e", text_validation_type_or_show_slider_number="date_dmy"),
    _field("w", text_validation_type_or_show_slider_number="datetime_ymd"),
    _field("sex", "radio", select_choices_or_calculations="0, Female | 1, Male"),
    _field("race", "checkbox", select_choices_or_calculations="1, A | 2, B | -9, C"),
    _field("present"),
    _field("other", form="g"),
]


def _say(logic: str, kind: str = "branching") -> tuple[str, str]:
    """What a logic becomes, and the reason where it becomes nothing."""
    asked = _field("x", branching_logic=logic)
    if kind == "calc":
        asked = _field("x", "calc", select_choices_or_calculations=logic)
    made = make_forms([*FIELDS, asked])
    item = next(i for f in made.forms for g in f.groups for i in g.items if i.id == "x")
    found = [f.got for f in made.findings if f.code == "RCP-022"]
    return item.show_when if kind == "branching" else item.derive, found[0] if found else ""


@pytest.mark.parametrize(
    ("logic", "ours"),
    [
        ('[sex] = "1"', 'sex == "1"'),
        ("[SEX] = '1'", 'sex == "1"'),
        ('[sex] <> "1"', 'not (sex == "1")'),
        ('[sex] != "1" && [n] > 5', 'not (sex == "1") and n > 5'),
        ('[sex] = ""', "sex is missing"),
        ('[sex] <> ""', "sex is present"),
        ("'' = [sex]", "sex is missing"),
        ("[t] = [u]", "t == u or t is missing and u is missing"),
        ("[n] = [m] or [n] < 0", "n == m or n is missing and m is missing or n < 0"),
        ('[race(2)] = "1"', 'selected(race, "2")'),
        ("[race(2)] = 0", 'not selected(race, "2")'),
        ('[race(-9)] <> "1"', 'not selected(race, "-9")'),
        ("[race(1)] and [race(2)]", 'selected(race, "1") and selected(race, "2")'),
        ("[race(1)] + [race(2)] > 1", 'if(selected(race, "1"), 1, 0) + if(selected(race, "2"), 1, 0) > 1'),
        ("([n] + 2) * 3 >= [m]", "(n + 2) * 3 >= m"),
        ("[n] - ([m] - 1) = 0", "n - (m - 1) == 0"),
        ("!([n] > 5)", "not (n > 5)"),
        ("[n]", "n != 0"),
        ("([n] > 1 or [m] > 1) and [t] <> ''", "(n > 1 or m > 1) and t is present"),
        ('[present] = "y"', '`present` == "y"'),
        ('[other] = "y"', 'g.other == "y"'),
        ('[event-name][t] = "y"', 't == "y"'),
        ('[t:value] = "y"', 't == "y"'),
        ("contains([t], 'Ache')", 'contains(lower(t), lower("Ache"))'),
        ("not_contain([t], 'x') and [n] = 1 // as agreed", 'not contains(lower(t), lower("x")) and n == 1'),
        ("[d] > '2020-01-31'", 'd > "2020-01-31"'),
        ("isblankormissingcode([t])", "t is missing"),
        ("[t] = 'say \"x\"'", 't == "say ""x"""'),
        ("mod([m], 2) = 1", "m - 2 * round_down(m / 2) == 1"),
    ],
)
def test_a_logic_becomes_a_condition(logic: str, ours: str) -> None:
    assert _say(logic) == (ours, "")


@pytest.mark.parametrize(
    ("logic", "ours"),
    [
        ("round(([n]*10000)/(([m])^(2)),1)", "round(n * 10000 / power(m, 2), 1)"),
        ("-[n]^2", "-power(n, 2)"),
        ("rounddown([n])", "round_down(n, 0)"),
        ('datediff([d], [e], "d", "ymd", true)', "days_between(d, e)"),
        ('datediff([d], [e], "d")', "abs(days_between(d, e))"),
        ('datediff([d], [e], "y") * 2', "abs(days_between(d, e)) / 365.2425 * 2"),
        ("datediff([d], '2020-01-01', 'M', true)", 'days_between(d, "2020-01-01") / 30.44'),
        ('if([n] > 5, 1, "0")', "if(n > 5, 1, 0)"),
        ('if([n] > 5, [m], "")', "if(n > 5, m, missing)"),
        ("sum([n], [m], 1) / mean([n], [m])", "sum(n, m, 1) / mean(n, m)"),
        ("[n] > 5", "if(n > 5, 1, 0)"),
        ("([race(1)] = '1') * 10", 'if(selected(race, "1"), 1, 0) * 10'),
        ("year([d]) - 5", "year(d) - 5"),
        ("sqrt([n]) + abs([m])", "sqrt(n) + abs(m)"),
        ("length([t])", "length(t)"),
    ],
)
def test_a_calculation_becomes_an_expression(logic: str, ours: str) -> None:
    assert _say(logic, "calc") == (ours, "")


@pytest.mark.parametrize(
    ("logic", "reason"),
    [
        ('[baseline_arm_1][t] = "y"', "another event"),
        ('[t][2] = "y"', "another record"),
        ('[user-role] = "x"', "smart variable"),
        ('[nowhere] = "x"', "no field"),
        ('[f_complete] = "2"', "the status of a form"),
        ('[d] < "today"', "asks the clock"),
        ("median([n], [m]) > 1", "the function `median`"),
        ("[race] = '1'", "a checkbox without a code"),
        ("[race(7)] = '1'", "a code that the field does not have"),
        ("[sex(1)] = '1'", "which is no checkbox"),
        ("[n] = 'abc'", "a text value"),
        ("[n] >", "`the end`"),
        ("[n] = 1)", "after the end"),
        ("([n] = 1", "`the end`"),
        ("[n] ~ 1", "the sign `~`"),
        ("blue = 1", "the bare word `blue`"),
        ("[t:label] = 'y'", "asks for `label`"),
        ("datediff([w], [d], 'd') > 1", "`datediff` of moments"),
        ("datediff([d], [e], 'h') > 1", '`datediff` in "h"'),
        ("round([n], [m]) = 1", "decimals that are computed"),
        ("[t]", "as a condition"),
        ("(" * 80 + "[n] = 1" + ")" * 80, "levels"),
        ("- " * 200 + "[n] = 1", "levels"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_reason(logic: str, reason: str) -> None:
    ours, said = _say(logic)
    assert ours == ""
    assert reason in said


BLANK = {"n": "", "m": "", "t": "", "u": "", "sex": "", "race": ""}


@pytest.mark.parametrize(
    ("logic", "row", "truth"),
    [
        ('[sex] <> "1"', {}, True),
        ('[sex] <> "1"', {"sex": "1"}, False),
        ("[t] = [u]", {}, True),
        ("[t] <> [u]", {"t": "a"}, True),
        ("[t] <> [u]", {}, False),
        ("[n] < 5", {}, False),
        ("[n] < 5", {"n": "4"}, True),
        ("[race(2)] = '1'", {"race": "1;2"}, True),
        ("[race(2)] = '0'", {}, True),
    ],
)
def test_what_is_blank_means_the_same(logic: str, row: dict[str, str], truth: bool) -> None:
    expression = parse_expression(_say(logic)[0])
    assert isinstance(expression, Expression)
    assert evaluate(expression, {**BLANK, **row}) is truth


names = st.sampled_from(
    ["[n]", "[m]", "[t]", "[sex]", "[race(1)]", "[d]", "[g][x]", "[a-b]", '"1"', "2", "'today'", ""]
)
joined = st.recursive(
    names,
    lambda part: st.tuples(
        part, st.sampled_from(["=", "<>", "<", "and", "or", "+", "*", "^", "%", ",", "!"]), part
    ).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    max_leaves=6,
)


@given(joined | st.text(max_size=30))
def test_any_logic_becomes_a_sound_expression_or_a_reason(logic: str) -> None:
    ours, reason = _say(logic)
    if not logic.strip():
        return
    assert bool(ours) is not bool(reason)
    if ours:
        expression = parse_expression(ours)
        assert isinstance(expression, Expression)
        names = dict.fromkeys(expression.names(), "text")
        assert "EXP-007" not in check_expression(expression, names).codes()


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    with contextlib.suppress(LogicError):
        parse_logic(text)
