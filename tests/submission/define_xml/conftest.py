"""A small define.xml in our own words that uses every part of the model."""

from __future__ import annotations

import pytest

from opencro.submission.define_xml import (
    NCI,
    Alias,
    CodeList,
    CodeListItem,
    CommentDef,
    DatasetClass,
    Define,
    DefineStudy,
    DocumentRef,
    EnumeratedItem,
    ExternalCodeList,
    FormalExpression,
    GlobalVariables,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MetaData,
    MethodDef,
    Origin,
    PdfPages,
    RangeCheck,
    Standard,
    ValueListDef,
    WhereClauseDef,
    nci,
    words,
)

CRF = (DocumentRef("LF.ACRF", (PdfPages("PhysicalRef", "4 5"),)),)


def _items() -> tuple[ItemDef, ...]:
    collected = (Origin("Collected", "Investigator", documents=CRF),)
    return (
        ItemDef("IT.VS.USUBJID", "USUBJID", "text", 11, sas_field_name="USUBJID", description=words("Participant"),
                origins=(Origin("Predecessor", description=words("DM.USUBJID")),)),
        ItemDef("IT.VS.VSTESTCD", "VSTESTCD", "text", 8, description=words("Test code"), codelist_oid="CL.VSTESTCD",
                origins=(Origin("Assigned", "Sponsor"),)),
        ItemDef("IT.VS.VSSTRESN", "VSSTRESN", "float", 8, 1, display_format="8.1", description=words("Result"),
                comment_oid="COM.RESULT", value_list_oid="VL.VS.VSSTRESN", origins=(Origin("Derived", "Sponsor"),)),
        ItemDef("IT.VS.VSDTC", "VSDTC", "datetime", description=words("When measured"), origins=collected),
        ItemDef("IT.VS.VSPOS", "VSPOS", "text", 8, description=words("Position"), codelist_oid="CL.POSITION",
                origins=collected),
        ItemDef("IT.VS.VSTERM", "VSTERM", "text", 40, description=words("Coded word"), codelist_oid="CL.MEDDRA",
                origins=collected),
        ItemDef("IT.VS.VSSTRESN.TEMP", "TEMP", "float", 5, 1, description=words("Temperature, °C"),
                origins=(Origin("Derived", "Sponsor"),)),
    )  # fmt: skip


def _codelists() -> tuple[CodeList, ...]:
    return (
        CodeList("CL.VSTESTCD", "Vital signs test code", "text", standard_oid="STD.CT", aliases=nci("C66741"), items=(
            CodeListItem("TEMP", order=1, decode=words("Temperature"), aliases=nci("C174446")),
            CodeListItem("MINE", order=2, extended=True, decode=words("Own <test> & more")),
        )),
        CodeList("CL.POSITION", "Position", "text",
                 enumerated=(EnumeratedItem("SITTING", order=0), EnumeratedItem("2"))),
        CodeList("CL.MEDDRA", "Medical dictionary", "text", external=ExternalCodeList("MedDRA", "27.0")),
    )  # fmt: skip


@pytest.fixture
def define() -> Define:
    """Vital signs with six variables, value level, code lists, a method, a comment and an annotated CRF."""
    refs = tuple(
        ItemRef(f"IT.VS.{name}", "Yes" if key else "No", order, key, method_oid=method, role=role)
        for order, (name, key, method, role) in enumerate(
            [
                ("USUBJID", 1, "", "Identifier"),
                ("VSTESTCD", 2, "", "Topic"),
                ("VSSTRESN", None, "MT.VSSTRESN", "Result Qualifier"),
                ("VSDTC", 3, "", "Timing"),
                ("VSPOS", None, "", "Record Qualifier"),
                ("VSTERM", None, "", "Record Qualifier"),
            ],
            start=1,
        )
    )
    value = ItemRef("IT.VS.VSSTRESN.TEMP", "No", 1, method_oid="MT.VSSTRESN", where_clause_oids=("WC.TEMP",))
    dataset = ItemGroupDef(
        "IG.VS", "VS", "Yes", "One record per test per visit per participant", domain="VS", is_reference_data="No",
        sas_dataset_name="VS", purpose="Tabulation", standard_oid="STD.IG", archive_location_id="LF.VS",
        description=words("Vital Signs"), items=refs, aliases=(Alias("DomainDescription", "Vital Signs"),),
        dataset_class=DatasetClass("FINDINGS"), leaf=Leaf("LF.VS", "vs.xpt", "vs.xpt"),
    )  # fmt: skip
    metadata = MetaData(
        "MDV.1", "Version 1", "2.1.0", description="First version",
        standards=(
            Standard("STD.IG", "SDTMIG", "IG", "3.4", "Final"),
            Standard("STD.CT", "CDISC/NCI", "CT", "2024-03-29", "Final", "SDTM"),
        ),
        annotated_crf=(DocumentRef("LF.ACRF"),), supplemental=(DocumentRef("LF.GUIDE"),),
        value_lists=(ValueListDef("VL.VS.VSSTRESN", items=(value,)),),
        where_clauses=(WhereClauseDef("WC.TEMP", checks=(RangeCheck("IT.VS.VSTESTCD", "EQ", values=("TEMP",)),)),),
        datasets=(dataset,), items=_items(), codelists=_codelists(),
        methods=(MethodDef("MT.VSSTRESN", "Standard result", "Computation", words("From °F: (F - 32) / 1.8"),
                           (FormalExpression("Python", "\n  round((f - 32) / 1.8, 1)\n"),)),),
        comments=(CommentDef("COM.RESULT", words("Missing where not done."), (DocumentRef("LF.GUIDE"),)),),
        leaves=(Leaf("LF.ACRF", "acrf.pdf", "Annotated CRF"), Leaf("LF.GUIDE", "csdrg.pdf", "Reviewer's guide")),
    )  # fmt: skip
    names = GlobalVariables("ABC-1", "A study of vital signs", "ABC-1")
    study = DefineStudy("ST.ABC1", names, metadata)
    assert NCI == "nci:ExtCodeID"
    return Define(
        "FILE.1", "2024-02-29T12:00:00", "Submission", study, originator="Sponsor", as_of="2024-02-29T00:00:00"
    )
