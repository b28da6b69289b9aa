"""The real clock, syncing thread and child processes behind the interfaces of ``ports``."""
