"""Which terms of a dictionary a text may mean: the same text, the same words, or the most alike.

Likeness is the cosine of two texts as vectors of letter triples and words, each weighted by how rare it is (idf). The
index of a dictionary is made once: for each feature the terms that have it.

Source: G. Salton, C. Buckley, "Term-weighting approaches in automatic text retrieval", Information Processing &
Management 24 (1988); R. Angell et al., "Automatic spelling correction using a trigram similarity measure", ibid.
19 (1983).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

_NO_WORD = re.compile(r"[\W_]+")
_BITS = 21
"""Of a Unicode code point; three of them are one number below `_WORDS`."""
_WORDS = np.uint64(2**63)
"""From here on features are words by their number."""

Ints = npt.NDArray[np.int64]
Values = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def normalise(text: str) -> str:
    """Small letters without accents, signs as blanks, one blank between words: `Naïve, T-cell` -> `naive t cell`."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", plain).strip()


@dataclass(frozen=True)
class _Features:
    """A sorted vocabulary with its weights; the terms that have feature i are `rows[starts[i]:starts[i + 1]]`.

    `shares` are their parts of the term's vector, which has the length 1.
    """

    vocabulary: Values
    weights: Floats
    starts: Ints
    rows: Ints
    shares: Floats


@dataclass(frozen=True)
class TermIndex:
    """The terms of a dictionary, ready for questions; `numbers` are those of their words. Made by `index_terms`."""

    keys: tuple[str, ...]
    numbers: Mapping[str, int]
    features: _Features


def index_terms(terms: Sequence[str]) -> TermIndex:
    """Index terms by their triples of letters and their words."""
    keys = tuple(normalise(term) for term in terms)
    numbers: dict[str, int] = {}
    parts = (_triples_of(keys), _words_of(keys, numbers))
    owner, features = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return TermIndex(keys, numbers, _learn(owner, features, len(keys)))


def rank_candidates(index: TermIndex, texts: Sequence[str], count: int = 5) -> pl.DataFrame:
    """For each text the `count` terms most like it: columns text (its number), row (of the term), score (0 to 1).

    Best first; of equal scores the shorter term, then the earlier row. Terms with nothing in common are left out.
    """
    lengths = np.array([len(key) for key in index.keys], dtype=np.int64)
    found: list[tuple[Ints, Floats]] = []
    for text in texts:
        key = normalise(text)
        features = np.concatenate([_triples_of((key,))[1], _known_words(key, index.numbers)])
        found.append(_best(_compare(index.features, features, len(lengths)), lengths, count))
    numbers = np.repeat(np.arange(len(found), dtype=np.int64), [len(rows) for rows, _ in found])
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(rows for rows, _ in found)])
    scores = np.concatenate([np.empty(0), *(scores for _, scores in found)])
    return pl.DataFrame({"text": numbers, "row": rows, "score": scores})


def _best(scores: Floats, lengths: Ints, count: int) -> tuple[Ints, Floats]:
    """Rows and scores of the highest; only those that may be among them are sorted."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > 4 * count:
        limit = np.partition(scores[rows], len(rows) - count)[len(rows) - count]
        rows = rows[scores[rows] >= limit - 1e-9]
    order = np.lexsort((rows, lengths[rows], -np.round(scores[rows], 9)))[:count]
    return rows[order].astype(np.int64), np.minimum(scores[rows[order]], 1.0)


def _triples_of(keys: Sequence[str]) -> tuple[Ints, Values]:
    """The text's number and the triple, for each triple of letters; a text is padded so that its ends count."""
    padded = [f"  {key} " if key else "" for key in keys]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(keys), dtype=np.int64), [len(text) for text in padded])
    if len(points) < 3:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    shift = np.uint64(_BITS)
    grams = (points[:-2] << shift << shift) | (points[1:-1] << shift) | points[2:]
    inside = owner[:-2] == owner[2:]
    return owner[:-2][inside], grams[inside]


def _words_of(keys: Sequence[str], numbers: dict[str, int]) -> tuple[Ints, Values]:
    """The text's number and the word's, for each word; words that have no number yet get the next."""
    split = [key.split() for key in keys]
    owner = np.repeat(np.arange(len(keys), dtype=np.int64), [len(words) for words in split])
    words = [numbers.setdefault(word, len(numbers)) for words in split for word in words]
    return owner, np.array(words, dtype=np.uint64) + _WORDS


def _known_words(key: str, numbers: Mapping[str, int]) -> Values:
    """The numbers of a text's words; a word without number gets one that no other has."""
    words = key.split()
    strange = {word: len(numbers) + i for i, word in enumerate(words)}
    return np.array([numbers.get(word, strange[word]) for word in words], dtype=np.uint64) + _WORDS


def _learn(owner: Ints, features: Values, count: int) -> _Features:
    vocabulary, place = np.unique(features, return_inverse=True)
    pairs, times = np.unique(place.astype(np.int64) * max(count, 1) + owner, return_counts=True)
    feature, row = np.divmod(pairs, max(count, 1))
    frequency = np.bincount(feature, minlength=len(vocabulary))
    weights = np.log((1.0 + count) / (1.0 + frequency)) + 1.0
    parts = times * weights[feature]
    length = np.sqrt(np.bincount(row, weights=parts**2, minlength=count))
    starts = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
    return _Features(vocabulary, weights, starts, row, parts / length[row])


def _compare(learnt: _Features, features: Values, count: int) -> Floats:
    """The cosine of a text with every term; a feature that no term has lengthens the text as the rarest would."""
    if not len(learnt.vocabulary) or not len(features):
        return np.zeros(count)
    own, times = np.unique(features, return_counts=True)
    place = np.minimum(np.searchsorted(learnt.vocabulary, own), len(learnt.vocabulary) - 1)
    known = learnt.vocabulary[place] == own
    parts = times * np.where(known, learnt.weights[place], learnt.weights.max())
    place, shares = place[known], parts[known] / np.sqrt((parts**2).sum())
    sizes = learnt.starts[place + 1] - learnt.starts[place]
    first = learnt.starts[place] - np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    at = np.repeat(first, sizes) + np.arange(sizes.sum())
    parts = np.repeat(shares, sizes) * learnt.shares[at]
    return np.bincount(learnt.rows[at], weights=parts, minlength=count).astype(np.float64)
