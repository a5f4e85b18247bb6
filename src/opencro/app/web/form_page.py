"""A form as a page shows it: groups, records, fields with value, mistake, query and verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import get_language

from opencro.app.web.catch_up import work_of
from opencro.app.web.desk import Desk
from opencro.app.web.models import FormRow, QueryRow
from opencro.app.web.sight import MASK, Sight, count_seen, mask_queries, seen_queries, sight_of
from opencro.capture import FormWork, refuse
from opencro.capture.uploads import file_name
from opencro.kernel.finding import Finding, Findings, Severity
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import Code, Form, Item, ItemGroup, translate

RADIOS = 5
"""Up to so many answers are shown as buttons, more as a list."""


@dataclass(frozen=True)
class Field:
    """One question: `name` is `GROUP[repeat].ITEM`; `theirs` is what another person saved meanwhile (a merge)."""

    item: Item
    name: str
    value: str
    label: str = ""
    help: str = ""
    section: str = ""
    codes: tuple[Code, ...] = ()
    mistakes: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    queries: tuple[QueryRow, ...] = ()
    verified: bool = False
    saved: bool = False
    theirs: str | None = None
    hidden: bool = False
    """Whether the value identifies a person and is not for this reader."""

    @property
    def normal(self) -> str:
        """The reference range in words."""
        if self.item.normal is None:
            return ""
        low, high = self.item.normal
        return (
            f"{low:g}–{high:g}"
            if low is not None and high is not None
            else f"≥ {low:g}"
            if low is not None
            else f"≤ {high:g}"
        )

    @property
    def widget(self) -> str:
        """How the answer is given."""
        if self.item.type in ("choice", "choices") and not self.codes:
            return "text"
        if self.item.type == "choice":
            return "radio" if len(self.codes) <= RADIOS else "select"
        if self.item.type == "choices":
            return "checkboxes"
        if self.item.type == "text" and (self.item.length or 0) > 120:
            return "textarea"
        return "file" if self.item.type == "file" else "text"

    @property
    def answers(self) -> list[str]:
        """The answers of a question that takes several."""
        return [part for part in self.value.split(";") if part]

    @property
    def shown(self) -> str:
        """The value in words."""
        if self.hidden:
            return MASK if self.value else ""
        if self.item.type == "file":
            return file_name(self.value)
        labels = {code.value: code.label or code.value for code in self.codes}
        if self.item.type == "choices":
            return ", ".join(labels.get(part, part) for part in self.answers)
        return labels.get(self.value, self.value)

    @property
    def identifier(self) -> str:
        """The name as an HTML id."""
        return self.name.replace("[", "-").replace("]", "").replace(".", "-")


@dataclass(frozen=True)
class Record:
    """One record of a group; `seen` is its last fact as the page shows it."""

    name: str
    repeat: int
    seen: int
    fields: tuple[Field, ...]

    @property
    def summary(self) -> str:
        """The first answers, for the head of a folded record."""
        return " · ".join(f.shown for f in self.fields if f.value)[:90]

    @property
    def needs_attention(self) -> bool:
        """Whether something in it is wrong or asked."""
        return any(f.mistakes or f.queries or f.theirs is not None for f in self.fields)


@dataclass(frozen=True)
class Group:
    """A group with its records; a repeating one also has a blank record to add."""

    group: ItemGroup
    records: tuple[Record, ...]
    blank: Record | None


@dataclass(frozen=True)
class FormPage:
    """All that the page of a form says."""

    form: Form
    place: RecordKey
    work: FormWork
    row: FormRow | None
    groups: tuple[Group, ...]
    other_queries: tuple[QueryRow, ...]
    locked: str
    editable: bool
    other_mistakes: tuple[Finding, ...] = ()

    @property
    def open_queries(self) -> int:
        """How many queries of the form wait for an answer."""
        return self.row.open_queries if self.row else 0


@dataclass(frozen=True)
class Typed:
    """What a page sent back: text by field name, and what is to be said about it."""

    values: Mapping[str, str] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    theirs: Mapping[str, str] = field(default_factory=dict)
    records: frozenset[tuple[str, int]] = frozenset()


def build_form_page(
    desk: Desk, form: Form, place: RecordKey, standing: Sequence[StandingRecord], typed: Typed | None = None
) -> FormPage:
    """The page of a form as it stands, or as it was typed with what is wrong with it."""
    typed = typed or Typed()
    row = next(iter(count_seen(desk, [found] if (found := desk.form_row(place)) else [])), None)
    work = work_of(row)
    queries = _queries_at(desk, place)
    builder = _Builder(
        desk,
        work,
        typed,
        queries,
        sight=sight_of(desk, place.site),
        form=form.id,
        language=get_language() or "en",
    )
    mine = [r for r in standing if r.key._replace(group="", group_repeat=0) == place]
    groups = tuple(builder.group(group, [r for r in mine if r.key.group == group.id]) for group in form.groups)
    wider = desk.wider_lock(place)
    locked = refuse("enter", work, place, wider_lock=wider)
    names = {f.name for g in groups for r in g.records for f in r.fields}
    return FormPage(
        form,
        place,
        work,
        row,
        groups,
        tuple(q for q in queries if not q.item),
        locked.got if locked else "",
        locked is None and form.source == "site" and desk.may("enter", place.site),
        tuple(f for f in typed.findings.errors if f.place.path not in names),
    )


def _queries_at(desk: Desk, place: RecordKey) -> list[QueryRow]:
    """The queries of a form, as the reader may see them."""
    where = {n: getattr(place, n) for n in ("participant", "event", "event_repeat", "form", "form_repeat")}
    rows = QueryRow.objects.filter(study=desk.study.id, **where).order_by("raised_at")
    return mask_queries(desk, seen_queries(desk, rows))


@dataclass
class _Builder:
    desk: Desk
    work: FormWork
    typed: Typed
    queries: list[QueryRow]
    sight: Sight
    form: str
    language: str

    def group(self, group: ItemGroup, records: list[StandingRecord]) -> Group:
        """A group from its standing records, and those that were typed and are not saved."""
        known = {r.key.group_repeat: r for r in records}
        typed = {repeat for name, repeat in self.typed.records if name == group.id}
        repeats = sorted({*known, *typed} or (set() if group.repeating else {1}))
        made = tuple(self.record(group, repeat, known.get(repeat)) for repeat in repeats)
        blank = self.record(group, max(repeats, default=0) + 1, None) if group.repeating else None
        return Group(group, made, blank)

    def record(self, group: ItemGroup, repeat: int, standing: StandingRecord | None) -> Record:
        """A record with its fields."""
        name = f"{group.id}[{repeat}]"
        values = standing.values if standing else {}
        verified = self.work.verified.get(name, ())
        fields = tuple(self.field(name, group.id, repeat, item, values, verified) for item in self._visible(group))
        return Record(name, repeat, standing.last_fact if standing else 0, fields)

    def _visible(self, group: ItemGroup) -> list[Item]:
        """What tells the treatment is there for unblinded roles only."""
        return [item for item in group.items if self.sight.sees(self.form, item.id)]

    def _words(self, kind: str, item: Item, text: str) -> str:
        """A text of an item in the reader's language, where the study has it."""
        return translate(self.desk.study, self.language, f"{kind}.{self.form}.{item.id}", text) if text else ""

    def _codes(self, item: Item) -> tuple[Code, ...]:
        codelist = self.desk.study.codelists.get(item.codes or "")
        if codelist is None:
            return ()
        keys = (f"code.{codelist.id}.{code.value}" for code in codelist.codes)
        words = [translate(self.desk.study, self.language, key, "") for key in keys]
        pairs = zip(codelist.codes, words, strict=True)
        return tuple(code.model_copy(update={"label": word}) if word else code for code, word in pairs)

    def field(
        self, record: str, group: str, repeat: int, item: Item, values: Mapping[str, str], verified: Sequence[str]
    ) -> Field:
        """A field with all that is known of it."""
        name = f"{record}.{item.id}"
        readable = self.sight.reads(self.form, item.id)
        value = self.typed.values.get(name, values.get(item.id, ""))
        about = [f for f in self.typed.findings if f.place.path == name]
        asked = [
            q
            for q in self.queries
            if q.item == item.id and q.group_repeat == repeat and q.group == group and q.state in ("open", "answered")
        ]
        return Field(
            item,
            name,
            value if readable or not value else MASK,
            label=self._words("item", item, item.label),
            help=self._words("help", item, item.help),
            section=self._words("section", item, item.section),
            codes=self._codes(item),
            mistakes=tuple(f for f in about if f.severity is Severity.ERROR),
            warnings=tuple(f for f in about if f.severity is not Severity.ERROR),
            queries=tuple(asked),
            verified=item.id in verified,
            saved=item.id in values and readable,
            theirs=self.typed.theirs.get(name),
            hidden=not readable,
        )
