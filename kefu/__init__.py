"""Kefu: customer service in Chinese, on Rasa."""
