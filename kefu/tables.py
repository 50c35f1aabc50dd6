"""Imports every table, for the migrations."""

import kefu.channels.ledger
import kefu.events
import kefu.knowledge.models
import kefu.tickets.models
import kefu.tickets.numbers  # noqa: F401
