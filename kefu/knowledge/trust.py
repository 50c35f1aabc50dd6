"""Whether what was found may be given as the answer: does it speak of what the question speaks of?

Search finds what sounds alike. A wrong answer given with confidence is worse than none, so the best entry has
to be in force today, of functions that the product has, and to tell what the question asks for
(`kefu.knowledge.agreement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kefu.db import today
from kefu.knowledge.agreement import TELLING, agrees, asks_figure, asks_number, supports
from kefu.knowledge.confidence import PRESUMED, SURE
from kefu.knowledge.entries import Catalog, Found, Mentions
from kefu.knowledge.graph import Fact
from kefu.knowledge.parts import BESIDE, FOUND, all_agrees, found_in_parts, is_likely, parts_of
from kefu.knowledge.questions import Reply
from kefu.language.normalize import normalize

#: What asks for nothing that the graph could answer by itself: a fault, or steps.
_NOT_ASKED = frozenset({"report_fault", "ask_how_to", "complain"})
#: What no yes or no is read from a fact for: these, and what policies say by their own words.
_NOT_STATED = _NOT_ASKED | {"ask_policy"}
#: Kinds of facts that may be told before it is asked what decides a case.
_TOLD = frozenset({"policy", "faq", "spec", "function", "passage"})
_NOTHING = Mentions()
#: What may hold for one line only, and the share of the best score from which another line may be meant.
_OF_PRODUCTS, _AS_LIKELY = frozenset({"function", "spec", "faq", "passage"}), 0.8
#: From this share of the best score on, what is about the product named may be meant rather than what is not.
_AS_NEAR = 0.75
#: Terms that are found this nearly as well may be meant, too.
_AS_MUCH = 0.85
#: From these scores on a question is asked in nearly the words of an entry, and in just these.
_WORDED, _LITERAL = 0.65, 0.9
#: Data of two products this close are not told apart without asking.
_CLOSE = 0.08
#: Faults that are found this nearly as well by the same symptoms are not told apart without asking.
_ALIKE = 0.9
#: What the first policy needs instead of ``SURE`` where others tell the other parts of a question beside it.
_SURE_IN_PARTS = 0.28


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
        general: For a ``reply`` that asks what decides a case: what holds for all, if that is known.
    """

    kind: str
    found: Sequence[Found] = ()
    reply: Reply | None = None
    fact: Fact | None = None
    products: tuple[str, ...] = field(default=())
    product: str | None = None
    general: Fact | None = None


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
    found = catalog.find(text, mentions, intent, limit=FOUND)
    if intent == "report_fault" and (denied := _denied(catalog, text, mentions, found)):
        return Decision("reply", found, denied)
    if written := _written(catalog, text, found, mentions, intent, product):
        return written
    if intent in _NOT_ASKED and (asked := asked_after_all(catalog, text, graph_text, product, among)):
        intent, found = asked, catalog.find(text, mentions, asked, limit=FOUND)
    # Of policies the graph knows only what they grant to which products, and whose case is open.
    if intent not in _NOT_ASKED and (intent != "ask_policy" or catalog.questions.is_of_policies(text)):
        reply = catalog.questions.ask(graph_text or text, product, among)
        if reply and supports(catalog, text, reply):
            if reply.kind != "which_case":
                if _tells_more(found, reply):
                    searched = _searched(catalog, text, mentions, intent, product)
                    if searched.kind == "answer" or searched.reply:
                        return searched
                return Decision("reply", found, reply)
            searched = _searched(catalog, text, mentions, intent, product)
            if searched.kind == "answer" and catalog.questions.is_of_policies(text, surely=True):
                return searched  # 还能补开发票吗
            best = searched.found[0].fact if searched.kind == "answer" else None
            general = best if best and best.kind in _TOLD else None
            return Decision("reply", searched.found, reply, general=general)
    return _searched(catalog, text, mentions, intent, product)


def _written(
    catalog: Catalog, text: str, found: Sequence[Found], mentions: Mentions, intent: str, product: str | None
) -> Decision | None:
    """The answer of an entry that is asked for in its own words: its editors have decided what is meant."""
    best = found[0] if found else None
    if best is None or best.fact.kind != "faq" or best.score < _WORDED:
        return None
    if _passes_over(catalog, mentions, product, found[:1], intent):
        return None
    if best.score < _LITERAL and not agrees(catalog, text, best.fact, mentions, intent):
        return None
    if intent not in _NOT_STATED and (reply := catalog.questions.stated(text, best.fact, product)):
        return Decision("reply", found, reply)
    return Decision("answer", found)


def _tells_more(found: Sequence[Found], reply: Reply) -> bool:
    """Whether an answer tells surely what the graph leaves unexplained."""
    best = found[0] if found and found[0].fact.kind == "faq" else None
    return best is not None and reply.left and best.confidence >= PRESUMED


def asked_after_all(
    catalog: Catalog, text: str, graph_text: str = "", product: str | None = None, among: Sequence[str] = ()
) -> str:
    """The intent of a question that was taken for something else; empty if it surely is none.

    A wish without a verb (有指纹的锁) sounds like a fault told in few words, a story like small talk.

    Args:
        catalog: The edition.
        text: As typed.
        graph_text: The question as the graph is asked, where it differs.
        product: The product meant, if one is known.
        among: The products shown last.
    """
    if not catalog.questions.is_asked(text):
        return ""
    reply = catalog.questions.ask(graph_text or text, product, among)
    if reply and reply.kind in TELLING and reply.products and supports(catalog, text, reply):
        return "ask_product_info"
    return "ask_policy" if catalog.questions.is_of_policies(text, surely=True) else ""


def _searched(catalog: Catalog, text: str, mentions: Mentions, intent: str, product: str | None) -> Decision:
    """What the search finds to be said."""
    if not intent and catalog.questions.is_of_policies(text):
        intent = "ask_policy"
    found = found_in_parts(catalog, text, mentions, intent)
    valid = [item for item in found if item.fact.valid_on(today())]
    if ended := _ended(found, valid):
        return Decision("not_in_force", found, fact=ended)
    found = valid
    of_terms = catalog.questions.is_of_policies(text, surely=True)
    # Who tells of a fault of a product spoken of before may have turned to another.
    is_asked = intent != "report_fault" or bool(mentions.products)
    named = _functions_named(catalog, text, mentions, product) if intent == "report_fault" else mentions
    if is_asked and not of_terms and (missing := _lacking(catalog, named, product, found)):
        return Decision("lacking", found, fact=missing[0], products=missing[1], product=product)
    if not found or not found[0].possible:
        return Decision("nothing", found)
    if intent != "report_fault" and _differs_by_line(catalog, text, mentions, product, found):
        return Decision("choices", found)
    if _undecided(catalog, mentions, product, found):
        return Decision("choices", found)
    best = found[0].fact
    # Each part of a question of several fits less: the policies beside the best tell the others.
    in_parts = of_terms and best.kind == "policy" and len(parts_of(text)) > 1
    certain = intent == "report_fault" or is_likely(catalog, text, found, mentions, in_parts)
    sure = found[0].confidence >= (_SURE_IN_PARTS if in_parts else SURE) and certain
    sure = sure and all_agrees(catalog, text, found, mentions, intent)
    rivals = [found[0], *(one for one in found[1 + BESIDE :])] if in_parts else found
    sure = sure and (intent == "report_fault" or not _passes_over(catalog, mentions, product, rivals, intent))
    if best.kind == "policy" and found[0].confidence < PRESUMED:
        sure = sure and _speaks_of(catalog, mentions, found[: 1 + in_parts * BESIDE])
    is_stated = sure and intent not in _NOT_STATED
    if is_stated and (reply := catalog.questions.stated(text, best, product)):
        return Decision("reply", found, reply)
    if sure and not product and (varying := _varying(catalog, text, mentions, found)):
        return Decision("reply", found, varying[0], general=varying[1])
    return Decision("answer" if sure else "choices", found)


def _denied(catalog: Catalog, text: str, mentions: Mentions, found: Sequence[Found]) -> Reply | None:
    """Says that the product named has no such part, where its data deny what fails: the R1's USB port.

    Where something that it has is named, too, or it surely has such a fault, the word tells of circumstances.
    """
    if len(mentions.products) != 1 or (found and found[0].sure and found[0].fact.kind == "fault"):
        return None
    traits, product = catalog.questions.traits, mentions.products[0]
    named = traits.phrases(normalize(text).text, ("trait",))
    told = [(phrase.text, traits.has(product, phrase.text)) for phrase in named]
    if any(verdict.holds for _, verdict in told):
        return None
    for said, verdict in told:
        if verdict.holds is False and verdict.evidence and verdict.evidence.kind == "spec":
            return Reply("has", (product,), (said,), ((verdict.evidence,),), (False,))
    return None


def _functions_named(catalog: Catalog, text: str, mentions: Mentions, product: str | None) -> Mentions:
    """What is named, with the functions of the product's line that understanding did not see (刷脸)."""
    line = catalog.graph.line_of(product) if product else None
    phrases = catalog.questions.traits.phrases(normalize(text).text, ("trait",)) if line else ()
    said = (one.text for one in phrases)
    of_line = [
        one for one in said if any(f.data["line"] == line for f in catalog.graph.named("function", one))
    ]
    return replace(mentions, functions=tuple(dict.fromkeys((*mentions.functions, *of_line))))


def _varying(
    catalog: Catalog, text: str, mentions: Mentions, found: Sequence[Found]
) -> tuple[Reply, Fact] | None:
    """Asks for the product where terms that may be meant tell other figures for each (过保了修一次多少钱).

    Where the best terms are those of one line that nobody named, all that may be meant count.
    """
    if mentions.lines or mentions.functions:
        return None
    is_of_some = bool(catalog.graph.products_about(found[0].fact.ref))
    for one in found[: 1 + BESIDE]:
        near = one.possible if is_of_some else one.score >= _AS_MUCH * found[0].score
        if one.fact.kind != "policy" or not near:
            continue
        if reply := catalog.questions.varying(text, one.fact, asks_number(text), asks_figure(text)):
            return reply, one.fact
    return None


def _differs_by_line(
    catalog: Catalog, text: str, mentions: Mentions, product: str | None, found: Sequence[Found]
) -> bool:
    """Whether what may be meant is of several lines, and none is named."""
    best, about = found[0].fact, catalog.graph.products_about
    if product or mentions.lines or best.kind not in _OF_PRODUCTS:
        return False
    rivals = [one.fact for one in found[1:] if one.score >= _AS_LIKELY * found[0].score or one.sure]
    lines = [{catalog.graph.line_of(name) for name in about(fact.ref)} for fact in (best, *rivals)]
    named = (catalog.graph.named("function", said) for said in mentions.functions)
    lines += [{function.data["line"]} for functions in named for function in functions]
    return bool(lines[0]) and any(other and lines[0].isdisjoint(other) for other in lines[1:])


def _undecided(catalog: Catalog, mentions: Mentions, product: str | None, found: Sequence[Found]) -> bool:
    """Whether naming the product would decide between faults of different lines, or two products' data."""
    best, score = found[0].fact, found[0].score
    rivals = [item for item in found[1:] if item.fact.kind == best.kind]
    if best.kind == "fault":
        others = (item for item in rivals if item.fact.data["line"] != best.data["line"])
        is_of_any = not (product or mentions.lines) and any(item.possible for item in others)
        near = (item for item in found[1:] if item.possible and item.score >= _ALIKE * score)
        # Danger in plain words was heard before.
        is_doubtful = best.data["urgency"] == "critical" and any(near)
        return is_of_any or is_doubtful or _shows_as_well(catalog, mentions, found[0], rivals)
    about = catalog.graph.products_about
    others = (item for item in rivals if about(item.fact.ref) != about(best.ref))
    return best.kind == "spec" and not product and any(score - item.score < _CLOSE for item in others)


def _shows_as_well(catalog: Catalog, mentions: Mentions, best: Found, rivals: Sequence[Found]) -> bool:
    """Whether what was told, by the names of symptoms, is told of several faults alike: 门打不开."""

    def shown(fault: Fact) -> set[str]:
        return {one.ref for one in catalog.graph.targets(fault.ref, "shows")}

    named = {one.ref for said in mentions.symptoms for one in catalog.graph.named("symptom", said)}
    told = named & shown(best.fact)
    alike = (one for one in rivals if one.sure and one.score >= _ALIKE * best.score)
    return bool(told) and any(told <= shown(one.fact) for one in alike)


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


def _passes_over(
    catalog: Catalog, mentions: Mentions, product: str | None, found: Sequence[Found], intent: str
) -> bool:
    """Whether the best is about none of the products named, or silent on a function that is not there."""
    fact = found[0].fact

    def about(one: Fact) -> frozenset[str]:
        return catalog.graph.products_about(one.ref)

    if mentions.products and about(fact) and about(fact).isdisjoint(mentions.products):
        return True
    # Other than what its facts tell, terms mostly hold for all products.
    rivals = [one for one in found if intent != "ask_policy" or one.fact.kind == fact.kind]
    named = [one for one in rivals if about(one.fact) & set(mentions.products)]
    if mentions.products and not about(fact) and any(one.score >= _AS_NEAR * found[0].score for one in named):
        return True
    traits, told = catalog.questions.traits, catalog.told(fact)
    return product is not None and any(
        traits.has(product, traits.key(said)).holds is False and normalize(said).text not in told
        for said in mentions.functions
    )


def _speaks_of(catalog: Catalog, mentions: Mentions, shown: Sequence[Found]) -> bool:
    """Whether terms speak of each function named: a fee for another thing is none for this one."""
    told = " ".join(catalog.told(one.fact) for one in shown)
    return all(normalize(said).text in told for said in mentions.functions)


def _is_foreign(catalog: Catalog, product: str, said: str, function: Fact) -> bool:
    """Whether another line's function is meant, rather than a word that both lines use (固件, 通电)."""
    asked, name = normalize(said).text, normalize(f"{function.name} {function.english or ''}").text
    return asked in name and not catalog.tells(product, asked)
