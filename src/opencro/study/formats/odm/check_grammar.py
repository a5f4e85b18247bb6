"""Whether a document obeys the grammar of ODM: strict in CDISC's namespace, lenient in the namespaces of vendors.

Source: CDISC ODM v1.3.2 section 2.4 (vendor extensions) and XML schema; CDISC ODM v2.0 XML schema. Vendor elements and
attributes are named and counted, with the first place of each; they are never an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from opencro.kernel.finding import Finding, Place, suggest
from opencro.study.formats.odm.grammar import (
    INSTANCE,
    NAMESPACES,
    PREFIXES,
    ElementRule,
    Grammar,
    expected_words,
    is_permitted,
    read_grammar,
)
from opencro.study.formats.odm.xml_safety import line_of


@dataclass(frozen=True, slots=True)
class VendorPart:
    """A vendor's element or attribute (`@name`): its namespace, what ODM element holds it, how often, where first."""

    namespace: str
    name: str
    within: str
    count: int
    line: int


def check_grammar(root: etree._Element, version: str, file: str) -> tuple[list[Finding], tuple[VendorPart, ...]]:
    """Findings ODM-010..019 for a document or a part of one, and the report of vendor extensions."""
    walk = _Walk(NAMESPACES[version], read_grammar(version), file)
    findings = list(walk.check(root))
    parts = tuple(
        VendorPart(ns, name, within, n, walk.first[ns, name, within]) for (ns, name, within), n in walk.vendor.items()
    )
    return findings, parts


class _Walk:
    """One pass over a document."""

    def __init__(self, namespace: str, grammar: Grammar, file: str) -> None:
        self.namespace = namespace
        self.grammar = grammar
        self.file = file
        self.vendor: Counter[tuple[str, str, str]] = Counter()
        self.first: dict[tuple[str, str, str], int] = {}

    def check(self, element: etree._Element) -> Iterator[Finding]:
        """Everything wrong in an element and below."""
        name = self._name(element.tag)
        rule = self.grammar.get(name)
        if rule is None:
            remedy = suggest(name, self.grammar) or "Remove it, or put it into a namespace of your own."
            yield self._finding("ODM-010", element, f"<{name}> is not an ODM element", "an element of ODM", remedy)
            return
        yield from self._check_attributes(element, name, rule)
        yield from self._check_text(element, name, rule)
        children = [c for c in element if isinstance(c.tag, str) and self._is_own(c, name)]
        yield from self._check_children(element, name, rule, children)
        yield from self._check_uniques(element, name, rule)
        for child in children:
            if self._name(child.tag) in rule.children and not self._is_borrowed(child):
                yield from self.check(child)

    def _name(self, tag: str) -> str:
        """A tag as the table writes it: bare in CDISC's namespace, with a prefix in those that ODM borrows."""
        if not tag.startswith("{"):
            return tag
        namespace, local = tag[1:].split("}", 1)
        return local if namespace == self.namespace else f"{PREFIXES.get(namespace, namespace)}:{local}"

    def _is_borrowed(self, element: etree._Element) -> bool:
        return etree.QName(element).namespace in PREFIXES

    def _is_own(self, element: etree._Element, within: str) -> bool:
        """Whether an element is CDISC's to judge; a vendor's is counted instead."""
        namespace = etree.QName(element).namespace or ""
        if namespace in (self.namespace, "") or namespace in PREFIXES:
            return True
        self._count(namespace, etree.QName(element).localname, within, element)
        return False

    def _count(self, namespace: str, name: str, within: str, element: etree._Element) -> None:
        key = (namespace, name, within)
        self.vendor[key] += 1
        self.first.setdefault(key, line_of(element) or 0)

    def _check_attributes(self, element: etree._Element, name: str, rule: ElementRule) -> Iterator[Finding]:
        for key, value in element.attrib.items():
            tag = str(key)
            namespace = tag[1:].split("}", 1)[0] if tag.startswith("{") else ""
            if namespace == INSTANCE:
                continue
            if namespace and namespace not in PREFIXES and namespace != self.namespace:
                self._count(namespace, "@" + tag.split("}", 1)[1], name, element)
                continue
            word = self._name(tag)
            known = rule.attributes.get(word)
            if known is None:
                remedy = suggest(word, rule.attributes) or "Remove it, or put it into a namespace of your own."
                got = f"<{name}> has an attribute {word}"
                yield self._finding("ODM-015", element, got, f"an attribute of {name}", remedy)
            elif not is_permitted(known.type, str(value)):
                yield self._bad_value(element, f"{name}/@{word}", str(value), known.type)
        for known in rule.attributes.values():
            if known.required and element.get(self._qualified(known.name)) is None:
                got = f"<{name}> has no attribute {known.name}"
                yield self._finding("ODM-016", element, got, expected_words(known.type), f"Give {known.name}.")

    def _qualified(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        if not prefix:
            return name
        return f"{{{next(ns for ns, p in PREFIXES.items() if p == prefix)}}}{local}"

    def _bad_value(self, element: etree._Element, where: str, value: str, kind: str) -> Finding:
        options = kind.removeprefix("enum:").split("|") if kind.startswith("enum:") else []
        remedy = suggest(value, options) or "Give a value that the standard permits."
        return self._finding("ODM-017", element, f'{where} is "{value}"', expected_words(kind), remedy)

    def _check_text(self, element: etree._Element, name: str, rule: ElementRule) -> Iterator[Finding]:
        text = (element.text or "") + "".join(child.tail or "" for child in element)
        if rule.text == "none":
            if text.strip():
                got = f'<{name}> holds the text "{text.strip()[:40]}"'
                yield self._finding("ODM-019", element, got, "elements only", "Remove the text.")
        elif rule.text != "mixed" and not is_permitted(rule.text, text):
            yield self._bad_value(element, name, text, rule.text)

    def _check_children(
        self, element: etree._Element, name: str, rule: ElementRule, children: list[etree._Element]
    ) -> Iterator[Finding]:
        reached = -1
        seen: Counter[str] = Counter()
        for child in children:
            word = self._name(child.tag)
            known = rule.children.get(word)
            if known is None:
                yield self._unexpected(child, word, name, rule)
                continue
            seen[word] += 1
            if seen[word] == 2 and not known.many:
                got = f"<{name}> holds <{word}> more than once"
                yield self._finding("ODM-012", child, got, f"one <{word}>", "Keep one.")
            if known.position < reached:
                got = f"<{word}> stands too late in <{name}>"
                order = ", ".join(rule.children)
                yield self._finding("ODM-014", child, got, f"the order {order}", "Move it to its place.")
            reached = max(reached, known.position)
        for known in rule.children.values():
            if known.required and not seen[known.name]:
                got = f"<{name}> has no <{known.name}>"
                yield self._finding("ODM-013", element, got, f"a <{known.name}>", f"Add <{known.name}>.")
        yield from self._check_choices(element, name, rule, seen)

    def _unexpected(self, child: etree._Element, word: str, name: str, rule: ElementRule) -> Finding:
        if word not in self.grammar:
            remedy = suggest(word, rule.children) or "Remove it, or put it into a namespace of your own."
            return self._finding("ODM-010", child, f"<{word}> is not an ODM element", f"a child of <{name}>", remedy)
        expected = f"one of {', '.join(rule.children)}" if rule.children else "nothing"
        return self._finding("ODM-011", child, f"<{word}> in <{name}>", expected, "Put it where it belongs.")

    def _check_choices(
        self, element: etree._Element, name: str, rule: ElementRule, seen: Counter[str]
    ) -> Iterator[Finding]:
        for branches, required in rule.choices:
            taken = [branch for branch in branches if any(seen[word] for word in branch)]
            words = " or ".join(f"<{branch[0]}>" for branch in branches)
            if len(taken) > 1:
                got = f"<{name}> mixes {' and '.join(f'<{branch[0]}>' for branch in taken)}"
                yield self._finding("ODM-012", element, got, f"either {words}", "Keep one kind.")
            elif required and not taken:
                got = f"<{name}> has neither {words}"
                yield self._finding("ODM-013", element, got, words, "Add one of them.")

    def _check_uniques(self, element: etree._Element, name: str, rule: ElementRule) -> Iterator[Finding]:
        for path, attributes in rule.uniques:
            steps = "/".join(f"{{{self.namespace}}}{step}" for step in path.split("/")) if path != "*" else "*"
            times: Counter[tuple[str, ...]] = Counter()
            for child in element.iterfind(steps):
                values = tuple(str(child.get(self._qualified(a))) for a in attributes if child.get(self._qualified(a)))
                if len(values) < len(attributes):
                    continue
                times[values] += 1
                if times[values] == 2:
                    got = f'{" and ".join(attributes)} "{" ".join(values)}" is given twice in <{name}>'
                    yield self._finding("ODM-018", child, got, "each given once", "Rename one of them.")

    def _finding(self, code: str, element: etree._Element, got: str, expected: str, remedy: str) -> Finding:
        return Finding(code, Place(self.file, line_of(element)), got, expected, remedy)
