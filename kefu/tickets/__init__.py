"""Tickets: what a customer asked for that people have to do."""
