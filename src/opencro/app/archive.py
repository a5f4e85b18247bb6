"""`opencro archive`: everything about a study in open formats, readable without openCRO for as long as it is kept.

Source: 21 CFR 11.10(c); EU GMP Annex 11 section 17 (requirement 41).
"""

from __future__ import annotations

import shutil
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from opencro.app.build import build
from opencro.app.odm_records import odm_records
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.hashing import hash_file
from opencro.ledger import Act, Actor, DataExported, Ledger, Source
from opencro.study import Study
from opencro.study.formats.odm import write_odm, write_odm_data
from opencro.study.formats.usdm import usdm_from_protocol, write_usdm

SUMS = "SHA256SUMS"
_README = """This folder holds the study {study} as of ledger position {position}, in open formats.

study/                  the definition, as text
protocol/usdm.json      the protocol, CDISC USDM 4.0
odm/metadata.xml        forms and code lists, CDISC ODM 1.3.2; metadata-2.0.xml the same in ODM 2.0
odm/data.xml            every value with who entered it, when and why, CDISC ODM 1.3.2
datasets/               SDTM as Dataset-JSON 1.1, SAS transport and Parquet, with define.xml; define.html shows it
audit/audit.csv         the audit trail, a line for each item changed or act done
ledger/ledger.jsonl     the facts with their hashes; python3 ledger/verify_ledger.py ledger/ledger.jsonl checks them
SHA256SUMS              checksums of all files: sha256sum -c SHA256SUMS

Anchor of the ledger: {anchor}
"""


def archive_study(study: Study, folder: Path, *, user: str, database: str | None = None) -> Path:
    """Write the archive into a new folder, whole or not at all; Refused (ARC-001) when something is there."""
    if folder.exists() and any(folder.iterdir()):
        remedy = "Name a new folder; an archive is never written over."
        raise Refused([Finding("ARC-001", Place(str(folder)), "the folder is not empty", "a new folder", remedy)])
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with open_study_ledger(study, database) as ledger:
            _fill(study, ledger, unfinished, database)
            act = Act(DataExported("everything", "archive", ledger.position, ledger.position))
            ledger.append([act], actor=Actor(user, "data manager"), source=Source.SYSTEM,
                          definition_version=study.file.version)  # fmt: skip
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _fill(study: Study, ledger: Ledger, folder: Path, database: str | None) -> None:
    snapshot = ledger.snapshot()
    created = datetime.fromisoformat(snapshot.recorded_at)
    made = build(study, database=database, position=snapshot.position, folder=folder / "build")
    (made.folder / "sdtm").rename(folder / "datasets")
    shutil.rmtree(made.folder)
    for name, text in study.texts.items():
        _write(folder / "study" / name, text.encode())
    _write(folder / "protocol/usdm.json", write_usdm(usdm_from_protocol(study.file, study.protocol)))
    _write(folder / "odm/metadata.xml", write_odm(study, "1.3.2", created=created))
    _write(folder / "odm/metadata-2.0.xml", write_odm(study, "2.0", created=created))
    _write(folder / "odm/data.xml", write_odm_data(study, odm_records(ledger, snapshot), created=created))
    (folder / "audit").mkdir()
    ledger.audit_csv(folder / "audit/audit.csv")
    (folder / "ledger").mkdir()
    ledger.export_ledger(folder / "ledger/ledger.jsonl")
    _write(folder / "ledger/verify_ledger.py", files("opencro.ledger").joinpath("verify_ledger.py").read_bytes())
    readme = _README.format(study=study.id, position=snapshot.position, anchor=snapshot.anchor)
    _write(folder / "README.txt", readme.encode())
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    _write(folder / SUMS, "".join(f"{hash_file(folder / n)}  {n}\n" for n in names).encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
