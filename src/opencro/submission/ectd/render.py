"""The backbones as bytes: index.xml, us-regional.xml and the study tagging file. The same values give the same bytes.

Source: ICH eCTD specification 3.2.2 with ich-ectd-3-2.dtd; study tagging file 2.6.1 with ich-stf-v2-2.dtd; FDA
module 1 specification 2.6 with us-regional-v3-3.dtd. The name space of xlink differs between them, as their DTDs say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from opencro.submission.ectd.application import Dossier, RegionalDocument, SequenceHead
from opencro.submission.ectd.model import M1, M5351, Leaf, StudySection
from opencro.submission.ectd.us_codes import APPLICATION, CONTACT, FORM, HEADING, SUBMISSION, SUBMISSION_SUB, TELEPHONE

ECTD, FDA = "http://www.ich.org/ectd", "http://www.ich.org/fda"
XLINK_OF_INDEX = "http://www.w3c.org/1999/xlink"
XLINK_OF_STF = "http://www.w3.org/1999/xlink"
US_DTD = "https://www.accessdata.fda.gov/static/eCTD/us-regional-v3-3.dtd"
ICH_DTD, STF_DTD = "util/dtd/ich-ectd-3-2.dtd", "util/dtd/ich-stf-v2-2.dtd"
ICH_STYLE = "util/style/ectd-2-0.xsl"


def render_index(leaves: Iterable[Leaf], study: StudySection) -> bytes:
    """index.xml with module 1 and the leaves of a study in 5.3.5.1."""
    root = etree.Element(f"{{{ECTD}}}ectd", {"dtd-version": "3.2"}, {"ectd": ECTD, "xlink": XLINK_OF_INDEX})
    listed = list(leaves)
    first = etree.SubElement(root, M1)
    section = etree.SubElement(root, "m5-clinical-study-reports")
    section = etree.SubElement(section, "m5-3-clinical-study-reports")
    section = etree.SubElement(
        section, "m5-3-5-reports-of-efficacy-and-safety-studies", {"indication": study.indication}
    )
    section = etree.SubElement(section, M5351)
    for leaf in listed:
        _leaf(first if leaf.heading == M1 else section, leaf)
    style = f'<?xml-stylesheet type="text/xsl" href="{ICH_STYLE}"?>'
    return _document(root, f'<!DOCTYPE ectd:ectd SYSTEM "{ICH_DTD}">', style)


def _leaf(parent: etree._Element, leaf: Leaf) -> None:
    attributes = {"ID": leaf.id, "operation": leaf.operation.value}
    if leaf.modified_file:
        attributes["modified-file"] = leaf.modified_file
    attributes |= {"checksum": leaf.checksum, "checksum-type": leaf.checksum_type}
    if leaf.href:
        attributes[f"{{{XLINK_OF_INDEX}}}href"] = leaf.href
    element = etree.SubElement(parent, "leaf", attributes)
    etree.SubElement(element, "title").text = leaf.title


def render_stf(study: StudySection, tagged: Sequence[tuple[Leaf, tuple[str, str]]]) -> bytes:
    """A study tagging file: the leaves of this sequence with their file tags."""
    up = "../" * (study.folder.count("/") + 1)
    root = etree.Element(f"{{{ECTD}}}study", {"dtd-version": "2.2"}, {"ectd": ECTD, "xlink": XLINK_OF_STF})
    identity = etree.SubElement(root, "study-identifier")
    etree.SubElement(identity, "title").text = study.title
    etree.SubElement(identity, "study-id").text = study.id
    for name, value in study.categories.items():
        etree.SubElement(identity, "category", {"name": name, "info-type": "ich"}).text = value
    documents = etree.SubElement(root, "study-document")
    for leaf, (tag, kind) in tagged:
        href = {f"{{{XLINK_OF_STF}}}href": f"{up}index.xml#{leaf.id}"}
        content = etree.SubElement(documents, "doc-content", href)
        etree.SubElement(content, "file-tag", {"name": tag, "info-type": kind})
    return _document(root, f'<!DOCTYPE ectd:study SYSTEM "{up}{STF_DTD}">')


def render_us_regional(
    dossier: Dossier, number: str, head: SequenceHead, documents: Sequence[tuple[RegionalDocument, Leaf]] = ()
) -> bytes:
    """us-regional.xml: who sends what, and the documents of module 1 under their headings."""
    root = etree.Element(
        f"{{{FDA}}}fda-regional", {"dtd-version": "3.3"}, {"fda-regional": FDA, "xlink": XLINK_OF_INDEX}
    )
    admin = etree.SubElement(root, "admin")
    applicant = etree.SubElement(admin, "applicant-info")
    etree.SubElement(applicant, "id").text = dossier.applicant.id
    etree.SubElement(applicant, "company-name").text = dossier.applicant.company
    if head.description:
        etree.SubElement(applicant, "submission-description").text = head.description
    contacts = etree.SubElement(applicant, "applicant-contacts")
    for contact in dossier.applicant.contacts:
        element = etree.SubElement(contacts, "applicant-contact")
        name = etree.SubElement(element, "applicant-contact-name", {"applicant-contact-type": CONTACT[contact.type]})
        name.text = contact.name
        telephones = etree.SubElement(element, "telephones")
        for telephone in contact.telephones:
            kind = {"telephone-number-type": TELEPHONE[telephone.type]}
            etree.SubElement(telephones, "telephone", kind).text = telephone.number
        emails = etree.SubElement(element, "emails")
        for email in contact.emails:
            etree.SubElement(emails, "email").text = email
    _application(etree.SubElement(admin, "application-set"), dossier, number, head)
    if documents:
        _documents(etree.SubElement(root, "m1-regional"), documents)
    return _document(root, f'<!DOCTYPE fda-regional:fda-regional SYSTEM "{US_DTD}">')


def _documents(parent: etree._Element, documents: Sequence[tuple[RegionalDocument, Leaf]]) -> None:
    order = list(HEADING)
    for document, leaf in sorted(documents, key=lambda one: order.index(one[0].heading)):
        section = parent
        for name in HEADING[document.heading]:
            found = section.find(name)
            section = etree.SubElement(section, name) if found is None else found
        if document.form is not None:
            section = etree.SubElement(section, "form", {"form-type": FORM[document.form]})
        _leaf(section, leaf)


def _application(parent: etree._Element, dossier: Dossier, number: str, head: SequenceHead) -> None:
    element = etree.SubElement(parent, "application", {"application-containing-files": "true"})
    information = etree.SubElement(element, "application-information")
    kind = {"application-type": APPLICATION[dossier.application.type]}
    etree.SubElement(information, "application-number", kind).text = dossier.application.number
    submission = etree.SubElement(element, "submission-information")
    kind = {"submission-type": SUBMISSION[head.type]}
    etree.SubElement(submission, "submission-id", kind).text = head.submission
    kind = {"submission-sub-type": SUBMISSION_SUB[head.subtype]}
    etree.SubElement(submission, "sequence-number", kind).text = number


def _document(root: etree._Element, doctype: str, style: str = "") -> bytes:
    etree.indent(root, "  ")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + doctype + "\n" + (f"{style}\n" if style else "")
    return head.encode() + etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n"
