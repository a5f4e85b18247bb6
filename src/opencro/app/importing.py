"""`opencro import`: files that somebody sends, each by its transfer, into the ledger; all of them or none."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from opencro.app.wiring import Progress, no_progress, publish_definition
from opencro.capture import (
    ImportReport,
    IncomingRecord,
    import_data,
    import_records,
    read_delimited,
    text_frame,
)
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.kernel.hashing import hash_file
from opencro.ledger import Actor, Ledger, Source
from opencro.study import Study, Transfer
from opencro.study.formats.fhir import is_response, read_responses
from opencro.study.formats.odm import OdmRecord, fold_transactions, read_odm, read_odm_data
from opencro.study.formats.redcap import is_project, read_redcap_records
from opencro.tabulation import read_xpt


@dataclass(frozen=True)
class Delivery:
    """A file and the transfer that says how it is to be read; None for ODM, REDCap and FHIR, which say it."""

    file: Path
    transfer: Transfer | None


def find_deliveries(study: Study, paths: Sequence[Path], only: str | None = None) -> list[Delivery]:
    """Which of the files (or files in the folders) belong to which transfer; those that enrol come first.

    Refused (IMP-101) when a named file belongs to none, or nothing is found.
    """
    transfers = [t for t in study.transfers.values() if only in (None, t.id)]
    found = [Delivery(f, t) for t in transfers for f in _files(paths) if f.match(t.file)]
    found += [Delivery(f, None) for f in _files(paths) if only is None and _names_records(f)]
    strangers = [p for p in paths if p.is_file() and all(d.file != p for d in found)]
    if strangers or not found:
        names = ", ".join(t.file for t in transfers) or "none"
        got = f"no transfer takes {strangers[0].name}" if strangers else "no file that a transfer takes"
        remedy = "Describe it under conduct/transfers/, or correct the file pattern."
        raise Refused([Finding("IMP-101", Place(str((strangers or list(paths))[0])), got, f"one of: {names}", remedy)])
    return sorted(found, key=lambda d: (d.transfer is None, d.transfer is not None and not d.transfer.enrols))


def _names_records(file: Path) -> bool:
    """Whether a file says by itself to whom its records belong: ODM, a REDCap project, FHIR responses."""
    return file.suffix == ".xml" or (file.suffix == ".json" and is_response(file.read_bytes()))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)


def import_deliveries(
    study: Study,
    ledger: Ledger,
    deliveries: Sequence[Delivery],
    *,
    user: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    enrol: bool = False,
    site: str = "",
    progress: Progress = no_progress,
) -> list[ImportReport]:
    """Import each file in turn; a refused file stops the run, the files before it stay imported.

    `enrol` lets ODM, REDCap and FHIR, which have no transfer to say so, enrol participants who are not known yet;
    `site` is where those belong for whom the file names no site.
    """
    actor = Actor(user or getpass.getuser(), "data manager")
    if not dry_run:
        publish_definition(study, ledger, actor, Source.IMPORT)
    reports = []
    for number, delivery in enumerate(deliveries, start=1):
        reports.append(_import_one(study, ledger, delivery, actor, reason, dry_run, enrol, site))
        progress(delivery.file.name, number / len(deliveries))
    return reports


def _import_one(
    study: Study,
    ledger: Ledger,
    delivery: Delivery,
    actor: Actor,
    reason: str | None,
    dry_run: bool,
    enrol: bool,
    site: str,
) -> ImportReport:
    digest = hash_file(delivery.file)
    if delivery.transfer is None:
        records, found = _read_records(study, delivery.file, site)
        report = import_records(
            study,
            [_incoming(record) for record in records],
            ledger,
            actor=actor,
            reason=reason,
            dry_run=dry_run,
            digest=digest,
            file=delivery.file.name,
            format="fhir" if delivery.file.suffix == ".json" else "odm",
            enrols=enrol,
        )
        return replace(report, plan=replace(report.plan, findings=found + report.plan.findings))
    frame = read_frame(delivery.file, delivery.transfer)
    return import_data(
        study, delivery.transfer, frame, ledger, actor=actor, reason=reason, dry_run=dry_run, digest=digest,
        file=delivery.file.name,
    )  # fmt: skip


def _read_records(study: Study, file: Path, site: str) -> tuple[Iterable[OdmRecord], Findings]:
    """The records of an ODM file, of a REDCap project or of FHIR responses, with what was found while reading.

    A file that brings its own metadata names its OIDs, as the study was named that was made from it.
    """
    data = file.read_bytes()
    if is_project(data):
        project = read_redcap_records(data, study, file.name, site=site)
        return project.records, project.findings
    if file.suffix == ".json":
        responses = read_responses(data, study, file.name, site=site)
        if not responses.findings.ok:
            raise Refused(responses.findings)
        return responses.records, responses.findings
    names = read_odm(data, file.name).names if b"<MetaDataVersion" in data else None
    read = read_odm_data(data, file.name, names)
    if not read.findings.ok:
        raise Refused(read.findings)
    records, folded = fold_transactions(read.records, file.name)
    return (replace(r, site=r.site or site) for r in records), read.findings + folded


def _incoming(record: OdmRecord) -> IncomingRecord:
    return IncomingRecord(
        record.site, record.participant, record.event, record.event_repeat, record.form, record.form_repeat,
        record.group, record.group_repeat, record.items, min(record.lines.values(), default=0),
    )  # fmt: skip


def read_frame(file: Path, transfer: Transfer) -> pl.DataFrame:
    """A file as text columns with the number of each row's line, by the transfer's format."""
    if transfer.format == "csv":
        return read_delimited(file, encoding=transfer.encoding, delimiter=transfer.delimiter)
    return text_frame(read_xpt(file)[0].frame if transfer.format == "xpt" else pl.read_parquet(file))


def all_findings(reports: Sequence[ImportReport]) -> Findings:
    """The findings of several imports."""
    return Findings(tuple(f for report in reports for f in report.findings))
