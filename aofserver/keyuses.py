"""What commands do with their keys: the flags of key specifications (``src/commands`` of 7.0).

Permissions follow from them: to use what is there (access) one must be allowed to read, to change
it (insert, update, delete) to write.
"""

from __future__ import annotations

from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.keyspecs import Argv

#: Words for what is done with a key.
Uses = frozenset[bytes]
#: That of channels, which are found as keys are.
NOT_A_KEY = b"not_key"


def _uses(text: str) -> Uses:
    return frozenset(text.encode().split())


_READS, _CHANGES, _REPLACES, _BOTH = map(
    _uses, ("RO access", "RW update", "OW update", "RW access update")
)
#: By what is done with the first key and, behind a bar, with the others where that is not the same.
#: What is not here reads its keys, or changes them.
_ROWS = {
    # They tell of a key without telling what is there.
    "RO": """
        EXISTS HEXISTS HLEN HSTRLEN LLEN SCARD SISMEMBER STRLEN TOUCH TYPE WATCH XLEN ZCARD
        MEMORY|USAGE OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT""",
    "RO access": "XREADGROUP",
    "RW access": "PFCOUNT PFDEBUG",
    "RW insert": """
        APPEND HSETNX LINSERT LPUSH LPUSHX PFADD RPUSH RPUSHX SADD XGROUP|CREATE
        XGROUP|CREATECONSUMER""",
    "RW delete": """
        HDEL LREM LTRIM SREM XACKDEL XAUTOCLAIM XDEL XDELEX XGROUP|DELCONSUMER XGROUP|DESTROY XTRIM
        ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE""",
    "RM delete": "DEL DELEX DELIFEQ UNLINK",
    "RW access delete": """
        BLMPOP BLPOP BRPOP BZMPOP BZPOPMAX BZPOPMIN GETDEL HGETDEL LMPOP LPOP MIGRATE RPOP SPOP
        ZMPOP ZPOPMAX ZPOPMIN""",
    "RW access update": """
        DECR DECRBY EVAL EVALSHA FCALL GETEX GETSET HGETEX HINCRBY HINCRBYFLOAT INCR INCRBY
        INCRBYFLOAT MOVE SETBIT ZINCRBY""",
    "RW access update variable_flags": "BITFIELD SET",
    "OW insert": "MSETNX SETNX",
    "OW update": "MSET MSETEX PSETEX RESTORE RESTORE-ASKING SETEX",
    "RO access | OW update": "COPY GEORADIUS GEORADIUSBYMEMBER SORT",
    "OW update | RO access": """
        BITOP GEOSEARCHSTORE SDIFFSTORE SUNIONSTORE ZDIFFSTORE ZINTERSTORE ZRANGESTORE
        ZUNIONSTORE""",
    "RW update | RO access": "SINTERSTORE",
    "RW access insert | RO access": "PFMERGE",
    "RW access delete | RW insert": "BLMOVE BRPOPLPUSH LMOVE RPOPLPUSH SMOVE",
    "RW access delete | OW update": "RENAME",
    "RW access delete | OW insert": "RENAMENX",
    NOT_A_KEY.decode(): "SPUBLISH SSUBSCRIBE SUNSUBSCRIBE",
}


def _pair(text: str) -> tuple[Uses, Uses]:
    first, _, others = text.partition("|")
    return _uses(first), _uses(others or first)


_BY_NAME = {
    name.replace("|", " ").encode(): _pair(text)
    for text, names in _ROWS.items()
    for name in names.split()
}


def uses_of(command: Command) -> tuple[Uses, Uses]:
    """What a command may do with its first key, and with the others."""
    known = _BY_NAME.get(command.name)
    if known is not None:
        return known
    usual = _CHANGES if Flags.WRITE in command.flags else _READS
    return usual, usual


def keys_with_uses(command: Command, argv: Argv) -> list[tuple[int, Uses]]:
    """Positions of the keys of a call, with what this call does with each of them."""
    first, others = _uses_in(command, argv)
    positions = command.keys.positions(argv)
    return [(at, others if number else first) for number, at in enumerate(positions)]


def _uses_in(command: Command, argv: Argv) -> tuple[Uses, Uses]:
    if command.name == b"SET":
        gets = any(word.upper() == b"GET" for word in argv[3:])
        found = _BOTH if gets else _REPLACES
        return found, found
    if command.name == b"BITFIELD":
        found = _READS if _only_gets(argv) else _BOTH
        return found, found
    return uses_of(command)


def _only_gets(argv: Argv) -> bool:
    """Whether a BITFIELD changes nothing (``bitfieldGetKeys``)."""
    at = 2
    while at < len(argv):
        if argv[at].upper() != b"GET":
            return False
        at += 3
    return True
