"""What agencies ask of a PDF: its version, no password, fonts inside, bookmarks in a long one.

Source: FDA Portable Document Format specifications 4.1 (versions 1.4 to 1.7, no security, fonts embedded, a table of
contents with bookmarks from five pages on).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opencro.kernel.finding import Finding, Place, Severity

if TYPE_CHECKING:
    from pypdf import PdfReader

VERSIONS = frozenset({"1.4", "1.5", "1.6", "1.7"})
PAGES_WITHOUT_BOOKMARKS = 4


def check_pdf(path: Path, place: Place) -> Iterator[Finding]:
    """Findings ECT-030..034 of a file."""
    from pypdf import PdfReader  # noqa: PLC0415  few commands look into a PDF, its library is heavy
    from pypdf.errors import PdfReadError  # noqa: PLC0415

    try:
        reader = PdfReader(path)
        version = reader.pdf_header.removeprefix("%PDF-")
        if version not in VERSIONS:
            yield Finding("ECT-031", place, f"PDF {version}", "1.4 to 1.7", "Save it in one of these versions.")
        if reader.is_encrypted:
            yield Finding("ECT-032", place, "a password or security setting", "none", "Save it without.")
            return
        loose = sorted(_loose_fonts(reader))
        if loose:
            got = f"fonts that are not embedded: {', '.join(loose)}"
            yield Finding("ECT-033", place, got, "all fonts embedded", "Embed them.", Severity.WARNING)
        if len(reader.pages) > PAGES_WITHOUT_BOOKMARKS and not reader.outline:
            got = f"{len(reader.pages)} pages without bookmarks"
            yield Finding("ECT-034", place, got, "bookmarks", "Add them.", Severity.WARNING)
    except (PdfReadError, KeyError, TypeError, ValueError, AttributeError) as error:
        got = f"not readable as PDF ({type(error).__name__})"
        yield Finding("ECT-030", place, got, "a PDF", "Save it again.")


def _loose_fonts(reader: PdfReader) -> set[str]:
    """Names of fonts in the resources of pages whose program is not in the file; Type 3 fonts are drawn there."""
    loose: set[str] = set()
    seen: set[int] = set()
    for page in reader.pages:
        resources = page.get("/Resources")
        fonts = {} if resources is None else resources.get_object().get("/Font", {})
        for value in fonts.get_object().values() if hasattr(fonts, "get_object") else fonts.values():
            number = getattr(value, "idnum", None)
            if number is None or number not in seen:
                font: Any = value.get_object()
                if not _embedded(font):
                    loose.add(str(font.get("/BaseFont", "a font without name")).lstrip("/"))
            if number is not None:
                seen.add(number)
    return loose


def _embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type3":
        return True
    if "/DescendantFonts" in font:
        return all(_embedded(inner.get_object()) for inner in font["/DescendantFonts"])
    described = font.get("/FontDescriptor")
    return described is not None and any(
        key in described.get_object() for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )
