"""A WeChat on this machine: the platform's API, its callbacks by its rules, and a phone to chat with."""
