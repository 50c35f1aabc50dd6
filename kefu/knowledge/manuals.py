"""Manuals in Markdown, cut into the sections that are searched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Passage:
    """One section of a manual."""

    manual: str
    title: str
    text: str


#: So long may a file's name and a section's titles be: together they are a key of the database.
_NAME, _TITLES = 64, 160
_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")


def read_manual(path: Path) -> list[Passage]:
    """Cuts a manual at its headings; a section's title carries the titles above it.

    Raises:
        ValueError: It has no heading, text before the first one, or too long a name or title.
    """
    if len(path.stem) > _NAME:
        raise ValueError(f"has a name of more than {_NAME} characters")
    passages, titles, lines = [], [], []

    def close() -> None:
        text = "\n".join(lines).strip()
        if text and not titles:
            raise ValueError("has text before its first heading")
        title = " / ".join(titles[1:] or titles)
        if len(title) > _TITLES:
            raise ValueError(f"has headings of more than {_TITLES} characters together: {title[:40]}...")
        if text:
            passages.append(Passage(path.stem, title, text))
        lines.clear()

    for line in path.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.match(line)
        if not heading:
            lines.append(line)
            continue
        close()
        depth = len(heading.group(1))
        titles[depth - 1 :] = [heading.group(2)]
    if not titles:
        raise ValueError("has no heading")
    close()
    return passages
