"""The clients of a server: who is there, what is known of each, and what becomes of it."""
