"""aofserver: a live Redis-compatible server with Redis's AOF machinery (not built yet)."""
