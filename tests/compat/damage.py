"""Small AOFs, whole and damaged in every way that matters, as data.

What ``aoftool check``, redis-check-aof and the servers make of each is in ``observed.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anycrc import Model

from aoftool.format.rdb import RdbEncoder
from tests.builders import command, commands
from tests.compat.servers import AOF, AOF_DIR

MANIFEST = f"{AOF_DIR}/{AOF}.manifest"
BASE_AOF, BASE_RDB = f"{AOF_DIR}/{AOF}.1.base.aof", f"{AOF_DIR}/{AOF}.1.base.rdb"
INCR_1, INCR_2 = f"{AOF_DIR}/{AOF}.1.incr.aof", f"{AOF_DIR}/{AOF}.2.incr.aof"


@dataclass(frozen=True, slots=True)
class Case:
    """One AOF.

    Attributes:
        name: what is special about it; group: the part of the table it belongs to.
        files: bytes by path below the server's folder; a set has its manifest among them.
        target: the file whose size is watched.
    """

    name: str
    group: str
    files: Mapping[str, bytes]
    target: str = AOF

    @property
    def is_set(self) -> bool:
        """Whether it is a multi-part AOF, which Redis reads from 7.0 on."""
        return MANIFEST in self.files

    def write(self, folder: Path) -> Path:
        """Put the files below ``folder``; returns what a checker is to be called with."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / (MANIFEST if self.is_set else AOF)

    def size(self, folder: Path) -> int | None:
        """Bytes of the target now; a server of 7.0 moves a single file into its folder of sets."""
        for path in (folder / self.target, folder / AOF_DIR / self.target):
            if path.exists():
                return path.stat().st_size
        return None


def _preamble(*keys: str, db: int = 0) -> bytes:
    encoder = RdbEncoder(version=9)
    encoder.aux(b"redis-ver", b"6.2.14")
    encoder.aux(b"aof-preamble", b"1")
    encoder.select_db(db)
    encoder.resize_db(len(keys), 0)
    for key in keys:
        encoder.key(key.encode(), "string", b"value")
    return encoder.end()


def _sealed(rdb: bytes) -> bytes:
    """RDB data with its checksum."""
    checksum: int = Model("CRC64-REDIS").calc(rdb)
    return rdb + checksum.to_bytes(8, "little")


# What stands before the damage, and behind it: four keys and one.
GOOD = commands("SELECT 0", "SET a 1", "SET b 2", "MULTI", "SET c 3", "SET d 4", "EXEC")
NEXT = command("SET", "e", "5")
LAST = command("SET", "xyz", "hello")
RDB, OTHER_RDB = _preamble("p", "q"), _preamble("r", "s")
ZEROS = bytes(64)

WHOLE = {
    "whole": GOOD + NEXT,
    "whole, behind a preamble": RDB + GOOD,
    "a preamble and nothing else": RDB,
    "an empty file": b"",
    "names in lower case": commands("select 0", "set a 1", "multi", "set b 2", "exec"),
    "a value that looks like a command": GOOD + command("SET", "x", NEXT),
    "a transaction with nothing in it": GOOD + commands("MULTI", "EXEC"),
    "one byte, a line feed": b"\n",
}

# LAST is *3 $3 SET $3 xyz $5 hello.
CUT = {
    "behind '*'": LAST[:1],
    "behind the number of arguments": LAST[:2],
    "between CR and LF of the first line": LAST[:3],
    "behind the first line": LAST[:4],
    "behind '$'": LAST[:5],
    "behind a length": LAST[:6],
    "between CR and LF of a length": LAST[:7],
    "between a length and its argument": LAST[:8],
    "inside the name": LAST[:10],
    "behind an argument": LAST[:11],
    "between CR and LF of an argument": LAST[:12],
    "between two arguments": LAST[:13],
    "inside the value": LAST[:-4],
    "behind the value": LAST[:-2],
    "between CR and LF of the value": LAST[:-1],
}

ENDS = {
    "cut in the very first command": LAST[:9],
    "cut inside a transaction": GOOD + commands("MULTI", "SET x 1") + LAST[:9],
    "cut inside MULTI itself": GOOD + command("MULTI")[:9],
    "cut inside EXEC": GOOD + commands("MULTI", "SET x 1") + command("EXEC")[:9],
    "a transaction without EXEC": GOOD + commands("MULTI", "SET x 1"),
    "MULTI and nothing behind it": GOOD + command("MULTI"),
    "a transaction without EXEC and nothing before it": commands("MULTI", "SET x 1"),
    "behind a preamble, cut in the first command": RDB + LAST[:9],
    "behind a preamble, one byte": RDB + b"*",
    "behind a preamble, a first transaction without EXEC": RDB + commands("MULTI", "SET x 1"),
    "behind a preamble, cut inside a first transaction": (
        RDB + commands("MULTI", "SET x 1") + LAST[:9]
    ),
    "behind a preamble, cut in the second command": RDB + command("SET", "a", "1") + LAST[:9],
    "behind a preamble, cut after SELECT": RDB + command("SELECT", "0") + LAST[:9],
    "zeros at the end": GOOD + ZEROS,
    "zeros inside a value, to the end": GOOD + LAST[:-4] + ZEROS,
    "zeros inside a transaction, to the end": GOOD + commands("MULTI", "SET x 1") + ZEROS,
    "zeros behind a preamble": RDB + ZEROS,
    "nothing but zeros": ZEROS,
    "zeros for the CR LF of the last argument": GOOD + LAST[:-2] + bytes(2),
    "one zero at the end": GOOD + b"\0",
    "zeros, then commands": GOOD + ZEROS + NEXT,
    "text at the end": GOOD + b"Killed\n",
    "text behind a preamble": RDB + b"Killed\n",
    "random bytes at the end": GOOD + bytes.fromhex("9c1f00e37a0d0a55b2"),
    "a line feed at the end": GOOD + b"\n",
    "CR LF at the end": GOOD + b"\r\n",
    "cut inside an annotation": GOOD + b"#TS:170",
    "a length of 100 GB, the last": GOOD + LAST[:-11] + b"$100000000000\r\n9\r\n",
    "an argument's end overwritten, the last": GOOD + LAST[:-2] + b"??",
}

MIDDLE = {
    "'*' overwritten": b"?3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "the number of arguments overwritten": b"*?\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "first line: CR overwritten": b"*3?\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "first line: LF overwritten": b"*3\r?$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "'$' overwritten": b"*3\r\n?3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "a length overwritten": b"*3\r\n$3\r\nSET\r\n$?\r\nx\r\n$1\r\n9\r\n",
    "length: CR overwritten": b"*3\r\n$3\r\nSET\r\n$1?\nx\r\n$1\r\n9\r\n",
    "length: LF overwritten": b"*3\r\n$3\r\nSET\r\n$1\r?x\r\n$1\r\n9\r\n",
    "argument: CR overwritten": b"*3\r\n$3\r\nSET\r\n$1\r\nx?\n$1\r\n9\r\n",
    "argument: LF overwritten": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r?$1\r\n9\r\n",
    "a letter of a key overwritten": b"*3\r\n$3\r\nSET\r\n$1\r\n?\r\n$1\r\n9\r\n",
    "one argument too many announced": b"*4\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "one argument too few announced": b"*2\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "a length too short": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2\r\nfour\r\n",
    "a length too long": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$6\r\nfour\r\n",
    "a length far past the end": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$9999\r\nfour\r\n",
    "*0": b"*0\r\n",
    "*-3": b"*-3\r\n",
    "*-1": b"*-1\r\n",
    "* without a number": b"*\r\n",
    "*+3": b"*+3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "*03": b"*03\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "a space before the number of arguments": b"* 3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "a space behind the number of arguments": b"*3 \r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "10^9 arguments announced": b"*1000000000\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "10^12 arguments announced": b"*1000000000000\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\r\n",
    "2^63-1 arguments announced": b"*9223372036854775807\r\n$3\r\nSET\r\n",
    "2^64 arguments announced": b"*18446744073709551616\r\n$3\r\nSET\r\n",
    "$-1": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-1\r\n",
    "$ without a number": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$\r\n",
    "$+1": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$+1\r\n9\r\n",
    "$01": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$01\r\n9\r\n",
    "a length of 100 GB": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$100000000000\r\n9\r\n",
    "a length of 2^63-1": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$9223372036854775807\r\n9\r\n",
    "a length of 2^64": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$18446744073709551616\r\n9\r\n",
    "LF only, in one command": b"*3\n$3\nSET\n$1\nx\n$1\n9\n",
    "LF only, behind the value": b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n9\n",
    "an inline command": b"SET x 9\r\n",
    "an empty line": b"\r\n",
    "a reply": b"+OK\r\n",
}

MEANING = {
    "an unknown command": command("NOSUCH", "x"),
    "an unknown command in a transaction": commands("MULTI", "NOSUCH x", "EXEC"),
    "a name of no bytes": command("", "x"),
    "a name with a NUL byte": command(b"NOSUCH\0", "x"),
    "an unknown sub-command": command("XGROUP", "NOSUCH", "x", "y"),
    "a module's command": command("JSON.SET", "x", "$", "1"),
    "a command of a newer release": command("HPEXPIRE", "h", "1000", "FIELDS", "1", "f"),
    "SET with nothing": command("SET"),
    "SET with a key only": command("SET", "x"),
    "DEL with nothing": command("DEL"),
    "GET with too many arguments": command("GET", "x", "y"),
    "INCR with too many arguments": command("INCR", "x", "y"),
    "SET with an option that does not exist": command("SET", "x", "9", "NOSUCH"),
    "a command that fails: wrong type": commands("LPUSH x 1", "INCR x"),
    "EXEC without MULTI": command("EXEC"),
    "MULTI inside MULTI": commands("MULTI", "SET x 9", "MULTI", "EXEC"),
    "MULTI with an argument": commands("MULTI x", "SET x 9", "EXEC"),
    "DISCARD in a transaction": commands("MULTI", "SET x 9", "DISCARD"),
    "SELECT out of range": commands("SELECT 16", "SET x 9"),
    "SELECT of a negative number": commands("SELECT -1", "SET x 9"),
    "SELECT without a number": commands("SELECT x", "SET x 9"),
    "a time stamp": b"#TS:1700000000\r\n",
    "another annotation": b"# words\r\n",
    "an annotation inside a transaction": (
        command("MULTI") + b"#TS:1700000000\r\n" + commands("SET x 9", "EXEC")
    ),
    "an annotation that ends with LF only": b"#TS:1700000000\n",
    "an annotation of 1,023 bytes": b"#" + b"x" * 1020 + b"\r\n",
    "an annotation of 1,024 bytes": b"#" + b"x" * 1021 + b"\r\n",
    "an annotation of 2,000 bytes": b"#" + b"x" * 1997 + b"\r\n",
}

#: A hash whose one entry in its ziplist says that it has more bytes than the ziplist.
_BAD_ZIPLIST = b"\x0d\x01h\x0f" + bytes.fromhex("0f0000000a00000002000000 3f61ff")
_WRONG_CRC = RDB[:-8] + bytes([RDB[-8] ^ 1]) + RDB[-7:]
RDB_PART = {
    "preamble: a wrong checksum": _WRONG_CRC + GOOD,
    "preamble: no checksum": RDB[:-8] + bytes(8) + GOOD,
    "preamble: cut inside its header": RDB[:7],
    "preamble: cut inside its magic": RDB[:3],
    "preamble: cut inside a key": RDB[: RDB.index(b"value")],
    "preamble: cut before its end": RDB[:-9],
    "preamble: cut inside its checksum": RDB[:-3],
    "preamble: an unknown opcode": RDB[:-9] + b"\xaa" + RDB[-8:] + GOOD,
    "preamble: version 99": b"REDIS0099" + RDB[9:] + GOOD,
    "preamble: no version": b"REDIS????" + RDB[9:] + GOOD,
    "preamble: version 0": b"REDIS0000" + RDB[9:] + GOOD,
    "preamble: a database out of range": _preamble("p", db=32),
    "preamble: a key twice": _preamble("p", "q", "p") + GOOD,
    "preamble: a ziplist damaged inside": (
        RDB[: RDB.index(b"\xfb")] + _BAD_ZIPLIST + b"\xff" + bytes(8) + GOOD
    ),
    "preamble of Valkey": _sealed(b"VALKEY080" + RDB[9:-8]) + GOOD,
}


def _line(name: str, seq: object, kind: str) -> bytes:
    return f"file {Path(name).name} seq {seq} type {kind}\n".encode()


BASE_LINE, INCR_LINE, INCR_2_LINE = (
    _line(BASE_RDB, 1, "b"),
    _line(INCR_1, 1, "i"),
    _line(INCR_2, 2, "i"),
)
SET = {BASE_RDB: RDB, INCR_1: GOOD, INCR_2: NEXT}
SET_LINES = BASE_LINE + INCR_LINE + INCR_2_LINE
AOF_BASE_LINES = _line(BASE_AOF, 1, "b") + INCR_LINE

# The manifest, the other files, the one whose size is watched.
SETS: dict[str, tuple[bytes, dict[str, bytes], str]] = {
    "whole": (SET_LINES, SET, INCR_2),
    "whole, with a BASE of commands": (AOF_BASE_LINES, {BASE_AOF: GOOD, INCR_1: NEXT}, INCR_1),
    "no INCR file yet": (BASE_LINE, {BASE_RDB: RDB}, BASE_RDB),
    "no BASE file": (INCR_LINE, {INCR_1: GOOD}, INCR_1),
    "a last INCR file that is empty": (SET_LINES, SET | {INCR_2: b""}, INCR_2),
    "an INCR file that is empty, not the last": (SET_LINES, SET | {INCR_1: b""}, INCR_1),
    "a BASE file that is empty": (SET_LINES, SET | {BASE_RDB: b""}, BASE_RDB),
    "the last INCR file cut": (SET_LINES, SET | {INCR_2: NEXT + LAST[:9]}, INCR_2),
    "the last INCR file cut in its first command": (SET_LINES, SET | {INCR_2: LAST[:9]}, INCR_2),
    "the last INCR file cut inside a transaction": (
        SET_LINES,
        SET | {INCR_2: NEXT + commands("MULTI", "SET x 1") + LAST[:9]},
        INCR_2,
    ),
    "the last INCR file cut inside an annotation": (
        SET_LINES,
        SET | {INCR_2: NEXT + b"#TS:170"},
        INCR_2,
    ),
    "the last INCR file without EXEC": (
        SET_LINES,
        SET | {INCR_2: NEXT + commands("MULTI", "SET x 1")},
        INCR_2,
    ),
    "the last INCR file with zeros at its end": (SET_LINES, SET | {INCR_2: NEXT + ZEROS}, INCR_2),
    "the last INCR file with text at its end": (SET_LINES, SET | {INCR_2: NEXT + b"?"}, INCR_2),
    "an INCR file cut that is not the last": (SET_LINES, SET | {INCR_1: GOOD + LAST[:9]}, INCR_1),
    "an INCR file with zeros at its end that is not the last": (
        SET_LINES,
        SET | {INCR_1: GOOD + ZEROS},
        INCR_1,
    ),
    "an INCR file with text at its end that is not the last": (
        SET_LINES,
        SET | {INCR_1: GOOD + b"?"},
        INCR_1,
    ),
    "MULTI in one INCR file, EXEC in the next": (
        SET_LINES,
        SET | {INCR_1: GOOD + commands("MULTI", "SET x 1"), INCR_2: command("EXEC")},
        INCR_1,
    ),
    "a BASE of commands cut, with an INCR file behind it": (
        AOF_BASE_LINES,
        {BASE_AOF: GOOD + LAST[:9], INCR_1: NEXT},
        BASE_AOF,
    ),
    "a BASE of commands cut, with an empty INCR file behind it": (
        AOF_BASE_LINES,
        {BASE_AOF: GOOD + LAST[:9], INCR_1: b""},
        BASE_AOF,
    ),
    "a BASE of commands cut, the last file": (
        _line(BASE_AOF, 1, "b"),
        {BASE_AOF: GOOD + LAST[:9]},
        BASE_AOF,
    ),
    "a BASE with commands behind its RDB, cut, the last file": (
        BASE_LINE,
        {BASE_RDB: RDB + LAST[:9]},
        BASE_RDB,
    ),
    "an RDB BASE cut": (SET_LINES, SET | {BASE_RDB: RDB[:-12]}, BASE_RDB),
    "an RDB BASE with a wrong checksum": (SET_LINES, SET | {BASE_RDB: _WRONG_CRC}, BASE_RDB),
    "RDB in an INCR file": (SET_LINES, SET | {INCR_2: OTHER_RDB}, INCR_2),
    "RDB in an INCR file, with a key of the BASE": (SET_LINES, SET | {INCR_2: RDB}, INCR_2),
    "RDB in an INCR file that is not the last": (
        SET_LINES,
        SET | {INCR_1: OTHER_RDB},
        INCR_1,
    ),
    "the BASE file is missing": (SET_LINES, {INCR_1: GOOD, INCR_2: NEXT}, INCR_2),
    "an INCR file is missing": (SET_LINES, {BASE_RDB: RDB, INCR_2: NEXT}, INCR_2),
    "the last INCR file is missing": (SET_LINES, {BASE_RDB: RDB, INCR_1: GOOD}, INCR_1),
}

MANIFESTS = {
    "empty": b"",
    "no line feed at its end": SET_LINES[:-1],
    "an empty line": BASE_LINE + b"\n" + INCR_LINE,
    "a line of 1,100 bytes": BASE_LINE + b"#" + b"x" * 1100 + b"\n" + INCR_LINE,
    "a quote without its end": b'file "appendonly.aof.1.base.rdb seq 1 type b\n',
    "a line without a type": b"file appendonly.aof.1.base.rdb seq 1\n",
    "a line without a number": b"file appendonly.aof.1.base.rdb type b a b\n",
    "a line without a file": b"seq 1 type b file2 x\n",
    "a key without a value": BASE_LINE.replace(b"type b", b"type b more"),
    "number 0": _line(BASE_RDB, 0, "b"),
    "a number that is none": _line(BASE_RDB, "x", "b"),
    "a path for a name": b"file ../appendonly.aof.1.base.rdb seq 1 type b\n",
    "two BASE files": BASE_LINE + _line(BASE_RDB, 2, "b"),
    "INCR files out of order": BASE_LINE + INCR_2_LINE + INCR_LINE,
    "one INCR number twice": BASE_LINE + INCR_LINE + _line(INCR_2, 1, "i"),
    "an unknown type": BASE_LINE + _line(INCR_1, 1, "x"),
    "text behind a good line": SET_LINES + b"text\n",
    "nothing but a comment": b"# nothing\n",
    "a comment": b"# made by hand\n" + SET_LINES,
    "an unknown key": BASE_LINE.replace(b"type b", b"type b more yes") + INCR_LINE + INCR_2_LINE,
    "keys in capitals": b"file appendonly.aof.1.base.rdb SEQ 1 TYPE b\n" + INCR_LINE + INCR_2_LINE,
    "a name in quotes": b'file "appendonly.aof.1.base.rdb" seq 1 type b\n' + INCR_LINE,
    "CR LF at the end of lines": SET_LINES.replace(b"\n", b"\r\n"),
    "the BASE file behind an INCR file": INCR_LINE + BASE_LINE + INCR_2_LINE,
    "a gap in the INCR numbers": BASE_LINE + INCR_LINE + _line(INCR_2, 7, "i"),
    "one file twice": BASE_LINE + INCR_LINE + _line(INCR_1, 2, "i"),
    "a HISTORY file that is missing": _line("old.aof", 1, "h") + SET_LINES,
    "nothing but a HISTORY file": _line("old.aof", 1, "h"),
}


def _cases() -> list[Case]:
    singles = {
        "Whole files": WHOLE,
        "Cut in the last command": {f"cut {name}": GOOD + end for name, end in CUT.items()},
        "Other ends": ENDS,
        "Damage in the middle": {name: GOOD + bad + NEXT for name, bad in MIDDLE.items()},
        "Well-formed, but wrong or unusual": {
            name: GOOD + odd + NEXT for name, odd in MEANING.items()
        },
        "RDB preambles": RDB_PART,
    }
    cases = [
        Case(name, group, {AOF: data})
        for group, members in singles.items()
        for name, data in members.items()
    ]
    for name, (lines, files, target) in SETS.items():
        cases.append(Case(f"set: {name}", "Multi-part sets", {MANIFEST: lines} | files, target))
    for name, lines in MANIFESTS.items():
        cases.append(Case(f"manifest: {name}", "Manifests", {MANIFEST: lines} | SET, INCR_2))
    return cases


CASES = {case.name: case for case in _cases()}
