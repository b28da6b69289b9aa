"""How the server keeps its data: the AOF, its rewrite, and RDB snapshots."""
