"""Tables as REDCap writes and reads them: rows of named values as CSV, JSON or XML; errors; counts.

Source: REDCap's API; RFC 4180 (CSV) with line feeds, as REDCap sends them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from opencro.app.redcap.exchange import Answer, ApiRefused

Row = Mapping[str, Any]
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}
_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>'
_DELIMITERS = {"tab": "\t", ",": ",", ";": ";", "|": "|", "^": "^", "\t": "\t"}


def render_rows(
    rows: Iterable[Row],
    columns: Sequence[str],
    format: str,
    *,
    titles: Mapping[str, str] | None = None,
    delimiter: str = ",",
    outer: str = "records",
    inner: str = "item",
) -> Answer:
    """Rows in one of the formats; `titles` replace the column names of CSV."""
    if format == "csv":
        return _answer(_csv(rows, columns, titles or {}, delimiter), "csv")
    if format == "json":
        return _answer(
            json.dumps([{c: row[c] for c in columns if c in row} for row in rows], ensure_ascii=False), "json"
        )
    items = "\n".join(f"<{inner}>{_cells(row, columns)}</{inner}>" for row in rows)
    return _answer(f"{_HEAD}\n<{outer}>\n{items}\n</{outer}>", "xml")


def render_one(row: Row, format: str) -> Answer:
    """A single row: an object in JSON, one line in CSV, `items` in XML."""
    if format == "json":
        return _answer(json.dumps(dict(row), ensure_ascii=False), "json")
    if format == "csv":
        return _answer(_csv([row], list(row), {}, ","), "csv")
    return _answer(f"{_HEAD}\n<items>{_cells(row, list(row))}</items>", "xml")


def render_count(count: int, format: str) -> Answer:
    """How many were taken; a bare number in every format."""
    return _answer(str(count), format)


def render_text(text: str, format: str = "csv") -> Answer:
    """A bare text."""
    return _answer(text, format)


def render_error(message: str, status: int, format: str) -> Answer:
    """An error in REDCap's shape."""
    if format == "json":
        text = json.dumps({"error": message}, ensure_ascii=False)
    elif format == "csv":
        text = f"ERROR: {message}"
    else:
        text = f"{_HEAD}<hash><error>{escape(message)}</error></hash>"
    return Answer(text.encode(), _TYPES[format], status)


def render_taken(ids: Sequence[str], what: str, format: str) -> Answer:
    """What `returnContent` asks for: the count or the ids of imported records."""
    if what == "count":
        if format == "json":
            return _answer(json.dumps({"count": len(ids)}), "json")
        return _answer(str(len(ids)) if format == "csv" else f"{_HEAD}<count>{len(ids)}</count>", format)
    if what == "nothing":
        return _answer("", format)
    if format == "json":
        return _answer(json.dumps(list(ids), ensure_ascii=False), "json")
    if format == "csv":
        return _answer("id\n" + "\n".join(ids), "csv")
    inner = "".join(f"<id>{escape(name)}</id>" for name in ids)
    return _answer(f"{_HEAD}\n<ids>{inner}</ids>", "xml")


def parse_rows(text: str, format: str, *, delimiter: str = ",") -> list[dict[str, Any]]:
    """Rows out of the `data` of an import; refused where they cannot be understood."""
    if not text.strip():
        raise ApiRefused("The required parameter 'data' is missing or empty.")
    if format == "json":
        return _from_json(text)
    if format == "csv":
        return _from_csv(text, delimiter)
    return _from_xml(text)


def delimiter_named(name: str) -> str:
    """The delimiter that `csvDelimiter` names; a comma where it is not given."""
    if name and name not in _DELIMITERS:
        raise ApiRefused("The CSV delimiter is not valid: use a comma, tab, semicolon, pipe or caret.")
    return _DELIMITERS.get(name, ",")


def flatten(value: Any) -> str:
    """A value as the text of one cell: nothing for null, `a:1,b:2` for a mapping (REDCap's way for form rights)."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{part}" for name, part in value.items())
    if isinstance(value, bool):
        return str(int(value))
    return str(value)


def _answer(text: str, format: str) -> Answer:
    return Answer(text.encode(), _TYPES[format])


def _csv(rows: Iterable[Row], columns: Sequence[str], titles: Mapping[str, str], delimiter: str) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
    writer.writerow([titles.get(c, c) for c in columns])
    for row in rows:
        writer.writerow([flatten(row.get(c)) for c in columns])
    return sink.getvalue()


def _cells(row: Row, columns: Sequence[str]) -> str:
    return "".join(_cell(name, row.get(name)) for name in columns)


def _cell(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_cell(str(key), part) for key, part in value.items())
        return f"<{name}>{inner}</{name}>"
    text = flatten(value)
    plain = text.replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{plain}]]></{name}>" if text else f"<{name}></{name}>"


def _from_json(text: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        raise ApiRefused("The data being imported is not formatted correctly: it is not JSON.") from None
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ApiRefused("The data being imported is not formatted correctly: a list of objects is expected.")
    return [dict(row) for row in rows]


def _from_csv(text: str, delimiter: str) -> list[dict[str, Any]]:
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        return []
    names = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], 2):
        if len(line) > len(names):
            raise ApiRefused(f"Row {number} of the CSV has {len(line)} cells, but there are {len(names)} columns.")
    return [dict(zip(names, [*line, *[""] * (len(names) - len(line))], strict=True)) for line in lines[1:]]


def _from_xml(text: str) -> list[dict[str, Any]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(text.strip().encode(), parser)
    except etree.XMLSyntaxError:
        raise ApiRefused("The data being imported is not formatted correctly: it is not XML.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ApiRefused("The data being imported may not hold a document type.")
    if root.tag == "item" or not len(root):
        return [_element(root)] if len(root) else []
    return [_element(child) for child in root]


def _element(element: etree._Element) -> dict[str, Any]:
    return {str(e.tag): (_element(e) if len(e) else "".join(str(t) for t in e.itertext())) for e in element}
