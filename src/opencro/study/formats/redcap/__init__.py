"""REDCap data dictionaries and projects, in and out."""

from opencro.study.formats.redcap.field import COLUMNS, RedcapField
from opencro.study.formats.redcap.fields_of_study import dictionary_fields, write_dictionary
from opencro.study.formats.redcap.importing import RedcapImport, is_redcap, read_redcap
from opencro.study.formats.redcap.make_forms import Build, FormsMade, make_forms
from opencro.study.formats.redcap.project import RedcapEvent, RedcapProject
from opencro.study.formats.redcap.read_dictionary import is_dictionary, read_dictionary
from opencro.study.formats.redcap.read_project import is_project, read_project
from opencro.study.formats.redcap.read_records import RedcapRecords, read_redcap_records

__all__ = [
    "COLUMNS",
    "Build",
    "FormsMade",
    "RedcapEvent",
    "RedcapField",
    "RedcapImport",
    "RedcapProject",
    "RedcapRecords",
    "dictionary_fields",
    "is_dictionary",
    "is_project",
    "is_redcap",
    "make_forms",
    "read_dictionary",
    "read_project",
    "read_redcap",
    "read_redcap_records",
    "write_dictionary",
]
