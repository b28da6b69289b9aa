"""Replication, cluster and modules, which this server does not have.

They answer as those of a Redis on which they are not in use.
"""

from __future__ import annotations

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, Reply
from aoftool.keyspace.command import ADMIN, FAST, LOADING, NOSCRIPT, RANDOM, STALE, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_ADMIN = ADMIN | NOSCRIPT | STALE
_FOLLOW = _ADMIN | Flags.NO_ASYNC_LOADING
_SYNC = ADMIN | NOSCRIPT | Flags.NO_ASYNC_LOADING | Flags.NO_MULTI
_SLOTS = FAST | LOADING | STALE
_LAST_PORT = 65535
_NO_REPLICATION = b"ERR This server does not replicate: it can neither follow nor be followed"


@server_command("REPLICAOF", "host port", _FOLLOW, group="server", since="5.0.0")
def replicaof(ctx: ServerContext, argv: Argv) -> Reply:
    """Follow another server: only NO ONE, which changes nothing."""
    if argv[1].lower() == b"no" and argv[2].lower() == b"one":
        return OK
    port = parse_int(argv[2])
    if ctx.options.style is Style.REDIS_7:
        if port is None or not 0 <= port <= _LAST_PORT:
            raise CommandError(b"ERR Invalid master port")
    elif port is None:
        raise CommandError(NOT_AN_INTEGER)
    raise CommandError(_NO_REPLICATION)


@server_command("SLAVEOF", "host port", _FOLLOW, group="server", since="1.0.0")
def slaveof(ctx: ServerContext, argv: Argv) -> Reply:
    """As REPLICAOF."""
    return replicaof(ctx, argv)


#: Its words, and how many stand behind each, the last one a number.
_FAILOVER = {b"TO": 2, b"TIMEOUT": 1, b"FORCE": 0}


@server_command("FAILOVER", "[option ...]", _ADMIN, group="server", since="6.2.0")
def failover(ctx: ServerContext, argv: Argv) -> Reply:
    """Let a replica take over: there is none."""
    words = [word.upper() for word in argv[1:]]
    if words == [b"ABORT"]:
        raise CommandError(b"ERR No failover in progress.")
    given: set[bytes] = set()
    while words:
        word, count = words[0], _FAILOVER.get(words[0], 0)
        if word not in _FAILOVER or word in given or len(words) <= count:
            raise CommandError(SYNTAX)
        number = parse_int(words[count]) if count else 1
        if number is None:
            raise CommandError(NOT_AN_INTEGER)
        if word == b"TIMEOUT" and number <= 0:
            raise CommandError(b"ERR FAILOVER timeout must be greater than 0")
        given.add(word)
        del words[: count + 1]
    raise CommandError(b"ERR FAILOVER requires connected replicas.")


@server_command("PSYNC", "replicationid offset", _SYNC, group="server", since="2.8.0",
                arity=-3)  # fmt: skip
def psync(ctx: ServerContext, argv: Argv) -> Reply:
    """Be a replica of this server, or take its data as one (``redis-cli --rdb``)."""
    raise CommandError(_NO_REPLICATION)


@server_command("SYNC", "", _SYNC, group="server", since="1.0.0")
def sync(ctx: ServerContext, argv: Argv) -> Reply:
    """As PSYNC."""
    return psync(ctx, argv)


_REPLICA_SAYS = frozenset((b"LISTENING-PORT", b"IP-ADDRESS", b"CAPA", b"RDB-ONLY"))


@server_command(
    "REPLCONF",
    "[option value ...]",
    _ADMIN | LOADING | Flags.ALLOW_BUSY,
    group="server",
    since="3.0.0",
)
def replconf(ctx: ServerContext, argv: Argv) -> Reply:
    """Hear what a replica says of itself, before it asks for PSYNC."""
    if not len(argv) % 2:
        raise CommandError(SYNTAX)
    for word, value in zip(argv[1::2], argv[2::2], strict=True):
        if word.upper() not in _REPLICA_SAYS:
            raise CommandError(b"ERR Unrecognized REPLCONF option: %b" % word)
        if word.upper() == b"LISTENING-PORT" and parse_int(value) is None:
            raise CommandError(NOT_AN_INTEGER)
    return OK


def _no_cluster(ctx: ServerContext, argv: Argv) -> Reply:
    """Answered by nodes of a cluster only."""
    raise CommandError(b"ERR This instance has cluster support disabled")


@server_command("CLUSTER", "subcommand [argument ...]", ADMIN | STALE, group="cluster",
                since="3.0.0")  # fmt: skip
def cluster(ctx: ServerContext, argv: Argv) -> Reply:
    """Be part of a cluster."""
    return _no_cluster(ctx, argv)


_CLUSTER_SETS = ADMIN | STALE | Flags.NO_ASYNC_LOADING
#: Sub-commands with what they take, by flags; a mark says since when, where not since 3.0.
_OF_CLUSTER: tuple[tuple[Flags, str], ...] = (
    (_CLUSTER_SETS, """
        ADDSLOTS slot [slot ...]
        ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...] @7.0.0
        DELSLOTS slot [slot ...]
        DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...] @7.0.0
        FAILOVER [FORCE | TAKEOVER]
        FLUSHSLOTS
        FORGET node-id
        MEET ip port [cluster-bus-port]
        REPLICATE node-id
        SAVECONFIG
        SET-CONFIG-EPOCH config-epoch
        SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>"""),
    (_CLUSTER_SETS | RANDOM, "BUMPEPOCH"),
    (ADMIN | STALE | RANDOM, """
        COUNT-FAILURE-REPORTS node-id
        REPLICAS node-id @5.0.0
        SLAVES node-id"""),
    (ADMIN | NOSCRIPT | STALE, "RESET [HARD | SOFT]"),
    (STALE, """
        COUNTKEYSINSLOT slot
        KEYSLOT key
        MYID
        MYSHARDID @7.2.0"""),
    (LOADING | STALE, "HELP @5.0.0"),
    (STALE | RANDOM, """
        GETKEYSINSLOT slot count
        INFO
        LINKS @7.0.0
        NODES
        SHARDS @7.0.0
        SLOTS"""),
)  # fmt: skip
#: Calls whose words can only be counted by what they mean.
_CLUSTER_ARITY = {"SETSLOT": -4, "MEET": -4, "FAILOVER": -2, "RESET": -2}


def _declare_cluster() -> None:
    for flags, lines in _OF_CLUSTER:
        for line in filter(None, map(str.strip, lines.splitlines())):
            call, _, since = line.partition(" @")
            name, _, syntax = call.partition(" ")
            server_command(
                f"CLUSTER {name}", syntax, flags, group="cluster", since=since or "3.0.0",
                arity=_CLUSTER_ARITY.get(name),
            )(_no_cluster)  # fmt: skip


_declare_cluster()


@server_command("READONLY", "", _SLOTS, group="cluster", since="3.0.0", acl="connection")
def readonly(ctx: ServerContext, argv: Argv) -> Reply:
    """Read from replicas of a cluster."""
    return _no_cluster(ctx, argv)


@server_command("READWRITE", "", _SLOTS, group="cluster", since="3.0.0", acl="connection")
def readwrite(ctx: ServerContext, argv: Argv) -> Reply:
    """Do not read from replicas of a cluster."""
    if ctx.options.style is Style.REDIS_6:  # it does not look whether there is one
        return OK
    return _no_cluster(ctx, argv)


@server_command("ASKING", "", FAST, group="cluster", since="3.0.0", acl="connection")
def asking(ctx: ServerContext, argv: Argv) -> Reply:
    """Say that a slot that moves is meant."""
    return _no_cluster(ctx, argv)


_MODULES = ADMIN | NOSCRIPT
_CHANGES = _MODULES | Flags.NO_ASYNC_LOADING
server_container("MODULE", "server", "4.0.0", _MODULES)


@server_command("MODULE LOADEX", "path [CONFIG name value ...] [ARGS arg ...]", _CHANGES,
                group="server", since="7.0.0", arity=-3)  # fmt: skip
def module_loadex(ctx: ServerContext, argv: Argv) -> Reply:
    """As MODULE LOAD."""
    return module_load(ctx, argv)


@server_command("MODULE LIST", "", _MODULES, group="server", since="4.0.0")
def module_list(ctx: ServerContext, argv: Argv) -> Reply:
    """The modules: none."""
    return []


@server_command("MODULE LOAD", "path [arg ...]", _CHANGES, group="server", since="4.0.0")
def module_load(ctx: ServerContext, argv: Argv) -> Reply:
    """Load a module: this server cannot run any."""
    raise CommandError(b"ERR Error loading the extension. Please check the server logs.")


@server_command("MODULE UNLOAD", "name", _CHANGES, group="server", since="4.0.0")
def module_unload(ctx: ServerContext, argv: Argv) -> Reply:
    """Take a module out: there is none."""
    raise CommandError(b"ERR Error unloading module: no such module with that name")


@server_command("MODULE HELP", "", LOADING | STALE, group="server", since="5.0.0")
def module_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"MODULE")
