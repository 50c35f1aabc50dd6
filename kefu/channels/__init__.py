"""How customers reach the assistant: Rasa connectors, and the ledger of what was said."""
