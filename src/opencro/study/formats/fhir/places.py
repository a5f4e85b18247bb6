"""Where the answers of a response belong: linkId -> item and group of a form, as `read_questionnaire` named them."""

from __future__ import annotations

from dataclasses import dataclass

from opencro.study.formats.fhir.items import OTHER
from opencro.study.formats.fhir.reading import fit
from opencro.study.formats.fhir.vocabulary import GROUP_LINK
from opencro.study.model.form import Form, Item, ItemGroup
from opencro.study.model.whole import Study


@dataclass(frozen=True)
class FormPlaces:
    """The items and groups of a form, found by a linkId."""

    form: Form

    def item(self, link: str) -> tuple[ItemGroup, Item] | None:
        """The item of a linkId, with its group."""
        wanted = (link, fit(link))
        found = [(g, i) for g in self.form.groups for i in g.items if i.id in wanted]
        exact = [pair for pair in found if pair[1].id == link]
        return next(iter(exact or found), None)

    def repeat(self, link: str) -> ItemGroup | None:
        """The repeating item group of a linkId."""
        name = link.removeprefix(GROUP_LINK)
        return next((g for g in self.form.groups if g.repeating and g.id in (name, fit(name))), None)

    def other(self, item: Item) -> Item | None:
        """The item for an answer in own words, where a question has one."""
        name = f"{item.id[:58]}_{OTHER}"
        return next((i for g in self.form.groups for i in g.items if i.id == name), None)


def find_form(study: Study, canonical: str) -> Form | None:
    """The form of a response, by the last part of its canonical address; the only form where it names none."""
    if not canonical:
        return next(iter(study.forms.values())) if len(study.forms) == 1 else None
    word = canonical.partition("|")[0].rstrip("/").rpartition("/")[2].removeprefix("#")
    by_name = {name: form for form in study.forms.values() for name in (form.id, form.id.replace("_", "-"))}
    return by_name.get(word) or by_name.get(fit(word))
