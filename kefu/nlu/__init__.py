"""Custom components of the NLU pipeline, named by dotted path in config.yml."""
