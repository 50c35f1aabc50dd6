"""Whether a text says only what its source says: what a machine has reworded is believed no further."""

from __future__ import annotations

import re

from kefu.language.normalize import normalize

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?|\n")
_NUMBER = re.compile(
    r"\d+(?:[.,:]\d+)*|[零一二两三四五六七八九十百千万半]+(?=[年月天日周个小时分秒米元块次级倍折成项步])"
)
_LATIN = re.compile(r"[a-z][a-z0-9.+-]*")
_NEGATION = re.compile(r"不|没|无|未|勿|别|非|禁|除外|\b(?:no|not|never|without|except|cannot)\b|n't\b")
#: So many of a sentence's pairs of characters have to stand in the source.
_SHARED = 0.55
#: And so many of one of the source's, to have become part of it.
_TOUCHED = 3


def faithful(text: str, source: str) -> str:
    """The sentences of ``text`` that the source bears out; the others are dropped.

    A number, a name in Latin letters, or a negation that does not stand in the sentence of the source which
    is most alike makes a sentence unfit, and so do words of its own. What is dropped is dropped whole: half a
    sentence may say the opposite.
    """
    known = normalize(source).text
    spans = [span for span in (normalize(part).text for part in _SENTENCE.findall(source)) if span]
    kept = [sentence for sentence in _SENTENCE.findall(text) if _is_borne_out(sentence, known, spans)]
    return "".join(kept).strip()


def _is_borne_out(sentence: str, known: str, spans: list[str]) -> bool:
    said = normalize(sentence).text
    pairs = _pairs(said)
    if not pairs:
        return not said.strip() or said in known
    numbers, latin = set(_NUMBER.findall(said)), set(_LATIN.findall(said))
    if not (numbers <= set(_NUMBER.findall(known)) and latin <= set(_LATIN.findall(known))):
        return False
    if len(pairs & _pairs(known)) < _SHARED * len(pairs):
        return False
    nearest = max(spans, key=lambda span: len(pairs & _pairs(span)) / len(pairs | _pairs(span)))
    if bool(_NEGATION.search(said)) != bool(_NEGATION.search(nearest)):
        return False
    # Several sentences may have become one.
    around = "".join(span for span in spans if len(pairs & _pairs(span)) >= _TOUCHED)
    return numbers <= set(_NUMBER.findall(around))


def _pairs(text: str) -> set[str]:
    letters = re.sub(r"[\W_]+", "", text)
    return {letters[index : index + 2] for index in range(len(letters) - 1)}
