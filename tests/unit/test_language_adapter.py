"""A sentence model is taught another task: what was learned is kept apart and put into its weights."""

import numpy as np
import pytest

from kefu.language import adapted
from kefu.language.adapted import AdaptedModel, stretches
from kefu.language.adapter import Adapter
from kefu.language.adapting import Learner, filled_up
from kefu.language.sentence_model import opened
from tests import small_bert

BASE = "the small one"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_bert.write(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def in_full(monkeypatch):
    """Without whole numbers, which leave a little out: the values are just those that were learned."""
    monkeypatch.setattr("kefu.language.sentence_model.compact", lambda model: None)


def learner_of(folder, moved):
    learner = Learner(folder / "model.onnx", BASE)
    drawn = np.random.default_rng(1)
    for variable in learner.variables:
        variable.assign_add(drawn.normal(scale=moved, size=variable.shape))
    return learner


def learned_rows(learner, told):
    """What the learner gives for encodings, filled up to one length."""
    rows = ([one.ids for one in told], [one.attention_mask for one in told])
    return learner(*map(filled_up, rows), training=False).numpy()


def test_what_was_learned_gives_the_same_values_in_the_form_that_runs(folder, tmp_path):
    learner = learner_of(folder, 0.05)
    learner.adapter({"kernel": np.ones((2, 1))}).save(tmp_path / "kept.npz")
    kept = Adapter.load(tmp_path / "kept.npz")
    assert (kept.base, kept.task["kernel"].tolist()) == (BASE, [[1.0], [1.0]])
    model = AdaptedModel(folder, kept)
    tokenizer, plain = opened(folder)
    text = "门锁没电了"
    told = [tokenizer.encode(text)]
    _, rows = model.pieces(text)
    assert np.allclose(rows, learned_rows(learner, told)[0, 1:-1], atol=0.02)  # kept in half precision
    assert not np.allclose(rows, plain(told)[0, 1:-1], atol=0.02)


def test_without_a_step_the_model_stays_as_it_is(folder):
    tokenizer, plain = opened(folder)
    adapter = Learner(folder / "model.onnx", BASE).adapter({})
    _, rows = AdaptedModel(folder, adapter).pieces("换电池")
    assert np.allclose(rows, plain([tokenizer.encode("换电池")])[0, 1:-1], atol=1e-5)


def test_pieces_tell_where_they_stand_also_beyond_what_is_read_at_one_go(folder, monkeypatch):
    monkeypatch.setattr(adapted, "STRETCH", 8)
    model = AdaptedModel(folder, Learner(folder / "model.onnx", BASE).adapter({}))
    text = "门锁没电了。\n怎 换电池门锁没电"
    spans, rows = model.pieces(text)
    assert [text[start:end] for start, end in spans] == [c for c in text if not c.isspace()]
    assert rows.shape == (len(spans), small_bert.WIDTH)
    assert [part for _, part in stretches(text)] == ["门锁没电了。\n", "怎 换电池门锁没", "电"]
    assert model.pieces(" \n ")[1].shape == (0, small_bert.WIDTH)
