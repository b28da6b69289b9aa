"""Manifests: what is read, what is refused with which line, what is written."""

from __future__ import annotations

import pytest

from aoftool.errors import ExitCode, ManifestError
from aoftool.format.aof import (
    FileType,
    Manifest,
    ManifestFile,
    looks_like_manifest,
    parse_manifest,
)

REAL = (
    b"file appendonly.aof.2.base.rdb seq 2 type b\n"
    b"file appendonly.aof.1.incr.aof seq 1 type h\n"
    b"file appendonly.aof.2.incr.aof seq 2 type i\n"
    b"file appendonly.aof.3.incr.aof seq 3 type i\n"
)


def test_a_real_manifest_comes_back() -> None:
    manifest = parse_manifest(REAL)
    assert manifest.encode() == REAL
    assert [file.name for file in manifest.load_order] == [
        b"appendonly.aof.2.base.rdb",
        b"appendonly.aof.2.incr.aof",
        b"appendonly.aof.3.incr.aof",
    ]
    assert [file.seq for file in manifest.history] == [1]
    assert manifest.notes == ()


def test_quoted_names_offsets_and_unknown_keys() -> None:
    line = b'file "a b\\".aof" seq 7 type i startoffset 12 endoffset 99 colour "dark blue"\n'
    (file,) = parse_manifest(line).incr
    assert (file.name, file.seq, file.type) == (b'a b".aof', 7, FileType.INCR)
    assert (file.start_offset, file.end_offset) == (12, 99)
    assert file.extra == ((b"colour", b"dark blue"),)
    assert parse_manifest(line).encode() == line


def test_order_case_comments_and_carriage_returns() -> None:
    data = b"# a comment\nTYPE i FILE b.aof SEQ 1\r\ntype b seq 1 file a.rdb\n"
    manifest = parse_manifest(data)
    assert manifest.encode() == b"file a.rdb seq 1 type b\nfile b.aof seq 1 type i\n"
    assert manifest.notes == ("line 3 names the BASE file behind an INCR file; it is loaded first",)


INVALID = "Invalid AOF manifest file format"
LONG = "The AOF manifest file contains too long line"


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 0, "Found an empty AOF manifest"),
        (b"file a seq 1 type b", 1, LONG),
        (REAL + b"# " + b"x" * 1030 + b"\n", 5, LONG),
        (REAL + b"\n", 5, INVALID),
        (b'file "a seq 1 type b\n', 1, INVALID),
        (b"file a seq 1\n", 1, INVALID),
        (b"file a seq 1 type b x\n", 1, INVALID),
        (b"name a seq 1 type b\n", 1, INVALID),
        (b"file a number 1 type b\n", 1, INVALID),
        (b"file a seq 1 kind b\n", 1, INVALID),
        (b"file a seq 0 type b\n", 1, INVALID),
        (b"file a seq x type b\n", 1, INVALID),
        (b'file "" seq 1 type b\n', 1, INVALID),
        (b'file "a\\x00b" seq 1 type b\n', 1, INVALID),
        (b"file ../a seq 1 type b\n", 1, "File can't be a path, just a filename"),
        (b"file a seq 1 type b\nfile b seq 2 type b\n", 2, "Found duplicate base file information"),
        (b"file a seq 2 type i\nfile b seq 2 type i\n", 2, "Found a non-monotonic sequence number"),
        (b"file a seq 2 type i\nfile b seq 1 type i\n", 2, "Found a non-monotonic sequence number"),
        (b"#\nfile a seq 1 type x\n", 2, "Unknown AOF file type"),
    ],
)
def test_refusals(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data)
    assert caught.value.reason.startswith(reason)
    assert caught.value.line_number == line
    assert caught.value.exit_code is ExitCode.FILE_SET
    assert str(caught.value).startswith(f"line {line}: " if line else reason)


def test_what_a_server_lets_pass_is_noted() -> None:
    data = b"file a seq 1 type i\nfile b seq 3 type i\nfile a seq 1 type h\n"
    assert parse_manifest(data).notes == (
        "line 2 jumps from INCR 1 to 3: is a file missing?",
        "line 3 names a file that another line names already",
    )
    assert parse_manifest(b"# nothing\n").notes == ("names no file",)


def test_which_files_look_like_one() -> None:
    assert looks_like_manifest(REAL)
    assert looks_like_manifest(b"# comment\nfile x")
    assert not looks_like_manifest(b"*1\r\n$4\r\nfile\r\n")
    assert not looks_like_manifest(b"#TS:1\r\n*1\r\n")
    assert not looks_like_manifest(b"")


def test_a_manifest_made_by_hand() -> None:
    manifest = Manifest(ManifestFile(b"x y", 1, FileType.BASE))
    assert manifest.encode() == b'file "x y" seq 1 type b\n'
    assert parse_manifest(manifest.encode()).base is not None
