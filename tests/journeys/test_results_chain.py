"""From a number in a table to the keystroke: a rehearsed pilot study, built, traced, opened in the browser's pages."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from opencro.analysis.displays import Listing
from opencro.app.browse.write import write_browser
from opencro.app.build import Build, build
from opencro.app.cli.main import app
from opencro.app.compare_results import compare_results, render_changed
from opencro.app.rehearsal import rehearse_study
from opencro.app.trace import trace_dataset_cell
from opencro.app.trace_listing import trace_listing
from opencro.app.trace_result import built_datasets, trace_result
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused
from opencro.ledger import Actor, Change, RecordKey, Snapshot
from opencro.study import Study, load_study

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def study(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The pilot study with a few virtual participants."""
    folder = tmp_path_factory.mktemp("chain") / "cdiscpilot01"
    shutil.copytree(root / "studies/cdiscpilot01", folder, ignore=shutil.ignore_patterns("build", "ledger*"))
    loaded = load_study(folder)
    rehearse_study(loaded, participants=16, seed=11)
    return loaded


@pytest.fixture(scope="module")
def made(study: Study) -> Build:
    return build(study)


def test_a_build_makes_every_table_in_every_format(made: Build, study: Study) -> None:
    folder = made.folder / "displays"
    names = [n.removesuffix(".yaml") for n in (p.name for p in (study.root / "analysis/displays").glob("*.yaml"))]
    assert len(names) >= 20
    for name in names:
        assert all((folder / f"{name}.{kind}").stat().st_size for kind in ("txt", "html", "rtf"))
    outline = PdfReader(folder / "tables.pdf").outline
    assert len(outline) == len(names)
    with ZipFile(folder / "tables.xlsx") as book:
        assert len([n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]) == len(names)
    figures = [p.stem for p in (study.root / "analysis/figures").glob("*.yaml")]
    assert len(figures) >= 6
    assert all((folder / f"{name}.{kind}").stat().st_size for name in figures for kind in ("svg", "parquet"))
    assert len(PdfReader(folder / "figures.pdf").pages) == len(figures)
    event = json.loads((folder / "ars.json").read_text(encoding="utf-8"))
    assert sum(len(a["results"]) for a in event["analyses"]) == pl.read_parquet(folder / "results.parquet").height


def test_a_build_makes_every_listing_in_every_format(made: Build, study: Study) -> None:
    folder = made.folder / "displays"
    names = [p.stem for p in (study.root / "analysis/listings").glob("*.yaml")]
    assert len(names) >= 8
    assert all((folder / f"{name}.{kind}").stat().st_size for name in names for kind in ("txt", "html", "rtf"))
    assert len(PdfReader(folder / "listings.pdf").outline) == len(names)
    with ZipFile(folder / "listings.xlsx") as book:
        assert len([n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]) == len(names)


def test_a_listed_value_is_traced_to_its_row_and_on_to_the_keystroke(made: Build, study: Study) -> None:
    event = made.frame("ADAE").filter(pl.col("SAFFL") == "Y").row(0, named=True)
    where = {"USUBJID": event["USUBJID"], "AESEQ": str(event["AESEQ"]), "column": "Serious"}
    found = trace_listing(study, "L16_2_07", where, built_datasets(study))
    assert found.shown == {"Y": "Yes", "N": "No", None: ""}[event["AESER"]]
    assert found.answers[0].trace.value == event["AESER"]
    assert {(i.source.form, i.source.item) for i in found.answers[0].items} == {("AE", "AESER")}
    words = ["trace", str(study.root), "L16_2_05", "cell=0.7", "--json"]
    told = json.loads(CliRunner().invoke(app, words).stdout)
    assert [v["variable"] for v in told["variables"]] == ["EXSTDTC", "EXSTDY"]
    with pytest.raises(Refused) as refusal:
        trace_listing(study, "L16_2_07", {"column": "Serious"}, built_datasets(study))
    assert refusal.value.findings.codes() == ("TRC-009",)


@pytest.mark.parametrize("listing", ["L16_2_01", "L16_2_04", "L16_2_05", "L16_2_06", "L16_2_07", "L16_2_08"])
def test_every_value_of_a_line_is_traced_to_what_the_dataset_holds(made: Build, study: Study, listing: str) -> None:
    columns = len(Listing.model_validate(study.documents[f"analysis/listings/{listing}.yaml"].value).columns)
    for column in range(0, columns, 3):
        found = trace_listing(study, listing, {"cell": f"0.{column}"}, built_datasets(study))
        for answer in found.answers:
            held = made.frame(answer.dataset).filter(pl.col("USUBJID") == answer.where["USUBJID"])[answer.variable]
            value = answer.trace.value
            assert value in held.to_list() or str(value)[:4].isdigit()


def test_the_same_records_give_the_same_tables(made: Build, study: Study, tmp_path: Path) -> None:
    again = build(study, folder=tmp_path / "again", fresh=True)
    shown = {n: h for n, h in made.files.items() if n.startswith("displays/")}
    assert shown == {n: h for n, h in again.files.items() if n.startswith("displays/")}


def test_a_number_is_traced_to_participants_and_on_to_the_keystroke(made: Build, study: Study) -> None:
    behind = trace_result(study, "T14_2_01", {"row": "Sex/Female", "column": "Total"}, built_datasets(study))
    adsl = made.frame("ADSL")
    women = adsl.filter(pl.col("SEX") == "F", pl.col("ITTFL") == "Y")["USUBJID"].sort().to_list()
    assert behind.participants == women
    assert behind.operations["n"] == len(women)
    assert behind.shown.split()[0] == str(len(women))
    answer = trace_dataset_cell(study, "ADSL", "SEX", {"USUBJID": women[0]})
    assert answer.trace.value == "F"
    assert {(i.source.form, i.source.item) for i in answer.items} == {("DM", "SEX")}
    assert answer.items[0].history[-1].actor.startswith("coordinator")


def test_a_pooled_site_is_traced_with_the_records_of_others_that_count_and_no_more(
    made: Build, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = made.frame("ADQSADAS").filter(pl.col("PARAMCD") == "ACTOT", pl.col("DTYPE").is_null())
    row = scores.row(0, named=True)
    read: list[tuple[bool, str]] = []
    real = Snapshot.records

    def records(self: Snapshot, form: str, *rest: str, **more: object) -> object:
        read.append((self._only is None, form))
        return real(self, form, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Snapshot, "records", records)
    where = {"USUBJID": row["USUBJID"], "PARAMCD": "ACTOT", "AVISIT": row["AVISIT"], "ADY": str(row["ADY"])}
    answer = trace_dataset_cell(study, "ADQSADAS", "SITEGR1", where)
    assert answer.trace.value == row["SITEGR1"]
    everybodys = {form for everybody, form in read if everybody}
    assert everybodys
    assert "QS" not in everybodys


@pytest.mark.parametrize(
    ("display", "where", "code"),
    [
        ("T14_2_1", {"cell": "0.0"}, "TRC-008"),
        ("T14_2_01", {"cell": "999.0"}, "TRC-009"),
        ("T14_2_01", {"row": "Mean", "column": "Total"}, "TRC-009"),
        ("T14_2_01", {"row": "Sex/Female", "column": "Nobody"}, "TRC-009"),
        ("T14_2_01", {"cell": "1.4"}, "TRC-010"),
    ],
)
def test_a_cell_that_is_none_or_several_is_refused(
    made: Build, study: Study, display: str, where: dict[str, str], code: str
) -> None:
    assert made.files
    with pytest.raises(Refused) as refusal:
        trace_result(study, display, where, built_datasets(study))
    assert refusal.value.findings.codes() == (code,)


def test_the_command_line_traces_a_number(made: Build, study: Study) -> None:
    words = ["trace", str(study.root), "T14_1_01", "row=Safety", "column=Total", "--json"]
    told = json.loads(CliRunner().invoke(app, words).stdout)
    assert told["operations"]["n"] == len(told["participants"]) == made.frame("ADSL").height


def test_two_builds_say_which_results_changed_and_which_facts_did_it(study: Study, made: Build, tmp_path: Path) -> None:
    copied = load_study(shutil.copytree(study.root, tmp_path / "copied"))
    with open_study_ledger(copied) as ledger:
        records = ledger.snapshot().records("DM", "DM").filter(pl.col("SEX") == "F")
        row = records.row(0, named=True)
        names = ("site", "participant", "event", "event_repeat")
        key = RecordKey(*(row[n] for n in names), "DM", row["form_repeat"], "DM", row["group_repeat"])
        change = [Change(key, {"SEX": "M"})]
        ledger.append(change, actor=Actor("ann", "coordinator"), source="ui", definition_version="1", reason="misread")
    after = build(copied, folder=tmp_path / "after")
    changed = compare_results(copied, made.folder, after.folder)
    assert changed.facts.to_dicts() == changed.analyses[0].facts.to_dicts()
    assert changed.facts.select("participant", "item", "old", "new", "why").row(0) == (
        row["participant"], "DM.SEX", "F", "M", "misread",
    )  # fmt: skip
    counts = [a for a in changed.analyses if a.analysis["method"] == "count" and a.analysis["by"] == "sex"]
    rows = {r["groups"]: r for r in counts[0].results.iter_rows(named=True) if r["operation"] == "n"}
    assert rows["f"]["after"] == rows["f"]["before"] - 1
    told = render_changed(changed)
    assert f"fact {after.position}: {row['participant']} DM.SEX F -> M, ann (misread)" in told
    same = compare_results(copied, after.folder, after.folder)
    assert not same.analyses
    words = ["compare", str(after.folder), str(made.folder), "--study", str(copied.root), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["after"] == after.position


def _told(path: Path) -> dict[str, object]:
    text = path.read_text(encoding="utf-8")
    return json.loads(text[text.index("(") + 1 : text.rindex(")")])  # type: ignore[no-any-return]


def test_the_browser_holds_every_cell_its_rows_and_what_was_entered(made: Build, study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "browser"
    assert write_browser(study, built_datasets(study), folder) >= 26
    assert len(list((folder / "figures").glob("*.svg"))) >= 6
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(https?:)?//", index)
    table = _told(folder / "tables/T14_2_01.js")
    number = next(k for k, v in table["cells"].items() if table["sources"][v]["operations"].get("n") == 1)  # type: ignore[union-attr,index]
    source = table["sources"][table["cells"][number]]  # type: ignore[index]
    ((who, places),) = source["rows"].items()
    people = _told(folder / "people/index.js")
    packed = _told(folder / f"people/{people['index'][who]}.js")  # type: ignore[index]
    person = json.loads(gzip.decompress(base64.b64decode(str(packed["packed"]))))
    row = dict(zip(people["columns"][source["dataset"]], person["rows"][source["dataset"]][places[0]], strict=True))  # type: ignore[index]
    adsl = made.frame("ADSL").filter(pl.col("USUBJID") == who).row(0, named=True)
    assert row["SEX"] == adsl["SEX"]
    assert {"DM.SEX"} <= {item for fact in person["facts"] for item in fact[7]}
    chain = _told(folder / "lineage.js")
    assert all(name in chain for node in chain.values() for name in node["from"])  # type: ignore[index]
    with pytest.raises(Refused, match="BRW-002"):
        write_browser(study, built_datasets(study), folder)
