"""Lines of Markdown and of plain text as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from kefu.knowledge.extraction.documents import Builder
from kefu.knowledge.extraction.readers.text import decoded
from kefu.knowledge.extraction.vocabulary import Marks, vocabulary

_MARKDOWN_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_EMPHASIS = re.compile(r"(\*\*|__|`)(.+?)\1|!?\[([^\]]*)\]\([^)]*\)")
#: A line of plain text that may be a title: short, and it does not end as a sentence does.
_TITLE = re.compile(r"^[^\u3002\uff1b;\uff0c,\uff1a:\uff1f?\uff01!\t]{2,40}$")
_COLUMNS = re.compile(r"\t+| {2,}|\u3000+|\s*[|\uff5c]\s*")
#: Lines of a document that are not shown (front matter, comments).
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def read_markdown(path: Path, builder: Builder) -> None:
    """Reads headings by their hashes, pipe tables, numbered and plain lists, paragraphs."""
    text = _COMMENT.sub("", decoded(path))
    add_lines(text.splitlines(), builder, markdown=True)


def read_plain(path: Path, builder: Builder) -> None:
    """Reads headings by their numbers or by standing alone; the first line is the title."""
    add_lines(decoded(path).splitlines(), builder, markdown=False)


def add_lines(lines: Iterable[str], builder: Builder, markdown: bool) -> None:
    """Adds the blocks of ``lines``."""
    _Lines(builder, markdown).read(list(lines))


#: Questions stand deeper than any heading.
_QUESTION = 7


class _Lines:
    """Gathers lines of one sort until another sort comes."""

    def __init__(self, builder: Builder, markdown: bool) -> None:
        self._builder = builder
        self._markdown = markdown
        self._marks: Marks = vocabulary().marks
        self._step, self._point = re.compile(self._marks.step), re.compile(self._marks.point)
        self._asked, self._answered = re.compile(self._marks.asked), re.compile(self._marks.answered)
        self._numbered = [re.compile(form) for form in self._marks.headings]
        self._sort, self._gathered = "", []
        self._titled = False

    def read(self, lines: list[str]) -> None:
        for index, line in enumerate(lines):
            before = lines[index - 1].strip() if index else ""
            after = lines[index + 1].strip() if index + 1 < len(lines) else ""
            self._line(line, before, after)
        self._close()

    def _line(self, line: str, before: str, after: str) -> None:
        text = line.strip()
        level = self._level(text, before, after)
        if not text:
            self._close()
        elif level:
            self._close()
            bare = self._asked.sub("", text) if level == _QUESTION else text
            self._builder.heading(level, _bare(bare.lstrip("#").rstrip("#")))
        elif self._is_row(text):
            self._gather("table", text)
        elif self._step.match(line):
            self._gather("steps", self._step.sub("", line, count=1))
        elif self._point.match(line):
            self._gather("list", self._point.sub("", line, count=1))
        elif self._sort in ("steps", "list") and line[:1].isspace():
            self._gathered[-1] += "\n" + text  # the step goes on
        else:
            self._gather("paragraph", self._answered.sub("", text.lstrip("> ")))

    def _level(self, text: str, before: str, after: str) -> int:
        """How deep a heading the line is; 0 for none."""
        if self._asked.match(text) and len(text) <= 40:
            return _QUESTION
        if self._markdown:
            match = _MARKDOWN_HEADING.match(text)
            return len(match.group(1)) if match else 0
        if not text or not _TITLE.match(text) or self._is_row(text):
            return 0
        if not self._titled:
            self._titled = True
            return 1
        for depth, form in enumerate(self._numbered):
            if form.fullmatch(text):
                return depth + 2
        # A number that stands alone, with text below, is a heading; steps stand together.
        step = self._step.match(text)
        lonely = step and after and not self._step.match(after) and not self._step.match(before)
        if lonely and len(text) <= 24 and not self._point.match(after):
            return 5
        if re.match(r"\d{1,2}\s+\D", text):
            return 2
        return 6 if not before and after and not self._step.match(text) and len(text) <= 24 else 0

    def _is_row(self, text: str) -> bool:
        if text.startswith("|") or "|" in text.strip("|") and self._sort == "table":
            return True
        return (
            not self._markdown
            and len(_COLUMNS.split(text)) >= 2
            and bool(re.search(r"\t|\||\uff5c|\S\u3000+\S", text))
        )

    def _gather(self, sort: str, text: str) -> None:
        if sort != self._sort:
            self._close()
        self._sort = sort
        self._gathered.append(text)

    def _close(self) -> None:
        sort, gathered = self._sort, [text for text in self._gathered if text.strip()]
        self._sort, self._gathered = "", []
        if not gathered:
            return
        if sort == "table":
            rows = [_cells(row) for row in gathered if not _RULE.match(row)]
            self._builder.table([[_bare(cell) for cell in row] for row in rows])
        elif sort == "steps":
            self._builder.steps(map(_bare, gathered))
        elif sort == "list":
            self._builder.points(map(_bare, gathered))
        else:
            for paragraph in gathered:  # plain text and most Markdown keep one paragraph a line
                self._builder.paragraph(_bare(paragraph))


def _cells(row: str) -> list[str]:
    if "|" in row or "\uff5c" in row:
        return re.split(r"(?<!\\)[|\uff5c]", row.strip().strip("|\uff5c"))
    return _COLUMNS.split(row)


def _bare(text: str) -> str:
    """Without Markdown's signs of emphasis and links; a line break in a cell is one."""
    text = re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    return _EMPHASIS.sub(lambda match: match.group(2) or match.group(3) or "", text).strip()
