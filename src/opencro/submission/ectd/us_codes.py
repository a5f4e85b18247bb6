"""Code lists of the United States' module 1, by the words that people write.

Source: FDA, The eCTD Backbone Files Specification for Module 1, version 2.6 (DTD 3.3), attribute lists.
"""

from __future__ import annotations

from typing import Literal

ApplicationType = Literal["nda", "anda", "bla", "ind", "dmf", "eua"]
SubmissionType = Literal[
    "original application",
    "efficacy supplement",
    "chemistry manufacturing controls supplement",
    "labeling supplement",
    "annual report",
    "product correspondence",
    "postmarketing requirements or commitments",
    "promotional labeling advertising",
    "ind safety reports",
    "periodic safety reports",
]
SubmissionSubType = Literal[
    "original", "presubmission", "application", "amendment", "resubmission", "report", "correspondence"
]
ContactType = Literal["regulatory", "technical", "united states agent", "promotional labeling and advertising"]
TelephoneType = Literal["business", "fax", "mobile"]
FormType = Literal["1571", "356h", "2253"]
"""Forms whose code of the agency's list is known."""
Heading = Literal[
    "forms", "cover letters", "field copy certification", "debarment certification", "financial disclosure"
]
ControlType = Literal[
    "placebo", "no-treatment", "dose-response-without-placebo", "active-control-without-placebo", "external"
]
"""Of the study tagging file; ICH valid values 6.0."""

APPLICATION: dict[str, str] = {
    "nda": "fdaat1",
    "anda": "fdaat2",
    "bla": "fdaat3",
    "ind": "fdaat4",
    "dmf": "fdaat5",
    "eua": "fdaat6",
}
FORM: dict[str, str] = {"1571": "fdaft1", "356h": "fdaft2", "2253": "fdaft5"}
HEADING: dict[str, tuple[str, ...]] = {
    "forms": ("m1-1-forms",),
    "cover letters": ("m1-2-cover-letters",),
    "field copy certification": ("m1-3-administrative-information", "m1-3-2-field-copy-certification"),
    "debarment certification": ("m1-3-administrative-information", "m1-3-3-debarment-certification"),
    "financial disclosure": ("m1-3-administrative-information", "m1-3-4-financial-certification-and-disclosure"),
}
"""The elements of us-regional.xml below m1-regional, in the order of its DTD."""
SUBMISSION: dict[str, str] = {
    "original application": "fdast1",
    "efficacy supplement": "fdast2",
    "chemistry manufacturing controls supplement": "fdast3",
    "labeling supplement": "fdast4",
    "annual report": "fdast5",
    "product correspondence": "fdast6",
    "postmarketing requirements or commitments": "fdast7",
    "promotional labeling advertising": "fdast8",
    "ind safety reports": "fdast9",
    "periodic safety reports": "fdast10",
}
SUBMISSION_SUB: dict[str, str] = {
    "original": "fdasst1",
    "presubmission": "fdasst2",
    "application": "fdasst3",
    "amendment": "fdasst4",
    "resubmission": "fdasst5",
    "report": "fdasst6",
    "correspondence": "fdasst7",
}
CONTACT: dict[str, str] = {
    "regulatory": "fdaact1",
    "technical": "fdaact2",
    "united states agent": "fdaact3",
    "promotional labeling and advertising": "fdaact4",
}
TELEPHONE: dict[str, str] = {"business": "fdatnt1", "fax": "fdatnt2", "mobile": "fdatnt3"}
