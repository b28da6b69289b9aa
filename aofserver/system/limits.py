"""How many files, and so clients, this process may have open (``adjustOpenFilesLimit``)."""

from __future__ import annotations

import resource
from contextlib import suppress

#: Descriptors that are not clients': files, pipes, the loop's (``CONFIG_MIN_RESERVED_FDS``).
RESERVED = 32


def allow_clients(count: int) -> int:
    """Raise the limit of open files for so many clients; how many there can be, at most ``count``.

    The limit is never lowered.
    """
    wanted = count + RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return count if soft == resource.RLIM_INFINITY else min(count, soft - RESERVED)
