"""The tree of a questionnaire laid out as item groups.

Our forms are flat: a group that repeats is a repeating item group with all that is in it, another group is an item
group, what stands between groups is one, too. Texts become headings and help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from opencro.study.formats.fhir.reading import Json, Making, fit, parts, text_of
from opencro.study.formats.fhir.vocabulary import CONTROL, GROUP_LINK, HELP_CONTROLS, TYPES

MANY = ("choice", "open-choice")
"""Types whose questions may have several answers in one item."""


@dataclass
class Group:
    """An item group on its way: `element` is the group or question that makes it, None for the questionnaire itself."""

    id: str
    element: Json | None
    repeating: bool
    label: str = ""
    items: list[Placed] = field(default_factory=list)


@dataclass
class Placed:
    """A question that becomes an item: where it stands, the elements around it, the texts beside it."""

    element: Json
    item_id: str
    group: Group
    around: tuple[Json, ...]
    section: str
    help: list[str] = field(default_factory=list)
    unit: str = ""

    @property
    def link(self) -> str:
        """The linkId."""
        return text_of(self.element, "linkId")

    @property
    def repeat(self) -> str:
        """The id of the repeating group that it stands in, or an empty text."""
        return self.group.id if self.group.repeating else ""


@dataclass
class Builder:
    """Lays out a questionnaire; `silent` are the linkIds of what has no answer."""

    making: Making
    form_id: str
    groups: list[Group] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)
    _items: set[str] = field(default_factory=set)
    _heading: list[str] = field(default_factory=list)
    _open: Group | None = None

    @property
    def placed(self) -> Iterator[Placed]:
        """Every question."""
        return (placed for group in self.groups for placed in group.items)

    def fill(self, elements: list[Json], around: tuple[Json, ...], repeat: Group | None) -> None:
        """Lay out elements; `repeat` is the repeating group around them."""
        for element in elements:
            kind = text_of(element, "type")
            if kind == "group":
                self._group(element, around, repeat)
            elif kind == "display":
                self._display(element)
            else:
                self._question(element, around, repeat)

    def finish(self) -> None:
        """Say what is left at the end."""
        if self._heading:
            self.making.say("FHR-022", "item", "a text at the end of the form", "an item below it", "It was left out.")

    def _group(self, element: Json, around: tuple[Json, ...], repeat: Group | None) -> None:
        link = text_of(element, "linkId")
        self.silent.add(link)
        children = parts(element, "item")
        if not children:
            self.making.say("FHR-027", link, "a group without items", "items", "It was left out.")
            return
        own = repeat
        if element.get("repeats") is True:
            if repeat is not None:
                got = "a group that repeats inside another"
                remedy = "Read side by side; add an item that names the record."
                self.making.say("FHR-027", link, got, "one level of repeats", remedy)
            own = self._start(element, repeating=True)
        elif repeat is None and any(text_of(child, "type") in TYPES for child in children):
            self._open = None
        else:
            self._add_heading(element)
        self.fill(children, (*around, element), own)
        self._open = None

    def _display(self, element: Json) -> None:
        self.silent.add(text_of(element, "linkId"))
        if parts(element, "enableWhen"):
            link = text_of(element, "linkId")
            self.making.say("FHR-023", link, "a text that is shown sometimes", "an item", "It is shown always.")
        self._add_heading(element)
        for child in parts(element, "item"):
            self._display(child)

    def _add_heading(self, element: Json) -> None:
        text = text_of(element, "text")
        if text:
            self._heading.append(text)

    def _start(self, element: Json | None, *, repeating: bool) -> Group:
        link = text_of(element, "linkId") if element is not None else ""
        wanted = fit(link.removeprefix(GROUP_LINK)) if link else self.form_id
        name, number = wanted, 2
        while name.casefold() in self._taken:
            name, number = f"{wanted[:60]}_{number}", number + 1
        self._taken.add(name.casefold())
        first = all(group.element is not element for group in self.groups)
        is_question = element is not None and text_of(element, "type") in TYPES
        label = text_of(element, "text") if element is not None and first and not is_question else ""
        group = Group(name, element, repeating, label)
        self.groups.append(group)
        return group

    def _group_for(self, element: Json, around: tuple[Json, ...], repeat: Group | None) -> Group:
        if element.get("repeats") is True and text_of(element, "type") not in MANY:
            link = text_of(element, "linkId")
            if repeat is not None:
                got, remedy = "a question that repeats inside a repeat", "Read side by side; name the record."
                self.making.say("FHR-027", link, got, "one level of repeats", remedy)
            self._open = None
            return self._start(element, repeating=True)
        if repeat is not None:
            return repeat
        owner = next((e for e in reversed(around) if text_of(e, "type") == "group"), None)
        if self._open is None or self._open.element is not owner:
            self._open = self._start(owner, repeating=False)
        return self._open

    def _question(self, element: Json, around: tuple[Json, ...], repeat: Group | None) -> None:
        group = self._group_for(element, around, repeat)
        link = text_of(element, "linkId")
        name = self.making.name(link, self._items, link)
        placed = Placed(element, name, group, around, "\n".join(self._heading))
        self._heading = []
        group.items.append(placed)
        below = [child for child in parts(element, "item") if not self._beside(placed, child)]
        if below:
            got, remedy = f"{len(below)} items below a question", "Read beside it."
            self.making.say("FHR-027", link, got, "items in groups", remedy)
            self.fill(below, (*around, element), repeat if not group.repeating else group)
        if group.element is element:
            self._open = None

    def _beside(self, placed: Placed, child: Json) -> bool:
        """Take a text that belongs to a question; false for anything else."""
        control = control_of(child)
        if text_of(child, "type") != "display" or control not in {*HELP_CONTROLS, "unit"}:
            return False
        self.silent.add(text_of(child, "linkId"))
        if control == "unit":
            placed.unit = text_of(child, "text")
        else:
            placed.help.append(text_of(child, "text"))
        return True


def control_of(element: Json) -> str:
    """The code of the control that an element asks for."""
    for extension in parts(element, "extension"):
        concept = extension.get("valueCodeableConcept")
        if extension.get("url") == CONTROL and isinstance(concept, dict):
            return next((text_of(coding, "code") for coding in parts(concept, "coding")), "")
    return ""
