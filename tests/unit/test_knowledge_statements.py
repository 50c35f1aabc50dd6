"""Answers that say yes or no."""

import pytest

from kefu.knowledge.graph import Fact
from kefu.knowledge.statements import Statements
from kefu.knowledge.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("kind", "body", "asked", "holds"),
    [
        ("faq", "可以,两台分左右声道,相距 3 米以内。", "两台能组立体声吗", True),
        ("faq", "抱歉,都不适用于推拉门,请不要自行改装。", "推拉门能装吗", False),
        ("spec", "无 3.5 毫米接口", "有没有 3.5 的耳机孔", False),
        ("faq", "镜头用软布擦。", "镜头脏了要紧吗", None),
        ("policy", "可以退货。", "能退吗", None),
    ],
)
def test_the_clause_that_speaks_of_what_is_asked_says_yes_or_no(kind, body, asked, holds):
    fact = Fact(f"{kind}:x", kind, "x", None, body, {}, "test", ("x",))
    assert Statements(vocabulary()).holds(fact, asked) is holds
