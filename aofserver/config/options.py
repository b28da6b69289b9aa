"""The options that do something here: a row each; ``kept`` has the others."""

from __future__ import annotations

from aofserver.config.kept import KEPT
from aofserver.config.kinds import Bool, Choice, FileMode, Folder, Integer, Memory, Text
from aofserver.config.listkinds import (
    AtSignal,
    KeyEvents,
    Lines,
    OomScores,
    OutputLimits,
    Percentiles,
    SavePoints,
    TitleTemplate,
    Words,
    join_limits,
    join_lines,
    join_points,
)
from aofserver.config.option import INT_MAX, MAX, UINT_MAX, Option, fixed

_LISTENING = (
    Option("bind", Words(), "127.0.0.1",
           "Addresses to listen on; one behind a - need not be there.", later=True),
    Option("port", Integer(0, 65535), "6379", "TCP port; 0: none.", later=True),
    fixed("unixsocket", Text(), "", "Path of a unix socket to listen on; empty: none."),
    fixed("unixsocketperm", FileMode(), "0", "Its permissions, octal; 0: the umask's."),
    fixed("tcp-backlog", Integer(0, INT_MAX), "511", "Connections that wait to be accepted."),
    fixed("tls-port", Integer(0, 65535), "0", "TLS port; 0: none."),
    Option("tls-cert-file", Text(), "", "Certificate of the server, PEM."),
    Option("tls-key-file", Text(), "", "Its private key, PEM."),
    Option("tls-ca-cert-file", Text(), "", "Authorities that client certificates come from."),
    Option("tls-auth-clients", Choice.of("no", "yes", "optional"), "yes",
           "Whether clients must show a certificate."),
)  # fmt: skip

_CLIENTS = (
    Option("protected-mode", Bool(), "yes",
           "Refuse clients of other hosts while no password is set."),
    Option("maxclients", Integer(1, UINT_MAX), "10000", "Most clients at a time."),
    Option("timeout", Integer(0, INT_MAX), "0", "Seconds until an idle client is cut off, or 0."),
    Option("tcp-keepalive", Integer(0, INT_MAX), "300",
           "Seconds between keepalive probes, for clients that come from now on; 0: none."),
    Option("proto-max-bulk-len", Memory(1 << 20, MAX), "512mb", "Longest argument, in bytes."),
    Option("client-query-buffer-limit", Memory(1 << 20, MAX), "1gb",
           "Most bytes of requests that wait to be run, for one client."),
    Option("client-output-buffer-limit", OutputLimits(),
           "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
           "Bytes of replies that may wait for a client of a class (normal, replica, pubsub): at "
           "once, and for so many seconds; 0: any number.", join=join_limits, partial=True),
    Option("tracking-table-max-keys", Integer(0, MAX), "1000000",
           "Most keys that are remembered for clients with CLIENT TRACKING; 0: any number."),
)  # fmt: skip

_ACCESS = (
    Option("requirepass", Text(), "", "Password of the default user; empty: none."),
    Option("user", Lines(), "", "A user: its name, and rules as of ACL SETUSER.", mutable=False,
           line=True, join=join_lines),
    fixed("aclfile", Text(), "", "File of users, in place of `user` lines; empty: none."),
    Option("acl-pubsub-default", Choice.of("allchannels", "resetchannels"), "resetchannels",
           "Whether users that are made may use all channels or none; under compat-version 6.0 "
           "all, where nothing is said."),
    Option("acllog-max-len", Integer(0, MAX), "128", "Entries that ACL LOG keeps."),
    Option("rename-command", Lines(), "", "A command and the name that it has instead; an empty "
           "one (\"\") takes it away.", mutable=False, line=True, join=join_lines),
)  # fmt: skip

_PROCESS = (
    fixed("databases", Integer(1, INT_MAX), "16", "How many databases there are."),
    fixed("daemonize", Bool(), "no", "Run in the background."),
    fixed("supervised", Choice.of("upstart", "systemd", "auto", "no"), "no",
          "Who is told when the server is ready; auto: whoever the environment names."),
    fixed("server_cpulist", Text(), "", "Processors that the server runs on; empty: all.",
          "server-cpulist"),
    fixed("pidfile", Text(), "", "File that holds the process number while it runs."),
    fixed("logfile", Text(), "", "The log; empty: standard output."),
    fixed("syslog-enabled", Bool(), "no", "Write it to the system's log as well."),
    fixed("syslog-ident", Text(), "redis", "The server's name there."),
    fixed("syslog-facility", Choice.of("user", *(f"local{number}" for number in range(8))),
          "local0", "What kind of program it is there."),
    Option("loglevel", Choice.of("debug", "verbose", "notice", "warning"), "notice",
           "What is worth a line in the log."),
    Option("hz", Integer(0, INT_MAX, (1, 500)), "10", "How often a second the cron runs."),
    Option("dir", Folder(), "./", "Where AOF and RDB files stand.", protected=True,
           settled=True),
    Option("shutdown-on-sigterm", AtSignal(), "default",
           "What SIGTERM does beside a shutdown: save or nosave a snapshot, force the end; now "
           "changes nothing."),
    Option("shutdown-on-sigint", AtSignal(), "default", "The same for SIGINT."),
    Option("crash-log-enabled", Bool(), "yes", "Write a report into the log before a fault ends "
           "the server."),
    Option("watchdog-period", Integer(0, INT_MAX), "0", hidden=True,
           doc="Ms without a tick of the cron after which the log tells where the program is; at "
           "least two ticks; 0: any time."),
    Option("use-exit-on-panic", Bool(), "no", "Give up with code 1, not by SIGABRT.", hidden=True),
    fixed("set-proc-title", Bool(), "yes", "Have ps show what proc-title-template says."),
    Option("proc-title-template", TitleTemplate(), "{title} {listen-addr} {server-mode}",
           "What ps shows: words, and {title}, {listen-addr}, {server-mode}, {port}, {tls-port}, "
           "{unixsocket}, {config-file}."),
    Option("oom-score-adj", Choice({
        "no": "no", "yes": "yes", "relative": "yes", "absolute": "absolute"}), "no",
        "Whether the kernel is told how dear the process is when memory is short: relative (yes) "
        "to what it was at the start, or absolute."),
    Option("oom-score-adj-values", OomScores(), "0 200 800",
           "That of the server, of a replica, and of a child; the kernel ends high ones first."),
    fixed("enable-debug-command", Choice.of("no", "yes", "local"), "local",
          "Who may call DEBUG: local: connections of this host."),
    fixed("enable-module-command", Choice.of("no", "yes", "local"), "no",
          "Who may call MODULE LOAD under compat-version 7.4: there is nothing to load."),
    fixed("enable-protected-configs", Choice.of("no", "yes", "local"), "no",
          "Who may change dir and dbfilename with CONFIG SET under compat-version 7.4."),
    fixed("compat-version", Choice.of("6.0", "7.4"), "6.0",
          "Whose replies, AOF, RDB version and version number the server has."),
)  # fmt: skip

_AOF = (
    Option("appendonly", Bool(), "no", "Log every write to the AOF.", settled=True),
    fixed("appendfilename", Text("appendfilename"), "appendonly.aof", "Name of the AOF."),
    fixed("appenddirname", Text("appenddirname"), "appendonlydir",
          "Folder beside it in which an AOF in parts (Redis 7) is looked for."),
    Option("appendfsync", Choice.of("everysec", "always", "no"), "everysec",
           "When what was written to the AOF is made durable."),
    Option("no-appendfsync-on-rewrite", Bool(), "no", "Make nothing durable while a child writes."),
    Option("auto-aof-rewrite-percentage", Integer(0, INT_MAX), "100",
           "Rewrite the AOF when it has grown by so much since the last time; 0: never."),
    Option("auto-aof-rewrite-min-size", Memory(0, MAX), "64mb",
           "Never rewrite a smaller AOF by itself."),
    Option("aof-load-truncated", Bool(), "yes", "Start although the AOF's tail is cut."),
    Option("aof-use-rdb-preamble", Bool(), "yes", "Rewrite the AOF as an RDB preamble."),
    Option("aof-rewrite-incremental-fsync", Bool(), "yes",
           "Make a file that is rewritten durable every 32 MB."),
    fixed("aof_rewrite_cpulist", Text(), "", "Processors of the child that rewrites.",
          "aof-rewrite-cpulist"),
)  # fmt: skip

_SNAPSHOTS = (
    Option("save", SavePoints(), "3600 1 300 100 60 10000",
           "Write a snapshot after so many seconds if so many keys were changed.",
           join=join_points),
    Option("dbfilename", Text("dbfilename"), "dump.rdb", "Name of the snapshot.", protected=True),
    Option("stop-writes-on-bgsave-error", Bool(), "yes",
           "Refuse writes while the last snapshot failed."),
    Option("rdbcompression", Bool(), "yes", "Compress long strings in snapshots."),
    fixed("rdbchecksum", Bool(), "yes", "End snapshots with a checksum."),
    Option("rdb-save-incremental-fsync", Bool(), "yes",
           "Make a snapshot durable every 32 MB as it is written."),
    fixed("bgsave_cpulist", Text(), "", "Processors of the child that writes a snapshot.",
          "bgsave-cpulist"),
)  # fmt: skip

_DELAY = Integer(-(1 << 31), INT_MAX)
_FOR_TESTS = (
    Option("key-load-delay", _DELAY, "0", hidden=True,
           doc="Microseconds to rest for each key that is loaded; -n: one for n keys."),
    Option("rdb-key-save-delay", _DELAY, "0", hidden=True,
           doc="The same for each key that is written by a rewrite or into a snapshot."),
)  # fmt: skip


def _threshold(name: str, former: str, default: str, doc: str) -> Option:
    kind = Memory(0, MAX) if name.endswith(("value", "bytes")) else Integer(0, MAX)
    return Option(name, kind, default, doc, former=former)


_DATA = (
    _threshold("hash-max-listpack-entries", "hash-max-ziplist-entries", "512",
               "Most fields of a hash in the compact encoding."),
    _threshold("hash-max-listpack-value", "hash-max-ziplist-value", "64",
               "Longest field or value in it, in bytes."),
    _threshold("zset-max-listpack-entries", "zset-max-ziplist-entries", "128",
               "Most members of a sorted set in the compact encoding."),
    _threshold("zset-max-listpack-value", "zset-max-ziplist-value", "64",
               "Longest member in it, in bytes."),
    _threshold("set-max-intset-entries", "", "512", "Most integers of a set in an intset."),
    _threshold("set-max-listpack-entries", "", "128", "Most other members of a set in one (7.2)."),
    _threshold("set-max-listpack-value", "", "64", "Longest member in it, in bytes (7.2)."),
    Option("list-max-listpack-size", Integer(-(1 << 31), INT_MAX), "-2",
           "How much a list's node holds: so many elements, and up to 8 kb; below 0: -1 to -5 for "
           "4, 8, 16, 32, 64 kb.", former="list-max-ziplist-size"),
    _threshold("stream-node-max-bytes", "", "4096", "Most bytes of a stream's node."),
    _threshold("stream-node-max-entries", "", "100", "Most entries of a stream's node."),
    _threshold("hll-sparse-max-bytes", "", "3000", "Longest HyperLogLog in the sparse form."),
    Option("active-expire-effort", Integer(1, 10), "1",
           "How much time keys past their time may take: 25 % of all, and 2 % more for each step."),
    Option("busy-reply-threshold", Integer(0, MAX), "5000",
           "Ms that a script may take before clients are told that it does; 0: any time.",
           former="lua-time-limit"),
)  # fmt: skip

_MEMORY = (
    Option("maxmemory", Memory(0, MAX), "0", "Most bytes that data may take; 0: any number."),
    Option("maxmemory-policy", Choice.of(
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru",
        "allkeys-lfu", "allkeys-random", "noeviction"), "noeviction",
        "Which keys go when there is no memory left: of those with an expiry, or of all."),
    Option("maxmemory-samples", Integer(1, INT_MAX), "5", "Keys of which the best one goes."),
    Option("maxmemory-eviction-tenacity", Integer(0, 100), "10",
           "How long clients may wait while keys go: 0 to 10: up to 0.5 ms, 100: as long as it "
           "takes."),
    Option("maxmemory-clients", Memory(0, MAX, percent=True), "0",
           "Most bytes that clients may take, or percent of maxmemory: those that take most are "
           "ended; at least 128kb, 0: any number."),
    Option("lfu-log-factor", Integer(0, INT_MAX), "10",
           "How slowly the counter of a key's uses grows."),
    Option("lfu-decay-time", Integer(0, INT_MAX), "1", "Minutes in which it falls by one, or 0."),
    Option("lazyfree-lazy-expire", Bool(), "no", "Log keys that expire as UNLINK, not as DEL."),
    Option("lazyfree-lazy-eviction", Bool(), "no", "The same for keys that are evicted."),
    Option("lazyfree-lazy-server-del", Bool(), "no",
           "Log keys that a command replaces as UNLINK, not as DEL."),
    Option("lazyfree-lazy-user-del", Bool(), "no", "Have DEL do what UNLINK does."),
    Option("lazyfree-lazy-user-flush", Bool(), "no",
           "Have FLUSHALL and FLUSHDB free what was there a little at a time, unless told SYNC."),
)  # fmt: skip

_WATCHING = (
    Option("latency-monitor-threshold", Integer(0, MAX), "0",
           "Least ms of an event that LATENCY tells; 0: none."),
    Option("latency-tracking", Bool(), "yes",
           "Count how long the calls of each command take, for LATENCY HISTOGRAM and INFO."),
    Option("latency-tracking-info-percentiles", Percentiles(), "50 99 99.9",
           "Percent of the calls for which INFO latencystats tells within which time they ended."),
    Option("slowlog-log-slower-than", Integer(-1, MAX), "10000",
           "Least microseconds of a command that SLOWLOG tells; -1: none."),
    Option("slowlog-max-len", Integer(0, MAX), "128", "Entries that SLOWLOG keeps."),
    Option("notify-keyspace-events", KeyEvents(), "",
           "What is published of changes of keys: classes of events (A for g$lshzxetd, and n, m), "
           "to channels of keys (K), of events (E), or both; empty: nothing."),
)  # fmt: skip

#: The options in the order of docs/config.md, by title.
BY_TITLE: dict[str, tuple[Option, ...]] = {
    "Listening": _LISTENING,
    "Clients": _CLIENTS,
    "Access": _ACCESS,
    "The process": _PROCESS,
    "The AOF": _AOF,
    "Snapshots": _SNAPSHOTS,
    "Data": _DATA,
    "Memory": _MEMORY,
    "Looking on": _WATCHING,
    "For tests": _FOR_TESTS,
}
OPTIONS: dict[str, Option] = {
    option.name: option for options in (*BY_TITLE.values(), KEPT) for option in options
}
#: By any name.
NAMES: dict[str, Option] = {
    name: option for option in OPTIONS.values() for name in option.names
}  # fmt: skip
