"""`opencro audit`: the audit trail for an inspector, as CSV or PDF; who took it away is in the trail too."""

from __future__ import annotations

from pathlib import Path

from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Act, Actor, AuditCount, DataExported, Ledger, Source
from opencro.study import Study


def export_audit(
    study: Study,
    path: Path,
    *,
    user: str,
    site: str | None = None,
    participant: str | None = None,
    database: str | None = None,
) -> AuditCount:
    """Write the trail of a study, of a site or of a participant; Refused with AUD-001, AUD-002 or AUD-003."""
    if path.suffix.lower() not in (".csv", ".pdf"):
        raise Refused([Finding("AUD-001", Place(path.name), f'"{path.suffix}"', ".csv or .pdf", "Name it so.")])
    if path.exists():
        raise Refused([Finding("AUD-002", Place(path.name), "the file exists", "a new file", "Name a new file.")])
    with open_study_ledger(study, database) as ledger:
        known = list(ledger.snapshot().known_participants())
        refuse_unknown("site", site, {s for s, _ in known})
        refuse_unknown("participant", participant, {p for _, p in known})
        count = _write(ledger, path, site, participant)
        part = f"audit trail of {participant or site or 'everything'}"
        act = Act(DataExported(part, path.suffix[1:].lower(), ledger.position, count.facts))
        ledger.append(
            [act], actor=Actor(user, "data manager"), source=Source.SYSTEM, definition_version=study.file.version
        )
    return count


def _write(ledger: Ledger, path: Path, site: str | None, participant: str | None) -> AuditCount:
    if path.suffix.lower() == ".pdf":
        return ledger.audit_pdf(path, site=site, participant=participant)
    return ledger.audit_csv(path, site=site, participant=participant)


def refuse_unknown(what: str, name: str | None, known: set[str]) -> None:
    """Refused with AUD-003 when a name is given that is none of the known ones."""
    if name is not None and name not in known:
        remedy = suggest(name, sorted(known)) or "Correct the name."
        raise Refused([Finding("AUD-003", Place(), f'{what} "{name}"', f"a {what} of the study", remedy)])
