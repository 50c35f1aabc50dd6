"""Lines of Markdown and of plain text as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
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
#: A line that only draws a rule: one below a title underlines it, one above and below it frame it.
_DRAWN = re.compile(r"^\s*([=\-*_~#\u2500\u2501\u2550\u2014])(?:\s*\1){2,}\s*$")
#: How long a title with a number of its own may be, and that it is no sentence.
_NUMBERED_TITLE = re.compile(r"^[^\u3002\uff1b;\uff1f?\uff01!\t]{2,32}$")
#: A name above an indented line, the indented line, and a line of a row that goes on further right.
_NAME = re.compile(
    r"^[^\s\u3002\uff1b;\uff0c,\uff1a:\uff1f?\uff01!\t][^\u3002\uff1b;\uff1a:\uff1f?\uff01!\t]{1,23}$"
)
_INDENTED, _FAR = re.compile(r"^(?:\u3000| {2}|\t)\s*\S{2}"), re.compile(r"^(?:\u3000{3}| {6}|\t)\s*\S")
_GOES_ON = "\x01"
#: Dots that lead from a name to its value; a title between two pieces of a drawn rule.
_LEADERS = re.compile("\\s*(?:\u2026{2,}|\\.{4,}|\u00b7{4,}|_{4,})\\s*(?=\\S)")
_FRAMED = re.compile("^\\s*([=\\-*~#\u2500\u2501\u2550\u2014])\\1+\\s*(\\S.{0,30}?)\\s*\\1{2,}\\s*$")
#: A paragraph of a contract is no row.
_CLAUSE = re.compile("^\u7b2c.{1,3}[\u6761\u6b3e\u9879]")
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


#: What a sentence ends with.
_STOPS = ("\u3002", "\uff1b")
#: What stands around numbers of headings.
_BRACKETS = "\u3010\uff08("
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
        self._depth, self._depths = 1, {}

    def read(self, lines: list[str]) -> None:
        if not self._markdown:
            lines = [_LEADERS.sub("\u3000\u3000", line) for line in lines]
        drawn = [bool(_DRAWN.match(line)) for line in lines]
        shown = ["" if rule else line.rstrip() for line, rule in zip(lines, drawn, strict=True)]
        for index, line in enumerate(lines):
            framed = None if self._markdown or drawn[index] else _FRAMED.match(line)
            if framed:
                self._close()
                self._heading(2 if self._titled else 1, framed.group(2))
                self._titled = True
                continue
            before = shown[index - 1].strip() if index else ""
            after = shown[index + 1] if index + 1 < len(lines) else ""
            ruled = index + 1 < len(lines) and drawn[index + 1]
            if ruled and not before and _TITLE.match(shown[index].strip()):
                self._close()
                self._heading(2 if self._titled else 1, shown[index].strip())
                self._titled = True
            else:
                self._line("" if drawn[index] else line, before, after)
        self._close()

    def _line(self, line: str, before: str, after: str) -> None:
        text = line.strip()
        level = self._level(text, before, after.strip()) or self._hangs(line, after)
        if not text:
            self._close()
        elif level:
            self._close()
            self._heading(level, self._asked.sub("", text.strip("*")) if level == _QUESTION else text)
        elif self._sort == "table" and not self._markdown and _FAR.match(line):
            self._gathered[-1] += _GOES_ON + "\u3000".join(_COLUMNS.split(text))  # the row goes on
        elif self._is_row(text) and not (self._step.match(line) and not re.match(r"\s*\d", line)):
            self._gather("table", text)
        elif self._step.match(line):
            self._gather("steps", self._step.sub("", line, count=1))
        elif self._point.match(line):
            self._gather("list", self._point.sub("", line, count=1))
        elif self._sort in ("steps", "list") and line[:1].isspace():
            self._gathered[-1] += "\n" + text  # the step goes on
        else:
            self._gather("paragraph", self._answered.sub("", text.lstrip("> ")))

    def _heading(self, level: int, text: str) -> None:
        self._depth = level if level < _QUESTION else self._depth
        self._builder.heading(level, _bare(text.lstrip("#").rstrip("#")))

    def _hangs(self, line: str, after: str) -> int:
        """How deep a heading a short line of plain text is above an indented one; 0 for none."""
        if self._markdown or not _NAME.match(line) or not _INDENTED.match(after):
            return 0
        below = after.strip()
        if self._is_row(line) or any(
            form.match(one) for form in (self._step, self._point) for one in (line, below)
        ):
            return 0
        return self._depth_of("hangs")

    def _depth_of(self, form: str) -> int:
        """Headings of one form are as deep as where the first of them stood."""
        return self._depths.setdefault(form, min(self._depth + 1, 6))

    def _level(self, text: str, before: str, after: str) -> int:
        """How deep a heading the line is; 0 for none."""
        if self._asked.match(text.lstrip("*")) and len(text) <= 44:
            return _QUESTION
        if self._markdown:
            match = _MARKDOWN_HEADING.match(text)
            return len(match.group(1)) if match else 0
        step = self._step.match(text)
        lonely = step and after and not self._step.match(after) and not self._step.match(before)
        if lonely and not self._is_row(text) and not self._point.match(after) and _NUMBERED_TITLE.match(text):
            return 5 if self._titled else 1
        if after and _NUMBERED_TITLE.match(text) and not self._is_row(text):
            for depth, form in enumerate(self._numbered[2:], 4):
                if form.fullmatch(text):
                    return depth
        marked = text and self._numbered[0].fullmatch(text) and not text[0].isalnum()
        if marked and after and after[0] != text[0] and _NUMBERED_TITLE.match(text):
            return self._depth_of(text[0])
        if not text or not _TITLE.match(text) or self._is_row(text):
            return 0
        if not self._titled:
            self._titled = True
            return 1
        for depth, form in enumerate(self._numbered):
            if form.fullmatch(text):
                return depth + 2 if text[0].isalnum() or text[0] in _BRACKETS else self._depth_of(text[0])
        if re.match(r"\d{1,2}\s+\D", text):
            return 2
        return 6 if not before and after and not self._step.match(text) and len(text) <= 24 else 0

    def _is_row(self, text: str) -> bool:
        if text.startswith("|") or "|" in text.strip("|") and self._sort == "table":
            return True
        return (
            not self._markdown
            and len(_COLUMNS.split(text)) >= 2
            and not re.search("^[^:\uff1a]{2,8}[:\uff1a]", text)
            and not _CLAUSE.match(text)
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
            if not self._markdown and len(rows) == 1 and len(rows[0]) > 2:
                self._builder.paragraph(" ".join(map(_bare, rows[0])))
                return
            if not self._markdown and _unheaded(rows):
                self._builder.points(_named(row) for row in rows)
                return
            self._builder.table([[_bare(cell) for cell in row] for row in rows])
        elif sort == "steps":
            self._builder.steps(map(_bare, gathered))
        elif sort == "list":
            self._points(gathered)
        else:
            for paragraph in gathered:  # plain text and most Markdown keep one paragraph a line
                self._builder.paragraph(_bare(paragraph), _marked(paragraph))

    def _points(self, gathered: list[str]) -> None:
        """Points of a list; a short first line with others below it is a heading."""
        for sort, some in groupby(
            gathered, key=lambda point: bool(_TITLE.match(point.split("\n")[0])) and "\n" in point
        ):
            if not sort:
                points = list(some)
                self._builder.points(
                    map(_bare, points), [word for point in points for word in _marked(point)]
                )
                continue
            for point in some:
                title, *below = point.split("\n")
                self._builder.heading(6, _bare(title))
                for line in below:
                    self._builder.paragraph(_bare(line))


def _unheaded(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows are names with texts, not a table: they end as sentences do, go on, or are ragged."""
    if any(_GOES_ON in cell for row in rows for cell in row) or len(rows) == 1 and len(rows[0]) == 2:
        return True
    two = sum(len(row) == 2 for row in rows)
    if two == len(rows):
        return rows[0][1][-1:] in _STOPS
    return any(len(row) > 2 for row in rows) and 2 * two > len(rows) and bool(re.search(r"\d", rows[0][-1]))


def _named(row: Sequence[str]) -> str:
    """A name and its text, further lines behind semicolons."""
    return f"{_bare(row[0])}\uff1a{' '.join(map(_bare, row[1:]))}".replace(_GOES_ON, "\uff1b")


def _marked(text: str) -> list[str]:
    """The emphasised words of a line of Markdown."""
    return [match.group(2) for match in _EMPHASIS.finditer(text) if match.group(1) in ("**", "__")]


def _cells(row: str) -> list[str]:
    if "|" in row or "\uff5c" in row:
        return re.split(r"(?<!\\)[|\uff5c]", row.strip().strip("|\uff5c"))
    return _COLUMNS.split(row)


def _bare(text: str) -> str:
    """Without Markdown's signs of emphasis and links; a line break in a cell is one."""
    text = re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    return _EMPHASIS.sub(lambda match: match.group(2) or match.group(3) or "", text).strip()
