"""What is measured: times, counts, and what was slow."""
