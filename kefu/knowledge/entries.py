"""What of the graph can be found, and how what is known about a question moves the ranking."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kefu.db import today
from kefu.knowledge.categories import urgency_of, without_people
from kefu.knowledge.confidence import PLACE, POSSIBLE, SURE, confidences
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.meaning import embed_all, mark, parts
from kefu.knowledge.questions import Questions
from kefu.knowledge.search import Entry, Index
from kefu.knowledge.vocabulary import vocabulary
from kefu.language.normalize import normalize

_FOUND_KINDS = ("product_line", "product", "spec", "function", "fault", "policy", "faq", "passage")

#: What an intent asks for raises the kinds that answer it and lowers those that hardly do.
_INTENT_KINDS = {
    "report_fault": {"fault": 0.10, "faq": 0.02, "spec": -0.10, "product": -0.10},
    "ask_how_to": {"function": 0.08, "faq": 0.03},
    "ask_policy": {"policy": 0.06, "faq": 0.02, "fault": -0.10},
    "ask_product_info": {"spec": 0.10, "product": 0.08, "faq": 0.03, "fault": -0.10},
    "ask_price": {"spec": 0.02, "policy": 0.02, "faq": 0.02, "fault": -0.10},
    "ask_promotions": {"policy": 0.05, "faq": 0.02},
    "ask_recommendation": {"product_line": 0.10, "product": 0.05, "fault": -0.10},
}
#: An entry about the product named, or spoken of before, gains; one about other products loses this share.
_NAMED, _SPOKEN_OF, _OTHER = 0.03, 0.08, 0.5
#: What a function counts by what is said of its faults.
_OF_FAULT = 0.8
#: So many new texts after an edit are embedded without a look at the vectors kept on disk.
_FEW = 100


@dataclass(frozen=True)
class Mentions:
    """What a message names, in canonical names.

    Attributes:
        products: Named in the message itself.
        lines: Product lines named in the message itself.
        functions, symptoms, error_codes: Named in the message itself.
        context_product: The product the conversation is about, from earlier messages.
        said: How products are said in the message, each with its name.
    """

    products: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    context_product: str | None = None
    said: tuple[tuple[str, str], ...] = ()

    def plain(self, question: str) -> str:
        """The question with models for nicknames, whose words say nothing of what is asked (带猫眼的锁)."""
        for nickname, product in self.said:
            question = question.replace(nickname, f" {product} ")
        return question

    def about(self, line: str | None, product: str | None) -> Mentions:
        """The same message, said about a known product or line."""
        lines = (line,) if line else self.lines
        return replace(self, products=(product,) if product else self.products, lines=lines)


@dataclass(frozen=True)
class Found:
    """A fact that may answer.

    Attributes:
        fact: The fact.
        score: How well it fits, 0 to about 1; compares what was found for one question.
        confidence: How likely it is what was asked, 0 to 1; compares questions.
        contrast: Whether the question leans to it by just what tells it from the others found, -1 to 1.
    """

    fact: Fact
    score: float
    confidence: float
    contrast: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether it may be given as the answer."""
        return self.confidence >= SURE

    @property
    def possible(self) -> bool:
        """Whether it may be offered as a choice."""
        return self.confidence >= POSSIBLE


class Catalog:
    """One edition of the graph with its search index."""

    def __init__(
        self,
        graph: Graph,
        vectors_dir: Path | None = None,
        previous: Catalog | None = None,
        bonuses: Mapping[str, float] | None = None,
    ) -> None:
        """Builds the index over what can be found.

        Args:
            graph: The edition.
            vectors_dir: Where sentence vectors are kept, so that the next process starts sooner.
            previous: The edition before: what did not change is taken over from it.
            bonuses: What was learned of entries from customers' choices, by ref.
        """
        self.graph = graph
        self.questions = Questions(graph, vocabulary(), self._like)
        self._facts = [fact for kind in _FOUND_KINDS for fact in graph.of_kind(kind)]

        def keep(texts: Sequence[str]) -> np.ndarray:
            # The few texts of an edit are not worth reading and writing all that is kept.
            few = previous is not None and len(texts) <= _FEW
            return embed_all(texts) if few or vectors_dir is None else kept_vectors(texts, vectors_dir)

        entries = [Entry(fact.ref, self._phrasings(fact), _text(fact)) for fact in self._facts]
        before = previous._index if previous else None
        self._index = Index(entries, keep, previous=before) if entries else None
        self._learned = self._in_order(bonuses or {})
        kinds = [fact.kind for fact in self._facts]
        self._intents = {
            intent: np.array([bonuses.get(kind, 0.0) for kind in kinds])
            for intent, bonuses in _INTENT_KINDS.items()
        }
        self._position = {fact.ref: i for i, fact in enumerate(self._facts)}
        self._products = [product.name for product in graph.of_kind("product")]
        about = [graph.products_about(fact.ref) for fact in self._facts]
        self._about = np.array([[name in names for name in self._products] for names in about], dtype=bool)

    def relearned(self, bonuses: Mapping[str, float]) -> Catalog:
        """The same edition with what was learned since, by ref."""
        newer = copy(self)
        newer._learned = newer._in_order(bonuses)
        return newer

    def find(
        self,
        question: str,
        mentions: Mentions = Mentions(),
        intent: str = "",
        limit: int = 4,
        in_force: bool = True,
    ) -> list[Found]:
        """The facts that fit a question best.

        Args:
            question: As typed.
            mentions: What the message names and what the conversation is about.
            intent: What the message asks for; moves the kinds that answer it.
            limit: How many at most.
            in_force: Leaves out policies that are not in force today.
        """
        if self._index is None:
            return []
        plain, count = mentions.plain(question), max(limit, PLACE) + 4
        found = self._found(plain, mentions, intent, count)
        if any(_is_danger(item) for item in found) and not urgency_of(intent, question)[1]:
            found = self._without_alarms(found, without_people(plain), mentions, intent, count)
        own = self._without_others_faults(found, mentions)
        return [item for item in own if not in_force or item.fact.valid_on(today())][:limit]

    def _without_others_faults(self, found: list[Found], mentions: Mentions) -> list[Found]:
        """What was found without faults of other products than those named: none of theirs is this one's."""
        of_lines = (one.name for line in mentions.lines for one in self.graph.products_of(line))
        meant = frozenset(mentions.products or of_lines)
        about = self.graph.products_about
        return [
            item for item in found if not meant or item.fact.kind != "fault" or about(item.fact.ref) & meant
        ]

    def _found(self, question: str, mentions: Mentions, intent: str, count: int) -> list[Found]:
        """What the index finds, each with its chance."""
        hits = self._index.search(question, count, lambda scores: self._adjusted(scores, mentions, intent))
        chances = confidences([hit.score for hit in hits], [hit.contrast for hit in hits])
        return [
            Found(self.graph.facts[hit.id], hit.score, chance, hit.contrast)
            for hit, chance in zip(hits, chances, strict=True)
        ]

    def _without_alarms(
        self, found: list[Found], question: str, mentions: Mentions, intent: str, count: int
    ) -> list[Found]:
        """Lets a danger that nobody told of in so many words count by what is said beside the people.

        A child at a lock is nobody locked in (锁太吵, 孩子睡不着).
        """
        again = {item.fact.ref: item for item in self._found(question, mentions, intent, count)}
        calm = [
            min(item, again.get(item.fact.ref, _unlikely(item)), key=lambda one: one.confidence)
            if _is_danger(item)
            else item
            for item in found
        ]
        return sorted(calm, key=lambda item: -item.score)

    def told(self, fact: Fact) -> str:
        """Everything that a fact says and is asked by, as normal text."""
        return normalize(" ".join((*self._phrasings(fact), _text(fact)))).text

    def knows(self, word: str) -> bool:
        """Whether a word of normal text stands anywhere in what can be found."""
        return self._index is not None and self._index.knows(word)

    def tells(self, product: str, said: str) -> bool:
        """Whether anything about a product says these words, given as normal text."""
        if product not in self._products:
            return False
        about = np.flatnonzero(self._about[:, self._products.index(product)])
        return any(said in self.told(self._facts[i]) for i in about)

    def _in_order(self, bonuses: Mapping[str, float]) -> np.ndarray:
        return np.array([bonuses.get(fact.ref, 0.0) for fact in self._facts])

    def _like(self, said: str) -> dict[str, float]:
        """How well each fact, a function also by its faults, fits what was said, by its ref: 0 to about 1."""
        if self._index is None:
            return {}
        scores = self._index.scores(said)
        like = {fact.ref: float(scores[i]) for i, fact in enumerate(self._facts)}
        for i, fact in enumerate(self._facts):
            if fact.kind == "fault":
                for function in self.graph.targets(fact.ref, "concerns"):
                    like[function.ref] = max(like[function.ref], _OF_FAULT * float(scores[i]))
        return like

    def _phrasings(self, fact: Fact) -> tuple[str, ...]:
        names, extra = fact.names, ()
        if fact.kind == "product_line":  # its bare name asks for nothing yet
            names = fact.data["questions"] or names
        elif fact.kind == "fault":
            extra = [symptom.name for symptom in self.graph.targets(fact.ref, "shows")]
        elif fact.kind == "policy":
            extra = fact.data.get("questions", ())
        elif fact.kind == "faq":
            extra = fact.data.get("also", ())
        elif fact.kind == "spec":  # asked without the product's name when that is clear
            product = self.graph.targets(fact.ref, "describes")[0].name
            bare = [name.removeprefix(f"{product} ") for name in names]
            names, extra = names[:1], (*bare, f"{bare[0]} {fact.body}")
        return tuple(dict.fromkeys((*names, *extra)))

    def _adjusted(self, scores: np.ndarray, mentions: Mentions, intent: str) -> np.ndarray:
        scores = scores + self._intents.get(intent, 0.0) + self._learned
        self._weigh_products(scores, mentions)
        for ref, bonus in self._path_bonuses(mentions, intent).items():
            scores[self._position[ref]] += bonus
        return scores

    def _weigh_products(self, scores: np.ndarray, mentions: Mentions) -> None:
        """An entry about another product than the one meant hardly fits; one about it fits better."""
        meant = self._meant(mentions)
        if not meant:
            return
        fits = self._about[:, [name in meant for name in self._products]].any(axis=1)
        scores[self._about.any(axis=1) & ~fits] *= _OTHER
        scores[fits] += _NAMED if mentions.products or mentions.lines else _SPOKEN_OF

    def _meant(self, mentions: Mentions) -> frozenset[str]:
        """The products named, or those of the lines named, or the one spoken of before."""
        if mentions.products:
            return frozenset(mentions.products)
        if mentions.lines:
            products = [product for line in mentions.lines for product in self.graph.products_of(line)]
            return frozenset(product.name for product in self._having(mentions.functions, products))
        return frozenset([mentions.context_product] if mentions.context_product else ())

    def _having(self, functions: Sequence[str], products: list[Fact]) -> list[Fact]:
        """Those of ``products`` that have all ``functions`` (带猫眼的锁), or all of them if none has."""
        having = products
        for name in functions:
            owners = [
                owner
                for function in self.graph.named("function", name)
                for owner in self.graph.sources(function.ref, "has_function")
            ]
            having = [product for product in having if product in owners]
        return having or products

    def _path_bonuses(self, mentions: Mentions, intent: str) -> dict[str, float]:
        """Facts that edges connect with what is named: fault - symptom, error code, function."""
        bonuses: dict[str, float] = {}

        def add(fact: Fact, bonus: float) -> None:
            if fact.ref in self._position:
                bonuses[fact.ref] = bonuses.get(fact.ref, 0.0) + bonus

        for code in mentions.error_codes:
            for node in self.graph.named("error_code", code):
                for fault in self.graph.sources(node.ref, "reports"):
                    add(fault, 0.45)
        for symptom in mentions.symptoms:
            for node in self.graph.named("symptom", symptom):
                for fault in self.graph.sources(node.ref, "shows"):
                    add(fault, 0.15)
        for name in mentions.functions:
            for function in self.graph.named("function", name):
                if mentions.symptoms or mentions.error_codes:
                    for fault in self.graph.sources(function.ref, "concerns"):
                        add(fault, 0.10)
                elif intent == "ask_how_to":
                    add(function, 0.12)
        if intent == "ask_price":
            for product in self._meant(mentions):
                specs = self.graph.sources(f"product:{product}", "describes")
                if specs:  # the price is the first thing a product's file says
                    add(specs[0], 0.25)
        return bonuses


def _is_danger(found: Found) -> bool:
    return found.fact.kind == "fault" and found.fact.data["urgency"] == "critical" and found.possible


def _unlikely(found: Found) -> Found:
    return replace(found, score=0.0, confidence=0.0)


def _text(fact: Fact) -> str:
    return "\n".join([fact.body, *fact.data.get("how_to", ())])


def kept_vectors(texts: Sequence[str], folder: Path) -> np.ndarray:
    """The vectors of ``texts``, each text's computed once: after an edit only what is new."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (f"vectors-{mark()}-{parts()[-1].stop}.npz" if mark() else "vectors.npz")
    kept: dict[str, np.ndarray] = {}
    if path.exists():
        with np.load(path) as file:
            kept = dict(zip(file["texts"].tolist(), file["vectors"], strict=True))
    missing = [text for text in dict.fromkeys(texts) if text not in kept]
    if missing:
        kept.update(zip(missing, embed_all(missing), strict=True))
        present = list(dict.fromkeys(texts))
        draft = folder / f"vectors.{os.getpid()}.{threading.get_ident()}.tmp"
        with draft.open("wb") as file:
            np.savez(file, texts=np.array(present), vectors=np.stack([kept[text] for text in present]))
        draft.replace(path)
    return np.stack([kept[text] for text in texts])
