"""Which openCRO this is; every fact carries it."""

from __future__ import annotations

from importlib.metadata import version


def software_version() -> str:
    """`opencro 0.1.0`."""
    return f"opencro {version('opencro')}"
