"""One table per type says how it stands in XML: attributes, children and text, in the order of the schema.

The same table reads and writes, so the two cannot part. Source: CDISC Define-XML 2.1.10, ODM 1.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_type_hints

from lxml import etree

from opencro.kernel.finding import Finding, Place, Severity, suggest

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
PREFIXES = {"def": DEF, "xlink": XLINK, "xml": XML}

Shape = Literal[
    "attribute", "text", "texts", "content", "reference", "references", "child", "children", "wrapped", "raw"
]  # fmt: skip
Namespaces = dict[Any, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """How one field stands in XML: its shape, the tag or attribute name, and what values are permitted."""

    shape: Shape
    name: str
    inner: str = ""
    kind: Literal["text", "integer", "yes"] = "text"
    permitted: tuple[str, ...] = ()
    required: bool = False


def qualified(name: str, attribute: bool = False) -> str:
    """`def:Class` as `{namespace}Class`; without prefix an element is ODM's and an attribute has no namespace."""
    prefix, _, local = name.rpartition(":")
    if not prefix:
        return local if attribute else f"{{{ODM}}}{local}"
    return f"{{{PREFIXES[prefix]}}}{local}"


def attribute(
    name: str, *, default: Any = "", kind: Literal["text", "integer"] = "text", permitted: tuple[str, ...] = ()
) -> Any:
    """An attribute that may be absent: empty text or None."""
    return field(default=None if kind == "integer" else default, metadata=_slot("attribute", name, "", kind, permitted))


def required(name: str, *, permitted: tuple[str, ...] = ()) -> Any:
    """An attribute that must be there."""
    return field(metadata=_slot("attribute", name, "", "text", permitted, True))


def yes(name: str) -> Any:
    """An attribute that is `Yes` or absent."""
    return field(default=False, metadata=_slot("attribute", name, "", "yes", ("Yes",)))


def text(name: str, *, needed: bool = False) -> Any:
    """A child that holds text."""
    return field(default="", metadata=_slot("text", name, needed=needed))


def texts(name: str) -> Any:
    """Children that hold text each."""
    return field(default=(), metadata=_slot("texts", name))


def content() -> Any:
    """The element's own text."""
    return field(default="", metadata=_slot("content", ""))


def reference(name: str, inner: str) -> Any:
    """A child that only refers: `<CodeListRef CodeListOID="..."/>`."""
    return field(default="", metadata=_slot("reference", name, inner))


def references(name: str, inner: str) -> Any:
    """Children that only refer."""
    return field(default=(), metadata=_slot("references", name, inner))


def child(name: str) -> Any:
    """A child that may be absent."""
    return field(default=None, metadata=_slot("child", name))


def only_child(name: str) -> Any:
    """A child that must be there."""
    return field(metadata=_slot("child", name, needed=True))


def children(name: str) -> Any:
    """Children of one type."""
    return field(default=(), metadata=_slot("children", name))


def wrapped(name: str, inner: str) -> Any:
    """Children of one type within an element of their own: `<Description><TranslatedText/></Description>`."""
    return field(default=(), metadata=_slot("wrapped", name, inner))


def raw() -> Any:
    """Children of other namespaces at the end, kept as XML text."""
    return field(default=(), metadata=_slot("raw", ""))


def _slot(
    shape: Shape,
    name: str,
    inner: str = "",
    kind: Literal["text", "integer", "yes"] = "text",
    permitted: tuple[str, ...] = (),
    needed: bool = False,
) -> dict[str, Slot]:
    return {"slot": Slot(shape, name, inner, kind, permitted, needed)}


@cache
def _table(cls: Any) -> tuple[tuple[str, Slot, Any], ...]:
    hints = get_type_hints(cls)
    return tuple((f.name, f.metadata["slot"], _member(hints[f.name])) for f in fields(cls))


def _member(hint: Any) -> Any:
    arguments = [a for a in getattr(hint, "__args__", ()) if a not in (type(None), ...)]
    return arguments[0] if arguments else hint


def write_element(value: Any, name: str, parent: etree._Element | None, namespaces: Namespaces) -> Any:
    """The element of a value, appended to `parent`; empty fields leave nothing."""
    tag = qualified(name)
    element = etree.Element(tag, nsmap=namespaces) if parent is None else etree.SubElement(parent, tag)
    cls: Any = type(value)
    for field_name, slot, _ in _table(cls):
        _write_slot(element, slot, getattr(value, field_name), namespaces)
    return element


def _write_slot(element: etree._Element, slot: Slot, value: Any, namespaces: Namespaces) -> None:
    if slot.shape == "attribute":
        if value is not None and value is not False and value != "":
            element.set(qualified(slot.name, attribute=True), "Yes" if value is True else str(value))
        return
    if slot.shape == "content":
        element.text = value
        return
    many = value if isinstance(value, tuple) else (value,) if value not in ("", None) else ()
    if not many:
        if slot.required and slot.shape == "text":
            etree.SubElement(element, qualified(slot.name))
        return
    inside = etree.SubElement(element, qualified(slot.name)) if slot.shape == "wrapped" else element
    for one in many:
        if slot.shape in ("text", "texts"):
            etree.SubElement(element, qualified(slot.name)).text = one
        elif slot.shape in ("reference", "references"):
            etree.SubElement(element, qualified(slot.name)).set(qualified(slot.inner, attribute=True), one)
        elif slot.shape == "raw":
            element.append(etree.fromstring(one, parser=safe_parser()))
        else:
            write_element(one, slot.inner or slot.name, inside, namespaces)


@dataclass(frozen=True, slots=True)
class Held:
    """One field of a model: in which thing with an OID it is, how it stands in XML, and its value."""

    owner: str
    slot: Slot
    value: Any


def list_fields(value: Any, owner: str = "") -> Iterator[Held]:
    """Every field of a value and of what it holds, members of tuples one by one."""
    cls: Any = type(value)
    oid = getattr(value, "oid", "") or getattr(value, "id", "")
    owner = f"{cls.__name__}[{oid}]" if oid else owner
    for field_name, slot, _ in _table(cls):
        held = getattr(value, field_name)
        for one in held if isinstance(held, tuple) else (held,):
            if one is None or isinstance(one, (str, bool, int)):
                yield Held(owner, slot, one)
            else:
                yield from list_fields(one, owner)


def safe_parser() -> etree.XMLParser:
    """A parser that opens nothing and replaces no entity."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, remove_comments=True,
        remove_pis=True, huge_tree=False,
    )  # fmt: skip


@dataclass(slots=True)
class ElementReader:
    """Reads values from elements and collects DEF-004 to DEF-010."""

    file: str
    findings: list[Finding]

    def read(self, cls: Any, element: etree._Element) -> Any:
        """The value of an element, or None where something that must be there is not."""
        before = len(self.findings)
        table = _table(cls)
        values: dict[str, Any] = {}
        self._check_known(element, table)
        for name, slot, member in table:
            found = self._slot(element, slot, member)
            if found is not None and found != ():
                values[name] = found
        for f in fields(cls):
            if f.name not in values and f.default is MISSING and len(self.findings) == before:
                self._add("DEF-004", element, f"no {f.metadata['slot'].name}", f"{f.metadata['slot'].name}")
        missing = any(f.default is MISSING and f.name not in values for f in fields(cls))
        return None if missing else cls(**values)

    def _slot(self, element: etree._Element, slot: Slot, member: Any) -> Any:
        if slot.shape == "attribute":
            return self._attribute(element, slot)
        if slot.shape == "content":
            return element.text or ""
        if slot.shape == "raw":
            foreign = [e for e in element if etree.QName(e).namespace not in (ODM, DEF)]
            return tuple(_plain_xml(e) for e in foreign)
        found = element.findall(qualified(slot.name))
        if slot.shape in ("text", "reference", "child", "wrapped") and len(found) > 1:
            self._add("DEF-009", found[1], f"{slot.name} stands {len(found)} times", "one at most")
        if slot.shape == "text":
            return found[0].text or "" if found else None
        if slot.shape == "texts":
            return tuple(e.text or "" for e in found)
        if slot.shape in ("reference", "references"):
            known = {qualified(slot.inner, attribute=True)}
            oids = [self._required(e, slot.inner, known) for e in found]
            return tuple(oids) if slot.shape == "references" else (oids[0] if oids else None)
        if slot.shape == "wrapped":
            found = list(found[0].findall(qualified(slot.inner))) if found else []
        read = [one for e in found if (one := self.read(member, e)) is not None]
        return tuple(read) if slot.shape != "child" else (read[0] if read else None)

    def _required(self, element: etree._Element, name: str, known: set[str]) -> str:
        value = element.get(qualified(name, attribute=True))
        if not value:
            self._add("DEF-004", element, f"no {name}", f"the attribute {name}")
        for extra in sorted(set(map(str, element.attrib)) - known):
            self._unknown_attribute(element, extra, known)
        return value or ""

    def _attribute(self, element: etree._Element, slot: Slot) -> Any:
        value = element.get(qualified(slot.name, attribute=True))
        if value is None or (value == "" and not slot.required):
            return None
        if slot.required and not value:
            self._add("DEF-004", element, f"{slot.name} is empty", f"a value of {slot.name}")
            return None
        if slot.kind == "integer":
            if not value.strip().lstrip("-").isdecimal():
                self._add("DEF-008", element, f'{slot.name}="{value}"', "a whole number")
                return None
            return int(value)
        if slot.permitted and value not in slot.permitted:
            remedy = suggest(value, slot.permitted)
            self._add("DEF-008", element, f'{slot.name}="{value}"', ", ".join(slot.permitted), remedy)
            return value if slot.required else None
        return True if slot.kind == "yes" else value

    def _check_known(self, element: etree._Element, table: tuple[tuple[str, Slot, Any], ...]) -> None:
        known = {qualified(s.name, attribute=True) for _, s, _ in table if s.shape == "attribute"}
        for name in sorted(set(map(str, element.attrib)) - known):
            self._unknown_attribute(element, name, known)
        places = {qualified(s.name): i for i, (_, s, _) in enumerate(table) if s.shape not in _NO_ELEMENT}
        keeps = any(s.shape == "raw" for _, s, _ in table)
        furthest = -1
        for inner in element:
            place = places.get(str(inner.tag))
            if place is None:
                self._unknown_element(inner, set(places), keeps)
            elif place < furthest:
                self._add("DEF-010", inner, f"{_local(inner.tag)} stands too late", "the order of the schema")
                return
            else:
                furthest = place

    def _unknown_element(self, inner: etree._Element, known: set[str], keeps: bool) -> None:
        if etree.QName(inner).namespace in (ODM, DEF):
            remedy = suggest(_local(inner.tag), map(_local, known)) or "Take it out."
            parent = inner.getparent()
            expected = f"a child of {_local(parent.tag)}" if parent is not None else "an element of Define-XML 2.1"
            self._add("DEF-005", inner, f"element {_local(inner.tag)}", expected, remedy)
        elif not keeps:
            self._foreign(inner, f"element {_local(inner.tag)} of another namespace is not kept")

    def _unknown_attribute(self, element: etree._Element, name: str, known: set[str]) -> None:
        namespace = etree.QName(name).namespace
        if namespace in (None, DEF, ODM):
            remedy = suggest(_local(name), map(_local, known)) or "Take it out."
            expected = f"an attribute of {_local(element.tag)}"
            self._add("DEF-006", element, f"attribute {_local(name)}", expected, remedy)
        elif name != _SCHEMA_LOCATION:
            self._foreign(element, f"attribute {_local(name)} of another namespace is not kept")

    def _foreign(self, element: etree._Element, got: str) -> None:
        place = self._place(element)
        expected = "ODM 1.3 and Define-XML 2.1 only"
        self.findings.append(Finding("DEF-007", place, got, expected, "Keep extensions apart.", Severity.WARNING))

    def _add(self, code: str, element: etree._Element, got: str, expected: str, remedy: str = "") -> None:
        remedy = remedy or "Correct the document."
        self.findings.append(Finding(code, self._place(element), got, expected, remedy))

    def _place(self, element: etree._Element) -> Place:
        return Place(self.file, line_of(element), "/".join(_steps(element)))


def _plain_xml(element: etree._Element) -> str:
    """Exclusive canonical XML without the blanks between elements, so that indenting changes nothing."""
    alone = deepcopy(element)
    alone.tail = None
    for one in alone.iter():
        if len(one) and not (one.text or "").strip():
            one.text = None
        if one is not alone and not (one.tail or "").strip():
            one.tail = None
    return etree.tostring(alone, method="c14n", exclusive=True).decode("utf-8")


def line_of(element: etree._Element) -> int | None:
    """The line on which an element begins, where the parser knows it."""
    line: Any = element.sourceline
    return line if isinstance(line, int) else None


_NO_ELEMENT = ("attribute", "content", "raw")
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


def _steps(element: etree._Element) -> Iterator[str]:
    chain = [element, *element.iterancestors()]
    for one in reversed(chain[:2]):
        oid = one.get("OID") or one.get("ItemOID") or one.get("ID") or one.get("CodedValue")
        yield f"{_local(one.tag)}[{oid}]" if oid else _local(one.tag)


def _local(name: Any) -> str:
    return etree.QName(str(name)).localname
