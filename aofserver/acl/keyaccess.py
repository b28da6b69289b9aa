"""What a user must be allowed to do with the keys of a call (``ACLSelectorCheckKey``)."""

from __future__ import annotations

from aofserver.acl.users import BOTH, NONE, READ, WRITE, Access
from aofserver.keyuses import NOT_A_KEY, Uses, keys_with_uses
from aoftool.keyspace.command import Command
from aoftool.keyspace.keyspecs import Argv

_CHANGES = frozenset((b"insert", b"update", b"delete"))


def keys_used(command: Command, argv: Argv) -> list[tuple[int, Access]]:
    """Positions of the keys of a call, with what is done with each of them."""
    return [
        (at, _access(uses)) for at, uses in keys_with_uses(command, argv) if NOT_A_KEY not in uses
    ]


def _access(uses: Uses) -> Access:
    reads, writes = b"access" in uses, not _CHANGES.isdisjoint(uses)
    if reads:
        return BOTH if writes else READ
    return WRITE if writes else NONE
