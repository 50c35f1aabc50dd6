"""Goes through a document: what each block names, and how it hangs together with what stands around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from kefu.knowledge.extraction.cells import named_in
from kefu.knowledge.extraction.documents import Block, Document, Span
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.items import cause_and_solution, concerned, valued, whole_solutions
from kefu.knowledge.extraction.labels import CODED_NAME, code_and_fault, labelled
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.names import GraphNames, OwnNames
from kefu.knowledge.extraction.passages import Passage, asked_in, passages
from kefu.knowledge.extraction.sections import Sections
from kefu.knowledge.extraction.spec_lines import specs_in
from kefu.knowledge.extraction.specs import spec_mention
from kefu.knowledge.extraction.subjects import Subjects
from kefu.knowledge.extraction.tables import read_table
from kefu.knowledge.extraction.training import Model
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: What is named with less confidence is left out; relations need as much.
LEAST = 0.4
_HEADING, _PATTERN, _UNDER = 0.8, 0.85, 0.85
#: What is found in a heading is believed if it is so much of it; else the whole heading is the name.
_WHOLE = 0.6
#: An emphasised name is no longer.
_MARKED = 14
#: A heading that names something is short; a name and its value stand on either side of a colon.
_SHORT = 24
_NAME_AND_TEXT = re.compile(r"^(.{2,20}?)\s*[:\uff1a]\s*(\S.*)$", re.DOTALL)
_PARTS = re.compile("\\s*(?:\u2014+|\uff5c|[:\uff1a])\\s*")
_KIND_OF_SECTION = {"faults": "fault", "functions": "function", "policies": "policy"}
_OF_A_CASE = ("fault", "symptom", "cause", "solution")
#: Kinds that manuals declare in sections of their own; elsewhere they are believed only when sure.
_DECLARED, _ALONE, _TOGETHER = ("function", "policy", "product_line", "spec"), 0.85, 0.6
_SECTION_OF = {"function": "functions", "policy": "policies", "product_line": "title", "spec": "specs"}
#: Letters and digits that look alike whatever they name.
_CODED = ("product", "error_code")
#: Named once, these are what they are wherever the document says so again.
_AGAIN = ("product", "product_line", "error_code", "function")


class Reading:
    """What one document says."""

    def __init__(
        self, document: Document, model: Model, vocabulary: Vocabulary, known: GraphNames | None = None
    ) -> None:
        """Reads the whole document.

        Args:
            document: What to read.
            model: The trained parts.
            vocabulary: The words to go by.
            known: Names of the graph.
        """
        self.document = document
        self.mentions: list[Mention] = []
        self.links: list[Link] = []
        self.subjects: list[Mention] = []
        self._model, self._vocabulary, self._known = model, vocabulary, known
        self._under: dict[Span, Mention] = {}
        self._parents = {
            span for block in document.blocks for span in block.headings[:-1] if block.kind == "heading"
        }
        self._titles = {
            before.items[0]
            for before, block in zip(document.blocks, document.blocks[1:], strict=False)
            if before.kind == "heading" and block.kind == "table"
        }
        self._causes: dict[Mention, list[Mention]] = {}
        self._open: dict[Mention, list[Mention]] = {}
        self._solved: dict[Mention, Mention] = {}
        self._sections = Sections(document, vocabulary, model.content)
        if document.told:
            self._told()
        else:
            self._manual()

    def _told(self) -> None:
        """A ticket or a chat is one case: its text is read as a whole."""
        text = self.document.text
        found = self._with_names(text, self._model.mentions(text))
        self.mentions = [mention for mention in found if mention.confidence >= LEAST]
        self.links = self._model.linker(text, self.mentions)

    def _manual(self) -> None:
        subjects = Subjects(self.document, self._vocabulary, self._model, self._with_names)
        self.subjects, self.mentions, self.links = subjects.named, list(subjects.named), subjects.links
        questions: list[Passage] = []
        for block in self.document.blocks:
            if block.kind == "table" and (asked := asked_in(block, self._vocabulary)):
                questions += asked
            elif block.kind == "table":
                mentions, links = read_table(
                    block,
                    self._sections.of(block.headings),
                    self._vocabulary,
                    [*self.subjects, *self.mentions],
                    self._model.content,
                )
                self.mentions += mentions
                self.links += links
            elif block.kind == "heading":
                self._heading(block)
        given_up = subjects.complete(self.mentions)
        self.mentions = [m for m in self.mentions if m not in given_up]
        self.subjects = subjects.named
        lines = {subject.text for subject in self.subjects if subject.kind == "product_line"}
        self.mentions = [m for m in self.mentions if m.kind != "product" or m.text not in lines]
        self._owned = any(subject.kind == "product" for subject in self.subjects)
        for passage in (*passages(self.document, self._sections), *questions):
            self._passage(passage)
        self._settle()
        self._say_again()
        self.links += concerned(self.document, self._sections, self.mentions)
        self.links += subjects.belonging(self.mentions, self.links)

    def _heading(self, block: Block) -> None:
        """A short heading in a section of faults, functions or policies names one."""
        heading = self._sections.bare(block.items[0])
        kind = _KIND_OF_SECTION.get(self._sections.of(block.headings[:-1]))
        heading = self._named_part(heading, kind) if kind in ("function", "policy") else heading
        if not kind and len(block.headings) > 2 and len(heading.text) <= _SHORT:
            found = [m for m in self._model.mentions(heading.text) if m.confidence >= _TOGETHER]
            self.mentions += [m.moved(heading.start) for m in found if m.kind == "function"]
        if not kind or len(heading.text) > _SHORT:
            return
        section = self._sections.of(block.headings[:-1])
        learned = self._with_names(heading.text, self._model.mentions(heading.text, section))
        whole = _WHOLE * len(heading.text) if kind == "fault" else len(heading.text)
        found = [
            m.moved(heading.start)
            for m in learned
            if m.kind == "error_code" or m.kind == kind and len(m.text) >= whole
        ]
        found = [replace(m, confidence=max(m.confidence, _HEADING)) for m in found]
        coded = CODED_NAME.match(heading.text) if kind == "fault" else None
        if coded:
            found = list(code_and_fault(heading, coded))
        codes = [m for m in found if m.kind == "error_code"]
        if kind == "fault" and not coded and codes and self._shows_only(heading.text, codes[0].text):
            self.mentions.append(codes[0])
            self._under[block.headings[-1]] = codes[0]
            return
        if kind == "policy" and re.search(self._vocabulary.exclusions, heading.text):
            return
        if not any(m.kind == kind for m in found):
            own = self._sections.of(block.headings[-1:])
            if (
                block.items[0] in self._parents
                or block.items[0] in self._titles
                or own not in ("", section)
                and kind != "policy"
            ):
                return  # a section of its own, "maintenance", not the name of a fault
            if re.search(self._vocabulary.asks_only, heading.text):
                return  # a question about no fault
            found.append(self._named_by(heading, kind))
        main = next(m for m in found if m.kind == kind)
        self.mentions += found
        self.links += self._model.linker(heading.text, [m.moved(-heading.start) for m in found])
        self._under[block.headings[-1]] = main

    def _named_part(self, heading: Span, kind: str) -> Span:
        """Of a heading of two parts ("what it does - its name") the one that is likelier the name."""
        parts = [part for part in _PARTS.split(heading.text) if part.strip()]
        if len(parts) < 2:
            return heading
        likely = [self._model.content([part]).get(kind, 0.0) for part in parts]
        name = parts[likely.index(max(likely))].strip()
        start = heading.start + heading.text.index(name)
        return Span(start, start + len(name), name)

    def _named_by(self, heading: Span, kind: str) -> Mention:
        """The whole heading; of a question what is wrong."""
        asked = re.search(self._vocabulary.question, heading.text) if kind == "fault" else None
        text = asked.group(1) if asked else heading.text
        start = heading.start + heading.text.index(text)
        return Mention(kind, start, start + len(text), text, _HEADING, "heading")

    def _shows_only(self, heading: str, code: str) -> bool:
        return not re.sub(self._vocabulary.code_words, "", heading.replace(code, ""))

    def _passage(self, passage: Passage) -> None:
        headings = passage.blocks[0].headings
        above = next((self._under[h] for h in reversed(headings) if h in self._under), None)
        learned = self._with_names(passage.text, self._model.mentions(passage.text, passage.section))
        learned = [m for m in learned if m.confidence >= LEAST]
        offsets = dict(passage.items)
        by_block: list[list[Mention]] = []
        for block in passage.blocks:
            by_block.append([])
            for item in block.items:
                inside = [m.moved(item.start - offsets[item]) for m in learned if _within(m, item, offsets)]
                by_block[-1] += self._of_item(block, item, passage.section, inside)
        placed = {
            m.moved(offset - item.start): m
            for item, offset in passage.items
            for found in by_block
            for m in found
            if item.start <= m.start and m.end <= item.end
        }
        if above is not None and headings[-1] in self._under and passage.heading is not None:
            placed[above.moved(-passage.heading.start)] = above
        links = self._model.linker(passage.text, sorted(placed, key=lambda m: (m.start, -m.end)))
        links = [
            replace(k, source=placed[k.source], target=placed[k.target])
            for k in links
            # what has a form says itself whose it is
            if k.relation not in ("describes", "solved_by")
            or "learned" in (k.source.by, k.target.by if k.relation == "solved_by" else "")
            if not (self._owned and "product" in (k.source.kind, k.target.kind))
        ]
        self.links += links
        self._take_marked(passage, by_block, above)
        found = self._believed([m for some in by_block for m in some], links, passage.section)
        if above is not None and above.kind == "fault":
            for block, some in zip(passage.blocks, by_block, strict=True):
                self.mentions += self._under_fault(block, above, [m for m in some if m in found])
            return
        if above is not None and above.kind == "error_code":
            faults = [m for m in found if m.kind == "fault"]
            self.links += [Link("reports", fault, above, _UNDER) for fault in faults[:1]]
        self.mentions += found

    def _take_marked(self, passage: Passage, found: list[list[Mention]], above: Mention | None) -> None:
        """What a section of functions or policies emphasises names one; a heading above does no more."""
        kind = _KIND_OF_SECTION.get(passage.section)
        if kind not in ("function", "policy"):
            return
        for block, mentions in zip(passage.blocks, found, strict=True):
            others = [m for m in mentions if m.kind in _CODED or m.kind == "product_line"]
            words = [
                w for w in block.marked if len(w.text) <= _MARKED and not any(_meets(w, m) for m in others)
            ]
            judged = self._model.content([word.text for word in words])
            if not words or max(judged, key=judged.get) != kind:
                continue
            named = [Mention(kind, w.start, w.end, w.text, _PATTERN, "pattern") for w in words]
            mentions[:] = [m for m in mentions if m.kind != kind and not any(m.meets(n) for n in named)]
            mentions += named
            if above is not None and above.kind == kind and above in self.mentions:
                self.mentions.remove(above)

    def _of_item(self, block: Block, item: Span, section: str, learned: list[Mention]) -> list[Mention]:
        """What one item names: by its form if it has one, else what was learned."""
        pair = _NAME_AND_TEXT.match(item.text)
        told = specs_in(item, self._products, self._vocabulary) if section == "specs" else []
        plain = pair and len(told) < 2 and not self._owners(item.text)
        if told and not plain:
            self.links += [
                Link("describes", spec, owner, _UNDER) for spec, owners in told for owner in owners
            ]
            return [spec for spec, _ in told]
        if section == "specs" and pair and len(item.text) <= 80:
            name = Span(item.start, item.start + len(pair.group(1)), pair.group(1))
            return [spec_mention(name, pair.group(2).rstrip("\u3002\uff1b;"), confidence=_PATTERN)]
        if section == "faults" and block.headings and block.headings[-1] in self._under:
            announced = list(labelled(item, self._vocabulary))
            if announced:
                return announced
            parted = re.split(self._vocabulary.cause_solution, item.text)
            if len(parted) == 2 and all(parted):
                found, links = cause_and_solution(item, *parted, self._vocabulary)
                self.links += links
                return found
        coded = CODED_NAME.match(item.text) if section == "faults" else None
        if coded and block.headings[-1] not in self._under:
            found = list(code_and_fault(item, coded))
            behind = [m for m in learned if m.kind in ("cause", "solution") and m.start >= found[-1].end]
            return found + whole_solutions(item, behind)
        kind = _KIND_OF_SECTION.get(section)
        if kind == "policy" and re.search(
            self._vocabulary.exclusions, item.text[: len(pair.group(1)) if pair else 12]
        ):
            return []
        if kind in ("function", "policy") and pair and block.headings[-1] not in self._under:
            name = self._sections.bare(Span(item.start, item.start + len(pair.group(1)), pair.group(1)))
            return [replace(m, by="pattern") for m in named_in(name, kind, self._vocabulary)]
        if block.kind == "steps" and section != "faults":
            return []  # how something is done names nothing new
        return whole_solutions(item, [valued(m, item) for m in learned])

    @property
    def _products(self) -> list[Mention]:
        return [subject for subject in self.subjects if subject.kind == "product"]

    def _owners(self, text: str) -> list[Mention]:
        """The manual's products that a text names."""
        return [product for product in self._products if product.text in text]

    def _believed(self, found: list[Mention], links: list[Link], section: str) -> list[Mention]:
        """In a manual's running text a fault, cause or solution alone is more often none."""
        together = {m for link in links if link.confidence >= _TOGETHER for m in (link.source, link.target)}
        kept = []
        for m in found:
            if m.by not in ("learned", "name"):
                kept.append(m)
                continue
            if m.kind in _OF_A_CASE and m not in together and section != "faults":
                continue
            if self._owned and m.kind in ("product", "product_line"):
                continue  # what a manual is about stands at its head
            if m.kind in _DECLARED and section != _SECTION_OF[m.kind]:
                if m.confidence < (LEAST if m.value and m.unit else _ALONE):
                    continue
            kept.append(m)
        return kept

    def _under_fault(self, block: Block, fault: Mention, found: list[Mention]) -> list[Mention]:
        """Causes and solutions below a fault's heading are its own; numbered steps are what to do."""
        if block.kind == "steps" and not any(m.kind == "cause" for m in found):
            first = block.items[0]
            text = re.split(r"[\u3002\n]", first.text)[0]
            steps = tuple(item.text for item in block.items)
            found = [m for m in found if m.kind not in ("solution", "fault", "symptom")]
            found.append(
                Mention("solution", first.start, first.start + len(text), text, _UNDER, "heading", steps)
            )
        found = [
            replace(m, kind="symptom") if m.kind == "fault" and m.text != fault.text else m for m in found
        ]
        caused = any(m.kind == "cause" for m in found)
        told = self._causes.setdefault(fault, [])
        open_causes = self._open.setdefault(fault, [])
        for m in found:
            if m.by == "table" and m.kind == "cause":
                open_causes = [] if self._solved.pop(fault, None) else open_causes
                open_causes.append(m)
                told.append(m)
            if m.by == "table" and m.kind == "solution":  # "cause: ..." stood above "what to do: ..."
                self.links += [Link("solved_by", cause, m, _UNDER) for cause in open_causes]
                self._solved[fault] = m
        self._open[fault] = open_causes
        caused = caused or bool(told)
        for mention in found:
            relation = relation_between("fault", mention.kind)
            if relation and not (mention.kind == "solution" and caused):
                self.links.append(Link(relation, fault, mention, _UNDER))
        return found

    def _with_names(self, text: str, found: Iterable[Mention]) -> list[Mention]:
        """Names of the graph take the place of what was learned there."""
        found = list(found)
        if self._known is None:
            return found
        known = self._known(text)
        kept = [m for m in found if not any(m.meets(name) and name.kind == m.kind for name in known)]
        inside = [name for name in known if not any(name.meets(m) for m in kept)]
        return sorted(kept + inside, key=lambda mention: mention.start)

    def _settle(self) -> None:
        """What a table, a pattern or the title named is of one kind in the whole document."""
        sure = {m.text: m.kind for m in self.mentions if m.by != "learned" or m in self.subjects}
        self.mentions = [
            m for m in self.mentions if m.kind not in _CODED or sure.get(m.text, m.kind) == m.kind
        ]

    def _say_again(self) -> None:
        """What a table or the title named is the same in running text."""
        sure = [m for m in self.mentions if m.kind in _AGAIN and m.by in ("table", "pattern", "heading")]
        if not sure and not self.subjects:
            return
        names = OwnNames([*sure, *self.subjects])
        taken = sorted(self.mentions, key=lambda mention: mention.start)
        for block in self.document.blocks:
            if block.kind in ("table", "heading"):
                continue
            for item in block.items:
                inside = [m for m in taken if item.start <= m.start < item.end]
                again = [name.moved(item.start) for name in names(item.text)]
                new = [name for name in again if not any(name.meets(m) for m in inside)]
                if new:
                    self.mentions += new
                    together = [m.moved(-item.start) for m in sorted([*inside, *new], key=lambda m: m.start)]
                    self.links += [
                        Link(k.relation, k.source.moved(item.start), k.target.moved(item.start), k.confidence)
                        for k in self._model.linker(item.text, together)
                        if k.relation != "describes" or k.source.by == "learned"
                        if not (self._owned and "product" in (k.source.kind, k.target.kind))
                    ]


def _meets(span: Span, mention: Mention) -> bool:
    return span.start < mention.end and mention.start < span.end


def _within(mention: Mention, item: Span, offsets: dict[Span, int]) -> bool:
    """Whether a mention of a passage's text stands in ``item``."""
    return offsets[item] <= mention.start and mention.end <= offsets[item] + len(item.text)
