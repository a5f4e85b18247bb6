"""The gallery, `docs/statistics/*.md`: each ```python block is run, the ```text block below is what it prints.

`python -m tests.stats.gallery` writes the outputs anew; the difference is then read by a person.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parents[2] / "docs" / "statistics"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?P<gap>\n*)(?:```text\n(?P<output>.*?)```)?", re.DOTALL)


def run_page(text: str, name: str) -> str:
    """The page with the outputs that its code prints now; the blocks of a page share their names."""
    names: dict[str, Any] = {}

    def run(found: re.Match[str]) -> str:
        line = text[: found.start()].count("\n") + 1
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + found["code"], name, "exec"), names)
        output = "\n".join(row.rstrip() for row in printed.getvalue().splitlines())
        shown = f"\n```text\n{output}\n```" if output else ""
        after = f"\n{found['gap']}" if output and found["output"] is None else ""
        return f"```python\n{found['code']}```\n{shown + after if output else found['gap']}"

    return BLOCK.sub(run, text)


def main() -> None:
    """Writes every page anew."""
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(run_page(page.read_text(encoding="utf-8"), page.name), encoding="utf-8")


if __name__ == "__main__":
    main()
