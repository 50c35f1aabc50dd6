"""How likely the best entry is what was asked, from how far it stands out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: ``python -m bench.search --calibrate`` fits these on the development questions; the offset is moved so that
#: with the model that ships more of them are answered and no fewer of those rightly (docs/adr/0003).
RATIO, SCORE, CONTRAST, OFFSET = 2.42, 18.81, 4.64, -7.75

#: At or above: answered, if it also tells what is asked for (`kefu.knowledge.agreement`). Between the two:
#: asked back with choices. Below: nothing fits.
SURE, POSSIBLE = 0.36, 0.17
#: What a question that takes something for granted needs instead of ``SURE``.
PRESUMED = 0.60

#: What nothing answers fits many entries alike: the first is judged against the one at this place.
PLACE = 5
#: What the best entries score by chance, on a question about something else altogether (天气, 高铁票, xyzzy).
CHANCE = 0.25
#: From this score on a higher one makes nothing more likely: many entries then share the question's words.
ENOUGH = 0.33
#: Who asks in an entry's own words, or names its symptom, means it: between these scores that takes the place
#: of contrast, more and more.
_WORDED = (0.5, 0.9)


def confidences(scores: Sequence[float], contrasts: Sequence[float]) -> list[float]:
    """The probability of each entry to be what was asked, if it were the best one found.

    Args:
        scores: Of what was found, best first; at least ``PLACE`` of them where there are so many.
        contrasts: How far the question leans to each by what tells it from the others (`search.Hit`).
    """
    found = zip(scores, contrasts, strict=True)
    signs = np.array([features(score, contrast, scores) for score, contrast in found]).reshape(-1, 3)
    return (1 / (1 + np.exp(-(signs @ (RATIO, SCORE, CONTRAST) + OFFSET)))).tolist()


def features(score: float, contrast: float, scores: Sequence[float]) -> tuple[float, float, float]:
    """What the confidence is computed from: log ratio to the score at ``PLACE``, score and contrast."""
    reference = scores[PLACE - 1] if len(scores) >= PLACE else CHANCE
    worded = float(np.interp(score, _WORDED, (0, 1))) if score > _WORDED[0] else contrast
    ratio = float(np.log(max(score, CHANCE) / max(reference, CHANCE)))
    return ratio, min(score, ENOUGH), max(contrast, worded)
