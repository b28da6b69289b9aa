"""All options: a row each."""

from __future__ import annotations

from dataclasses import dataclass

from aofserver.config.kinds import Bool, Choice, Integer, Kind, Memory, SavePoints, Text, Words

MAX = (1 << 63) - 1
_INT = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: as redis.conf spells it; aliases: other names of it.
        default: its words where nothing is said, parted by blanks ('' for an empty word).
        mutable: whether CONFIG SET may change it.
        doc: what it does, in a line.
    """

    name: str
    kind: Kind
    default: str
    doc: str
    mutable: bool = True
    aliases: tuple[str, ...] = ()


def _fixed(name: str, kind: Kind, default: str, doc: str) -> Option:
    return Option(name, kind, default, doc, mutable=False)


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        _fixed("bind", Words(), "127.0.0.1", "Addresses to listen on."),
        _fixed("port", Integer(0, 65535), "6379", "TCP port; 0: none."),
        _fixed("unixsocket", Text(), "", "Path of a unix socket to listen on; empty: none."),
        _fixed("unixsocketperm", Integer(0, 0o777, octal=True), "0",
               "Permissions of the unix socket, octal; 0: the umask's."),
        _fixed("tls-port", Integer(0, 65535), "0", "TLS port; 0: none."),
        Option("tls-cert-file", Text(), "", "Certificate of the server, PEM."),
        Option("tls-key-file", Text(), "", "Its private key, PEM."),
        Option("tls-ca-cert-file", Text(), "", "Authorities that client certificates come from."),
        Option("tls-auth-clients", Choice.of("yes", "no", "optional"), "yes",
               "Whether clients must show a certificate."),
        Option("protected-mode", Bool(), "yes",
               "Refuse clients of other hosts while no password is set and nothing is bound."),
        Option("requirepass", Text(), "", "Password of the default user; empty: none."),
        Option("maxclients", Integer(1, 1 << 31), "10000", "Most clients at a time."),
        Option("timeout", Integer(0, _INT), "0", "Seconds until an idle client is cut off, or 0."),
        Option("tcp-keepalive", Integer(0, _INT), "300", "Seconds between keepalive probes."),
        _fixed("tcp-backlog", Integer(0, _INT), "511", "Connections that wait to be accepted."),
        Option("proto-max-bulk-len", Memory(1 << 20, MAX), "512mb", "Longest argument, in bytes."),
        Option("client-query-buffer-limit", Memory(1 << 20, MAX), "1gb",
               "Most bytes of requests that wait to be run, for one client."),
        _fixed("databases", Integer(1, _INT), "16", "How many databases there are."),
        _fixed("daemonize", Bool(), "no", "Run in the background."),
        _fixed("pidfile", Text(), "", "File that holds the process number while it runs."),
        Option("loglevel", Choice.of("debug", "verbose", "notice", "warning"), "notice",
               "What is worth a line in the log."),
        _fixed("logfile", Text(), "", "The log; empty: standard output."),
        Option("hz", Integer(1, 500), "10", "How often a second the cron runs."),
        Option("dir", Text(), "./", "Where AOF and RDB files stand."),
        # The AOF.
        Option("appendonly", Bool(), "no", "Log every write to the AOF."),
        _fixed("appendfilename", Text(plain_name=True), "appendonly.aof", "Name of the AOF."),
        Option("appendfsync", Choice.of("always", "everysec", "no"), "everysec",
               "When what was written to the AOF is made durable."),
        Option("no-appendfsync-on-rewrite", Bool(), "no",
               "Make nothing durable while a child writes."),
        Option("auto-aof-rewrite-percentage", Integer(0, _INT), "100",
               "Rewrite the AOF when it has grown by so much since the last time; 0: never."),
        Option("auto-aof-rewrite-min-size", Memory(0, MAX), "64mb",
               "Never rewrite a smaller AOF by itself."),
        Option("aof-load-truncated", Bool(), "yes", "Start although the AOF's tail is cut."),
        Option("aof-use-rdb-preamble", Bool(), "yes", "Rewrite the AOF as an RDB preamble."),
        Option("aof-rewrite-incremental-fsync", Bool(), "yes",
               "Make a file that is rewritten durable every 32 MB."),
        _fixed("aof_rewrite_cpulist", Text(), "", "Processors of the child that rewrites."),
        _fixed("bgsave_cpulist", Text(), "", "Processors of the child that writes a snapshot."),
        Option("compat-version", Choice.of("6.0", "7.4"), "6.0",
               "Whose AOF, RDB version and version number the server writes."),
        # Snapshots.
        Option("save", SavePoints(), "3600 1 300 100 60 10000",
               "Write a snapshot after so many seconds if so many keys were changed."),
        Option("dbfilename", Text(plain_name=True), "dump.rdb", "Name of the snapshot."),
        Option("stop-writes-on-bgsave-error", Bool(), "yes",
               "Refuse writes while the last snapshot failed."),
        Option("rdbcompression", Bool(), "yes", "Compress long strings in snapshots."),
        _fixed("rdbchecksum", Bool(), "yes", "End snapshots with a checksum."),
        Option("rdb-save-incremental-fsync", Bool(), "yes",
               "Make a snapshot durable every 32 MB as it is written."),
        # Looking on.
        Option("latency-monitor-threshold", Integer(0, MAX), "0",
               "Least ms of an event that LATENCY tells; 0: none."),
        Option("slowlog-log-slower-than", Integer(-1, MAX), "10000",
               "Least microseconds of a command that SLOWLOG tells; -1: none."),
        Option("slowlog-max-len", Integer(0, MAX), "128", "Entries that SLOWLOG keeps."),
        _fixed("enable-debug-command", Choice.of("yes", "no", "local"), "local",
               "Who may call DEBUG: local: connections of this host."),
    )
}  # fmt: skip
