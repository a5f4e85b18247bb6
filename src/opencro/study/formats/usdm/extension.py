"""What our protocol says and USDM has no attribute for, carried as extension attributes.

Source: CDISC USDM v4.0, ExtensionAttribute and ExtensionClass.
"""

from __future__ import annotations

from collections.abc import Iterable

from opencro.study.formats.usdm.document import Node

PREFIX = "urn:opencro:usdm:"
"""The namespace of our extension urls."""


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
