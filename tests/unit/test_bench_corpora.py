import pytest

from bench.corpora import FileError, Query, read_entries, read_queries
from bench.rivals import rivals
from bench.search import rank
from kefu.knowledge.search import Entry


def test_a_corpus_is_read_from_jsonl_and_from_csv_alike(tmp_path):
    (tmp_path / "c.jsonl").write_text(
        '{"id": 1, "question": "怎么退货", "answer": "七天内", "also": ["能退吗", "退掉"]}\n\n',
        encoding="utf-8",
    )
    (tmp_path / "c.csv").write_text(
        "id,question,answer,also\n1,怎么退货,七天内,能退吗|退掉\n", encoding="utf-8-sig"
    )
    expected = [Entry("1", ("怎么退货", "能退吗", "退掉"), "七天内")]
    assert read_entries(tmp_path / "c.jsonl") == read_entries(tmp_path / "c.csv") == expected


def test_a_question_names_one_answer_several_or_none(tmp_path):
    (tmp_path / "q.jsonl").write_text(
        '{"query": "a", "id": 7}\n{"query": "b", "ids": ["x", "y"]}\n{"query": "c", "ids": []}\n'
    )
    assert read_queries(tmp_path / "q.jsonl") == [
        Query("a", frozenset({"7"})),
        Query("b", frozenset({"x", "y"})),
        Query("c", frozenset()),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{oops", "q.jsonl:1: is not JSON"), ('{"id": 1}', "'query' is missing"), ("[1]", "not an object")],
)
def test_a_faulty_line_is_named(tmp_path, text, complaint):
    (tmp_path / "q.jsonl").write_text(text)
    with pytest.raises(FileError, match=complaint):
        read_queries(tmp_path / "q.jsonl")


def test_places_down_to_the_tenth_count():
    found = {"first": ["a"], "third": ["x", "y", "a"], "never": ["x"]}
    ranking = rank(lambda text, limit: found[text], [Query(text, frozenset({"a"})) for text in found])
    assert (ranking.hit1, ranking.hit3) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert ranking.mrr == pytest.approx((1 + 1 / 3) / 3)


def test_each_rival_finds_an_entry_by_its_words():
    entries = [
        Entry("lock", ("指纹录入不了",)),
        Entry("net", ("路由器断网怎么办",)),
        Entry("map", ("地图丢失",)),
    ]
    assert {search("路由器断网", 1)[0] for search in rivals(entries).values()} == {"net"}
