"""A study becomes sequences; what changed is sent, and one byte that changes is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.package import PENDING, READY, SUMS, package_study, verify_package
from opencro.kernel.finding import Refused
from opencro.study import Study, load_study
from opencro.submission.define_xml import read_define
from opencro.submission.ectd import read_sequences
from opencro.tabulation import read_xpt

SDTM = "0001/m5/datasets/study-1/tabulations/sdtm"
ADAM = "0001/m5/datasets/study-1/analysis/adam"


@pytest.fixture(scope="module")
def made(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one sequence."""
    folder = tmp_path_factory.mktemp("dossier")
    packaged = package_study(played, folder)
    assert packaged.findings.ok, packaged.findings
    return folder


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(made, tmp_path / "dossier"))


def test_a_package_is_whole_and_valid(made: Path, shared: Path) -> None:
    assert verify_package(made, shared / "regulatory/ectd322").codes() == ()


def test_datasets_stand_where_the_agency_looks(made: Path) -> None:
    assert {p.name for p in (made / SDTM).iterdir()} >= {
        "dm.xpt",
        "ae.xpt",
        "define.xml",
        "define.xsl",
        "acrf.pdf",
        "csdrg.pdf",
    }
    assert {p.name for p in (made / ADAM / "datasets").iterdir()} >= {"adsl.xpt", "define.xml", "adrg.pdf"}
    assert "dataset: ADSL" in (made / ADAM / "programs/adsl.txt").read_text(encoding="utf-8")
    rows = json.loads((made / "beside/0001/dataset-json/sdtm/dm.json").read_text(encoding="utf-8"))["rows"]
    assert len(rows) == read_xpt((made / SDTM / "dm.xpt").read_bytes())[0].frame.height


@pytest.mark.parametrize("folder", [SDTM, f"{ADAM}/datasets"])
def test_define_names_files_that_stand_beside_it(made: Path, folder: str) -> None:
    metadata = read_define((made / folder / "define.xml").read_bytes()).study.metadata
    named = {d.leaf.href for d in metadata.datasets if d.leaf} | {leaf.href for leaf in metadata.leaves}
    assert bool(metadata.annotated_crf) == (folder == SDTM)
    there = {p.name for p in (made / folder).iterdir()}
    assert named == there - {"define.xml", "define.xsl"}


def test_define_says_on_which_page_a_variable_was_collected(made: Path) -> None:
    metadata = read_define((made / SDTM / "define.xml").read_bytes()).study.metadata
    (origin,) = next(i for i in metadata.items if i.oid == "IT.AE.AETERM").origins
    (reference,) = origin.documents
    (pages,) = reference.pages
    assert (reference.leaf_id, pages.type) == ("LF.acrf", "PhysicalRef")
    paper = PdfReader(made / SDTM / "acrf.pdf")
    assert all("AETERM" in (paper.pages[int(n) - 1].extract_text() or "") for n in pages.pages.split())


@pytest.mark.parametrize("folder", [SDTM, f"{ADAM}/datasets"])
def test_define_with_its_documents_is_valid(made: Path, shared: Path, folder: str) -> None:
    path = shared / "cdisc/define_xml/schema/cdisc-arm-1.0/arm1-0-0.xsd"
    schema = etree.XMLSchema(etree.parse(path, parser=etree.XMLParser(no_network=True)))
    schema.assertValid(etree.parse(made / folder / "define.xml"))


def test_every_file_of_module_5_is_tagged(made: Path) -> None:
    stf = next(made.rglob("stf-*.xml")).read_text(encoding="utf-8")
    (sequence,) = read_sequences(made)
    leaves = [leaf for _, leaf in sequence.leaves() if leaf.href.startswith("m5/datasets")]
    assert leaves
    assert all(f"index.xml#{leaf.id}" in stf for leaf in leaves)


def test_one_byte_of_any_file_is_found(package: Path) -> None:
    before = [p for p in sorted(package.rglob("*")) if p.is_file()]
    for path in [*before[:: max(1, len(before) // 12)], package / SUMS]:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert not verify_package(package).ok, path
        path.write_bytes(data)
    assert verify_package(package).ok


def test_what_was_added_or_taken_away_is_found(package: Path) -> None:
    (package / SDTM / "dm.xpt").unlink()
    (package / "beside/more.txt").write_text("more")
    found = {f.place.file for f in verify_package(package) if f.code == "ECT-040"}
    assert found == {f"{SDTM}/dm.xpt", "beside/more.txt"}


def test_a_changed_package_gets_no_sequence(played: Study, package: Path) -> None:
    (package / SDTM / "dm.xpt").write_bytes(b"")
    with pytest.raises(Refused) as refused:
        package_study(played, package)
    assert set(refused.value.findings.codes()) == {"ECT-040"}


class _Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def amended(played: Study, tmp_path: Path) -> Study:
    """The study with a remark in a declaration."""
    folder = Path(shutil.copytree(played.root, tmp_path / "copy"))
    text = folder / "analysis/ADVS.yaml"
    text.write_text(text.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    return load_study(folder)


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_run_stopped_while_a_sequence_is_put_in_place_is_finished_by_the_next(
    amended: Study, package: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    real, put, done = Path.rename, Path.replace, []

    def rename(self: Path, target: Path) -> Path:
        if READY in self.parts:
            if len(done) == moves:
                raise _Killed
            done.append(self)
        return real(self, target)

    def replace(self: Path, target: Path) -> Path:
        if READY in self.parts:
            raise _Killed
        return put(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(_Killed):
        package_study(amended, package)
    monkeypatch.undo()
    assert not verify_package(package).ok
    with pytest.raises(Refused) as refused:
        package_study(amended, package)
    assert refused.value.findings.codes() == ("ECT-052",)  # of 0003: 0002 stands
    assert verify_package(package).ok
    assert [s.number for s in read_sequences(package)] == ["0001", "0002"]


def test_what_a_run_left_that_was_stopped_before_is_taken_away(amended: Study, package: Path) -> None:
    shutil.copytree(package / "0001", package / PENDING / ".0002.part")
    assert not verify_package(package).ok
    assert package_study(amended, package).sequence == "0002"
    assert verify_package(package).ok


def test_the_same_study_has_nothing_to_send(played: Study, package: Path) -> None:
    with pytest.raises(Refused) as refused:
        package_study(played, package)
    assert refused.value.findings.codes() == ("ECT-054",)
    assert verify_package(package).ok


def test_a_change_of_one_declaration_sends_what_it_reaches(played: Study, package: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(played.root, tmp_path / "copy"))
    for text in ("ADVS", "ADAE"):
        (folder / f"analysis/{text}.yaml").write_text(
            (folder / f"analysis/{text}.yaml").read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8"
        )
    packaged = package_study(load_study(folder), package)
    operations = {Path(leaf.href).name: leaf.operation.value for leaf in packaged.leaves}
    assert operations == {"advs.txt": "replace", "adae.txt": "replace", "stf-study-1.xml": "append"}
    assert packaged.sequence == "0002"
    assert verify_package(package).ok


def test_the_command_makes_and_verifies(folder: Path, tmp_path: Path) -> None:
    run = CliRunner()
    target = str(tmp_path / "dossier")
    made = run.invoke(app, ["package", str(folder), "--into", target])
    assert made.exit_code == 0, made.output
    assert "sequence 0001" in made.output
    assert run.invoke(app, ["package", "--verify", target]).exit_code == 0
    (tmp_path / "dossier/0001/index.xml").write_bytes(b"")
    assert run.invoke(app, ["package", "--verify", target, "--json"]).exit_code == 1
    assert run.invoke(app, ["package"]).exit_code == 1


def test_a_folder_with_something_else_is_refused(played: Study, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("words")
    with pytest.raises(Refused) as refused:
        package_study(played, tmp_path)
    assert refused.value.findings.codes() == ("ECT-041",)
