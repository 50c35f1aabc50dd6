"""What of the graph can be found, and how what is known about a question moves the ranking."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.search import Entry, Index
from kefu.language.embedding import embed_all

_FOUND_KINDS = ("product", "spec", "function", "fault", "policy", "faq", "passage")

#: What an intent asks for raises the kinds that answer it.
_INTENT_KINDS = {
    "report_fault": {"fault": 0.10, "faq": 0.02},
    "ask_how_to": {"function": 0.05, "faq": 0.03},
    "ask_policy": {"policy": 0.06, "faq": 0.02},
    "ask_product_info": {"spec": 0.04, "faq": 0.03},
    "ask_price": {"spec": 0.02, "policy": 0.02, "faq": 0.02},
    "ask_promotions": {"policy": 0.05, "faq": 0.02},
}

#: At or above: answered. Between the two: asked back with choices. Below: nothing fits.
#: Chosen on the development questions by `make bench-search`.
SURE, POSSIBLE = 0.50, 0.34


@dataclass(frozen=True)
class Mentions:
    """What a message names, in canonical names.

    Attributes:
        products: Named in the message itself.
        lines: Product lines named in the message itself.
        functions, symptoms, error_codes: Named in the message itself.
        context_product: The product the conversation is about, from earlier messages.
    """

    products: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    context_product: str | None = None

    def about(self, line: str | None, product: str | None) -> Mentions:
        """The same message, said about a known product or line."""
        lines = (line,) if line else self.lines
        return replace(self, products=(product,) if product else self.products, lines=lines)


@dataclass(frozen=True)
class Found:
    """A fact that may answer, and how well it fits (0 to about 1)."""

    fact: Fact
    score: float

    @property
    def sure(self) -> bool:
        """Whether it may be given as the answer."""
        return self.score >= SURE

    @property
    def possible(self) -> bool:
        """Whether it may be offered as a choice."""
        return self.score >= POSSIBLE


class Catalog:
    """One edition of the graph with its search index."""

    def __init__(self, graph: Graph, vectors_dir: Path | None = None) -> None:
        """Builds the index over what can be found.

        Args:
            graph: The edition.
            vectors_dir: Where sentence vectors are kept, so that the next process starts sooner.
        """
        self.graph = graph
        self._facts = [fact for kind in _FOUND_KINDS for fact in graph.of_kind(kind)]
        keep = (lambda texts: _kept_vectors(texts, vectors_dir)) if vectors_dir else embed_all
        entries = [Entry(fact.ref, self._phrasings(fact), _text(fact)) for fact in self._facts]
        self._index = Index(entries, keep) if entries else None
        self._kinds = np.array([fact.kind for fact in self._facts])
        self._position = {fact.ref: i for i, fact in enumerate(self._facts)}
        self._about = [graph.products_about(fact.ref) for fact in self._facts]

    def find(
        self, question: str, mentions: Mentions = Mentions(), intent: str = "", limit: int = 4
    ) -> list[Found]:
        """The facts that fit a question best.

        Args:
            question: As typed.
            mentions: What the message names and what the conversation is about.
            intent: What the message asks for; moves the kinds that answer it.
            limit: How many at most.
        """
        if self._index is None:
            return []
        today = date.today()
        hits = self._index.search(
            question, limit + 4, lambda scores: self._adjusted(scores, mentions, intent)
        )
        found = [Found(self.graph.facts[hit.id], hit.score) for hit in hits]
        return [item for item in found if item.fact.valid_on(today)][:limit]

    def _phrasings(self, fact: Fact) -> tuple[str, ...]:
        extra: Sequence[str] = ()
        if fact.kind == "fault":
            extra = [symptom.name for symptom in self.graph.targets(fact.ref, "shows")]
        elif fact.kind == "policy":
            extra = fact.data.get("questions", ())
        elif fact.kind == "faq":
            extra = fact.data.get("also", ())
        return tuple(dict.fromkeys((*fact.names, *extra)))

    def _adjusted(self, scores: np.ndarray, mentions: Mentions, intent: str) -> np.ndarray:
        scores = scores.copy()
        for kind, bonus in _INTENT_KINDS.get(intent, {}).items():
            scores[self._kinds == kind] += bonus
        self._weigh_products(scores, mentions)
        for ref, bonus in self._path_bonuses(mentions, intent).items():
            scores[self._position[ref]] += bonus
        return scores

    def _weigh_products(self, scores: np.ndarray, mentions: Mentions) -> None:
        """An entry about another product than the one named hardly fits; one about it fits better."""
        named = set(mentions.products)
        for line in () if named else mentions.lines:
            named.update(product.name for product in self.graph.products_of(line))
        context = {mentions.context_product} if mentions.context_product and not named else set()
        if not named and not context:
            return
        for i, about in enumerate(self._about):
            if not about:
                continue
            if named:
                scores[i] = scores[i] + 0.06 if about & named else scores[i] * 0.6
            else:
                scores[i] = scores[i] + 0.08 if about & context else scores[i] * 0.75

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
            for product in mentions.products:
                specs = self.graph.sources(f"product:{product}", "describes")
                if specs:  # the price is the first thing a product's file says
                    add(specs[0], 0.25)
        return bonuses


def _text(fact: Fact) -> str:
    return "\n".join([fact.body, *fact.data.get("how_to", ())])


def _kept_vectors(texts: Sequence[str], folder: Path) -> np.ndarray:
    """The vectors of ``texts``, each text's computed once: after an edit only what is new."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vectors.npz"
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
