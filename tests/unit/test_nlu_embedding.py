"""The meaning of a message becomes a feature of the sentence."""

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.language import embedding
from kefu.nlu.embedding import SentenceEmbeddingFeaturizer


def created() -> SentenceEmbeddingFeaturizer:
    config = SentenceEmbeddingFeaturizer.get_default_config()
    context = ExecutionContext(GraphSchema({}), node_name="embedding")
    return SentenceEmbeddingFeaturizer.create(config, None, Resource("embedding"), context)


def test_the_vector_is_that_of_the_normal_text():
    [message] = created().process([Message(data={TEXT: "門鎖打不開"})])
    _, sentence = message.get_dense_features(TEXT)
    assert (sentence.features == embedding.embed("门锁打不开")).all() and sentence.features.shape == (1, 512)


def test_the_weights_are_loaded_before_the_first_message():
    embedding.embed.cache_clear()
    embedding._model.cache_clear()
    created()
    assert embedding._model.cache_info().currsize == 1
