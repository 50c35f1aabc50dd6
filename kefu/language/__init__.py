"""Chinese text without Rasa: normalising, words, sentence embedding."""
