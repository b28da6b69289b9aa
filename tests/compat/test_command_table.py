"""Our declarations against what real servers tell of their commands (COMMAND, COMMAND GETKEYS).

A difference that is not among those that are meant (``differences``) fails, and so does a row
there that is no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aoftool.keyspace import engine
from aoftool.keyspace.command import TABLE, Command
from aoftool.keyspace.describe import acl_categories, flag_names, key_range, tips
from tests.compat.differences import DECLARED, KEYS
from tests.compat.differential import STYLES, Real
from tests.compat.servers import RELEASES, serving
from tests.grammar import Grammar

assert engine

#: Commands of real servers that do not work on data: they belong to a server, by group.
_BY_GROUP = {
    "cluster": "ASKING CLUSTER READONLY READWRITE",
    "connection": "AUTH CLIENT ECHO HELLO PING QUIT RESET",
    "pubsub": "PSUBSCRIBE PUBLISH PUBSUB PUNSUBSCRIBE SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE "
    "UNSUBSCRIBE",
    "server": "ACL BGREWRITEAOF BGSAVE COMMAND CONFIG DEBUG FAILOVER INFO LASTSAVE LATENCY LOLWUT "
    "MEMORY MODULE MONITOR PSYNC REPLCONF REPLICAOF ROLE SAVE SHUTDOWN SLAVEOF SLOWLOG SYNC TIME "
    "HOST: POST",
    "transactions": "DISCARD EXEC MULTI UNWATCH WATCH",
}
SERVER_COMMANDS = frozenset(" ".join(_BY_GROUP.values()).encode().split())


@pytest.fixture(scope="module", params=RELEASES)
def server(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Real]]:
    folder: Path = tmp_path_factory.mktemp("table")
    with serving(request.param, folder) as client:
        yield request.param, Real(client)


def told(real: Real) -> dict[bytes, list[Any]]:
    """The rows of COMMAND by name, sub-commands among them."""
    found = {}
    for row in real(["COMMAND"]):
        found[row[0].upper()] = row
        for sub in row[9] if len(row) > 9 else []:
            found[sub[0].upper().replace(b"|", b" ")] = sub
    return found


def facts(row: list[Any], release: str) -> dict[str, Any]:
    """What a real row says."""
    said = {"arity": row[1], "flags": set(row[2]), "keys": tuple(row[3:6])}
    if release == "7.0":
        said["acl"] = set(row[6])
        said["tips"] = {tip for tip in row[7] if tip.startswith(b"nondeterministic")}
    return said


def declaration(row: Command, release: str) -> dict[str, Any]:
    """What our declaration says of the same."""
    style = STYLES[release]
    says = {
        "arity": row.arity,
        "flags": flag_names(row, style),
        "keys": key_range(row, style),
    }
    if release == "7.0":
        says["acl"] = acl_categories(row)
        says["tips"] = tips(row)
    return says


def differences(real: Real, release: str) -> Iterator[tuple[str, str, str]]:
    """(release, command, what) of everything that is told otherwise here and there."""
    declarations, rows = TABLE.declared(), told(real)
    for name, row in rows.items():
        first = name.partition(b" ")[0]
        if first in SERVER_COMMANDS:
            continue
        if name not in declarations:
            yield release, name.decode(), "missing"
            continue
        here, there = declaration(declarations[name], release), facts(row, release)
        for what, value in there.items():
            if here[what] != value:
                yield release, name.decode(), what


def test_rows(server: tuple[str, Real]) -> None:
    release, real = server
    found = set(differences(real, release))
    allowed = {row for row in DECLARED if row[0] == release}
    assert found - allowed == set(), "not meant"
    assert allowed - found == set(), "no longer so"


def test_nothing_here_is_a_servers_business(server: tuple[str, Real]) -> None:
    assert not SERVER_COMMANDS & set(TABLE.declared())


def test_since_and_group(tmp_path: Path) -> None:
    with serving("7.0", tmp_path) as client:
        documents = dict(_documents(Real(client)(["COMMAND", "DOCS"])))
    declarations = TABLE.declared()
    known = declarations.keys() & documents.keys()
    assert len(known) > 200
    for name in known:
        row, document = declarations[name], documents[name]
        assert row.since.encode() == document[b"since"], name
        assert row.group.encode() == document[b"group"], name


def _documents(flat: list[Any]) -> Iterator[tuple[bytes, dict[bytes, Any]]]:
    for name, words in zip(flat[::2], flat[1::2], strict=True):
        document = dict(zip(words[::2], words[1::2], strict=True))
        yield name.upper().replace(b"|", b" "), document
        yield from _documents(document.get(b"subcommands", []))


#: Words that mean something to some command stand for names and values too, to lead astray whoever
#: looks for keys; numbers stand where numbers must.
WORDS = [b"a", b"b", b"", b"1", b"0", b"-1", b"2x", b"store", b"KEYS", b"STREAMS", b"GET", b"by"]
NAMED = ("key", "value", "member", "element", "group", "consumer", "field", "pattern", "arg")
GRAMMAR = Grammar(
    {name: lambda rng: rng.choice(WORDS) for name in NAMED},
    lambda rng: b"%d" % rng.randrange(5),
)


def keys_here(row: Command, argv: list[bytes]) -> list[bytes]:
    """The keys of a call, sorted; none where the arity does not fit."""
    return sorted(argv[at] for at in row.keys.positions(argv)) if row.accepts(len(argv)) else []


def keys_there(real: Real, argv: list[bytes]) -> list[bytes]:
    """The same as a real server says; an error means that there are none."""
    reply = real(["COMMAND", "GETKEYS", *argv])
    return [] if isinstance(reply, str) else sorted(reply)


def calls(row: Command, rng: Random) -> Iterator[list[bytes]]:
    """Valid calls; of a command whose keys stand at fixed places, spoilt ones too."""
    for _ in range(40):
        argv = GRAMMAR.call(row, rng, 0.5)
        yield argv
        if not row.keys.movable:
            yield argv[: rng.randint(1, len(argv))]
            yield [*argv, rng.choice(WORDS)]


def test_keys(server: tuple[str, Real]) -> None:
    release, real = server
    rng = Random(3)
    rows = told(real)
    differing: set[tuple[str, str]] = set()
    for name, row in TABLE.declared().items():
        if name not in rows or row.subcommands or row.arity != rows[name][1]:
            continue
        for argv in calls(row, rng):
            if keys_here(row, argv) != keys_there(real, argv):
                differing.add((release, name.decode()))
                if (release, name.decode()) not in KEYS:
                    raise AssertionError((argv, keys_here(row, argv), keys_there(real, argv)))
    assert differing == {row for row in KEYS if row[0] == release}, "no longer so"
