"""WHODrug as its maintainer distributes it, fixed places in text files: B3 (DD, DDA, INA) and C3 (MP, ThG, ATC).

A code is drug record number, sequence 1 and sequence 2 (11 characters); the preferred name of a substance is the record
with sequences 01 and 001. A name that is in several ATC classes gets none by itself: a coder chooses.

Source: WHODrug Global file descriptions of Uppsala Monitoring Centre (B3 and C3 formats). Places are counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.capture.coding.formats.text import read_columns
from opencro.capture.coding.model import Dictionary

B3_FILES = ("dd.txt", "dda.txt", "ina.txt")
C3_FILES = ("mp.txt", "thg.txt", "atc.txt")
LEVELS = ("preferred", "atc4", "atc3", "atc2", "atc1")
_ATC_LENGTHS = {"atc4": 5, "atc3": 4, "atc2": 3, "atc1": 1}
_DD = {"code": (0, 11), "record": (0, 6), "term": (30, None)}
_DDA = {"code": (0, 11), "class": (12, 19)}
_INA = {"class": (0, 7), "text": (8, None)}
_MP = {"product": (0, 10), "code": (45, 56), "record": (45, 51), "term": (77, 1577)}
_THG = {"class": (10, 20), "product": (29, 39)}
_ATC = {"class": (0, 10), "text": (11, 121)}


def read_whodrug_b3(name: str, version: str, files: Mapping[str, bytes]) -> Dictionary:
    """The dictionary in DD.txt, DDA.txt and INA.txt; Refused with COD-201."""
    drugs = read_columns(files["dd.txt"], "DD.txt", _DD)
    classes = read_columns(files["dda.txt"], "DDA.txt", _DDA)
    return _dictionary(name, version, drugs, classes, read_columns(files["ina.txt"], "INA.txt", _INA))


def read_whodrug_c3(name: str, version: str, files: Mapping[str, bytes]) -> Dictionary:
    """The dictionary in MP.txt, ThG.txt and ATC.txt; of products with one code the first. Refused with COD-201."""
    products = read_columns(files["mp.txt"], "MP.txt", _MP)
    groups = read_columns(files["thg.txt"], "ThG.txt", _THG)
    classes = groups.join(products.select("product", "code"), on="product").select("code", "class")
    drugs = products.select("code", "record", "term")
    return _dictionary(name, version, drugs, classes, read_columns(files["atc.txt"], "ATC.txt", _ATC))


def _dictionary(name: str, version: str, drugs: pl.DataFrame, classes: pl.DataFrame, texts: pl.DataFrame) -> Dictionary:
    drugs = drugs.unique("code", keep="first", maintain_order=True).with_columns(
        preferred_code=pl.col("record") + pl.lit("01001")
    )
    names = drugs.select(preferred_code="code", preferred_term="term")
    by_record = _by_record(drugs, classes.drop_nulls().unique(maintain_order=True))
    alone = (
        by_record.group_by("code").agg(pl.col("class").first(), pl.len().alias("count")).filter(pl.col("count") == 1)
    )
    joined = drugs.join(names, on="preferred_code", how="left", maintain_order="left").join(
        alone.select("code", "class"), on="code", how="left", maintain_order="left"
    )
    for level, length in _ATC_LENGTHS.items():
        labels = texts.select(pl.col("class").alias(f"{level}_code"), pl.col("text").alias(f"{level}_term"))
        deep_enough = pl.col("class").str.len_chars() >= length
        joined = joined.with_columns(
            pl.when(deep_enough).then(pl.col("class").str.slice(0, length)).alias(f"{level}_code")
        ).join(labels.unique(f"{level}_code"), on=f"{level}_code", how="left", maintain_order="left")
    columns = [f"{level}_{part}" for level in LEVELS for part in ("code", "term")]
    several = by_record.join(alone, on="code", how="anti")
    terms = joined.select("code", "term", pl.lit(value=True).alias("current"), *columns)
    named = dict(texts.drop_nulls().select("class", "text").iter_rows())
    return Dictionary(name, version, LEVELS, terms, several.select("code", "class"), named, _ATC_LENGTHS)


def _by_record(drugs: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Each code with its classes; a name without its own has those of its preferred name."""
    own = drugs.select("code", "preferred_code").join(classes, on="code")
    without = drugs.select("code", "preferred_code").join(classes, on="code", how="anti")
    inherited = without.join(classes.rename({"code": "preferred_code"}), on="preferred_code")
    return pl.concat([own.select("code", "class"), inherited.select("code", "class")])
