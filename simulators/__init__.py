"""Local stand-ins of outside platforms, spoken to over real HTTP."""
