"""translation: what a live server of some release is sent for a command of an AOF."""

from __future__ import annotations

import pytest

from aoftool.keyspace.payload import dump, restore
from aoftool.keyspace.values import HashValue
from aoftool.ops.replay.model import Expired
from aoftool.ops.replay.moments import FAR, Moments, held
from aoftool.ops.replay.target import Facts
from aoftool.ops.replay.translation import Translator

NOW = 1_700_000_000_000
T = 1_600_000_000_000
RELEASES = {"6.0": Facts((6, 0), 9), "6.2": Facts((6, 2), 9), "7.0": Facts((7, 0), 10)}
PLAIN = Moments(hold=False)


def sent(
    line: str, release: str = "7.0", moments: Moments = PLAIN, replace: bool = False,
    second: int | None = None,
) -> list[str]:  # fmt: skip
    translator = Translator(RELEASES[release], moments, replace, lambda: NOW)
    argv = line.encode().split()
    found = translator.translate(argv, argv[0].upper(), second)
    return [b" ".join(words).decode() for words in found]


@pytest.mark.parametrize(
    ("line", "release", "expected"),
    [
        ("set k v", "6.0", ["set k v"]),
        (f"SET k v PXAT {T}", "7.0", [f"SET k v PXAT {T}"]),
        (f"SET k v PXAT {T}", "6.0", ["SET k v", f"PEXPIREAT k {T}"]),
        (f"SET k v NX EXAT {T // 1000}", "6.2", [f"SET k v NX PXAT {T}"]),
        (f"SET k v XX PXAT {NOW + 5}", "6.0", ["SET k v XX PX 5"]),
        ("SET k v KEEPTTL", "6.0", ["SET k v KEEPTTL"]),
        ("SET k v PX oops", "7.0", ["SET k v PX oops"]),
        (f"GETEX k PXAT {T}", "6.0", [f"PEXPIREAT k {T}"]),
        ("GETEX k PERSIST", "6.2", ["PERSIST k"]),
        ("GETEX k", "6.2", []),
        ("GETDEL k", "6.0", ["DEL k"]),
        ("GETDEL k", "6.2", ["GETDEL k"]),
        ("LPOP k 3", "6.0", ["LTRIM k 3 -1"]),
        ("RPOP k 3", "6.0", ["LTRIM k 0 -4"]),
        ("LPOP k", "6.0", ["LPOP k"]),
        ("LMOVE a b RIGHT LEFT", "6.0", ["RPOPLPUSH a b"]),
        ("LMOVE a b LEFT LEFT", "6.0", ["LMOVE a b LEFT LEFT"]),
        (f"PEXPIREAT k {T} GT", "7.0", [f"PEXPIREAT k {T} GT"]),
        (f"PEXPIREAT k {T} GT", "6.2", [f"PEXPIREAT k {T}"]),
        (f"EXPIREAT k {T // 1000}", "6.0", [f"PEXPIREAT k {T}"]),
        ("XADD s MAXLEN = 5 LIMIT 9 1-1 a b", "7.0", ["XADD s MAXLEN = 5 1-1 a b"]),
        ("XADD s MAXLEN 5 LIMIT 9 1-1 a b", "7.0", ["XADD s MAXLEN 5 1-1 a b"]),
        ("XADD s MAXLEN ~ 5 LIMIT 9 1-1 a b", "7.0", ["XADD s MAXLEN ~ 5 LIMIT 9 1-1 a b"]),
        ("XADD s NOMKSTREAM MINID = 5 LIMIT 9 1-1 a b", "7.0",
         ["XADD s NOMKSTREAM MINID = 5 1-1 a b"]),
        ("XADD s 1-1 LIMIT 3", "7.0", ["XADD s 1-1 LIMIT 3"]),
        ("XTRIM s MAXLEN = 5 LIMIT 9", "7.0", ["XTRIM s MAXLEN = 5"]),
        ("BRPOPLPUSH a b 0", "6.0", ["RPOPLPUSH a b"]),
        ("blmove a b RIGHT LEFT 0", "6.2", ["LMOVE a b RIGHT LEFT"]),
        ("BLMOVE a b RIGHT LEFT 0", "6.0", ["RPOPLPUSH a b"]),
        ("BLPOP a 0", "7.0", ["LPOP a"]),
        ("BZPOPMAX a 0", "7.0", ["ZPOPMAX a"]),
        ("BRPOP a b 0", "7.0", ["BRPOP a b 0.01"]),
        ("BLMPOP 0 2 a b LEFT COUNT 3", "7.0", ["LMPOP 2 a b LEFT COUNT 3"]),
        ("BZMPOP 0 1 a MIN", "7.0", ["ZMPOP 1 a MIN"]),
        ("XREAD COUNT 1 BLOCK 0 STREAMS s 0", "7.0", ["XREAD COUNT 1 STREAMS s 0"]),
        ("XREADGROUP GROUP g c STREAMS block >", "7.0", ["XREADGROUP GROUP g c STREAMS block >"]),
        ("XGROUP CREATE s g 0-1 ENTRIESREAD 3", "6.2", ["XGROUP CREATE s g 0-1"]),
        ("XGROUP CREATE s g 0-1 ENTRIESREAD 3", "7.0", ["XGROUP CREATE s g 0-1 ENTRIESREAD 3"]),
        ("XSETID s 5-1 ENTRIESADDED 3 MAXDELETEDID 0-0", "6.2", ["XSETID s 5-1"]),
        ("FUNCTION LOAD code", "7.0", ["FUNCTION LOAD code"]),
    ],
)  # fmt: skip
def test_forms(line: str, release: str, expected: list[str]) -> None:
    assert sent(line, release) == expected


@pytest.mark.parametrize(
    "line", ["SETEX k 10 v", "PSETEX k 10000 v", "SET k v EX 10", "SET k v PX 10000"]
)
def test_relative_times_begin_at_the_annotation(line: str) -> None:
    assert sent(line, second=1_500_000_000) == [f"SET k v PXAT {1_500_000_010_000}"]
    assert sent(line) == [f"SET k v PXAT {NOW + 10_000}"]


def test_relative_times_that_begin_anew_are_counted() -> None:
    translator = Translator(RELEASES["7.0"], PLAIN, False, lambda: NOW)
    argv = [b"PEXPIRE", b"k", b"5"]
    assert translator.translate(argv, b"PEXPIRE", 1) == [[b"PEXPIREAT", b"k", b"1005"]]
    assert translator.restarted == 0
    translator.translate(argv, b"PEXPIRE", None)
    assert translator.restarted == 1


def test_times_are_held_back() -> None:
    moments = Moments(hold=True)
    assert sent(f"SET k v PXAT {T}", "7.0", moments) == [f"SET k v PXAT {T + FAR}"]
    assert sent(f"PEXPIREAT k {T}", "6.0", moments) == [f"PEXPIREAT k {T + FAR}"]
    assert sent("PEXPIREAT k -5", "6.0", moments) == [f"PEXPIREAT k {FAR - 5}"]
    assert held(T + FAR) == T
    assert held(FAR - 5) == -5
    assert held(T) is None


@pytest.mark.parametrize("at", [1 << 49, -(1 << 49), (1 << 63) - 1])
def test_times_that_nobody_means_stay(at: int) -> None:
    for expired in Expired:
        assert sent(f"PEXPIREAT k {at}", "7.0", Moments(expired, NOW, 5)) == [f"PEXPIREAT k {at}"]


def test_what_becomes_of_times() -> None:
    keep, drop, shift = (Moments(one, NOW, 7, hold=False) for one in Expired)
    assert sent(f"PEXPIREAT k {NOW}", moments=keep) == ["PERSIST k"]
    assert sent(f"SET k v PXAT {NOW}", moments=keep) == ["SET k v"]
    assert sent(f"PEXPIREAT k {NOW + 1}", moments=keep) == [f"PEXPIREAT k {NOW + 1}"]
    assert sent(f"PEXPIREAT k {NOW}", moments=drop) == [f"PEXPIREAT k {NOW}"]
    assert sent(f"PEXPIREAT k {NOW}", moments=shift) == [f"PEXPIREAT k {NOW + 7}"]
    assert (keep.drops(NOW), drop.drops(NOW), shift.drops(NOW)) == (False, True, False)
    assert not drop.drops(NOW + 1)
    line = f"HPEXPIREAT k {NOW} FIELDS 1 f"
    assert sent(line, moments=shift) == [f"HPEXPIREAT k {NOW + 7} FIELDS 1 f"]
    assert sent(line, moments=drop) == [line]
    assert sent(line, moments=keep) == ["HPERSIST k FIELDS 1 f"]
    assert sent(f"HEXPIREAT k {NOW // 1000} FIELDS 1 f", moments=keep) == ["HPERSIST k FIELDS 1 f"]
    later = f"HPEXPIREAT k {NOW + 1} FIELDS 1 f"
    assert sent(later, moments=keep) == [later]
    line = f"HSETEX k FNX PXAT {NOW} FIELDS 1 f v"
    assert sent(line, moments=shift) == [f"HSETEX k FNX PXAT {NOW + 7} FIELDS 1 f v"]
    assert sent(line, moments=keep) == ["HSETEX k FNX FIELDS 1 f v"]
    assert sent(line, moments=drop) == [line]
    assert sent("HSETEX k EX 5 FIELDS 1 f v", second=100) == ["HSETEX k PXAT 105000 FIELDS 1 f v"]
    for line in ("HSETEX k FIELDS 1 EX 5", "HSETEX k KEEPTTL FIELDS 1 f v", "HSETEX k EX x FIELDS"):
        assert sent(line, moments=shift) == [line]


def test_what_is_there_already() -> None:
    assert sent("RESTORE k 0 payload-of-some-length") == ["RESTORE k 0 payload-of-some-length"]
    assert sent("RESTORE k 0 payload-of-some-length IDLETIME 5", replace=True) == [
        "RESTORE k 0 payload-of-some-length REPLACE IDLETIME 5"
    ]
    assert sent("FUNCTION LOAD code", replace=True) == ["FUNCTION LOAD REPLACE code"]
    assert sent("FUNCTION LOAD REPLACE code", replace=True) == ["FUNCTION LOAD REPLACE code"]
    assert sent("FUNCTION DELETE lib", replace=True) == ["FUNCTION DELETE lib"]


def test_restore_gets_an_absolute_time() -> None:
    assert sent("RESTORE k 5000 payload-of-some-length", second=100) == [
        "RESTORE k 105000 payload-of-some-length ABSTTL"
    ]
    assert sent(f"RESTORE k {T} payload-of-some-length absttl replace") == [
        f"RESTORE k {T} payload-of-some-length REPLACE ABSTTL"
    ]


def test_payloads_of_newer_servers_get_another_head() -> None:
    value = HashValue()
    value[b"f"] = b"v"
    translator = Translator(RELEASES["6.0"], PLAIN, False, lambda: NOW)
    argv = [b"RESTORE", b"k", b"0", dump(value, 11)]
    ((_, _, _, payload),) = translator.translate(argv, b"RESTORE", None)
    assert payload[-10:-8] == b"\x09\x00"
    assert dict(restore(payload)) == {b"f": b"v"}
    old = [b"RESTORE", b"k", b"0", dump(value, 9)]
    assert translator.translate(old, b"RESTORE", None) == [old]
