"""How likely the best entry is what was asked, from how far it stands out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: ``python -m bench.search --calibrate`` fits these on the development questions.
RATIO, SCORE, OFFSET = 4.54, 2.81, -2.33

#: At or above: answered, if it also tells what is asked for (`kefu.knowledge.agreement`). Between the two:
#: asked back with choices. Below: nothing fits.
SURE, POSSIBLE = 0.46, 0.25

#: What nothing answers fits many entries alike: the first is judged against the one at this place.
PLACE = 5
#: What the best entries score by chance, on a question about something else altogether (天气, 高铁票, xyzzy).
CHANCE = 0.25


def confidences(scores: Sequence[float]) -> list[float]:
    """The probability of each entry to be what was asked, if it were the best one found.

    Args:
        scores: Of what was found, best first; at least ``PLACE`` of them where there are so many.
    """
    signs = np.array([features(score, scores) for score in scores]).reshape(-1, 2)
    return (1 / (1 + np.exp(-(signs @ (RATIO, SCORE) + OFFSET)))).tolist()


def features(score: float, scores: Sequence[float]) -> tuple[float, float]:
    """What the confidence is computed from: log ratio to the score at ``PLACE``, and the score itself."""
    reference = scores[PLACE - 1] if len(scores) >= PLACE else CHANCE
    return float(np.log(max(score, CHANCE) / max(reference, CHANCE))), score
