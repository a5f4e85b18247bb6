"""A guide as one HTML file without anything from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from opencro.submission.guides.model import Blank, Block, Guide, Words

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0}td,th{border:1px solid #bbb;padding:.25rem .5rem;"
    "text-align:left;vertical-align:top}th{background:#eef2f6}mark{background:#fff0b3;padding:.1rem .3rem}"
    "nav a{display:block;color:#0b4f8a;text-decoration:none}nav .l2{margin-left:1.2rem}nav .l3{margin-left:2.4rem}"
)


def render_html(guide: Guide, words: Mapping[str, str]) -> str:
    """The guide with the words that were written; blanks without words are marked."""
    body = "\n".join(_body(guide, words))
    title = escape(f"{guide.title}, {guide.study}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def _body(guide: Guide, words: Mapping[str, str]) -> Iterator[str]:
    links = "".join(
        f'<a class="l{s.level}" href="#s{s.number}">{s.number} {escape(s.title)}</a>' for s in guide.sections
    )
    yield f"<nav>{links}</nav>"
    for section in guide.sections:
        level = min(section.level + 1, 6)
        yield f'<h{level} id="s{section.number}">{section.number} {escape(section.title)}</h{level}>'
        yield from (_block(block, words) for block in section.blocks)


def _block(block: Block, words: Mapping[str, str]) -> str:
    if isinstance(block, Words):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Blank):
        text = words.get(block.id)
        return f"<p>{escape(text)}</p>" if text else f"<p><mark>[to be written: {escape(block.id)}]</mark></p>"
    head = "".join(f"<th>{escape(cell)}</th>" for cell in block.head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
    return f"<table>{f'<tr>{head}</tr>' if any(block.head) else ''}{rows}</table>"
