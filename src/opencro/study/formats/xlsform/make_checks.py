"""Constraints, answers that are needed sometimes and filters of choices, as edit checks.

They refuse the save, as XLSForm lets nobody past them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from opencro.study.formats.xlsform.choices import ChoiceList
from opencro.study.formats.xlsform.layout import Placed
from opencro.study.formats.xlsform.make_items import said_yes
from opencro.study.formats.xlsform.make_logic import NEVER, Logic, short, written
from opencro.study.formats.xlsform.making import fit
from opencro.study.formats.xlsform.say_xpath import (
    Answer,
    Find,
    Said,
    Unsayable,
    absent,
    both,
    either,
    negate,
    present,
    quoted,
    say_condition,
)
from opencro.study.formats.xlsform.sheet import Row, read_column
from opencro.study.formats.xlsform.xpath import Here, Path, Question
from opencro.study.model.form import EditCheck


def make_checks(logic: Logic) -> tuple[EditCheck, ...]:
    """The edit checks of a form whose items are complete; XLF-009, XLF-023 and XLF-028 say what is not as it was."""
    maker = _Checks(logic)
    for placed in logic.layout.items:
        maker.constraint(placed)
        maker.required(placed)
        maker.choice_filter(placed)
    return tuple(maker.checks)


@dataclass
class _Checks:
    logic: Logic
    checks: list[EditCheck] = field(default_factory=list)

    def constraint(self, placed: Placed) -> None:
        """The check of what must hold of an answer."""
        text = placed.row.get("constraint")
        if not text or said_yes(text) is True:
            return
        name = written(placed.item_id)

        def wrong(find: Find) -> Said:
            return both(present(name), negate(say_condition(text, find)))

        said = self.logic.attempt(placed, placed.row, "constraint", "It was left out; write an edit check.", wrong)
        if said is not None:
            self._check(placed, "constraint", said, "constraint_message", f"must hold: {text}")

    def required(self, placed: Placed) -> None:
        """The check of an answer that is needed only sometimes."""
        text = placed.row.get("required")
        if said_yes(text) is not None:
            return
        name = written(placed.item_id)
        remedy = "It may be left blank; write an edit check."
        shown = self.logic.shown.get(placed.item_id, [])

        def wanted(find: Find) -> Said:
            return both(*shown, say_condition(text, find), absent(name))

        said = self.logic.attempt(placed, placed.row, "required", remedy, wanted)
        if said is not None:
            self._check(placed, "required", said, "required_message", "an answer is needed")

    def choice_filter(self, placed: Placed) -> None:
        """The check of choices that are offered only sometimes."""
        text, choices = placed.row.get("choice_filter"), self.logic.choices_of.get(placed.item_id)
        if not text or said_yes(text) is True:
            return
        row = placed.row
        if choices is None:
            error = Unsayable("a filter of choices that are not here", "a question with a list")
            self.logic.note("XLF-023", row, "choice_filter", error, "It was left out.")
            return
        said = self.logic.attempt(
            placed,
            row,
            "choice_filter",
            "All choices are offered; write an edit check.",
            lambda find: self._unfit(placed, text, choices, find),
        )
        if said is not None and said.text != NEVER:
            got, remedy = (
                f"choices that depend on answers, `{short(text)}`",
                "All are shown; an edit check refuses others.",
            )
            self.logic.making.say("XLF-028", row.sheet, row.number, "choice_filter", got, "a fixed list", remedy)
            self._check(placed, "choice", said, "", "this answer does not fit the answers before")

    def _unfit(self, placed: Placed, text: str, choices: ChoiceList, find: Find) -> Said:
        """That an answer was chosen which the filter would not have offered."""
        item = written(placed.item_id)
        several = self.logic.items[placed.item_id].type == "choices"
        parts = []
        for code in choices.codelist.codes:
            rows = [row for row in choices.rows if row.get("name") == code.value]
            offered = [say_condition(text, _finder(row, choices, find)) for row in rows]
            if any(said.text == "true" for said in offered) or not offered:
                continue
            words = quoted(code.value).text
            chosen = Said(f"selected({item}, {words})" if several else f"{item} == {words}", "boolean", 4)
            offered = [said for said in offered if said.text != NEVER]
            parts.append(both(chosen, negate(either(offered))) if offered else chosen)
        return either(parts) if parts else Said(NEVER, "boolean")

    def _check(self, placed: Placed, kind: str, said: Said, column: str, otherwise: str) -> None:
        words = placed.row.texts(column) if column else {}
        name = f"{fit(self.logic.form_id)[:20]}_{placed.item_id[:32]}_{kind}"
        known = {check.id.casefold() for check in self.checks}
        number = 2
        while name.casefold() in known:
            name = f"{self.logic.form_id[:18]}_{placed.item_id[:30]}_{number}_{kind}"
            number += 1
        message = self.logic.texts.own(words) or f"{self.logic.items[placed.item_id].label}: {otherwise}"
        self.logic.texts.translate(f"check.{name}", words)
        form, item = self.logic.form_id, placed.item_id
        self.checks.append(EditCheck(id=name, form=form, item=item, when=said.text, message=message, severity="stop"))


def _finder(row: Row, choices: ChoiceList, find: Find) -> Find:
    """The columns of a choice are known by their names in its filter."""

    def found(tree: Question | Here | Path) -> Answer:
        if not isinstance(tree, Path) or "/" in tree.text:
            return find(tree)
        column = read_column(tree.text)
        if not any(column in other.cells for other in choices.rows):
            raise Unsayable(f"the column `{tree.text}`, which the choices do not have", "a column of the choices")
        text = row.cells.get(column, "")
        return Answer(quoted(text).text, "text" if text else None)

    return found
