"""Where Rasa keeps conversations, named by dotted path in endpoints.yml."""
