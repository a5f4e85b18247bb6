"""Medical coding against a dictionary of 100,000 terms, beside the same likeness by products of sparse matrices.

Terms of one to five words out of 12,000 made-up words, some rare and some frequent; the texts are terms with one letter
changed. Candidates: the five terms most like each of 1,000 texts. By itself: 20,000 texts, nine tenths of them terms in
other capitals. In CPU seconds on one core. MedDRA and WHODrug are licensed, so the dictionary is made up.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import sparse

from benchmarks._process import cpu_seconds
from opencro.capture.coding import Coder, Dictionary, TermIndex, index_terms, normalise, rank_candidates

TERMS, TEXTS, AUTO, BEST = 100_000, 1_000, 20_000, 5
_SYLLABLES = [
    "al",
    "an",
    "ar",
    "bro",
    "car",
    "chi",
    "cor",
    "de",
    "der",
    "di",
    "en",
    "fer",
    "gas",
    "gen",
    "hep",
    "in",
    "ka",
    "lo",
    "ma",
    "men",
    "mi",
    "na",
    "neu",
    "or",
    "pa",
    "per",
    "ra",
    "sis",
    "ti",
    "to",
    "vas",
]
Row = tuple[str, float | str, float | str, float | str, str]


def make_terms(rng: np.random.Generator) -> list[str]:
    """Different terms; the frequency of words falls as 1 / rank."""
    words = ["".join(rng.choice(_SYLLABLES, rng.integers(2, 5))) for _ in range(12_000)]
    shares = 1 / np.arange(1, len(words) + 1)
    drawn = iter(rng.choice(words, size=6 * TERMS, p=shares / shares.sum()).tolist())
    sizes = rng.integers(1, 6, size=2 * TERMS).tolist()
    return list(dict.fromkeys(" ".join(next(drawn) for _ in range(n)) for n in sizes[: int(1.9 * TERMS)]))[:TERMS]


def misspell(texts: list[str], rng: np.random.Generator) -> list[str]:
    """Each text with one letter changed."""
    places = rng.random(len(texts))
    return [t[: int(p * len(t))] + "x" + t[int(p * len(t)) + 1 :] for t, p in zip(texts, places, strict=True)]


class _Sparse:
    """The peer: triples and words as columns of one matrix, candidates by its product with the texts'."""

    def __init__(self, terms: list[str]) -> None:
        self.names: dict[str, int] = {}
        counts = self._count([self._features(term, learn=True) for term in terms])
        self.weights = np.log((1 + len(terms)) / (1 + np.asarray((counts > 0).sum(axis=0)).ravel())) + 1
        self.matrix = self._unit(counts).T.tocsr()

    def _features(self, text: str, *, learn: bool = False) -> list[int]:
        key = f"  {normalise(text)} "
        found = [*(key[i : i + 3] for i in range(len(key) - 2)), *(f"w {word}" for word in key.split())]
        if learn:
            return [self.names.setdefault(name, len(self.names)) for name in found]
        return [self.names[name] for name in found if name in self.names]

    def _count(self, rows: list[list[int]]) -> sparse.csr_matrix:
        owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        columns = np.array([c for row in rows for c in row])
        return sparse.csr_matrix((np.ones(len(columns)), (owner, columns)), shape=(len(rows), len(self.names)))

    def _unit(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        weighted = counts.multiply(self.weights).tocsr()
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sparse.diags(1 / np.where(length > 0, length, 1)) @ weighted

    def rank(self, texts: list[str]) -> list[list[int]]:
        scores = (self._unit(self._count([self._features(text) for text in texts])) @ self.matrix).tocsr()
        best = []
        for i in range(len(texts)):
            part = slice(scores.indptr[i], scores.indptr[i + 1])
            order = np.argsort(-scores.data[part])[:BEST]
            best.append(scores.indices[part][order].tolist())
        return best


def measure() -> list[Row]:
    """[what, ours per CPU second, peer, ratio, share of texts whose own term came first]."""
    rng = np.random.default_rng(7)
    terms = make_terms(rng)
    chosen = rng.choice(len(terms), TEXTS, replace=False)
    texts = misspell([terms[i] for i in chosen], rng)
    made: list[TermIndex] = []
    ours = cpu_seconds(lambda: made.append(index_terms(terms)))
    peers: list[_Sparse] = []
    peer = cpu_seconds(lambda: peers.append(_Sparse(terms)))
    ranked: list[pl.DataFrame] = []
    asking = cpu_seconds(lambda: ranked.append(rank_candidates(made[0], texts, BEST)))
    theirs: list[list[list[int]]] = []
    asking_peer = cpu_seconds(lambda: theirs.append(peers[0].rank(texts)))
    first = ranked[0].group_by("text", maintain_order=True).first()["row"].to_numpy()
    own = f"own term first {np.mean(first == chosen):.1%}, peer {np.mean([b[0] for b in theirs[0]] == chosen):.1%}"
    coder = _coder(terms)
    many = [terms[i].upper() for i in rng.integers(0, len(terms), 9 * AUTO // 10)]
    many += misspell(terms[: AUTO // 10], rng)
    coder.code_of("")
    found: list[int] = []
    auto = cpu_seconds(lambda: found.append(sum(coder.code_of(text) is not None for text in many)))
    return [
        (f"coding: terms indexed per CPU second, of {TERMS:,}", TERMS / ours, TERMS / peer, peer / ours, ""),
        (
            "coding: texts with five candidates per CPU second",
            TEXTS / asking,
            TEXTS / asking_peer,
            asking_peer / asking,
            own,
        ),
        ("coding: texts coded by themselves per CPU second", AUTO / auto, "", "", f"{found[0]:,} of {AUTO:,} coded"),
    ]


def _coder(terms: list[str]) -> Coder:
    codes = [str(i) for i in range(len(terms))]
    frame = pl.DataFrame({"code": codes, "term": terms, "current": [True] * len(terms)})
    return Coder(
        Dictionary("made-up", "1", (), frame, pl.DataFrame(schema={"code": pl.String, "class": pl.String})), {}
    )
