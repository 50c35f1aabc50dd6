"""Words and units of a Chinese sentence."""

from __future__ import annotations

import logging
import math
import re
from functools import lru_cache

import jieba
import jieba.posseg

# One Han character, or a run of letters and digits (with decimals and times), or one other sign.
_UNIT = re.compile(r"[a-z0-9]+(?:[.:][0-9]+)*|\S", re.IGNORECASE)


@lru_cache(maxsize=1)
def _segmenter() -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    segmenter.initialize()
    return segmenter


def words(text: str) -> list[str]:
    """Cuts normal text into words, blanks left out (the dictionary loads on the first call)."""
    return [word for word in _segmenter().lcut(text) if word.strip()]


def units(text: str) -> list[tuple[str, int]]:
    """Cuts ``text`` into single Han characters and whole runs of letters and digits, with offsets.

    Entities are found on units: a word may straddle the edge of a name, a unit cannot.
    """
    return [(match.group(), match.start()) for match in _UNIT.finditer(text)]


@lru_cache(maxsize=1)
def _tagger() -> jieba.posseg.POSTokenizer:
    return jieba.posseg.POSTokenizer(_segmenter())


def tagged_words(text: str) -> list[tuple[str, str]]:
    """Cuts normal text into words with their parts of speech (ICTCLAS tags: n, v, m, ...), blanks kept."""
    return [(pair.word, pair.flag) for pair in _tagger().cut(text)]


def rarity(word: str) -> float:
    """How rare a word is in Chinese texts, by the dictionary's counts: 1 for what it does not know."""
    segmenter = _segmenter()
    return math.log(segmenter.total / max(1, segmenter.FREQ.get(word, 0))) / math.log(segmenter.total)
