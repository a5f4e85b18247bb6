"""What a cell shows: `{n:3} ({pct:3.0}%)`.

`{operation:width.decimals}` prints a number with so many decimals, halves away from zero as SAS does, with blanks
before it up to the width; `{operation:name}` in a format of analysis/results.yaml; `{operation}` as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import opencro.stats as st
from opencro.analysis.results import Definitions, NumberFormat
from opencro.kernel.finding import Finding, Place, Refused, suggest

FIELD = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_PLAIN = re.compile(r"(\d*)(?:\.(\d+))?")
Value = float | str | None


def operations_of(template: str) -> tuple[str, ...]:
    """The operations that a template asks for."""
    return tuple(found[1] for found in FIELD.finditer(template))


def fill_template(template: str, values: Mapping[str, Value], definitions: Definitions) -> str | None:
    """The words with numbers in place; None where any is missing or infinite. Refused (DSP-011): unknown format."""
    if any(_missing(values.get(name)) for name in operations_of(template)):
        return None
    return FIELD.sub(lambda found: render_value(values[found[1]], found[2] or "", definitions), template)


def _missing(value: Value) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def render_value(value: Value, how: str, definitions: Definitions) -> str:
    """One value in a format."""
    if isinstance(value, str) or value is None:
        return value or ""
    plain = _PLAIN.fullmatch(how)
    if plain:
        width, decimals = int(plain[1] or 0), plain[2]
        if decimals is None:
            return (f"{value:.0f}" if float(value).is_integer() else f"{value:g}").rjust(width)
        fixed = st.summary.render_fixed(value, int(decimals), negative_zero=definitions.negative_zero)
        return fixed.rjust(width)
    if how not in definitions.formats:
        remedy = suggest(how, definitions.formats) or "Declare it under `formats` in analysis/results.yaml."
        raise Refused([Finding("DSP-011", Place("analysis/results.yaml"), f'format "{how}"', "a known format", remedy)])
    return render_format(value, definitions.formats[how])


def render_format(value: float, how: NumberFormat) -> str:
    """A number in a declared format; limits are held against the number itself, not against what is printed."""
    if how.below is not None and value < how.below and not (how.zero and value == 0):
        return how.below_text.rjust(how.width)
    if how.above is not None and value > how.above:
        return how.above_text.rjust(how.width)
    return st.summary.render_fixed(value, how.decimals, negative_zero="drop").rjust(how.width)
