"""Whether what was found may be given as the answer: does it speak of what the question speaks of?

Search finds what sounds alike. A wrong answer given with confidence is worse than none, so the best entry has
to be in force today, of functions that the product has, and to tell what the question asks for
(`kefu.knowledge.agreement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kefu.db import today
from kefu.knowledge.agreement import agrees
from kefu.knowledge.entries import Catalog, Found, Mentions
from kefu.knowledge.graph import Fact
from kefu.knowledge.questions import Reply
from kefu.language.normalize import normalize

#: What asks for nothing that the graph could answer by itself: a fault, or steps.
_NOT_ASKED = frozenset({"report_fault", "ask_how_to", "ask_policy", "complain"})
_NOTHING = Mentions()


@dataclass(frozen=True)
class Decision:
    """What is to be said to a question.

    Attributes:
        kind: ``reply`` (the graph answers), ``lacking`` (the product has no such function), ``not_in_force``
            (a policy that does not apply now), ``answer`` (the first found), ``choices`` (asked back) or
            ``nothing``.
        found: What the search found, best first.
        reply: For ``reply``.
        fact: The function that is not there, or the policy that is not in force.
        products: For ``lacking``, who has it.
        product: For ``lacking``, who has not.
    """

    kind: str
    found: Sequence[Found] = ()
    reply: Reply | None = None
    fact: Fact | None = None
    products: tuple[str, ...] = field(default=())
    product: str | None = None


def decide(
    catalog: Catalog,
    text: str,
    mentions: Mentions = _NOTHING,
    intent: str = "",
    graph_text: str = "",
    product: str | None = None,
    among: Sequence[str] = (),
) -> Decision:
    """What is to be said to a question.

    Args:
        catalog: The edition.
        text: As typed.
        mentions: What the message names and what the conversation is about.
        intent: What the message asks for.
        graph_text: The question as the graph is asked, where it differs.
        product: The product meant, if one is known.
        among: The products shown last.
    """
    product = product or next(iter(mentions.products), mentions.context_product)
    if not mentions.products:  # 第二个多少钱 means another than the one spoken of
        mentions = replace(mentions, context_product=product)
    if intent not in _NOT_ASKED and (reply := catalog.questions.ask(graph_text or text, product, among)):
        return Decision("reply", catalog.find(text, mentions, intent, limit=6), reply)
    found = catalog.find(text, mentions, intent, limit=6, in_force=False)
    valid = [item for item in found if item.fact.valid_on(today())]
    if ended := _ended(found, valid):
        return Decision("not_in_force", found, fact=ended)
    found = valid
    if intent != "report_fault" and (missing := _lacking(catalog, mentions, product, found)):
        return Decision("lacking", found, fact=missing[0], products=missing[1], product=product)
    if not found or not found[0].possible:
        return Decision("nothing", found)
    best = found[0].fact
    sure = found[0].sure and agrees(catalog, text, best, mentions, intent)
    sure = sure and (intent == "report_fault" or not _passes_over(catalog, mentions, product, best))
    return Decision("answer" if sure else "choices", found)


def _ended(found: Sequence[Found], valid: Sequence[Found]) -> Fact | None:
    """The policy that would be the answer, had it not ended without another in its place."""
    best = found[0] if found and found[0].sure else None
    if best is None or best.fact.kind != "policy" or any(i.sure and i.fact.kind == "policy" for i in valid):
        return None
    until = best.fact.data.get("valid_until")
    return best.fact if until and until < today().isoformat() else None


def _lacking(
    catalog: Catalog, mentions: Mentions, product: str | None, found: Sequence[Found]
) -> tuple[Fact, tuple[str, ...]] | None:
    """The function named that the product meant has not, with the products of its line that have it."""
    graph = catalog.graph
    if product is None or len(mentions.products) > 1:
        return None
    line, traits = graph.line_of(product), catalog.questions.traits
    for said in mentions.functions:
        named = graph.named("function", said)
        if not named or traits.has(product, traits.key(said)).holds is not False:
            continue
        of_line = [function for function in named if function.data["line"] == line]
        if not of_line and not _is_foreign(catalog, product, said, named[0]):
            continue
        owners = [o.name for f in of_line or named for o in graph.sources(f.ref, "has_function")]
        best = found[0].fact if found and found[0].sure else None
        # A fact about this very product may say it better.
        if best and product in graph.products_about(best.ref) and best.kind in ("faq", "spec"):
            continue
        return (of_line or named)[0], tuple(dict.fromkeys(owners))
    return None


def _passes_over(catalog: Catalog, mentions: Mentions, product: str | None, fact: Fact) -> bool:
    """Whether a fact is about none of the products named, or silent on a function that is not there."""
    about = catalog.graph.products_about(fact.ref)
    if mentions.products and about and about.isdisjoint(mentions.products):
        return True
    traits, told = catalog.questions.traits, catalog.told(fact)
    return product is not None and any(
        traits.has(product, traits.key(said)).holds is False and normalize(said).text not in told
        for said in mentions.functions
    )


def _is_foreign(catalog: Catalog, product: str, said: str, function: Fact) -> bool:
    """Whether another line's function is meant, rather than a word that both lines use (固件, 通电)."""
    asked, name = normalize(said).text, normalize(f"{function.name} {function.english or ''}").text
    return asked in name and not catalog.tells(product, asked)
