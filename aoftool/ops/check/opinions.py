"""Every kind of finding: what it means, and what redis-check-aof and the server make of it.

Both were observed on files made for the purpose (docs/compatibility.md); where they disagree with
each other or with this package, a report says so, because the operator will see their answer too.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Opinion(NamedTuple):
    """The checker's and the loader's behaviour, each in one clause, and the finding's meaning.

    The first two are empty where a finding is none of their business.
    """

    checker: str
    loader: str
    meaning: str


_FIX = "invalid; --fix cuts here"
_CUT = "aof-load-truncated yes: cuts here and starts; no: refuses to start"
#: The loader forgets the preamble when the very first command behind it is the one that is cut.
_CUT_ALL = (
    "aof-load-truncated yes: Redis up to 7.4 cuts at offset 0 and so loses the whole preamble; "
    "no: refuses to start"
)
_BAD_FORMAT = "refuses to start (Bad file format)"
_NO_FIX = "refuses the preamble, --fix does nothing"
_VALID = "takes it for valid"
_REFUSES = "refuses to start"

OPINIONS: dict[str, Opinion] = {
    # How the commands of a file may end.
    "cut-short": Opinion(
        _FIX + ", or it crashes over a huge length",
        _CUT + "; a huge length crashes it",
        "the file ends inside a command",
    ),
    "open-multi": Opinion(_FIX, _CUT, "the file ends between MULTI and EXEC"),
    "zero-filled": Opinion(
        _FIX,
        "refuses to start (Bad file format); loads it where the zeros only "
        "stand for the last CR LF",
        "the tail of the file is zeros",
    ),
    "length-past-end": Opinion(
        "invalid; --fix cuts here, the good commands behind included; crashes over a huge length",
        "aof-load-truncated yes: cuts here, the good commands behind included; "
        "no: refuses to start; crashes over a huge length",
        "a length runs past the end of the file, yet whole commands follow",
    ),
    # Wrong bytes.
    "record-type": Opinion(_FIX, _BAD_FORMAT, "no command begins where one should"),
    "bulk-type": Opinion(
        _FIX,
        _BAD_FORMAT + "; aborts where the count before it asks for more memory than there is",
        "no argument begins where one should",
    ),
    "array-count": Opinion(
        "valid with a sign, leading zeros or spaces, or without a number; else invalid",
        "loads it with a '+', leading zeros or spaces; else refuses to start (Bad file format)",
        "the number of arguments is no plain number",
    ),
    "no-arguments": Opinion(_VALID, _BAD_FORMAT, "a command without arguments"),
    "bulk-length": Opinion(
        "valid with a '+' or leading zeros; else invalid, or a crash over a huge length",
        "loads it with a '+' or leading zeros; else refuses to start, or aborts "
        "over a negative or huge length",
        "the length of an argument is no plain number",
    ),
    "line-end": Opinion(
        _FIX,
        "looks for the LF only: loads it, or reads on at the wrong place and refuses to start",
        "no CR LF behind a number",
    ),
    "bulk-end": Opinion(
        _FIX,
        "does not look at these two bytes; refuses to start where the length is "
        "wrong (Bad file format)",
        "no CR LF behind an argument",
    ),
    "annotation": Opinion(
        "Redis 7: valid with LF alone; else invalid",
        "Redis 7 loads it with LF alone; else refuses to start (Bad file format)",
        "a '#' line without CR LF, or a very long one",
    ),
    # Commands.
    "unknown-command": Opinion(
        _VALID, "refuses to start (Unknown command)", "a command that no server knows"
    ),
    "unknown-subcommand": Opinion(
        _VALID,
        "Redis 7 refuses to start; before, the command fails and the log says so",
        "a sub-command that no server knows",
    ),
    "arity": Opinion(
        _VALID, "runs the command all the same, or crashes", "too few or too many arguments"
    ),
    "command-fails": Opinion(
        _VALID,
        "goes on as if nothing were wrong (a line in the log); the command's data are missing",
        "level state: a command that answers an error when it is run",
    ),
    "select": Opinion(_VALID, "stays in the database it was in", "SELECT without a plain number"),
    "nested-multi": Opinion(
        "invalid", "goes on with the outer transaction", "MULTI inside a transaction"
    ),
    "lone-exec": Opinion("invalid", "loads it and logs a critical error", "EXEC without MULTI"),
    "module-command": Opinion(
        _VALID, "refuses to start without the module", "a module's command, by its name"
    ),
    "database-range": Opinion(
        _VALID,
        "stays in the database it was in",
        "a database beyond --databases, or beyond the default of 16",
    ),
    "annotations": Opinion(
        "valid; before Redis 7.0 invalid",
        "loads it; before Redis 7.0 refuses to start",
        "'#' lines",
    ),
    # RDB data.
    "rdb-cut-short": Opinion(
        _NO_FIX + " (below 8 bytes: --fix cuts all of it)",
        _REFUSES,
        "the file ends inside its RDB data",
    ),
    "rdb-wrong-byte": Opinion(_NO_FIX, _REFUSES, "a byte that RDB data cannot have there"),
    "rdb-checksum": Opinion(_NO_FIX, _REFUSES, "the RDB checksum does not fit the bytes"),
    "rdb-newer": Opinion(
        "refuses the version or type", _REFUSES, "a newer RDB version or type than known"
    ),
    "rdb-database-range": Opinion(
        _VALID,
        "refuses to start",
        "RDB data of a database beyond --databases, or beyond the default of 16",
    ),
    "rdb-value": Opinion(
        "invalid",
        "Redis 7 refuses to start; before, loads it",
        "level state: a value in packed form that is damaged inside",
    ),
    "duplicate-key": Opinion(
        _VALID, "crashes on purpose", "level state: a key that RDB data hold twice"
    ),
    "rdb-no-checksum": Opinion("valid", "loads it", "the RDB data carries no checksum"),
    "rdb-in-incr": Opinion(
        "invalid (reads an INCR file as commands only)",
        "loads it; crashes where a key is there already",
        "RDB data in an INCR file",
    ),
    # File sets.
    "not-last": Opinion(
        "invalid; --fix refuses",
        "refuses to start, but cuts a command cut short first: the next start loads without a word",
        "a file that is not the last of its set is cut short",
    ),
    "missing-file": Opinion("invalid", _REFUSES, "a file of the set is not there"),
    "manifest": Opinion(
        "refuses the manifest; takes an empty one for an empty AOF and so for valid",
        _REFUSES,
        "a line of the manifest is wrong",
    ),
    "manifest-note": Opinion("valid", "loads it", "something odd in the manifest"),
    "file-set": Opinion("", "", "a directory without files to check, or with several sets"),
    "unnamed-file": Opinion("", "does not load it", "a file that the manifest does not name"),
    # The file as such.
    "empty": Opinion("valid (Redis 6: invalid)", "starts empty", "the file is empty"),
    "grew": Opinion("", "", "the file grew while it was read"),
    "read-once": Opinion("", "", "standard input: what stands behind damage was not looked for"),
    "unreadable": Opinion("", "", "the file cannot be opened or read"),
}


#: A command cut between MULTI and EXEC: the loader forgets that the MULTI is still open.
_CUT_IN_TRANSACTION = (
    "aof-load-truncated yes: cuts inside the transaction, which stays open, and so loses what it "
    "writes from then on; no: refuses to start"
)
_CUT_ANNOTATION = Opinion(
    "valid; before Redis 7.0 invalid",
    "loads it and appends its next command to this line, which spoils both; before Redis 7.0 "
    "refuses to start",
    "the file ends inside a '#' line",
)


class Place(Enum):
    """Where the command stands that a finding is about, as far as it changes what others do."""

    PLAIN = "plain"
    BEHIND_PREAMBLE = "behind preamble"
    IN_TRANSACTION = "in transaction"
    ANNOTATION = "annotation"


def opinion(code: str, place: Place = Place.PLAIN) -> Opinion:
    """What there is to say of findings of this code at this place.

    Raises KeyError for a code that is not in the table.
    """
    found = OPINIONS[code]
    if place is Place.ANNOTATION and code == "cut-short":
        return _CUT_ANNOTATION
    if place is Place.IN_TRANSACTION and code == "cut-short":
        return found._replace(checker=_FIX, loader=_CUT_IN_TRANSACTION)
    if place is Place.BEHIND_PREAMBLE and code in ("cut-short", "open-multi"):
        return found._replace(checker=_FIX, loader=_CUT_ALL)
    return found
