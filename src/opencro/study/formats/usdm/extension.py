"""What our protocol says and USDM has no attribute for, carried as extension attributes.

Source: CDISC USDM v4.0, ExtensionAttribute and ExtensionClass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from opencro.kernel.finding import Finding
from opencro.study.formats.usdm.document import Node, UsdmDocument

PREFIX = "urn:opencro:usdm:"
"""The namespace of our extension urls."""


_NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,63}"
_TEXTS = {
    "form": _NAME,
    "duration": r"P[0-9YMWDTHS.]+",
    "number": r"\d+(\.\d+)?([eE][+-]?\d+)?",
    "window": r"-?\d{1,6}\.\.-?\d{1,6}",
    "code": r"[A-Z][A-Z0-9]{0,7}",
}
"""What the texts of our extensions may be; a document that somebody has edited by hand may hold anything."""


def check_extensions(document: UsdmDocument) -> list[Finding]:
    """Finding USDM-067 for each of our extensions that holds what our protocol can't."""
    found = []
    for key, node in document.nodes.values():
        url = str(node.get("url", ""))
        name = url.removeprefix(PREFIX)
        if name != url and not _is_whole(name, node):
            got = f'our extension "{name}" holds {node.get("valueString")!r}'
            remedy = "Correct the extension, or remove it."
            found.append(document.finding("USDM-067", key, got, f"a value for {name}", remedy))
    return found


def _is_whole(name: str, node: Node) -> bool:
    if name in _TEXTS:
        return re.fullmatch(_TEXTS[name], str(node.get("valueString") or "")) is not None
    if name in ("ratio", "anchorDay"):
        value = node.get("valueInteger")
        return value is not None and (value != 0 if name == "anchorDay" else value >= 0)
    if name == "parameter":
        return any(
            e.get("url") == PREFIX + "code"
            for e in (node.get("valueExtensionClass") or {}).get("extensionAttributes", [])
        )
    return True


def read_extensions(node: Node, name: str) -> list[Node]:
    """Our extension attributes of this name on an object, in order."""
    return [e for e in node.get("extensionAttributes") or [] if e.get("url") == PREFIX + name]


def read_texts(node: Node, name: str) -> tuple[str, ...]:
    """The texts of our extension attributes of this name."""
    return tuple(e["valueString"] for e in read_extensions(node, name) if isinstance(e.get("valueString"), str))


def read_text(node: Node, name: str, default: str = "") -> str:
    """The text of our one extension attribute of this name."""
    return next(iter(read_texts(node, name)), default)


def read_whole(node: Node, name: str) -> int | None:
    """The whole number of our one extension attribute of this name."""
    return next((e["valueInteger"] for e in read_extensions(node, name) if e.get("valueInteger") is not None), None)


def read_flag(node: Node, name: str) -> bool:
    """Whether our one extension attribute of this name is there and true."""
    return any(e.get("valueBoolean") is True for e in read_extensions(node, name))


def is_ours(extensions: Iterable[Node]) -> bool:
    """Whether every one of these extension attributes is ours."""
    return all(str(e.get("url", "")).startswith(PREFIX) for e in extensions)
