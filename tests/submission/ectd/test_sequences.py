"""Sequences are valid against the DTDs, send only what changed, and one byte that changes is found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree
from reportlab.pdfgen.canvas import Canvas

from opencro.kernel.finding import Place, Refused
from opencro.submission.ectd import (
    INDEX,
    Dossier,
    Operation,
    PlannedFile,
    StudySection,
    check_dossier,
    read_sequences,
    render_schemas,
    write_sequence,
)
from opencro.submission.ectd.check_pdf import check_pdf
from opencro.submission.ectd.lifecycle import plan_leaves, view_of

FOLDER = "m5/datasets/abc-1/tabulations/sdtm"


def _codes(folder: Path, dtds: Path | None = None) -> list[str]:
    """Without the warning that a DTD is not at hand."""
    return [c for c in check_dossier(folder, dtds).codes() if c != "ECT-003"]


def test_a_written_dossier_has_no_findings(folder: Path) -> None:
    assert _codes(folder) == []


def test_backbones_and_tagging_files_are_valid_against_the_dtds(folder: Path, shared: Path) -> None:
    assert check_dossier(folder, shared / "regulatory/ectd322").codes() == ()


def test_a_backbone_that_the_dtd_does_not_permit_is_found(folder: Path, shared: Path) -> None:
    path = folder / "0001" / INDEX
    path.write_bytes(path.read_bytes().replace(b' indication="pain"', b""))
    assert "ECT-002" in check_dossier(folder, shared / "regulatory/ectd322").codes()


def test_dtds_of_a_folder_are_carried_in_util(
    tmp_path: Path, dossier: Dossier, section: StudySection, shared: Path
) -> None:
    files = [PlannedFile(f"{FOLDER}/dm.txt", b"1", "Demographics", ("data-tabulation-dataset-sdtm", "us"))]
    write_sequence(tmp_path, "0001", dossier, section, files, shared / "regulatory/ectd322")
    assert (tmp_path / "0001/util/dtd/ich-ectd-3-2.dtd").is_file()
    assert [str(f.place) for f in check_dossier(tmp_path) if f.code == "ECT-003"] == ["0001/m1/us/us-regional.xml"]


def test_only_what_changed_is_sent_again(folder: Path) -> None:
    operations = [
        {leaf.title: leaf.operation.value for backbone, leaf in s.leaves() if leaf.heading.startswith("m5")}
        for s in read_sequences(folder)
    ]
    assert operations == [
        {"Dataset ae": "new", "Dataset dm": "new", "Dataset vs": "new", "ABC-1 STF": "new"},
        {"Dataset dm": "replace", "Dataset lb": "new", "ABC-1 STF": "append"},
        {"Dataset vs": "delete"},
    ]


def test_the_dossier_after_all_sequences_is_what_the_study_is(folder: Path) -> None:
    standing = {c.path: c.sequence for c in view_of(read_sequences(folder)).current.values() if FOLDER in c.path}
    assert standing == {f"{FOLDER}/ae.txt": "0001", f"{FOLDER}/dm.txt": "0002", f"{FOLDER}/lb.txt": "0002"}


def test_the_same_study_gives_the_same_bytes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, dossier: Dossier, section: StudySection
) -> None:
    again = tmp_path_factory.mktemp("again")
    tag = ("data-tabulation-dataset-sdtm", "us")
    files = [PlannedFile(f"{FOLDER}/{n}.txt", b"1", f"Dataset {n}", tag) for n in ("ae", "dm", "vs")]
    write_sequence(again, "0001", dossier, section, files)
    names = sorted(p.relative_to(again).as_posix() for p in again.rglob("*") if p.is_file())
    assert all((again / n).read_bytes() == (folder / n).read_bytes() for n in names)


@pytest.mark.parametrize("number", ["0003", "0001"])
def test_a_sequence_follows_the_former(folder: Path, dossier: Dossier, section: StudySection, number: str) -> None:
    with pytest.raises(Refused) as refused:
        write_sequence(folder, number, dossier, section, [])
    assert refused.value.findings.codes() == ("ECT-053",)


def test_a_sequence_without_change_or_description_is_refused(
    folder: Path, dossier: Dossier, section: StudySection
) -> None:
    tag = ("data-tabulation-dataset-sdtm", "us")
    texts = {"ae": b"1", "dm": b"2", "lb": b"1"}
    files = [PlannedFile(f"{FOLDER}/{n}.txt", text, n, tag) for n, text in texts.items()]
    for number, code in (("0004", "ECT-054"), ("0005", "ECT-052")):
        with pytest.raises(Refused) as refused:
            write_sequence(folder, number, dossier, section, files)
        assert refused.value.findings.codes() == (code,)
        assert not (folder / number).exists()


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_text(re.sub(old, new, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")

    return spoil


def _write(name: str, text: str = "1") -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return spoil


def _rename(old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: (folder / old).rename(folder / new) and None


INDEX1, INDEX2, INDEX3 = f"0001/{INDEX}", f"0002/{INDEX}", f"0003/{INDEX}"
SPOILT: list[tuple[str, Callable[[Path], None]]] = [
    ("ECT-001", _edit(INDEX1, "</ectd:ectd>", "")),
    ("ECT-001", _edit(INDEX1, 'operation="new"', 'operation="renew"')),
    ("ECT-004", _edit(INDEX1, "Dataset ae", "Dataset be")),
    ("ECT-004", lambda folder: (folder / "0001/index-md5.txt").unlink()),
    ("ECT-005", lambda folder: (folder / "0001" / FOLDER / "ae.txt").unlink()),
    ("ECT-006", _write(f"0001/{FOLDER}/ae.txt", "2")),
    ("ECT-007", _write(f"0001/{FOLDER}/more.txt")),
    ("ECT-008", _edit(INDEX1, 'ID="id[0-9a-f]+"( operation="new" checksum="[0-9a-f]+" [^>]*ae.txt)', r'ID=""\1')),
    ("ECT-009", _edit(INDEX1, 'checksum-type="md5"', 'checksum-type="sha"')),
    ("ECT-010", _write(f"0001/{FOLDER}/Upper.txt")),
    ("ECT-011", _write(f"0001/{FOLDER}/{'a' * 65}.txt")),
    ("ECT-012", _write(f"0001/{'a' * 60}/{'b' * 60}/{'c' * 60}.txt")),
    ("ECT-013", _write("0001/m5/tool.exe")),
    ("ECT-014", _write("0001/m5/empty.txt", "")),
    ("ECT-016", _edit("0001/m5/53-clin-stud-rep/535-rep-effic-safety-stud/pain/5351-stud-rep-contr/abc-1/stf-abc-1.xml",
                      "index.xml#id", "index.xml#no")),
    ("ECT-017", _edit(INDEX3, 'operation="delete"', 'xlink:href="m5/x.txt" operation="delete"')),
    ("ECT-020", _edit(INDEX2, 'operation="replace" modified-file="[^"]+"', 'operation="replace"')),
    ("ECT-020", _edit(INDEX1, 'operation="new"', 'operation="new" modified-file="../0000/index.xml#x"')),
    ("ECT-021", _edit(INDEX2, "../0001/index.xml#id", "../0001/index.xml#no")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spoil"), SPOILT, ids=[f"{c}-{i}" for i, (c, _) in enumerate(SPOILT)])
def test_what_is_spoilt_is_found(folder: Path, code: str, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    assert code in _codes(folder)


def test_what_was_replaced_can_not_be_replaced_again(folder: Path) -> None:
    first, second, _ = read_sequences(folder)
    replaced = next(leaf for _, leaf in second.leaves() if leaf.operation is Operation.REPLACE)
    path = folder / INDEX3
    path.write_text(re.sub(r'modified-file="[^"]+"', f'modified-file="{replaced.modified_file}"', path.read_text()))
    assert "ECT-022" in _codes(folder)
    assert first.number == "0001"


@given(st.lists(st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123"), min_size=1), min_size=1, max_size=5))
def test_law_after_any_history_the_current_files_are_those_of_the_last_state(history: list[dict[str, str]]) -> None:
    """The plan of each sequence, replayed without files, gives what the study was planned to be."""
    standing: dict[str, str] = {}
    view = view_of([])
    for number, state in enumerate(history, start=1):
        files = [PlannedFile(f"m5/{n}.txt", text.encode(), n, ("x", "us")) for n, text in state.items()]
        leaves = [leaf for leaf, _ in plan_leaves(f"{number:04d}", files, view, "m5/stf.xml")]
        standing = _replay(view, f"{number:04d}", leaves)
        expected = {f"m5/{n}.txt": hashlib.md5(text.encode()).hexdigest() for n, text in state.items()}
        assert standing == expected


def _replay(view, number, leaves):  # type: ignore[no-untyped-def]
    from opencro.submission.ectd import Backbone, Sequence

    assert view.add(Sequence(number, Path(number), (Backbone(INDEX, "", tuple(leaves)),), ())) == []
    return {c.path: c.leaf.checksum for c in view.current.values()}


def _pdf(pages: int, password: str | None = None) -> bytes:
    target = BytesIO()
    canvas = Canvas(target, invariant=1, encrypt=password)
    for _ in range(pages):
        canvas.setFont("Times-Roman", 10)
        canvas.drawString(50, 50, "words")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"no pdf at all", ["ECT-030"]),
        (_pdf(1).replace(b"%PDF-1.3", b"%PDF-1.4"), ["ECT-033"]),
        (_pdf(1), ["ECT-031", "ECT-033"]),
        (_pdf(6), ["ECT-031", "ECT-033", "ECT-034"]),
        (_pdf(1, "secret").replace(b"%PDF-1.3", b"%PDF-1.4"), ["ECT-032"]),
    ],
)
def test_properties_of_a_pdf(tmp_path: Path, content: bytes, codes: list[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    assert [f.code for f in check_pdf(tmp_path / "a.pdf", Place("a.pdf"))] == codes


def test_the_published_schema_is_current_and_takes_what_the_reader_takes(root: Path, dossier: Dossier) -> None:
    folder = root / "src/opencro/submission/schemas"
    assert (folder / "ectd.schema.json").read_text(encoding="utf-8") == render_schemas()["ectd.schema.json"]
    validator = Draft202012Validator(json.loads(render_schemas()["ectd.schema.json"]))
    document = json.loads(dossier.model_dump_json(exclude_none=True))
    assert validator.is_valid(document)
    assert not validator.is_valid({**document, "aplicant": {}})


@pytest.mark.peer
def test_real_dossiers_have_the_findings_that_were_computed_independently(shared: Path) -> None:
    root = shared / "regulatory/ectd_sample_sequences"
    wanted = json.loads((root / "expected_findings.json").read_text(encoding="utf-8"))["sequences"]
    here = [w for w in wanted if (root / w["dossier"]).is_dir()]
    assert len(here) >= 6
    for expected in here:
        (sequence,) = read_sequences(root / expected["dossier"])
        found = check_dossier(root / expected["dossier"])
        assert not {"ECT-001", "ECT-002", "ECT-003", "ECT-005", "ECT-008"} & set(found.codes()), expected["dossier"]
        assert ("ECT-004" not in found.codes()) == expected["index_md5_ok"]
        assert found.codes().count("ECT-007") == expected["n_unreferenced"]
        for backbone in sequence.backbones:
            told = expected[backbone.path]
            leaves = backbone.leaves or ()
            operations = {o: sum(leaf.operation == o for leaf in leaves) for o in told["operations"]}
            assert operations == told["operations"]
            assert len(leaves) == told["leaves"]
            wrong = {f.place.path for f in found if f.code == "ECT-006" and f.place.file.endswith(backbone.path)}
            assert {leaf.href for leaf in leaves if leaf.id in wrong} == set(told["checksum_mismatch"])


def test_words_of_a_study_are_escaped(folder: Path) -> None:
    path = next((folder / "0001").rglob("stf-*.xml"))
    assert etree.parse(path).findtext(".//title") == "A study of <pain>"
