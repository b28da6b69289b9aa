"""The reader and the writer of shapes: every letter, every cut, and headers that lie."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from aoftool.errors import CorruptError
from aoftool.format.rdb.read import needed, read_shape
from aoftool.format.rdb.shapes import compile_shape
from aoftool.format.rdb.write import write_shape

_ID = bytes(range(16))
CASES: list[tuple[str, list[Any], str]] = [
    ("", [], ""),
    ("S", [b"ab"], "026162"),
    ("SS", [b"a", b"12"], "0161c00c"),
    ("L", [300], "412c"),
    ("B", [255], "ff"),
    ("i", [-2], "feffffff"),
    ("q", [-2], "feffffffffffffff"),
    ("d", [1.0], "000000000000f03f"),
    ("w", [b"abcd"], "61626364"),
    ("h", [_ID], _ID.hex()),
    ("M", [b"\x02\x05\x00"], "020500"),
    ("[S]", [[]], "00"),
    ("[S]", [[b"a", b""]], "02016100"),
    ("[Sd]", [[(b"a", 1.0)]], "010161000000000000f03f"),
    ("[S]L", [[b"a"], 7], "01016107"),
    ("[[S]]", [[[b"a", b"b"], [], [b"c"]]], "03020161016200010163"),
    ("[S[LL]]", [[(b"a", [(1, 2), (3, 4)]), (b"b", [])]], "0201610201020304016200"),
    ("[[S]L]", [[([b"a"], 1), ([], 2)]], "02010161010002"),
    ("L[S[q]]", [1, [(b"g", [-1])]], "0101016701ffffffffffffffff"),
]


@pytest.mark.parametrize(("shape", "fields", "hexed"), CASES)
def test_shapes(shape: str, fields: list[Any], hexed: str) -> None:
    program, raw = compile_shape(shape), bytes.fromhex(hexed)
    padded = b"\xee" + raw + b"\xee" * 20
    assert read_shape(program, padded, 1, len(padded)) == (fields, 1 + len(raw))
    for buffer in (bytearray(raw), memoryview(raw)):
        assert read_shape(program, buffer, 0, len(raw)) == (fields, len(raw))
    for cut in range(len(raw)):
        assert read_shape(program, raw, 0, cut) is None
    out = bytearray()
    write_shape(out, program, fields, compress=False)
    assert out == raw


def test_old_doubles_are_only_read() -> None:
    program = compile_shape("[Sz]")
    assert read_shape(program, b"\x01\x01a\x031.5", 0, 7) == ([[(b"a", 1.5)]], 7)
    with pytest.raises(ValueError, match="'z'"):
        write_shape(bytearray(), program, [[(b"a", 1.5)]], compress=False)


@pytest.mark.parametrize("shape", ["[S]", "[SS]", "[[S]]", "S[S]", "[hqL]"])
def test_counts_allocate_nothing(shape: str) -> None:
    program = compile_shape(shape)
    raw = b"\x81\x10" + bytes(7)
    raw = b"\x01x" + raw + b"x" if shape[0] == "S" else raw * 2
    tracemalloc.start()
    try:
        assert read_shape(program, raw, 0, len(raw)) is None
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "hexed", "offset"),
    [
        ("SS", "0161c4", 2),
        ("LL", "01c0", 1),
        ("[S]", "c0", 0),
        ("[S]", "018200", 1),
        ("M", "07", 0),
    ],
)
def test_wrong_bytes(shape: str, hexed: str, offset: int) -> None:
    raw = bytes.fromhex(hexed)
    with pytest.raises(CorruptError) as caught:
        read_shape(compile_shape(shape), raw, 0, len(raw))
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("shape", "hexed", "expected"),
    [
        ("S", "", (1, True)),
        ("S", "80", (2, True)),
        ("S", "8000010000", (5 + 65536, True)),
        ("S", "c1", (3, True)),
        ("S", "c3", (2, True)),
        ("S", "c30a4050", (14, True)),
        ("Sq", "0161", (10, True)),
        ("SL", "0161", (3, True)),
        ("L[S]", "0105" + "0161", (7, False)),
        ("[S]", "80", (2, False)),
        ("[S]", "0161", (3, False)),
        ("SM", "016101", (4, False)),
    ],
)
def test_needed(shape: str, hexed: str, expected: tuple[int, bool]) -> None:
    raw, program = bytes.fromhex(hexed), compile_shape(shape)
    assert needed(program, raw, 0, len(raw)) == expected
    assert read_shape(program, raw, 0, len(raw)) is None
