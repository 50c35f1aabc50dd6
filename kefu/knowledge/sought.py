"""What a question names, and which of the kinds of products that it names is sought."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kefu.knowledge.meanings import Phrase
from kefu.knowledge.traits import Traits
from kefu.knowledge.vocabulary import Vocabulary


def sought(text: str, phrases: Sequence[Phrase], words: Vocabulary) -> str:
    """The kind of product that is asked for, where others tell what it is for; empty if that is not said.

    摄像头不掉线的这种路由你们几款 asks for routers; 锁和摄像头有哪些 for both.

    Args:
        text: Normal text.
        phrases: What it names.
        words: How customers ask.
    """
    lines = [one for one in phrases if one.kind == "line"]
    listed = (text[one.end : other.start] for one, other in zip(lines, lines[1:], strict=False))
    if any(re.fullmatch(words.joiner, between) for between in listed):
        return ""
    found = {
        one.text
        for one in lines
        if re.search(words.sought, text[: one.start]) or re.search(words.sought_after, text[one.end :])
    }
    return found.pop() if len(found) == 1 else ""


def named_in(traits: Traits, text: str, is_which: bool) -> list[Phrase]:
    """What a question names; where products are asked for, a nickname (带猫眼的锁) is what it says."""
    phrases = []
    for phrase in traits.phrases(text):
        inner = traits.phrases(text[phrase.start : phrase.end], ("line", "trait"))
        is_wish = is_which or not text[phrase.end :].strip(" ?!.,")
        if is_wish and phrase.kind == "product" and {one.kind for one in inner} == {"line", "trait"}:
            phrases += [
                replace(one, start=one.start + phrase.start, end=one.end + phrase.start) for one in inner
            ]
        else:
            phrases.append(phrase)
    named = any(phrase.kind == "product" for phrase in phrases)
    # S1 有摄像头吗: beside a product, what can be a part of it is one.
    return [
        replace(phrase, kind="trait")
        if named and phrase.kind == "line" and traits.is_trait(phrase.text)
        else phrase
        for phrase in phrases
    ]
