"""Who is speaking: one customer above the identities that each channel knows."""
