"""To whom and to which visit each row of a transfer belongs.

Source: the transfer's own description (docs/import.md); visits are those of the schedule, by id or by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from opencro.capture.model import EVENT, LINE, PARTICIPANT, SITE, ImportState, Notes
from opencro.kernel.finding import suggest
from opencro.study import Study, Transfer

_PIECE = re.compile(r"\{([^{}:]+)(?::(\d*):(\d*))?\}")


def template_columns(template: str) -> tuple[str, ...]:
    """The columns that a template names: `{SITEID}-{SUBJID}`, `{USUBJID:3:6}` (characters 3 to 5), or a bare column."""
    found = tuple(match[1] for match in _PIECE.finditer(template))
    return found or ((template,) if template else ())


def template_values(template: str) -> pl.Expr:
    """The text that a template gives for each row; null where a column that it names is empty."""
    if not _PIECE.search(template):
        return pl.col(template)
    parts: list[pl.Expr] = []
    at = 0
    for match in _PIECE.finditer(template):
        if match.start() > at:
            parts.append(pl.lit(template[at : match.start()]))
        parts.append(_slice(match))
        at = match.end()
    if at < len(template):
        parts.append(pl.lit(template[at:]))
    text = pl.concat_str(parts)
    return pl.when(text != "").then(text)


def _slice(match: re.Match[str]) -> pl.Expr:
    column = pl.col(match[1])
    if match[2] is None:
        return column
    start = int(match[2] or 0)
    piece = column.str.slice(start, int(match[3]) - start if match[3] else None)
    return pl.when(piece != "").then(piece)


def address_rows(study: Study, transfer: Transfer, frame: pl.DataFrame, notes: Notes) -> pl.DataFrame:
    """The frame with `_site`, `_participant`, `_event` (visit id; "" for a log form); CAP-204 and CAP-205 are noted."""
    placed = frame.with_columns(
        template_values(transfer.site).alias(SITE),
        template_values(transfer.participant).alias(PARTICIPANT),
        (template_values(transfer.event) if transfer.event else pl.lit("")).alias(EVENT),
    )
    for name, template in ((SITE, transfer.site), (PARTICIPANT, transfer.participant), (EVENT, transfer.event)):
        for line in placed.filter(pl.col(name).is_null()).get_column(LINE):
            what = name.removeprefix("_").replace("event", "visit")
            notes.row("CAP-204", line, template, f"no {what}", f"a {what} in every row", "Complete the row.")
    return _visits(study, transfer, placed, notes)


def _visits(study: Study, transfer: Transfer, frame: pl.DataFrame, notes: Notes) -> pl.DataFrame:
    visits = study.protocol.schedule.visits
    known = {v.name: v.id for v in visits} | {v.id: v.id for v in visits} | {"": ""}
    for line, name in frame.filter(pl.col(EVENT).is_not_null()).select(LINE, EVENT).iter_rows():
        if name not in known:
            remedy = suggest(name, known) or "Add the visit to the schedule, unscheduled ones with `unscheduled: true`."
            notes.row("CAP-205", line, transfer.event, f'visit "{name}"', "a visit of the schedule", remedy)
    return frame.with_columns(pl.col(EVENT).replace_strict(known, default=None, return_dtype=pl.String))


def check_schedule(study: Study, form_id: str, frame: pl.DataFrame, notes: Notes) -> None:
    """CAP-211 where a form came for a visit that does not ask for it; unscheduled visits may hold any form."""
    form = study.forms[form_id]
    if form.participant_level:
        for line, event in frame.filter(pl.col(EVENT) != "").select(LINE, EVENT).iter_rows():
            remedy = "Leave the visit out, or make the form belong to visits."
            notes.row("CAP-211", line, EVENT[1:], f"visit {event} for log form {form_id}", "no visit", remedy)
        return
    asked = {v for a in study.protocol.schedule.activities if form_id in a.forms for v in a.visits}
    open_visits = {v.id for v in study.protocol.schedule.visits if v.unscheduled}
    others = frame.filter(pl.col(EVENT).is_not_null() & ~pl.col(EVENT).is_in(list(asked | open_visits)))
    if others.height:
        counts = others.group_by(EVENT, maintain_order=True).len().iter_rows()
        got = f"{form_id} at " + ", ".join(f"{event or 'no visit'} ({count} records)" for event, count in counts)
        remedy = "Correct the schedule, or ask the sender."
        notes.warn("CAP-211", others.item(0, LINE), EVENT[1:], got, "visits at which the form is asked for", remedy)


def check_participants(
    state: ImportState, frame: pl.DataFrame, notes: Notes, *, enrols: bool
) -> dict[str, tuple[str, int]]:
    """Participants against the enrolled ones: CAP-206, CAP-207; returns those to enrol with site and first line."""
    enrolled = state.sites()
    fresh: dict[str, tuple[str, int]] = {}
    pairs = frame.select(LINE, SITE, PARTICIPANT).drop_nulls()
    first = pairs.group_by(PARTICIPANT, SITE, maintain_order=True).agg(pl.col(LINE)).iter_rows()
    for participant, site, lines in first:
        home = enrolled.get(participant) or (fresh[participant][0] if participant in fresh else None)
        if home is None and enrols:
            fresh[participant] = (site, lines[0])
        elif home is None:
            _refuse(
                notes,
                "CAP-206",
                lines,
                f"participant {participant}",
                "an enrolled participant",
                _nearest(participant, enrolled),
            )
        elif home != site:
            got = f"participant {participant} at site {site}"
            _refuse(
                notes, "CAP-207", lines, got, f"site {home}, where the participant is enrolled", "Correct the site."
            )
    return fresh


def _nearest(participant: str, enrolled: Mapping[str, str]) -> str:
    return suggest(participant, enrolled) if len(enrolled) < 2_000 else "Enrol the participant first."


def _refuse(notes: Notes, code: str, lines: list[int], got: str, expected: str, remedy: str) -> None:
    for line in lines:
        notes.row(code, line, PARTICIPANT[1:], got, expected, remedy or "Enrol the participant first.")
