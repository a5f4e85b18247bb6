"""A row of a REDCap data dictionary, under the two names that each column has.

Source: the data dictionary as REDCap 15 writes it (18 columns) and the "Export Metadata" method of its API.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "section_header": "Section Header",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "field_note": "Field Note",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic (Show field only if...)",
    "required_field": "Required Field?",
    "custom_alignment": "Custom Alignment",
    "question_number": "Question Number (surveys only)",
    "matrix_group_name": "Matrix Group Name",
    "matrix_ranking": "Matrix Ranking?",
    "field_annotation": "Field Annotation",
}
"""Name in the API -> name in the file that is downloaded and uploaded."""

NEEDED = ("field_name", "form_name", "field_type", "field_label")
"""Columns without which nothing can be read."""


@dataclass(frozen=True, slots=True)
class RedcapField:
    """One field as a dictionary says it, every value as text; `line` is where it stands in the file."""

    field_name: str
    form_name: str
    field_type: str
    field_label: str = ""
    section_header: str = ""
    select_choices_or_calculations: str = ""
    field_note: str = ""
    text_validation_type_or_show_slider_number: str = ""
    text_validation_min: str = ""
    text_validation_max: str = ""
    identifier: str = ""
    branching_logic: str = ""
    required_field: str = ""
    custom_alignment: str = ""
    question_number: str = ""
    matrix_group_name: str = ""
    matrix_ranking: str = ""
    field_annotation: str = ""
    line: int = 0

    @property
    def choices(self) -> str:
        """Choices, calculation or slider labels, by a shorter name."""
        return self.select_choices_or_calculations

    @property
    def validation(self) -> str:
        """Validation of a text field, by a shorter name and in small letters."""
        return self.text_validation_type_or_show_slider_number.casefold()

    def values(self) -> dict[str, str]:
        """The values by the names of the API, in the order of the file."""
        return {name: str(getattr(self, name)) for name in COLUMNS}
