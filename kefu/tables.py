"""Imports every table, for the migrations."""

import kefu.channels.wechat.models
import kefu.console.models
import kefu.console.open.models
import kefu.conversations.ledger
import kefu.customers.models
import kefu.events
import kefu.handoff.models
import kefu.jobs.models
import kefu.knowledge.models
import kefu.notifications.models
import kefu.privacy.models
import kefu.recommendations.models
import kefu.tickets.models
import kefu.tickets.numbers
import kefu.webhooks.models  # noqa: F401
