"""What commands do with their keys (the flags of key specifications, ``src/commands`` of 7.0).

Most commands that write write to all their keys without telling what was there, and most others
read theirs; the table has those that do not.
"""

from __future__ import annotations

from aofserver.acl.users import BOTH, NONE, READ, WRITE, Access
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.keyspecs import Argv

#: By what is done with the first key, and with the others.
_ROWS: dict[tuple[Access, Access], str] = {
    # They tell of a key without telling what is there: any permission will do.
    (NONE, NONE): """
        EXISTS HEXISTS HLEN HSTRLEN LLEN SCARD SISMEMBER STRLEN TOUCH TYPE WATCH XLEN ZCARD
        MEMORY|USAGE OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT""",
    (READ, READ): "PFDEBUG XREADGROUP",
    (READ, WRITE): "COPY GEORADIUS GEORADIUSBYMEMBER SORT",
    (WRITE, READ): """
        BITOP GEOSEARCHSTORE SDIFFSTORE SINTERSTORE SUNIONSTORE ZDIFFSTORE ZINTERSTORE ZRANGESTORE
        ZUNIONSTORE""",
    (BOTH, READ): "PFMERGE",
    (BOTH, WRITE): "BLMOVE BRPOPLPUSH LMOVE RENAME RENAMENX RPOPLPUSH SMOVE",
    (BOTH, BOTH): """
        BLMPOP BLPOP BRPOP BZMPOP BZPOPMAX BZPOPMIN DECR DECRBY EVAL EVALSHA FCALL GETDEL GETEX
        GETSET HGETDEL HGETEX HINCRBY HINCRBYFLOAT INCR INCRBY INCRBYFLOAT LMPOP LPOP MIGRATE MOVE
        RPOP SETBIT SPOP ZINCRBY ZMPOP ZPOPMAX ZPOPMIN""",
}
_BY_NAME = {
    name.replace("|", " ").encode(): row for row, names in _ROWS.items() for name in names.split()
}
#: Commands whose keys are channels.
_NO_KEYS = frozenset((b"SPUBLISH", b"SSUBSCRIBE", b"SUNSUBSCRIBE"))


def keys_used(command: Command, argv: Argv) -> list[tuple[int, Access]]:
    """Positions of the keys of a call, with what is done with each of them."""
    if command.name in _NO_KEYS:
        return []
    positions = command.keys.positions(argv)
    first, others = _accesses(command, argv)
    return [(at, others if number else first) for number, at in enumerate(positions)]


def _accesses(command: Command, argv: Argv) -> tuple[Access, Access]:
    if command.name == b"SET":
        gets = any(word.upper() == b"GET" for word in argv[3:])
        return (BOTH, BOTH) if gets else (WRITE, WRITE)
    if command.name == b"BITFIELD":
        return (READ, READ) if _only_gets(argv) else (BOTH, BOTH)
    known = _BY_NAME.get(command.name)
    if known is not None:
        return known
    kind = WRITE if Flags.WRITE in command.flags else READ
    return kind, kind


def _only_gets(argv: Argv) -> bool:
    """Whether a BITFIELD changes nothing (``bitfieldGetKeys``)."""
    at = 2
    while at < len(argv):
        if argv[at].upper() != b"GET":
            return False
        at += 3
    return True
