"""The controlled terms that a protocol needs in USDM, and ours for the same.

Source: CDISC Protocol Terminology 2025-09-26 (arm type C174222), SDTM Terminology 2025-03-28 (epoch C99079, contact
mode C171445, criterion category C66797, intervention model C99076, trial phase C66737), DDF Terminology (the rest).
"""

from __future__ import annotations

CODE_SYSTEM = "http://www.cdisc.org"
CODE_SYSTEM_VERSION = "2025-09-26"
"""The release that is named where a study pins no `ddf-ct`: the newest in which every code below exists."""

FIXED_REFERENCE, AFTER, BEFORE = "C201358", "C201356", "C201357"
START_TO_START = "C201355"
INCLUSION, EXCLUSION = "C25532", "C25370"
VISIT = "C25716"
IN_PERSON, TELEPHONE, AUDIO, VIDEO = "C175574", "C171537", "C171524", "C171525"
HOME = "C18002"
SPONSOR_ROLE, COMPANY = "C70793", "C54149"
EXPERIMENTAL_ROLE, DRUG = "C41161", "C1909"
OFFICIAL_TITLE = "C207616"
INTERVENTIONAL = "C98388"
WITHIN_STUDY = "C188866"
PARALLEL, SINGLE_GROUP = "C82639", "C82640"

DECODES = {
    FIXED_REFERENCE: "Fixed Reference",
    AFTER: "After",
    BEFORE: "Before",
    START_TO_START: "Start to Start",
    INCLUSION: "INCLUSION",
    EXCLUSION: "EXCLUSION",
    VISIT: "Visit",
    IN_PERSON: "IN PERSON",
    TELEPHONE: "TELEPHONE CALL",
    AUDIO: "REMOTE AUDIO",
    VIDEO: "REMOTE AUDIO VIDEO",
    HOME: "HOME",
    SPONSOR_ROLE: "Sponsor",
    COMPANY: "Pharmaceutical Company",
    EXPERIMENTAL_ROLE: "Experimental Intervention",
    DRUG: "DRUG",
    OFFICIAL_TITLE: "Official Study Title",
    INTERVENTIONAL: "INTERVENTIONAL",
    WITHIN_STUDY: "Data Generated Within Study",
    PARALLEL: "PARALLEL",
    SINGLE_GROUP: "SINGLE GROUP",
    "C174266": "Experimental Arm",
    "C174267": "Active Comparator Arm",
    "C174268": "Placebo Comparator Arm",
    "C174269": "Sham Comparator Arm",
    "C174270": "No Intervention Arm",
    "C202487": "SCREENING",
    "C98779": "RUN-IN",
    "C101526": "TREATMENT",
    "C42872": "WASHOUT",
    "C202578": "FOLLOW-UP",
    "C85826": "Primary Objective",
    "C85827": "Secondary Objective",
    "C163559": "Exploratory Objective",
    "C94496": "Primary Endpoint",
    "C139173": "Secondary Endpoint",
    "C170559": "Exploratory Endpoint",
    "C54721": "EARLY PHASE I",
    "C15600": "PHASE I TRIAL",
    "C15693": "PHASE I/II TRIAL",
    "C15601": "PHASE II TRIAL",
    "C15694": "PHASE II/III TRIAL",
    "C15602": "PHASE III TRIAL",
    "C15603": "PHASE IV TRIAL",
}
"""Code -> submission value."""

ARM_TYPES = {
    "C174266": "experimental",
    "C174267": "active comparator",
    "C174268": "placebo comparator",
    "C174269": "sham comparator",
    "C174270": "no intervention",
}
EPOCH_TYPES = {
    "C202487": "screening",
    "C98779": "run-in",
    "C101526": "treatment",
    "C42872": "washout",
    "C202578": "follow-up",
}
NEAR_EPOCH_TYPES = {
    "C199844": "screening",
    "C125938": "screening",
    "C102255": "treatment",
    "C102256": "treatment",
    "C123452": "treatment",
    "C123453": "treatment",
    "C209541": "treatment",
    "C210380": "treatment",
    "C165873": "follow-up",
    "C202577": "follow-up",
}
"""Epochs that we have no word of our own for, and the nearest that we have; reading one is a finding."""
NEAR_ARM_TYPES = {"C15538": "experimental", "C174226": "active comparator"}
OBJECTIVE_LEVELS = {"C85826": "primary", "C85827": "secondary", "C163559": "exploratory"}
ENDPOINT_LEVELS = {"C94496": "primary", "C139173": "secondary", "C170559": "exploratory"}
CONTACTS = {IN_PERSON: "site", TELEPHONE: "telephone", VIDEO: "remote", AUDIO: "remote"}
PHASES = {
    "0": "C54721",
    "1": "C15600",
    "1/2": "C15693",
    "2": "C15601",
    "2/3": "C15694",
    "3": "C15602",
    "4": "C15603",
}
STRATEGIES = ("treatment policy", "hypothetical", "composite variable", "while on treatment", "principal stratum")
"""ICH E9(R1) section A.3.2; USDM holds the strategy as free text."""


def code_of(term: str, table: dict[str, str]) -> str:
    """The code of one of our terms, e.g. `code_of("placebo comparator", ARM_TYPES)`."""
    return next(code for code, name in table.items() if name == term)
