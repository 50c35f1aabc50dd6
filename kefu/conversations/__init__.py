"""What was said: the ledger of messages over all channels."""
