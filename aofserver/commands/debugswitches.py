"""DEBUG: switches, some of them for what this server does not have (debug.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.config import ConfigError
from aofserver.config.kinds import Memory
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, Reply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE, malformed_subcommand
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import leading_number, parse_int

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE
#: Largest size of a list's node (``debugCommand``).
_NODE_SIZE = Memory(0, 4 << 30)


@server_command("DEBUG SET-DISABLE-DENY-SCRIPTS", "0|1", _FLAGS, group="server", since="7.0.0")
def debug_set_disable_deny_scripts(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether scripts may call what is not for scripts."""
    ctx.options.scripts_call_all = bool(leading_number(argv[2]))
    return OK


@server_command("DEBUG SET-SKIP-CHECKSUM-VALIDATION", "0|1", _FLAGS, group="server",
                since="6.2.0")  # fmt: skip
def debug_set_skip_checksum_validation(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether RESTORE takes payloads whose checksum is wrong."""
    ctx.options.skip_checksums = bool(leading_number(argv[2]))
    return OK


@server_command("DEBUG REPLYBUFFER", "PEAK-RESET-TIME time | RESIZING 0|1", _FLAGS,
                group="server", since="7.0.0", arity=4)  # fmt: skip
def debug_replybuffer(ctx: ServerContext, argv: Argv) -> Reply:
    """Accepted: replies are not kept in one buffer."""
    what, word = argv[2].upper(), argv[3].upper()
    if what == b"PEAK-RESET-TIME":
        if word not in (b"NEVER", b"RESET") and parse_int(word) is None:
            raise CommandError(NOT_AN_INTEGER)
    elif what != b"RESIZING":
        raise malformed_subcommand(argv, ctx.options.style)
    return OK


@server_command("DEBUG QUICKLIST-PACKED-THRESHOLD", "size", _FLAGS, group="server", since="7.0.0")
def debug_quicklist_packed_threshold(ctx: ServerContext, argv: Argv) -> Reply:
    """Where a list would give an element a node of its own: nothing here has such nodes."""
    try:
        _NODE_SIZE.parse([argv[2].decode("latin-1") or "0"])
    except ConfigError as error:
        raise CommandError(
            b"ERR argument must be a memory value bigger than 1 and smaller than 4gb"
        ) from error
    return OK


def _accepted(name: str, syntax: str, since: str, summary: str) -> None:
    """Declare a sub-command that changes what this server does not have."""

    def handler(ctx: ServerContext, argv: Argv) -> Reply:
        return OK

    handler.__doc__ = summary
    server_command(f"DEBUG {name}", syntax, _FLAGS, group="server", since=since)(handler)


_accepted("LUA-ALWAYS-REPLICATE-COMMANDS", "0|1", "5.0.0",
          "Accepted: effects are always what is logged.")  # fmt: skip
_accepted("DICT-RESIZING", "0|1", "7.4.0", "Accepted: Python's tables resize as they will.")
_accepted("REPLICATE", "word [word ...]", "6.2.0", "Accepted: there are no replicas to be told.")
_accepted("LEAK", "string", "6.2.0", "Accepted: what nothing refers to is freed.")
