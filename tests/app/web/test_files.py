"""Files as values of items: known by their bytes, limited, kept under their hash, given back as attachments only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from opencro.capture.uploads import check_upload, plain_name, sniff_type
from opencro.kernel.finding import Place
from tests.app.web.conftest import Web

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def letter(web: Web) -> Iterator[Web]:
    """The study with a form that asks for a file."""
    file = web.site.root / "forms" / "LETTER.yaml"
    file.write_text(
        "id: LETTER\ntitle: Letter\nparticipant_level: true\ngroups:\n"
        "  - {id: L, items: [{id: SCAN, label: The letter, type: file}, {id: NOTE, label: Note, length: 20}]}\n",
        encoding="utf-8",
    )
    yield web
    file.unlink()


def _upload(web: Web, person: str, name: str, content: bytes) -> int:
    url = web.form_url(person, "LETTER", "")
    files = {"file:L[1].SCAN": SimpleUploadedFile(name, content), "L[1].NOTE": "x", "reason": "new scan"}
    return int(web.save("anna", url, files).status_code)


@pytest.mark.requirement(44)
def test_a_file_is_kept_and_given_back_as_an_attachment(letter: Web) -> None:
    person = letter.enrol()
    assert _upload(letter, person, "../../etc/letter <b>.png", PNG) == 200
    url = letter.form_url(person, "LETTER", "") + "file?group=L&repeat=1&item=SCAN"
    answer = letter.client("mona").get(url)
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "/" not in answer["Content-Disposition"].partition("UTF-8''")[2]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert letter.client("adam").get(url).status_code == 404


@pytest.mark.requirement(44)
@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"MZ\x90\x00" + bytes(20), b"<svg/>", b""])
def test_what_a_browser_or_a_machine_would_run_is_refused_whatever_its_name(letter: Web, content: bytes) -> None:
    person = letter.enrol()
    assert _upload(letter, person, "letter.pdf", content) == 422
    assert not letter.ledger.standing(person)


def test_a_page_cannot_name_a_file_that_it_did_not_send(letter: Web) -> None:
    person = letter.enrol()
    url = letter.form_url(person, "LETTER", "")
    letter.save("anna", url, {"L[1].SCAN": f"x#sha256={'0' * 64}", "L[1].NOTE": "x"})
    assert letter.ledger.standing(person)[0].values == {"NOTE": "x"}


def test_a_file_is_replaced_and_taken_away_with_a_reason(letter: Web) -> None:
    person = letter.enrol()
    _upload(letter, person, "a.png", PNG)
    _upload(letter, person, "b.txt", b"words")
    url = letter.form_url(person, "LETTER", "")
    assert letter.ledger.standing(person)[0].values["SCAN"].startswith("b.txt#sha256=")
    assert letter.save("anna", url, {"L[1].SCAN": ""}).status_code == 422
    assert letter.save("anna", url, {"L[1].SCAN": ""}, reason="Wrong person").status_code == 200
    assert "SCAN" not in letter.ledger.standing(person)[0].values


def test_kinds_and_sizes() -> None:
    assert sniff_type(bytes(128) + b"DICM") == "application/dicom"
    assert sniff_type("größer, ünd".encode()) == "text/plain"
    assert sniff_type(b"\xff\xfe\x00") is None
    large = check_upload("a.txt", b"a" * 20_000_001, Place())
    assert large is not None
    assert large.code == "CAP-312"
    assert plain_name("..\\..\\x/y\u202e\n.txt") == "y.txt"
