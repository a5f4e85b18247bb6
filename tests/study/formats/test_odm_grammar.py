"""Our grammar of ODM gives the verdict of the published schemas, on CDISC's and vendors' files and on spoiled ones."""

from __future__ import annotations

import copy
import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from opencro.kernel.finding import Finding
from opencro.study.formats.odm.check_grammar import VendorPart, check_grammar
from opencro.study.formats.odm.grammar import INSTANCE, NAMESPACES, PREFIXES, read_grammar
from opencro.study.formats.odm.xml_safety import parse_xml

OWN = {None, INSTANCE, *PREFIXES}


def odm_files(shared: Path) -> Iterator[tuple[str, bytes]]:
    for folder in ("cdisc/odm", "edc/rave-rwslib", "edc/redcap-pycap", "edc/redcap-redcapr", "edc/odm-odmlib"):
        for path in sorted((shared / folder).rglob("*.xml*")):
            data = path.read_bytes()
            yield path.as_posix(), gzip.decompress(data) if path.suffix == ".gz" else data


@pytest.fixture(scope="session")
def schemas(shared: Path) -> dict[str, etree.XMLSchema]:
    folder = shared / "cdisc" / "odm"
    files = {"1.3.2": folder / "1.3.2/schema/ODM1-3-2.xsd", "2.0": folder / "2.0/schema/ODM.xsd"}
    return {version: etree.XMLSchema(etree.parse(path)) for version, path in files.items()}


def version_of(root: etree._Element) -> str:
    return next(v for v, namespace in NAMESPACES.items() if namespace == etree.QName(root).namespace)


def without_vendors(root: etree._Element, version: str) -> etree._Element:
    """A copy with CDISC's part alone."""
    bare = copy.deepcopy(root)
    own = OWN | {NAMESPACES[version]}
    for element in list(bare.iter()):
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        if etree.QName(element).namespace not in own and parent is not None:
            parent.remove(element)
            continue
        for name in [str(a) for a in element.attrib if etree.QName(str(a)).namespace not in own]:
            del element.attrib[name]
    return bare


def judged(root: etree._Element) -> tuple[list[Finding], tuple[VendorPart, ...]]:
    return check_grammar(root, version_of(root), "x.xml")


@pytest.mark.peer
def test_verdicts_agree_with_the_published_schemas(shared: Path, schemas: dict[str, etree.XMLSchema]) -> None:
    wrong, seen = [], 0
    for name, data in odm_files(shared):
        root, _ = parse_xml(data, name)
        if root is None:
            continue
        seen += 1
        version = version_of(root)
        valid = schemas[version].validate(without_vendors(root, version))
        if valid != (not judged(root)[0]):
            wrong.append(name)
    assert not wrong, "\n".join(str(w) for w in wrong)
    assert seen > 60


@pytest.mark.peer
@pytest.mark.parametrize("version", ["1.3.2", "2.0"])
def test_verdicts_agree_on_spoiled_files(shared: Path, schemas: dict[str, etree.XMLSchema], version: str) -> None:
    chance = random.Random(7)
    sources = []
    for name, data in odm_files(shared):
        root, _ = parse_xml(data, name)
        small = root is not None and len(data) < 60_000 and version_of(root) == version
        if root is not None and small and schemas[version].validate(root):
            sources.append(root)
    wrong = []
    for _ in range(400):
        spoiled = copy.deepcopy(chance.choice(sources))
        what = spoil(spoiled, version, chance)
        valid = schemas[version].validate(spoiled)
        found = judged(spoiled)[0]
        if valid != (not found):
            wrong.append((what, [str(f.got) for f in found], [e.message for e in schemas[version].error_log][:2]))
    assert not wrong, "\n".join(str(w) for w in wrong)


def spoil(root: etree._Element, version: str, chance: random.Random) -> str:
    """One change at one element, which may or may not make the file invalid."""
    own = [e for e in root.iter() if isinstance(e.tag, str) and etree.QName(e).namespace == NAMESPACES[version]]
    element = chance.choice(own)
    parent = element.getparent()
    change = chance.choice(["drop", "repeat", "unknown", "no attribute", "odd value", "new attribute", "turn", "text"])
    if change == "drop" and parent is not None:
        parent.remove(element)
    elif change == "repeat" and parent is not None:
        element.addnext(copy.deepcopy(element))
    elif change == "unknown":
        etree.SubElement(element, f"{{{NAMESPACES[version]}}}{chance.choice(['Study', 'Alias', 'Nothing'])}")
    elif change == "no attribute" and element.attrib:
        del element.attrib[chance.choice(sorted(str(a) for a in element.attrib))]
    elif change == "odd value" and element.attrib:
        word = chance.choice(["", "Yes", "-1", "x y", "2026-13-01T00:00:00", "P3D"])
        element.set(chance.choice(sorted(str(a) for a in element.attrib)), word)
    elif change == "new attribute":
        rule = read_grammar(version)[chance.choice(["ItemDef", "ItemRef", "ODM"])]
        element.set(chance.choice([n for n in rule.attributes if ":" not in n]), "Yes")
    elif change == "turn" and len(element) > 1:
        element.append(element[0])
    elif change == "text" and not element.text:
        element.text = "words"
    return f"{change} {etree.QName(element).localname}"


@pytest.mark.peer
def test_the_cdash_file_has_its_33_errors_with_lines(shared: Path) -> None:
    data = (shared / "cdisc/odm/1.3.2/CDASH_2_1_ODM_no_CodeLists.xml").read_bytes()
    root, _ = parse_xml(data, "cdash.xml")
    assert root is not None
    findings, vendor = judged(root)
    lines = data.decode().splitlines()
    assert len(findings) == 33
    assert vendor == ()
    for finding in findings:
        assert finding.code == "ODM-017"
        assert finding.got == 'ItemDef/@DataType is "Num"'
        assert finding.place.line is not None
        assert 'DataType="Num"' in lines[finding.place.line - 1]


@pytest.mark.peer
def test_what_a_vendor_added_is_listed_and_counted(shared: Path) -> None:
    data = (shared / "edc/rave-rwslib/rwslib/tests/fixtures/car_message.xml").read_bytes()
    root, _ = parse_xml(data, "car.xml")
    assert root is not None
    findings, vendor = judged(root)
    assert findings == []
    counts = {(part.within, part.name): part.count for part in vendor}
    assert counts["ClinicalData", "@AuditSubCategoryName"] == 1113
    assert {part.namespace for part in vendor} == {"http://www.mdsol.com/ns/odm/metadata"}


@pytest.mark.parametrize("version", ["1.3.2", "2.0"])
def test_an_unknown_element_is_an_error_with_a_suggestion(version: str) -> None:
    text = f'<MetaDataVersion xmlns="{NAMESPACES[version]}" OID="M" Name="N">\n<ItemDeff OID="I"/></MetaDataVersion>'
    root, _ = parse_xml(text.encode(), "x.xml")
    assert root is not None
    ((finding,), _) = judged(root)
    assert (finding.code, finding.place.line) == ("ODM-010", 2)
    assert finding.remedy == 'Did you mean "ItemDef"?'
