"""Reading sequences as anybody sends them: backbones, leaves and the files that stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree

from opencro.submission.ectd.model import INDEX, Backbone, Leaf, Operation, Sequence

_NUMBER = re.compile(r"^[0-9]{4}$")
_HREF = ("{http://www.w3c.org/1999/xlink}href", "{http://www.w3.org/1999/xlink}href")


def read_sequences(folder: Path) -> tuple[Sequence, ...]:
    """Every sequence (a folder of four digits) of a dossier, in order."""
    found = sorted(p for p in folder.iterdir() if p.is_dir() and _NUMBER.match(p.name)) if folder.is_dir() else []
    return tuple(read_sequence(p) for p in found)


def read_sequence(folder: Path) -> Sequence:
    """A sequence out of its folder; a backbone that is not XML, or has a leaf without operation, has no leaves."""
    files = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()))
    regional = [f for f in files if re.fullmatch(r"m1/[a-z]{2}/[a-z]{2}-regional\.xml", f)]
    paths = [f for f in (INDEX, *regional) if f in files]
    return Sequence(folder.name, folder, tuple(_read_backbone(folder, path) for path in paths), files)


def _read_backbone(folder: Path, path: str) -> Backbone:
    root = read_xml(folder / path)
    if root is None:
        return Backbone(path, "", None)
    dtd = dtd_of(root)
    known = {operation.value for operation in Operation}
    elements = list(root.iter("leaf"))
    if any(e.get("operation") not in known for e in elements):
        return Backbone(path, dtd, None)
    return Backbone(path, dtd, tuple(_leaf(e) for e in elements))


def read_xml(path: Path) -> etree._Element | None:
    """The root of a document, without entities, DTD and network; None where it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    try:
        return etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError:
        return None


def dtd_of(root: etree._Element) -> str:
    """The system identifier of the DTD that a document names, or an empty text."""
    information: Any = root.getroottree().docinfo
    quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'", information.doctype or "")
    return "".join(quoted[-1]) if quoted else ""


def href_of(element: etree._Element) -> str:
    """The xlink:href of an element in either name space, without escapes."""
    return unquote(next((value for name in _HREF if (value := element.get(name))), ""))


def _leaf(element: etree._Element) -> Leaf:
    parent = element.getparent()
    heading = "" if parent is None or not isinstance(parent.tag, str) else etree.QName(parent).localname
    return Leaf(
        id=element.get("ID", ""),
        operation=Operation(element.get("operation", "")),
        href=href_of(element),
        title=" ".join((element.findtext("title") or "").split()),
        checksum=element.get("checksum", ""),
        modified_file=element.get("modified-file", ""),
        checksum_type=element.get("checksum-type", ""),
        heading=heading,
    )
