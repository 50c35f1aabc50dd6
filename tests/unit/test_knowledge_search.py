"""The search index over a small corpus."""

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from bench.rivals import rivals
from kefu.knowledge.meaning import embed_all
from kefu.knowledge.search import Entry, Index
from kefu.language.normalize import normalize
from kefu.language.words import words

ENTRIES = [
    Entry("return", ("七天无理由退货", "买了不喜欢能退吗"), "签收 7 天内可以退货，运费由您承担。"),
    Entry("warranty", ("整机保修多久", "坏了保几年"), "自签收次日起整机保修 1 年。"),
    Entry("reset", ("怎么恢复出厂设置", "how to reset"), "按住 RESET 孔 10 秒，灯变红后松手。"),
    Entry("invoice", ("怎么开发票", "可以开专票吗"), "在订单页点申请开票。"),
]


@pytest.fixture(scope="module")
def index():
    return Index(ENTRIES)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("七天无理由退货", "return"),
        ("買了不喜歡能退嗎", "return"),
        ("东西用着不满意可以退掉不", "return"),
        ("质保期是几年", "warranty"),
        ("how do I reset it", "reset"),
        ("ＲＥＳＥＴ孔在哪", "reset"),
        ("发飘怎么开", "invoice"),
    ],
)
def test_the_entry_meant_comes_first_by_wording_meaning_or_detail(index, question, found):
    assert index.search(question)[0].id == found


def test_an_exact_phrasing_scores_near_one_and_hits_come_best_first(index):
    hits = index.search("怎么开发票", limit=4)
    assert 0.8 < hits[0].score <= 1.01
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_no_more_than_the_limit_is_given(index):
    assert len(index.search("退货保修发票", limit=2)) == 2
    assert len(index.search("退货保修发票", limit=99)) <= len(ENTRIES)


@pytest.mark.parametrize("question", ["", "   ", "？！"])
def test_a_question_without_words_finds_nothing_sure(index, question):
    assert all(hit.score < 0.34 for hit in index.search(question))


def test_the_caller_may_adjust_scores_by_what_it_knows(index):
    wanted = index.ids.index("warranty")
    hits = index.search(
        "七天无理由退货", adjust=lambda scores: scores + 2 * (np.arange(len(scores)) == wanted)
    )
    assert hits[0].id == "warranty"


def test_what_only_the_text_says_is_found_too(index):
    assert index.search("按住小孔十秒钟直到灯变红")[0].id == "reset"


def test_an_index_of_one_entry_works():
    only = Index([Entry("a", ("保修多久",))])
    assert [hit.id for hit in only.search("保修")] == ["a"]


def test_an_index_that_takes_over_what_did_not_change_ranks_like_a_new_one():
    many = [Entry(f"e{i}", (f"怎么设置第{i}个功能", f"功能{i}在哪里打开")[: 1 + i % 2]) for i in range(30)]
    edited = [Entry("new", ("插在最前面的",)), *many[:5], Entry("e5", ("另一个说法", "第二种")), *many[6:29]]
    embedded = []

    def embed_noted(texts):
        embedded.extend(texts)
        return embed_all(texts)

    taken = Index(edited, embed_noted, previous=Index(many))
    assert set(embedded) == {"插在最前面的", "另一个说法", "第二种"}
    for question in ("插在最前面", "另一个说法", "功能7在哪里", "怎么设置第28个"):
        assert taken.search(question)[0].id == Index(edited).search(question)[0].id


def test_a_large_index_answers_by_words_alone(monkeypatch):
    monkeypatch.setattr("kefu.knowledge.search.EMBEDDED_PHRASINGS", 3)
    large = Index(ENTRIES, lambda texts: pytest.fail("embedded"))
    assert large.search("七天无理由退货")[0].id == "return"


@pytest.mark.parametrize("question", ["怎么开发票", "退货运费", "reset"])
def test_the_rivals_rank_like_the_package_they_stand_for(question):
    texts = [normalize(" ".join((*entry.phrasings, entry.text))).text for entry in ENTRIES]
    package = BM25Okapi([words(text) for text in texts]).get_scores(words(question))
    assert rivals(ENTRIES)["BM25, words"](question, 1)[0] == ENTRIES[int(np.argmax(package))].id
