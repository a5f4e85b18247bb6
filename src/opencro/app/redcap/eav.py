"""Data that come as record, field and value, as rows of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opencro.app.redcap.exchange import ApiRefused
from opencro.app.redcap.export_records import EVENT, INSTANCE, INSTRUMENT
from opencro.app.redcap.project import Project
from opencro.app.redcap.values import column_of


def flat_rows(project: Project, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Lines of record, field_name and value as rows of columns."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        if not {"record", "field_name", "value"} <= row.keys():
            raise ApiRefused("Data of type eav need the columns record, field_name and value.")
        address = {name: row.get(name, "") for name in (EVENT, INSTRUMENT, INSTANCE) if name in row}
        flat = found.setdefault((row["record"], *address.values()), {project.record_id: row["record"], **address})
        name, value = row["field_name"], row["value"]
        held = project.fields.get(name)
        if held is not None and held.type == "checkbox":
            flat[column_of(name, value)] = "1"
        elif name != project.record_id:
            flat[name] = value
    return list(found.values())
