"""Files that people send, as bytes -> columns of text."""

from opencro.capture.formats.delimited import parse_delimited, read_delimited

__all__ = ["parse_delimited", "read_delimited"]
