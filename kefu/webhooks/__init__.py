"""Other systems are told what happens: subscriptions, and what is delivered to them."""
