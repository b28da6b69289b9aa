"""Command by command: since when, where it is supported, what differs (docs/compatibility.md)."""

from __future__ import annotations

from collections.abc import Iterator

from aofserver.commands import SERVER_TABLE, turnedoff
from aoftool.keyspace import commands as _declarations
from aoftool.keyspace.catalog import commands as known_names
from aoftool.keyspace.command import TABLE, WRITE, Command, Flags
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.survey import LOUD, TRANSLATED
from aoftool.ops.replay.target import Facts
from aoftool.ops.replay.translation import Translator
from aoftool.ops.replay.unfit import UNFIT
from tests.compat.differences import BEHAVIOUR, DECLARED, KEYS, OTHER_TEXTS, SERVER_DECLARED

assert _declarations

_HEAD = """| command | since | aofserver | in an AOF | replay | what differs |
|---|---|---|---|---|---|"""
#: The oldest target for which replay has other forms of commands.
_OLD = Facts((6, 0), 9)
_TITLES = {
    "bitmap": "bitmaps", "generic": "keys", "hash": "hashes", "hyperloglog": "HyperLogLogs",
    "list": "lists", "pubsub": "messages", "set": "sets", "sorted-set": "sorted sets",
    "stream": "streams", "string": "strings",
}  # fmt: skip
#: What a loader itself looks at, beside the commands on data.
_FRAMING = frozenset((b"SELECT", b"MULTI", b"EXEC"))


def command_table() -> str:
    """A heading and a table for each group of commands."""
    groups: dict[str, list[Command]] = {}
    for row in SERVER_TABLE.declared().values():
        groups.setdefault(row.group, []).append(row)
    parts = []
    for group in sorted(groups):
        title = _TITLES.get(group, group)
        rows = sorted(groups[group], key=lambda row: row.name)
        parts.append(f"### Commands: {title}\n\n{_HEAD}\n" + "\n".join(map(_line, rows)))
    return "\n\n".join([*parts, _absent()]) + "\n"


def _line(row: Command) -> str:
    name = row.name.decode()
    cells = [f"`{name}`", row.since, _served(row), _in_aof(row), _replayed(row), _differs(name)]
    return f"| {' | '.join(cells)} |"


def _served(row: Command) -> str:
    return "turned off" if row.handler.__module__ == turnedoff.__name__ else "yes"


def _in_aof(row: Command) -> str:
    """What check (level state), rewrite, replay to memory, and loading make of it."""
    if row.name in _FRAMING:
        return "yes"
    if row.name not in TABLE.declared():
        return "no"
    return "yes" if row.flags & (WRITE | Flags.MAY_REPLICATE) else "changes nothing"


def _replayed(row: Command) -> str:
    first = row.name.split()[0]
    if first in UNFIT:
        return "not sent"
    if first.decode() in LOUD:
        return "announced"
    translator = Translator(_OLD, Moments(), replace=True, clock=lambda: 0)
    if first == b"SET" or first in translator.concerned or first.decode() in TRANSLATED:
        return "translated"
    return "as it is"


def _differs(name: str) -> str:
    return "; ".join([row.text for row in BEHAVIOUR if row.command == name] + list(_told(name)))


def _told(name: str) -> Iterator[str]:
    """What COMMAND tells otherwise, one clause for each reason."""
    reasons: dict[str, list[str]] = {}
    for (release, command, what), reason in {**DECLARED, **SERVER_DECLARED}.items():
        if command == name:
            reasons.setdefault(reason, []).append(f"{what} of {release}")
    for (release, command), reason in KEYS.items():
        if command == name:
            yield f"COMMAND GETKEYS of {release} {reason}"
    for reason, facts in reasons.items():
        yield f"COMMAND ({', '.join(facts)}): {reason}"
    refusing: dict[str, list[str]] = {}
    for (release, command), reason in OTHER_TEXTS.items():
        if command == name:
            refusing.setdefault(reason, []).append(release)
    for reason, releases in refusing.items():
        yield f"another answer than that of {' and '.join(releases)} to wrong calls: {reason}"


def _absent() -> str:
    """Commands of servers that this one has not, sub-commands among them."""
    declared = SERVER_TABLE.declared()
    found = []
    for name, row in known_names().items():
        if name not in declared:
            found.append((name, row.since))
        elif declared[name].subcommands:
            subs = ((name + b" " + sub, one.since) for sub, one in row.subcommands.items())
            found += [(sub, since) for sub, since in subs if sub not in declared]
    lines = (f"`{name.decode()}` ({'.'.join(map(str, since))})" for name, since in sorted(found))
    return "### Commands that are not there\n\n" + ", ".join(lines) + "."
