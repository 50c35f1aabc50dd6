"""What people call one thing: pairs to learn from, drawn from lines of words for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kefu.knowledge.comparison import Described
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.knowledge.labelled import Labelled
from kefu.rulebook import Entry, current

FILE = FOLDER / "sayings.yml"
#: So many pairs of a line are the same, as many as are not.
_OF_A_LINE = 2
#: How often one of two is told by a name and a text.
_TOLD = 0.4


class Sayings(Entry):
    """``data/extraction/sayings.yml``: of each kind, lines of words for one thing."""

    fault: list[list[str]]
    faq: list[list[str]]
    policy: list[list[str]]
    function: list[list[str]]
    solution: list[list[str]]
    cause: list[list[str]]
    spec: list[list[str]]

    def entries(self) -> Iterator[Described]:
        """Every name alone, and with the next of its line as its text."""
        for kind, lines in self.dict().items():
            for line in lines:
                yield from (Described(kind, name) for name in line)
                yield from (_told(kind, line, i) for i in range(len(line)))

    def pairs(self, draw: np.random.Generator) -> list[Labelled]:
        """Of each line some pairs, and as many of a name of it and one of the next or of any other line."""
        found = []
        for kind, lines in self.dict().items():
            for number, line in enumerate(lines):
                for _ in range(_OF_A_LINE):
                    i, j = (int(k) for k in draw.choice(len(line), 2, replace=False))
                    told = draw.random() < _TOLD and (j + 1) % len(line) != i
                    other = _told(kind, line, j) if told else Described(kind, line[j])
                    found.append(Labelled(kind, Described(kind, line[i]), other, True, False))
                for apart in (1, int(draw.integers(1, len(lines)))):
                    strange = lines[(number + apart) % len(lines)]
                    names = (some[int(draw.integers(len(some)))] for some in (line, strange))
                    found.append(Labelled(kind, *(Described(kind, name) for name in names), False, False))
        return found


def sayings() -> Sayings:
    """The lines as they are now.

    Raises:
        RuleError: The file has a mistake, and no right version was read before.
    """
    return current(Sayings, FILE)


def _told(kind: str, line: list[str], i: int) -> Described:
    return Described(kind, line[i], text=line[(i + 1) % len(line)])
