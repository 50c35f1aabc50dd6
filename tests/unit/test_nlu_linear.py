"""The linear model of texts: quick answers are those of scikit-learn; it is stored as it was trained."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack

from kefu.nlu.linear import LinearTextModel, readable

EXAMPLES = {
    "greet": ["你好", "您好呀", "哈喽", "早上好", "在吗", "hello"],
    "report_fault": ["门锁打不开", "指纹没反应", "连不上网", "摄像头离线了", "音箱不响", "路由器坏了"],
    "ask_policy": ["能退货吗", "保修几年", "可以开发票吗", "运费谁出", "七天能退吗", "质保多久"],
}


def embed(text):
    return np.full(4, len(text) / 10, dtype=np.float32)


def fitted(labels=3, embedded=True, **options):
    examples = [(text, label) for label in list(EXAMPLES)[:labels] for text in EXAMPLES[label]]
    texts = [text for text, _ in examples]
    embeddings = np.vstack([embed(text) for text in texts]) if embedded else None
    options = {"max_ngram": 3, "min_examples": 1, "strength": 1.0, **options}
    return LinearTextModel.fit(texts, [label for _, label in examples], embeddings, **options)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("embedded", [True, False])
def test_one_text_is_scored_as_scikit_learn_scores_many(labels, embedded):
    fit = fitted(labels, embedded)
    for text in ("门锁打不开打不开", "您好，能退货吗？", "zzz"):
        embedding = embed(text) if embedded else None
        features = fit.vectorizer.transform([readable(text)])
        if embedded:
            features = hstack([features, csr_matrix(embedding)], format="csr")
        expected = np.atleast_1d(fit.model.decision_function(features)[0])
        assert fit.margins(text, embedding)[-len(expected) :] == pytest.approx(expected, abs=1e-4)
        assert fit.probabilities(text, embedding).sum() == pytest.approx(1)


def test_a_stored_model_answers_as_the_one_that_was_trained(tmp_path):
    fit = fitted()
    fit.dump(tmp_path / "model.skops")
    loaded = LinearTextModel.load(tmp_path / "model.skops")
    assert loaded.labels == fit.labels
    for text in ("保修多久", "hello", ""):
        assert (loaded.probabilities(text, embed(text)) == fit.probabilities(text, embed(text))).all()


def test_numbers_are_read_by_their_length_only():
    assert readable("订单 202611220001") == readable("订单 202611229999")
    assert readable("Ｌ３") == readable("l3") == "^l0$"
