"""Who answers a customer: the bot, a queue on the way to a person, or a person."""
