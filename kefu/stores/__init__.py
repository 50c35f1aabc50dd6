"""Where Rasa keeps conversations and locks, named by dotted path in endpoints.yml."""

from kefu.stores import action_calls

# Rasa has no setting for how it calls actions, but imports this package in every process that does.
action_calls.install()
