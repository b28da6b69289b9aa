"""Memory and expiry: what is estimated, evicted, expired and freed."""
