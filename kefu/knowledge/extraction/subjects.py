"""What a manual is about: products and lines in its title, or listed as those that it is for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from kefu.knowledge.extraction.cells import column_kind
from kefu.knowledge.extraction.documents import Block, Document, Span
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.reach import Reach
from kefu.knowledge.extraction.training import Model
from kefu.knowledge.extraction.vocabulary import Vocabulary

_PATTERN, _SUBJECT, _LEAST = 0.85, 0.8, 0.4
#: A model among other words: what stands before its letters and digits, and these.
_MODEL = re.compile(r"[^\x00-\x7f]*[A-Za-z0-9][A-Za-z0-9\-+./ ]*")
#: Letters and digits that look like a model, with what editions of it are called.
_CODED = re.compile(
    r"(?<![A-Za-z0-9.\-/])(?:[A-Z][A-Za-z]{0,5}(?:-[A-Z]{0,3})?|[\u4e00-\u9fff]{2} )"
    r"\d{1,5}[A-Za-z]{0,3}(?![\d.%])"
    r"(?: (?:Pro|Max|Plus|Air|Mini|Lite|Ultra|SE|NFC|Milk|[A-Z][a-z]{2,5})\b)?(?:[\u4e00-\u9fff]{2}\u7248)?"
)
#: What the models of one series begin with; what is no model but an edition of the manual.
_SERIES, _EDITION = re.compile(r"\D*"), re.compile("[Vv]?\\d+(?:\\.\\d+)*(?: ?\u7248)?")
_LINE_OF = re.compile("\\s*[:\uff1a]\\s*([\u4e00-\u9fff]{3,12})(?=[\uff0c,\u3002]|$)")
_HAN = re.compile("[\u4e00-\u9fff]+")
#: A label before what it announces; one of the names behind it; the word behind a model.
_LABEL = re.compile("([^:\uff1a\u3002\uff0c]{2,10}?)\\s*[:\uff1a]\\s*")
_PIECE = re.compile(
    "(?:[^\u3001,\uff0c/\uff0f;\uff1b\u3002()\uff08\uff09\u3000 ]| (?! ))+"
    "(?=[(\uff08]|$|[\u3001,\uff0c/\uff0f;\uff1b\u3002]|[\u3000 ])"
)
_WORD, _NEARLY = r"( [A-Z0-9][A-Za-z0-9]{0,5}\b)?", 0.8
#: A title or a name is no longer; the title is among so many lines.
_SHORT, _TITLES = 40, 3
#: A model is named so often at least; a maker's name has about so many signs.
_AGAIN, _MAKER = 3, 2
#: A line ends as its other names do.
_ENDING = 3
_LINE = 0.6
#: Kinds that belong to the product that a manual is about, when nothing nearer is named.
_OF_SUBJECT = ("fault", "function", "spec", "policy")
#: Titles and lists of models stand within the first blocks.
_HEAD = 6


class Subjects:
    """Of one manual.

    Attributes:
        named: Where products and lines are named at its head, each once.
        links: How these hang together.
    """

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        model: Model,
        with_names: Callable[[str, Iterable[Mention]], list[Mention]],
    ) -> None:
        """Reads the head of ``document``; ``with_names`` adds the names that the graph knows."""
        self._document, self._vocabulary = document, vocabulary
        blocks = _head(document)
        title = self._title(blocks)
        found: list[Mention] = []
        for block in blocks:
            for item in block.items:
                match = re.search(vocabulary.models, item.text)
                labelled = list(self._labelled(item, title))
                if match and block.kind != "heading" and not labelled:
                    found += self._models(item, match.end())
                found += [*labelled, *self._line_told(item)]
        coded = list(self._coded([span for block in blocks for span in block.spans]))
        listed = [
            link
            for block in blocks
            if block.kind == "list"
            for item in block.items
            for link in self._listed(item, coded)
        ]
        listed += [link for block in blocks if block.kind == "list" for link in self._of_lines(block)]
        found += [*coded, *(end for link in listed for end in (link.source, link.target))]
        found = [self._whole(m) for m in found]
        if title is not None:
            learned = with_names(title.text, model.mentions(title.text, "title"))
            told = any(m.kind == "product_line" for m in found)
            titled = [m for m in self._of_title(title, learned) if not told or m.kind != "product_line"]
            found += titled if told else self._line_of_title(title, titled)
        found = _without_parts([mention for mention in found if mention.confidence >= _LEAST])
        self.named = list({(m.kind, m.text): m for m in found}.values())
        self.links: list[Link] = listed
        if title is not None:
            self.links += model.linker(title.text, [m for m in found if m.end <= title.end])

    def _title(self, blocks: Sequence[Block]) -> Span | None:
        """What names the manual: the first line of its head that says what it is, else the very first."""
        lines = [block.items[0] for block in blocks if block.kind in ("heading", "paragraph")]
        short = [line for line in lines[:_TITLES] if len(line.text) <= _SHORT]
        return next(
            (line for line in short if re.search(self._vocabulary.title, line.text)), (lines or [None])[0]
        )

    def _labelled(self, item: Span, title: Span | None) -> Iterator[Mention]:
        """Models behind a label ("product: ..."), or the line if that is what the title names, too."""
        label = _LABEL.match(item.text)
        if not label or column_kind(label.group(1).strip(), self._vocabulary) != "product":
            return
        pieces = list(self._pieces(item, label.end()))
        if (
            len(pieces) == 1
            and title is not None
            and _HAN.fullmatch(pieces[0].text)
            and pieces[0].text in title.text
        ):
            yield Mention("product_line", pieces[0].start, pieces[0].end, pieces[0].text, _PATTERN, "pattern")
            return
        for piece in pieces:
            if self._is_name(piece.text):
                yield Mention("product", piece.start, piece.end, piece.text, _PATTERN, "pattern")

    def _of_lines(self, block: Block) -> Iterator[Link]:
        """A list of lines, each with its products behind a colon."""
        found: list[Link] = []
        for item in block.items:
            label = _LABEL.match(item.text)
            named = (
                label and _HAN.fullmatch(label.group(1)) and not column_kind(label.group(1), self._vocabulary)
            )
            pieces = list(self._pieces(item, label.end())) if named else []
            if not pieces or not all(self._is_name(piece.text) for piece in pieces):
                return
            start, end = item.start + label.start(1), item.start + label.end(1)
            line = Mention("product_line", start, end, label.group(1), _PATTERN, "pattern")
            for piece in pieces:
                product = Mention("product", piece.start, piece.end, piece.text, _PATTERN, "pattern")
                found.append(Link("in_line", product, line, _SUBJECT))
        yield from found

    def _pieces(self, item: Span, start: int) -> Iterator[Span]:
        """What is listed behind a label, without what stands in parentheses."""
        for match in _PIECE.finditer(item.text, start):
            text = match.group().strip(" :\uff1a\u3000")
            if text:
                at = item.text.index(text, match.start())
                yield Span(item.start + at, item.start + at + len(text), text)

    def _is_name(self, text: str) -> bool:
        """Whether the manual names a product so: by its form, or again and again."""
        coded = _CODED.search(text) and not _EDITION.fullmatch(text)
        return len(text) <= _SHORT and bool(coded or self._document.text.count(text) > 1)

    def _whole(self, mention: Mention) -> Mention:
        """A model with the word that nearly always follows it."""
        if mention.kind != "product":
            return mention
        text = self._document.text
        behind = Counter(match.group(1) for match in re.finditer(re.escape(mention.text) + _WORD, text))
        often = text.count(mention.text)
        for word, times in behind.most_common(1):
            if word and times > 1 and times >= _NEARLY * often and text.startswith(word, mention.end):
                end = mention.end + len(word)
                return replace(mention, end=end, text=text[mention.start : end])
        return mention

    def _coded(self, items: Sequence[Span]) -> Iterator[Mention]:
        """Models by their form; one of each series is named again further on, or two stand together."""
        found = [(item, match) for item in items for match in _CODED.finditer(item.text)]
        series: set[str] = set()
        for item in items:
            models = {match.group() for match in _CODED.finditer(item.text)}
            begins = [_SERIES.match(model).group() for model in sorted(models)]
            often = [self._document.text.count(model) >= _AGAIN for model in sorted(models)]
            series |= {
                one for one, again in zip(begins, often, strict=True) if again or begins.count(one) > 1
            }
        for item, match in found:
            if _SERIES.match(match.group()).group() in series:
                start, end = item.start + match.start(), item.start + match.end()
                yield Mention("product", start, end, match.group(), _PATTERN, "pattern")

    def _listed(self, item: Span, products: Iterable[Mention]) -> Iterator[Link]:
        """A point of a list that says to which line a product belongs."""
        for product in products:
            line = _LINE_OF.match(item.text, product.end - item.start)
            if product.start == item.start and line:
                start, end = item.start + line.start(1), item.start + line.end(1)
                yield Link(
                    "in_line",
                    product,
                    Mention("product_line", start, end, line.group(1), _PATTERN, "pattern"),
                    _SUBJECT,
                )

    def _line_told(self, item: Span) -> Iterator[Mention]:
        for match in re.finditer(self._vocabulary.line_told, item.text):
            name = match.group(1)
            if self._document.text.count(name[-_ENDING:]) < 2:
                continue  # no name of anything
            start = item.start + match.start(1)
            if self._document.blocks[0].spans[0].text.startswith(name[:_MAKER]):
                start, name = start + _MAKER, name[_MAKER:]
            yield Mention("product_line", start, start + len(name), name, _PATTERN, "pattern")

    def _line_of_title(self, title: Span, found: Sequence[Mention]) -> list[Mention]:
        """What was learned of a title, and its line up to the end of a word, behind the maker."""
        lines = [m for m in found if m.kind == "product_line"]
        others = [m for m in found if m.kind != "product_line"]
        last = 0
        for match in [*re.finditer(self._vocabulary.title_end, title.text), None]:
            start, end = title.start + last, title.start + (match.start() if match else len(title.text))
            last = match.end() if match else last
            inside = [m for m in lines if start <= m.start and m.end <= end]
            if any(m.end == end for m in inside) or not inside and lines:
                continue
            start = inside[0].start if inside else start + _MAKER
            name = title.text[start - title.start : end - title.start]
            if len(name) > 1 and (inside or _HAN.fullmatch(name)):
                lines = [m for m in lines if m not in inside]
                lines.append(Mention("product_line", start, end, name, _LINE, "pattern"))
        return [*others, *lines]

    def _of_title(self, title: Span, mentions: Iterable[Mention]) -> list[Mention]:
        found = [m.moved(title.start) for m in mentions if m.kind in ("product", "product_line")]
        found = [m for m in found if not _EDITION.fullmatch(m.text)]
        listed = [m for m in found if re.search(self._vocabulary.between_models, m.text)]
        found = [m for m in found if m not in listed or m.kind != "product"]
        for m in listed:  # several models in one name
            found += self._models(Span(m.start, m.end, m.text), 0)
        return found

    def _models(self, item: Span, start: int) -> Iterator[Mention]:
        """The models listed behind "suitable for"."""
        listed = re.split(r"[\u3002\uff1b;\n]", item.text[start:])[0]
        last = 0
        for match in [*re.finditer(self._vocabulary.between_models, listed), None]:
            piece = listed[last : match.start() if match else None]
            model = _MODEL.match(piece.strip())
            said = model.group().strip() if model else ""
            edition = None
            if not _CODED.search(listed):
                edition = re.fullmatch(self._vocabulary.edition, piece.strip())
            elif _CODED.search(piece):
                said = _CODED.search(piece).group()
            said = edition.group() if edition else said
            coded = any(map(str.isdigit, said)) and any(map(str.isalpha, said))
            if (coded or edition) and len(said) <= 24 and not _EDITION.fullmatch(said):
                at = item.start + start + last + piece.index(said)
                yield Mention("product", at, at + len(said), said, _PATTERN, "pattern")
            last = match.end() if match else last

    def complete(self, mentions: Iterable[Mention]) -> list[Mention]:
        """Takes the products and lines that tables list where the head names none for certain.

        Returns:
            What the head named and the tables name otherwise.
        """
        given_up: list[Mention] = []
        for kind in ("product", "product_line"):
            own = [m for m in self.named if m.kind == kind]
            listed = {m.text: m for m in mentions if m.kind == kind and m.by == "table"}
            sure = [m for m in own if m.by != "learned" and m.confidence > _LINE]
            inside = len(listed) > 1 and all(any(m.text in name for name in listed) for m in sure)
            if listed and (not sure or inside):
                given_up += [m for m in own if m.text not in listed]
                self.named = [m for m in self.named if m.kind != kind] + list(listed.values())
        return given_up

    def belonging(self, mentions: Sequence[Mention], links: Sequence[Link]) -> Iterator[Link]:
        """Faults, functions, specs and policies are the subject's, unless they are said of others.

        Args:
            mentions: What the manual names.
            links: What is known of how it hangs together.
        """
        products = [m for m in self.named if m.kind == "product"]
        lines = [m for m in self.named if m.kind == "product_line"]
        placed = {
            (name.kind, name.text, name.value)
            for link in links
            if link.confidence >= 0.5 and "product" in (link.source.kind, link.target.kind)
            for name in (link.source, link.target)
        }
        lined = {
            line.text: [p for p in products if (p.text, line.text) in said]
            for said in [{(k.source.text, k.target.text) for k in links if k.relation == "in_line"}]
            for line in (lines if len(lines) > 1 else ())
        }
        reach = Reach(self._document, self._vocabulary, products, lined)
        codes: dict[str, list[str]] = defaultdict(list)
        about: dict[str, list[str]] = defaultdict(list)
        for link in links:
            if link.relation == "reports":
                codes[link.source.text].append(link.target.text)
            if link.relation == "concerns":
                about[link.source.text].append(link.target.text)
        told = {m.text: reach.of(m) for m in mentions if m.kind == "function"}
        for mention in mentions:
            if mention.kind not in _OF_SUBJECT or (mention.kind, mention.text, mention.value) in placed:
                continue
            restricted = reach.of(mention, codes[mention.text])
            for function in about[mention.text] if mention.kind == "fault" else ():
                restricted = restricted or told.get(function, [])
            subjects = restricted or products or lines
            if mention.kind == "policy" and not restricted:
                subjects = [*products, *lines]
            for subject in subjects:
                for source, target in ((mention, subject), (subject, mention)):
                    relation = relation_between(source.kind, target.kind)
                    if relation:
                        yield Link(relation, source, target, _SUBJECT)
        lined = {k.source.text for k in links if k.relation == "in_line" and k.confidence >= 0.5}
        for product in products:
            for line in lines[:1] if product.text not in lined else ():
                yield Link("in_line", product, line, _SUBJECT)


def _head(document: Document) -> list[Block]:
    """What stands before the first section, but no more than some blocks."""
    head: list[Block] = []
    for block in document.blocks[:_HEAD]:
        if block.kind == "heading" and head and len(block.headings) > 1 and len(head) > 1:
            break
        head.append(block)
    return head


def _without_parts(found: list[Mention]) -> list[Mention]:
    """Of products in one place the one that has a model's form, of these the longest."""
    products = sorted(
        (m for m in found if m.kind == "product"), key=lambda m: (m.by == "learned", m.start - m.end)
    )
    kept: list[Mention] = []
    for m in products:
        if not any(m.meets(other) for other in kept):
            kept.append(m)
    return [m for m in found if m.kind != "product" or m in kept]
