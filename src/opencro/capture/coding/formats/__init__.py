"""Readers of dictionaries: bytes of the user's own files into a `Dictionary`."""

from opencro.capture.coding.formats.find import find_dictionary, read_dictionary

__all__ = ["find_dictionary", "read_dictionary"]
