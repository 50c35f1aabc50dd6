"""Whether two entries say the same is also read by a sentence model that was taught so: a small one here."""

import numpy as np
import pytest

from kefu.knowledge import likeness, pair_learning, pair_reader
from kefu.knowledge.comparison import Described
from kefu.knowledge.labelled import Labelled
from kefu.language.sentence_model import VARIABLE
from tests import small_bert

NAMES = ["门锁没电", "换电池", "锁门", "电池没电了", "怎么换锁", "门怎么锁", "没电了"]


def pairs():
    """Here two entries say the same if one of them speaks of 换: what a model of one layer can learn."""
    entries = [Described("faq", name, text=text) for name in NAMES for text in ("", "没电了")]
    return [
        Labelled("any", one, other, "换" in one.name + other.name)
        for i, one in enumerate(entries)
        for other in entries[i + 1 :]
    ]


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    small_bert.write(folder / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "model"))
        patch.setattr(pair_learning, "_ROUNDS", 20)
        patch.setattr(pair_learning, "_RATE", 2e-3)
        patch.setattr(pair_learning, "sayings", NoSayings)
        pair_learning.learn(pairs(), folder / "reader.npz")
    return folder


class NoSayings:
    def pairs(self, draw):
        return []


@pytest.fixture
def reader(learned, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(learned / "model"))
    monkeypatch.setattr(pair_reader, "SHIPPED", learned / "reader.npz")
    pair_reader._loaded.cache_clear()
    yield pair_reader.pair_reader()
    pair_reader._loaded.cache_clear()


def test_what_was_learned_tells_the_same_from_others_whichever_comes_first(reader):
    told = pairs()
    chances = reader([(pair.a, pair.b) for pair in told])
    same = np.array([pair.same for pair in told])
    assert chances[same].mean() > chances[~same].mean() + 0.2
    assert np.allclose(chances, reader([(pair.b, pair.a) for pair in told]), atol=1e-5)


def test_the_reader_counts_where_names_leave_it_open_and_only_with_its_own_model(
    reader, learned, monkeypatch
):
    open_ = [(Described("fault", "门锁没电"), Described("fault", "电池没电了"))]
    clear = [(Described("fault", "屏幕碎了"), Described("fault", "收不到发票"))]
    monkeypatch.setattr(likeness, "_CLEAR", 0.1)
    with_it = likeness.probabilities(open_ + clear)
    monkeypatch.setenv(VARIABLE, str(small_bert.write(learned / "another", seed=4)))
    assert pair_reader.pair_reader() is None
    without = likeness.probabilities(open_ + clear)
    assert with_it[0] != without[0]
    assert with_it[1] == without[1] < 0.1
