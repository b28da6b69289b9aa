"""aoftool: checks, repairs, rewrites and replays Redis and Valkey append-only files."""

__version__ = "0.1.0"
