"""Other companies and their products: what of ours holds for them, too, and what is compared with them."""

from __future__ import annotations

import re

from actions.conversation import Turn
from kefu.knowledge.categories import rules
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.knowledge.vocabulary import vocabulary
from kefu.language.normalize import normalize


def is_of_any_brand(fact: Fact, brand: str) -> bool:
    """Whether terms hold for other companies' products, too: any old device is taken in part payment."""
    told = catalog().told(fact)
    return fact.kind in ("policy", "faq") and any(
        re.search(words, told) for words in (re.escape(normalize(brand).text), *rules().any_brand)
    )


def compared_with(turn: Turn) -> str | None:
    """The other company that ours are compared with: 德施曼 in 你们的锁跟德施曼比哪个好."""
    text = normalize(turn.text).text
    for brand in rules().other_brands:
        said = re.search(rf"(?<![a-z]){re.escape(normalize(brand).text)}(?![a-z])", text)
        if said and not re.match(vocabulary().worked_with, text[said.end() :]):  # 苹果手机: used with ours
            return brand
    return None
