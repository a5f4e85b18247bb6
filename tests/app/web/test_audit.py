"""The audit trail on screen and on paper, and casebooks: complete, on record, without what is not for the reader."""

from __future__ import annotations

import csv
import io
import time

import pytest
from pypdf import PdfReader

from opencro.ledger import DataExported, TrailReviewed
from tests.app.web.conftest import Web
from tests.app.web.test_entry import SIGNING, _vitals


@pytest.mark.requirement(11)
def test_a_review_shows_who_did_what_and_is_itself_on_record(web: Web) -> None:
    before = len(list(web.ledger.facts(kind=TrailReviewed.NAME)))
    answer = web.client("mona").post(web.base + "audit/", {"role": "coordinator"})
    assert answer.status_code == 200
    assert b"coordinator" in answer.content
    reviewed = list(web.ledger.facts(kind=TrailReviewed.NAME))
    assert len(reviewed) == before + 1
    assert (reviewed[-1].actor, reviewed[-1].payload["filters"]) == ("mona", {"role": "coordinator"})
    assert web.client("anna").get(web.base + "audit/").status_code == 403


@pytest.mark.requirement(10, 6)
def test_the_trail_of_a_participant_goes_out_complete_as_csv_and_pdf(web: Web) -> None:
    person = web.enrol()
    web.save("anna", web.form_url(person, "VS", "SCREENING"), {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"})
    url = f"{web.base}participants/{person}/audit"
    facts = list(web.ledger.facts(participant=person))
    answer = web.client("ines").post(url, {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {int(row["Fact"]) for row in rows} == {fact.seq for fact in facts}
    pdf = web.client("ines").post(url, {"format": "pdf"})
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf.content)).pages)
    assert "SYSBP" in text
    assert "anna" in text
    exported = list(web.ledger.facts(participant=person, kind=DataExported.NAME))
    assert [(f.actor, f.payload["format"]) for f in exported] == [("ines", "csv"), ("ines", "pdf")]


@pytest.mark.requirement(37)
def test_an_investigator_takes_his_own_data_and_trail_also_after_the_lock(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, _vitals(web), complete="1")
    web.client("ibrahim").post(url + "sign", SIGNING)
    assert web.client("dana").post(url + "lock").status_code == 200
    ibrahim = web.client("ibrahim")
    assert ibrahim.post(f"{web.base}participants/{person}/audit", {"format": "csv"}).status_code == 200
    book = ibrahim.post(f"{web.base}participants/{person}/casebook")
    assert book["Content-Type"] == "application/pdf"
    assert ibrahim.post(web.base + "audit/export", {"site": web.home("ibrahim"), "format": "csv"}).status_code == 200
    assert ibrahim.post(web.base + "audit/export", {"site": "", "format": "csv"}).status_code == 403


@pytest.mark.requirement(12)
def test_a_signature_stands_on_the_printed_form_with_name_time_zone_and_meaning(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, _vitals(web), complete="1")
    web.client("ibrahim").post(url + "sign", SIGNING)
    book = web.client("anna").post(f"{web.base}participants/{person}/casebook")
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(book.content)).pages)
    assert "Ibrahim Investigator" in text
    assert "complete and accurate" in text
    assert time.strftime("%Y-") in text
    assert "UTC" in text
    assert "Systolic blood pressure" in text


def test_every_form_is_printed_blank(web: Web) -> None:
    answer = web.client("sven").get(web.base + "forms/blank")
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(answer.content)).pages)
    for form in web.study.forms.values():
        assert (form.title in text) is (form.source != "transfer")
