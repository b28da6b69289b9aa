"""``replay``: plays what files hold into a live server, a cluster, or memory."""
