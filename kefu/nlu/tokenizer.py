"""Tokens of a Chinese message: normal text on original offsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from kefu.language.normalize import Normalized, normalize
from kefu.language.words import units


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ChineseTokenizer(Tokenizer):
    """Cuts a message into Han characters and runs of letters and digits.

    A token's ``text`` is normalised (full width, traditional, upper case), its ``start`` and ``end`` are
    those of the original message, so entities keep their offsets. Whole words would misalign with
    annotated names (RasaHQ/rasa#10578); they come along as features for the entity extractor, in the
    token's ``pattern`` data, cut by spaCy's Chinese pipeline with Jieba.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's default config (see parent class)."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be importable."""
        return ["spacy", "jieba", "opencc_purepy"]

    def __init__(self, config: dict[str, Any]) -> None:
        """Creates the tokenizer and loads the word dictionary, so that no first customer waits."""
        super().__init__(config)
        self._words = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}}).tokenizer
        self._words("预热")

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Tokenizes the given attribute; a blank text gives one token, as Rasa expects at least one."""
        original = message.get(attribute)
        normal = normalize(original)
        tokens = list(self._tokens(normal))
        return self._apply_token_pattern(tokens) or [Token(original, 0)]

    def _tokens(self, normal: Normalized) -> Iterator[Token]:
        word_of: list[tuple[str, int]] = [("", 0)] * len(normal.text)
        for word in self._words(normal.text):
            word_of[word.idx : word.idx + len(word)] = [(word.text, word.idx)] * len(word)
        for text, index in units(normal.text):
            start, end = normal.original_span(index, index + len(text))
            word, word_start = word_of[index]
            first, last = index == word_start, index + len(text) >= word_start + len(word)
            edge = {(True, True): "S", (True, False): "B", (False, True): "E"}.get((first, last), "I")
            # The entity extractor reads these as features of the token.
            yield Token(text, start, end, data={"pattern": {"word": word, "edge": edge}})
