"""The light catalog that ``check`` uses, held against the declarations of the keyspace."""

from __future__ import annotations

from aoftool.keyspace import catalog, engine
from aoftool.keyspace.command import TABLE, Command

assert engine

#: The catalog admits what any release admits: where that is more than ours, why.
WIDER = {
    b"PFDEBUG": "Redis 6 takes more arguments, and refuses them in the handler",
    b"XTRIM": "Redis 6.0 takes fewer, and refuses them in the handler",
}


def arities() -> dict[bytes, tuple[int, tuple[int, ...]]]:
    """(arity, first release) of what is in the catalog; a sub-command's name has both words."""
    found = {}
    for name, row in catalog.commands().items():
        found[name] = row.arity, row.since
        for word, sub in row.subcommands.items():
            found[name + b" " + word] = sub.arity, sub.since
    return found


def ours() -> dict[bytes, Command]:
    return {
        name: row
        for name, row in TABLE.declared().items()
        if row.handler.__module__.startswith("aoftool.")
    }


def test_all_that_is_declared_is_in_the_catalog() -> None:
    assert ours().keys() - arities().keys() == set()


def test_arity_and_release_are_the_same() -> None:
    known = arities()
    for name, row in ours().items():
        since = tuple(map(int, row.since.split(".")))
        assert known[name][1] == since, name
        assert (known[name][0] == row.arity) is (name not in WIDER), name
