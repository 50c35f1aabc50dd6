"""What is known of a customer: shown to them, corrected, exported, and forgotten everywhere at their wish."""
