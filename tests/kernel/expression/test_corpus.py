"""One corpus, three evaluators: rows in Python, columns in Polars, the browser."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Browser, Route

from opencro.kernel.expression import evaluate, render_json, to_polars
from opencro.kernel.expression.functions import FUNCTIONS
from opencro.kernel.expression.tree import walk
from tests.kernel.expression.corpus import draw_cases, parsed, read_corpus, read_value, write_corpus

SCRIPT = Path("src/opencro/app/web/static/web/expression.js")
SIGNS = {"==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"}
ORIGIN = "http://corpus.invalid"
PAGE = '<!doctype html><meta charset="utf-8"><output></output><script type="module" src="/run.js"></script>'
RUN = """
import { evaluate } from "/expression.js";
const same = (a, b) => a === b || (a?.date !== undefined && a.date === b?.date);
const cases = await (await fetch("/corpus.json")).json();
const wrong = [];
for (const [at, { tree, row, gives }] of cases.entries()) {
  let got;
  try { got = evaluate(tree, row); } catch (error) { got = String(error); }
  if (!same(got, gives)) wrong.push([at, got]);
}
const out = document.querySelector("output");
out.value = JSON.stringify({ count: cases.length, wrong });
out.id = "done";
"""


@pytest.fixture(scope="module")
def corpus(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    cases = read_corpus()
    if request.config.getoption("--rewrite-golden"):
        cases = [case for case in cases if case["by"] == "hand"] + draw_cases()
        write_corpus(cases)
    return cases


def test_every_function_and_every_kind_of_part_is_in_it_by_hand_and_drawn(corpus: list[dict[str, Any]]) -> None:
    for by, least in (("hand", 400), ("hypothesis", 500)):
        cases = [case for case in corpus if case["by"] == by]
        parts = [part for case in cases for part in walk(parsed(case["expression"]).node)]
        assert len(cases) >= least
        assert {getattr(part, "function", None) for part in parts} >= set(FUNCTIONS)
        assert {getattr(part, "sign", None) for part in parts} >= SIGNS
        assert len({type(part) for part in parts}) == 9


def test_rows_give_what_it_says(corpus: list[dict[str, Any]]) -> None:
    wrong = []
    for case in corpus:
        row = {name: read_value(value) for name, value in case["row"].items()}
        got = evaluate(parsed(case["expression"]), row, case["types"])
        if not _same(got, read_value(case["gives"])):
            wrong.append((case, got))
    assert not wrong


def test_columns_give_what_it_says(corpus: list[dict[str, Any]]) -> None:
    wrong = []
    for case in corpus:
        expression = parsed(case["expression"])
        row = {name: read_value(case["row"].get(name)) for name in expression.names()}
        held = {name: _held(value) for name, value in row.items()}
        types = {**case["types"], **{name: t for name, t in held.items() if t is not pl.String}}
        frame = pl.DataFrame({**row, "one": 1}, schema={**held, "one": pl.Int64})
        got = frame.select(to_polars(expression, types)).item()  # type: ignore[arg-type]
        if not _same(got, read_value(case["gives"])):
            wrong.append((case, got))
    assert not wrong


def test_the_browser_gives_what_it_says(corpus: list[dict[str, Any]], chromium: Browser, root: Path) -> None:
    trees = [{**c, "tree": json.loads(render_json(parsed(c["expression"]), c["types"]))} for c in corpus]
    files = {
        "/": ("text/html", PAGE),
        "/run.js": ("text/javascript", RUN),
        "/expression.js": ("text/javascript", (root / SCRIPT).read_text(encoding="utf-8")),
        "/corpus.json": ("application/json", json.dumps(trees)),
    }

    def answer(route: Route) -> None:
        kind, body = files[route.request.url.removeprefix(ORIGIN)]
        policy = {"Content-Security-Policy": "default-src 'self'", "Content-Type": f"{kind}; charset=utf-8"}
        route.fulfill(body=body, headers=policy)

    page = chromium.new_page()
    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")
    said = json.loads(page.locator("output#done").text_content(timeout=30_000) or "")
    page.close()
    assert said["count"] == len(corpus)
    assert [(corpus[at], got) for at, got in said["wrong"]] == []


def _same(got: object, expected: object) -> bool:
    return isinstance(got, bool) == isinstance(expected, bool) and got == expected


def _held(value: object) -> type[pl.DataType]:
    if isinstance(value, bool):
        return pl.Boolean
    if isinstance(value, int | float):
        return pl.Float64
    return pl.Date if isinstance(value, date) else pl.String
