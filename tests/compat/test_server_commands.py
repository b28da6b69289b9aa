"""COMMAND against real servers: where keys stand, and what is done with each of them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from aofserver.commands import SERVER_TABLE
from tests.compat.differences import KEYS
from tests.compat.face import Pair
from tests.compat.test_command_table import GRAMMAR
from tests.compat.wire import plain


@pytest.fixture(scope="module")
def seven(servers: Pair) -> Pair:
    if servers.release == "6.2":
        pytest.skip("tells of keys in three numbers")
    return servers


def rows(reply: Any) -> Iterator[list[Any]]:
    """Those of commands and their sub-commands."""
    for row in reply:
        yield row
        yield from row[9]


def specs(row: list[Any]) -> list[tuple[set[bytes], Any, Any]]:
    """Flags, where to begin, how to go on."""
    told = [dict(zip(spec[::2], spec[1::2], strict=True)) for spec in row[8]]
    return [(set(each[b"flags"]), each[b"begin_search"], each[b"find_keys"]) for each in told]


def test_key_specifications(seven: Pair) -> None:
    pair = seven.again()
    real, ours = (
        {row[0]: specs(row) for row in rows(plain(reply))} for reply in pair.both("command")
    )
    assert sum(map(bool, real.values())) > 180
    # What stands in for HTTP is no command here.
    assert {name: ours.get(name) for name in real if name not in (b"host:", b"post")} == {
        name: found for name, found in real.items() if name not in (b"host:", b"post")
    }


def with_flags(reply: Any) -> Any:
    """Keys with their flags in one order; no keys for an error."""
    if reply[0] == "-":
        return []
    return sorted((key[1], sorted(plain(flags))) for _, (key, flags) in reply[1])


def test_what_calls_do_with_each_key(seven: Pair) -> None:
    pair, rng = seven.again(), Random(11)
    known = {row[0]: row for row in rows(plain(pair.real(["command"])))}
    compared = 0
    for name, row in SERVER_TABLE.declared().items():
        told = known.get(name.lower().replace(b" ", b"|"))
        if told is None or int(told[1]) != row.arity or row.subcommands:
            continue
        if ("7.0", name.decode()) in KEYS:
            continue
        for _ in range(10):
            argv = GRAMMAR.call(row, rng, 0.5)
            words = [b"command", b"getkeysandflags", *argv]
            here, there = with_flags(pair.ours(words)), with_flags(pair.real(words))
            assert here == there, argv
            compared += bool(there)
    assert compared > 1000


@pytest.mark.parametrize("call", [
    "set a b", "set a b get", "set a b ex 5 GET", "bitfield a get u8 0", "bitfield a",
    "bitfield a get u8 0 set u8 0 1", "rename a b", "copy a b", "sort a store b",
    "georadius a 1 1 1 m store b", "migrate h 1 x 0 5", "pfmerge a b c",
    "zunionstore d 2 a b", "eval x 2 a b", "xreadgroup group g c streams a 1",
])  # fmt: skip
def test_chosen_calls(seven: Pair, call: str) -> None:
    real, ours = seven.again().both(f"command getkeysandflags {call}")
    assert with_flags(real)
    assert with_flags(ours) == with_flags(real)


@pytest.mark.parametrize("words", [
    "", "filterby aclcat hash", "filterby aclcat admin", "filterby aclcat nosuch",
    "filterby aclcat connection", "filterby pattern *scan", "filterby pattern client|*",
    "FILTERBY PATTERN X*", "filterby module x",
])  # fmt: skip
def test_lists(seven: Pair, words: str) -> None:
    """All that a 7.0 lists is listed; what is listed beside that came later."""
    call = f"command list {words}".strip()
    real, ours = (set(plain(reply)) for reply in seven.again().both(call))
    assert real - ours <= {b"host:", b"post"} | _OTHERWISE
    declared = SERVER_TABLE.declared()
    for name in ours - real:
        since = declared[name.upper().replace(b"|", b" ")].since
        assert since > "7.0.15" or name.startswith(tuple(_OTHERWISE)), (name, since)


#: A container here alone (``differences``), whose sub-commands are commands of their own; and one
#: that 7.0 has no more.
_OTHERWISE = {b"debug", b"stralgo"}


def test_channels_are_no_keys(seven: Pair) -> None:
    real, ours = seven.again().both("command getkeysandflags spublish c m")
    assert ours == real


def test_documents(seven: Pair) -> None:
    """Every command is documented with the same group and the same sub-commands."""
    pair = seven.again()

    def documents(reply: Any) -> dict[bytes, dict[bytes, Any]]:
        flat = plain(reply)
        rows = zip(flat[::2], flat[1::2], strict=True)
        return {name: dict(zip(said[::2], said[1::2], strict=True)) for name, said in rows}

    real, ours = (documents(reply) for reply in pair.both("command docs"))
    for name, said in real.items():
        if name in (b"host:", b"post"):
            continue
        assert said[b"group"] == ours[name][b"group"], name
        assert said[b"since"] == ours[name][b"since"], name
        assert set(said.get(b"subcommands", [])[::2]) <= set(
            ours[name].get(b"subcommands", [])[::2]
        ), name
        assert ours[name][b"summary"], name
