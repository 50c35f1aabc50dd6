"""Rasa's custom actions: slots in, one use case called, facts out. Wording stays in domain.yml."""
