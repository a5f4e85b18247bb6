"""XLSForm workbooks, in."""

from opencro.study.formats.xlsform.importing import XlsformImport, is_xlsform, read_xlsform

__all__ = ["XlsformImport", "is_xlsform", "read_xlsform"]
