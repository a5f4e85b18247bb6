"""ODM: forms, schedules and records as CDISC exchanges them, versions 1.3.2 and 2.0."""

from opencro.study.formats.odm.check_grammar import VendorPart
from opencro.study.formats.odm.fold import fold_transactions
from opencro.study.formats.odm.importing import OdmImport
from opencro.study.formats.odm.read import read_odm
from opencro.study.formats.odm.read_data import read_odm_data
from opencro.study.formats.odm.records import Audit, OdmData, OdmRecord
from opencro.study.formats.odm.write import OdmVersion, write_odm
from opencro.study.formats.odm.write_data import write_odm_data

__all__ = [
    "Audit",
    "OdmData",
    "OdmImport",
    "OdmRecord",
    "OdmVersion",
    "VendorPart",
    "fold_transactions",
    "read_odm",
    "read_odm_data",
    "write_odm",
    "write_odm_data",
]
