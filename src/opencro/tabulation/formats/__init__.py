"""Files that hold datasets: SAS transport version 5, Dataset-JSON 1.1, Parquet."""

from opencro.tabulation.formats.dataset_json_read import read_dataset_json
from opencro.tabulation.formats.dataset_json_write import write_dataset_json
from opencro.tabulation.formats.in_parts import Parts, write_json_parts, write_parquet_parts, write_xpt_parts
from opencro.tabulation.formats.parquet import read_dataset_parquet, write_dataset_parquet
from opencro.tabulation.formats.xpt_read import read_xpt
from opencro.tabulation.formats.xpt_write import write_xpt

__all__ = [
    "Parts",
    "read_dataset_json",
    "read_dataset_parquet",
    "read_xpt",
    "write_dataset_json",
    "write_dataset_parquet",
    "write_json_parts",
    "write_parquet_parts",
    "write_xpt",
    "write_xpt_parts",
]
