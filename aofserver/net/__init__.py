"""Connections: requests in, replies out, and the limits on both."""
