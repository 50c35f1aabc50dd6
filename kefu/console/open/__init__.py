"""The open API: what other systems of the company do with tickets, customers, conversations and takeovers."""
