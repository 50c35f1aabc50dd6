"""What customers are told without having asked: outbox, subscriptions, campaigns, quiet hours."""
