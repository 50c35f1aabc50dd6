"""What happens at its time: one table of jobs, and one process that does them."""
