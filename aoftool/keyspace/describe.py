"""What COMMAND tells of a declaration: names of flags, ranges of keys, tips, ACL categories."""

from __future__ import annotations

from functools import reduce
from operator import or_

from aoftool.keyspace.command import NO_FLAGS, Command, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.keyspecs import NO_KEYS, KeySpec, Range

_BOTH = frozenset(Style)
_OLD, _NEW = frozenset((Style.REDIS_6,)), frozenset((Style.REDIS_7,))
#: Flags that not every release tells of; the name is the flag's own in lower case.
_TOLD_BY: dict[Flags, frozenset[Style]] = {
    Flags.MAY_REPLICATE: _OLD,
    Flags.RANDOM: _OLD,
    Flags.SORT_FOR_SCRIPT: _OLD,
    Flags.BLOCKING: _NEW,
    Flags.NO_MANDATORY_KEYS: _NEW,
    Flags.NO_ASYNC_LOADING: _NEW,
    Flags.NO_MULTI: _NEW,
    Flags.ALLOW_BUSY: _NEW,
}
#: What became of two flags in 7.0: tips to clients.
_TIPS = {
    Flags.RANDOM: b"nondeterministic_output",
    Flags.SORT_FOR_SCRIPT: b"nondeterministic_output_order",
}
_MOVABLE = b"movablekeys"
#: ACL categories by group, where the names are not the same; and what flags add (``setImplicitACL``
#: of 7.0).
_BY_GROUP = {"sorted-set": "sortedset", "generic": "keyspace", "transactions": "transaction",
             "server": "", "cluster": ""}  # fmt: skip
_BY_FLAG = {
    Flags.WRITE: {b"@write"},
    Flags.READONLY: {b"@read"},
    Flags.ADMIN: {b"@admin", b"@dangerous"},
    Flags.PUBSUB: {b"@pubsub"},
    Flags.BLOCKING: {b"@blocking"},
}
#: ACL categories of commands that 7.0 has sorted into others.
_BEFORE_7 = {
    b"SELECT": {b"@keyspace", b"@fast"},
    b"ASKING": {b"@keyspace", b"@fast"},
    b"READONLY": {b"@keyspace", b"@fast"},
    b"READWRITE": {b"@keyspace", b"@fast"},
    b"WAIT": {b"@keyspace", b"@slow"},
    b"ROLE": {b"@fast", b"@dangerous"},
}


def flags_of(command: Command, style: Style) -> Flags:
    """Its flags; those of a container are all its sub-commands' in Redis 6, and none in 7."""
    if not command.subcommands:
        return command.flags_in(style)
    if style is not Style.REDIS_6:
        return NO_FLAGS
    rows = (row for word, row in command.subcommands.items() if word != b"HELP")
    return reduce(or_, (row.flags_in(style) for row in rows), NO_FLAGS)


def _keys_of(command: Command, style: Style) -> KeySpec:
    """Where its keys stand; for Redis 6 a container has those of its sub-commands."""
    if command.subcommands and style is Style.REDIS_6:
        rows = (row.keys for row in command.subcommands.values())
        return next((keys for keys in rows if keys is not NO_KEYS), NO_KEYS)
    return command.keys


def flag_names(command: Command, style: Style) -> set[bytes]:
    """The flags as a release names them in COMMAND."""
    names = {
        (flag.name or "").lower().encode()
        for flag in flags_of(command, style)
        if style in _TOLD_BY.get(flag, _BOTH)
    }
    return names | {_MOVABLE} if _keys_of(command, style).movable else names


def key_range(command: Command, style: Style) -> Range:
    """First key, last key and step, as COMMAND tells them."""
    return _keys_of(command, style).range


def tips(command: Command) -> set[bytes]:
    """The tips of 7.0 that follow from the flags."""
    return {tip for flag, tip in _TIPS.items() if flag in command.flags}


def acl_categories(command: Command, style: Style = Style.REDIS_7) -> set[bytes]:
    """The ACL categories, each with its ``@``; in Redis 6 a container has its sub-commands'."""
    if command.subcommands and style is Style.REDIS_6:
        rows = (row for word, row in command.subcommands.items() if word != b"HELP")
        return set().union(*map(acl_categories, rows)) - {b"@fast"} | {b"@slow"}
    if style is Style.REDIS_6 and command.name in _BEFORE_7:
        return _BEFORE_7[command.name]
    flags = flags_of(command, Style.REDIS_7)
    found = {b"@fast" if Flags.FAST in flags else b"@slow"}
    if command.subcommands:
        return found | {b"@" + word.encode() for word in command.acl.split()}
    named = command.acl or _BY_GROUP.get(command.group, command.group)
    found |= {b"@" + word.encode() for word in named.split()}
    for flag, categories in _BY_FLAG.items():
        # Scripts that may only read are not told to read: what they read is not known.
        if flag in flags and not (flag is Flags.READONLY and command.group == "scripting"):
            found |= categories
    return found
