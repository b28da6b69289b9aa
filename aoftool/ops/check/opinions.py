"""What redis-check-aof and the server's loader make of each kind of finding.

Both were observed on files made for the purpose (docs/compatibility.md); where they disagree with
each other or with this package, a report says so, because the operator will see their answer too.
"""

from __future__ import annotations

from typing import NamedTuple


class Opinion(NamedTuple):
    """The checker's and the loader's behaviour, each in one clause."""

    checker: str
    loader: str


_CUTS = Opinion(
    "invalid; --fix cuts here",
    "aof-load-truncated yes: cuts here and starts; no: refuses to start",
)
#: The loader forgets the preamble when the very first command behind it is the one that is cut.
_CUTS_PREAMBLE = Opinion(
    "invalid; --fix cuts here",
    "aof-load-truncated yes: Redis up to 7.4 cuts at offset 0 and so loses the whole preamble; "
    "no: refuses to start",
)
_BOTH_REFUSE = Opinion("invalid; --fix cuts here", "refuses to start (Bad file format)")
_RDB_REFUSED = Opinion("refuses the preamble, --fix does nothing", "refuses to start")

OPINIONS: dict[str, Opinion] = {
    "cut-short": _CUTS,
    "open-multi": _CUTS,
    "zero-filled": Opinion("invalid; --fix cuts here", "refuses to start (Bad file format)"),
    "length-past-end": Opinion(
        "invalid; --fix cuts here, the good commands behind included",
        "aof-load-truncated yes: cuts here, the good commands behind included",
    ),
    "record-type": _BOTH_REFUSE,
    "bulk-type": _BOTH_REFUSE,
    "array-count": Opinion(
        "takes a negative or signed count for valid", "refuses to start (Bad file format)"
    ),
    "no-arguments": Opinion("takes it for valid", "refuses to start (Bad file format)"),
    "bulk-length": Opinion(
        "invalid, or a crash for a huge length", "refuses to start, or aborts for a huge length"
    ),
    "line-end": Opinion("invalid; --fix cuts here", "does not look at it, and may load or misread"),
    "bulk-end": Opinion("invalid; --fix cuts here", "does not look at these two bytes"),
    "annotation": Opinion("takes a long line for valid", "refuses to start (Bad file format)"),
    "annotations": Opinion("valid", "Redis before 7.0 refuses to start on a '#' line"),
    "unknown-command": Opinion("takes it for valid", "refuses to start (Unknown command)"),
    "unknown-subcommand": Opinion(
        "takes it for valid", "Redis 7 refuses to start; before, the command fails unseen"
    ),
    "module-command": Opinion("takes it for valid", "refuses to start without the module"),
    "arity": Opinion("takes it for valid", "crashes, or the command fails unseen"),
    "select": Opinion("takes it for valid", "stays in the database it was in"),
    "database-range": Opinion("takes it for valid", "stays in the database it was in"),
    "nested-multi": Opinion("invalid", "goes on with the outer transaction"),
    "lone-exec": Opinion("invalid", "loads it and logs a critical error"),
    "rdb-cut-short": _RDB_REFUSED,
    "rdb-wrong-byte": _RDB_REFUSED,
    "rdb-checksum": _RDB_REFUSED,
    "rdb-newer": Opinion("refuses the version or type", "refuses to start"),
    "rdb-in-incr": Opinion("invalid (reads an INCR file as commands only)", "refuses to start"),
    "not-last": Opinion(
        "invalid; --fix refuses",
        "refuses to start, but cuts the file first: the next start loads without a word",
    ),
    "missing-file": Opinion("invalid", "refuses to start"),
    "manifest": Opinion("refuses the manifest", "refuses to start"),
    "empty": Opinion("valid (Redis 6: an error)", "starts empty"),
}
_SILENT = Opinion("", "")


def opinion(code: str, behind_preamble: bool = False) -> Opinion:
    """What the two make of findings of this code; empty where it is none of their business.

    ``behind_preamble``: nothing that is kept stands between the end of the preamble and the cut.
    """
    found = OPINIONS.get(code, _SILENT)
    return _CUTS_PREAMBLE if behind_preamble and found is _CUTS else found
