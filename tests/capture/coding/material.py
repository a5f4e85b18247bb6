"""Small dictionaries of our own words, in the formats in which the licensed ones are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

# code, term, preferred, current; terms 9 and 10 are two of one text
TERMS = (
    ("1", "Headache", "1", "Y"),
    ("2", "Head pain", "1", "Y"),
    ("3", "Cephalalgia", "1", "N"),
    ("4", "Stomach upset", "4", "Y"),
    ("5", "Naïve-cell loss", "5", "Y"),
    ("6", "Back pain", "6", "Y"),
    ("9", "Flare", "4", "Y"),
    ("10", "Flare", "6", "Y"),
)
# preferred -> its name, then code and name of the three levels above
PATHS = {
    "1": ("Headache", ("h1", "Head symptoms"), ("g1", "Pains"), ("s1", "Nerves")),
    "4": ("Stomach upset", ("h2", "Belly symptoms"), ("g2", "Digestion"), ("s2", "Stomach")),
    "5": ("Naïve-cell loss", ("h3", "Cell counts"), ("g3", "Blood counts"), ("s3", "Blood")),
    "6": ("Back pain", ("h4", "Back symptoms"), ("g1", "Pains"), ("s4", "Muscles")),
}
Terms = Sequence[tuple[str, str, str, str]]
Paths = Mapping[str, tuple[str, tuple[str, str], tuple[str, str], tuple[str, str]]]


def render_meddra(terms: Terms = TERMS, paths: Paths = PATHS, encoding: str = "utf-8") -> dict[str, bytes]:
    """llt.asc and mdhier.asc; the first preferred term has a second path that is not the primary one."""
    llt = ["$".join([code, term, pt, *[""] * 6, current, "", ""]) for code, term, pt, current in terms]
    lines = []
    for pt, (name, *levels) in paths.items():
        codes, names = zip(*levels, strict=True)
        lines.append("$".join([pt, *codes, name, *names, "", "", codes[-1], "Y", ""]))
    pt, (name, *levels) = next(iter(paths.items()))
    codes, names = zip(*levels[:2], strict=True)
    lines.insert(0, "$".join([pt, *codes, "s9", name, *names, "Elsewhere", "", "", "s1", "N", ""]))
    return {
        "llt.asc": ("\r\n".join(llt) + "\r\n").encode(encoding),
        "mdhier.asc": ("\r\n".join(lines) + "\r\n").encode(encoding),
    }


# record, sequence 1, sequence 2, name
DRUGS = (
    ("000100", "01", "001", "Painol"),
    ("000100", "01", "002", "Painol forte"),
    ("000200", "01", "001", "Vitamin Z"),
    ("000300", "01", "001", "Twoways"),
)
# record, sequence 1, sequence 2, class; the second name of the first record has none of its own
CLASSES = (
    ("000100", "01", "001", "N02BE"),
    ("000200", "01", "001", "A11"),
    ("000300", "01", "001", "D07AA"),
    ("000300", "01", "001", "S01BA"),
)
CLASS_TEXTS = (
    ("N", "1", "Nerves"), ("N02", "2", "Against pain"), ("N02B", "3", "Other against pain"),
    ("N02BE", "4", "Anilides so called"), ("A", "1", "Stomach"), ("A11", "2", "Vitamins"), ("D", "1", "Skin"),
    ("D07", "2", "On the skin"), ("D07A", "3", "Plain"), ("D07AA", "4", "Weak"), ("S", "1", "Senses"),
    ("S01", "2", "Eyes"), ("S01B", "3", "Against redness"), ("S01BA", "4", "Drops"),
)  # fmt: skip


def render_b3() -> dict[str, bytes]:
    """DD.txt, DDA.txt and INA.txt."""
    dd = [f"{r}{s1}{s2}4N99000100001011001{name:1500}" for r, s1, s2, name in DRUGS]
    dda = [f"{r}{s1}{s2}4{atc:7}001Y" for r, s1, s2, atc in CLASSES]
    ina = [f"{atc:7}{level}{text:110}" for atc, level, text in CLASS_TEXTS]
    return {name: "\r\n".join(lines).encode() for name, lines in (("DD.txt", dd), ("DDA.txt", dda), ("INA.txt", ina))}


def render_c3() -> dict[str, bytes]:
    """MP.txt, ThG.txt and ATC.txt; a second product has the code of the first."""
    products = [*DRUGS, DRUGS[0]]
    mp = [
        f"{n:<10}{'':35}{r}{s1}{s2}{'':20}N{name if n <= len(DRUGS) else 'PAINOL (second)':1500}"
        for n, (r, s1, s2, name) in enumerate(products, start=1)
    ]
    number = {drug[:3]: n for n, drug in enumerate(DRUGS, start=1)}
    thg = [f"{n:<10}{atc:10}20200101Y{number[r, s1, s2]:<10}" for n, (r, s1, s2, atc) in enumerate(CLASSES)]
    atc = [f"{code:10}{level}{text:110}" for code, level, text in CLASS_TEXTS]
    return {name: "\n".join(lines).encode() for name, lines in (("MP.txt", mp), ("ThG.txt", thg), ("ATC.txt", atc))}


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files into a new folder `<id>/<version>`; gives the place that holds it."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder.parent.parent
