"""HTML pages; scripts and styles are left out, nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup, Comment, NavigableString, Tag

from kefu.knowledge.extraction.documents import Builder
from kefu.knowledge.extraction.readers.text import decoded

_HIDDEN = ("script", "style", "noscript", "template", "nav", "iframe", "svg", "head")
_INLINE = frozenset(
    "a abbr b bdi br cite code em font i kbd label mark q s small span strong sub sup u".split()
)
_EMPHASIS = ("b", "strong", "em", "mark")
#: How deep the term of a definition stands, and what opens to details.
_TERM = 7


def read(path: Path, builder: Builder) -> None:
    """Reads headings, paragraphs, lists, definition lists and tables in the order of the page."""
    soup = BeautifulSoup(decoded(path), "html.parser")
    for tag in soup(_HIDDEN):
        tag.decompose()
    for comment in soup.find_all(string=lambda piece: isinstance(piece, Comment)):
        comment.extract()
    _walk(soup.body or soup, builder)


def _walk(parent: Tag, builder: Builder) -> None:
    loose: list[str] = []
    marked: list[str] = []

    def close() -> None:
        builder.paragraph(_clean("".join(loose)), marked)
        loose.clear()
        marked.clear()

    for child in parent.children:
        if isinstance(child, NavigableString):
            loose.append(str(child))
        elif child.name == "br":
            close()
        elif child.name in _INLINE:
            loose.append(child.get_text())
            marked += _marked(child)
        else:
            close()
            _block(child, builder)
    close()


def _block(tag: Tag, builder: Builder) -> None:
    if re.fullmatch("h[1-6]", tag.name):
        builder.heading(int(tag.name[1]), _text(tag))
    elif tag.name == "summary":
        builder.heading(_TERM, _text(tag))
    elif tag.name == "table":
        caption = tag.find("caption")
        if caption:
            builder.paragraph(_text(caption))
        builder.table(_rows(tag))
    elif tag.name == "ol":
        builder.steps(_text(item) for item in tag.find_all("li", recursive=False))
    elif tag.name == "ul":
        items = tag.find_all("li", recursive=False)
        builder.points(map(_text, items), [word for item in items for word in _marked(item)])
    elif tag.name == "dl":
        _defined(tag, builder)
    else:
        _walk(tag, builder)


def _marked(tag: Tag) -> list[str]:
    """The words that a tag, or a part of it, emphasises."""
    found = [tag] if tag.name in _EMPHASIS else tag.find_all(_EMPHASIS)
    return [text for text in map(_text, found) if text]


def _defined(tag: Tag, builder: Builder) -> None:
    """A list of definitions: short ones are points, longer ones stand below their terms."""
    terms = tag.find_all(["dt", "dd"])
    pairs = [
        (_text(term), _text(told))
        for term, told in zip(terms, terms[1:], strict=False)
        if term.name == "dt" and told.name == "dd"
    ]
    if any(told[-1:] == "\u3002" for _, told in pairs):
        for term, told in pairs:
            builder.heading(_TERM, term)
            builder.paragraph(told)
    else:
        builder.points(f"{term}\uff1a{told}" for term, told in pairs)


def _rows(table: Tag) -> list[list[str]]:
    """The cells of a table; a cell over several rows or columns stands in each of them."""
    grid: dict[tuple[int, int], str] = {}
    lines = table.find_all("tr")
    for y, line in enumerate(lines):
        x = 0
        for cell in line.find_all(["td", "th"]):
            while (y, x) in grid:
                x += 1
            text = _text(cell)
            for down in range(min(_span(cell, "rowspan"), len(lines) - y)):
                for right in range(_span(cell, "colspan")):
                    grid.setdefault((y + down, x + right), text)
    width = 1 + max((x for _, x in grid), default=-1)
    return [[grid.get((y, x), "") for x in range(width)] for y in range(len(lines))]


def _span(cell: Tag, attribute: str) -> int:
    value = str(cell.get(attribute) or "1")
    return min(int(value), 200) if value.isdecimal() and int(value) else 1


def _text(tag: Tag) -> str:
    for line_break in tag.find_all("br"):
        line_break.replace_with("\n")
    return _clean(tag.get_text())


def _clean(text: str) -> str:
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
