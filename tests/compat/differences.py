"""Every difference from real servers that is meant, with its reason: one place for tests and page.

``DECLARED`` and ``SERVER_DECLARED`` are what COMMAND tells otherwise, ``KEYS`` what COMMAND GETKEYS
does, ``OTHER_TEXTS`` what is refused in other words, ``BEHAVIOUR`` what commands do. The tests fail
on a difference that is not here, and on a row here that is no more; docs/compatibility.md is
printed from the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

#: (release, command, what) of a command, and the reason.
Told = dict[tuple[str, str, str], str]

_OPTIONS_CAME = "options came later; older servers answer the wrong number of arguments"
_ALLOWED_SINCE = "allowed in scripts since 7.2, which our style 7 stands for"
DECLARED: Told = {
    **{
        ("6.2", name, "arity"): _OPTIONS_CAME
        for name in ("EXPIRE", "EXPIREAT", "PEXPIRE", "PEXPIREAT", "XSETID", "ZRANK", "ZREVRANK")
    },
    **{("7.0", name, "arity"): _OPTIONS_CAME for name in ("ZRANK", "ZREVRANK")},
    ("6.2", "PFDEBUG", "arity"): "its table is laxer than its handler",
    ("6.2", "HGETALL", "flags"): "called random before it was sorted out as unordered in 7.0",
    ("6.2", "XACK", "flags"): "called random, which it is not; 7.0 says so too",
    **{
        ("7.0", name, "flags"): _ALLOWED_SINCE
        for name in ("BLMOVE", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZPOPMAX", "BZPOPMIN")
    },
    ("7.0", "WAIT", "flags"): "called blocking since 7.2",
    ("7.0", "WAIT", "acl"): "called blocking since 7.2",
}

_SINCE_7 = "told as Redis 7 does"
_NO_SLOTS = "has the flags of all its sub-commands"
_CONTAINER = "is a container here, which has flags of its own in Redis"
_ORDER = "the tip is about the order, which stays the same here"
_RANDOM = "called so in 7.0, although it was not random before"
SERVER_DECLARED: Told = {
    **{("6.2", name, "flags"): _SINCE_7 for name in ("ECHO", "READONLY", "READWRITE", "RESET")},
    ("6.2", "CLUSTER", "flags"): _NO_SLOTS,
    ("6.2", "MEMORY", "flags"): _SINCE_7,
    ("6.2", "MEMORY", "keys"): _SINCE_7,
    ("7.0", "COMMAND", "flags"): _CONTAINER,
    **{("7.0", "DEBUG", what): _CONTAINER for what in ("flags", "acl")},
    **{
        ("7.0", name, "tips"): _ORDER
        for name in ("COMMAND", "COMMAND DOCS", "COMMAND INFO", "COMMAND LIST", "MODULE LIST")
    },
    **{
        ("7.0", f"COMMAND {name}", "arity"): "took one more word before 7.2"
        for name in ("GETKEYS", "GETKEYSANDFLAGS")
    },
    **{
        ("7.0", f"LATENCY {name}", "tips"): _RANDOM
        for name in ("DOCTOR", "GRAPH", "HISTOGRAM", "HISTORY", "LATEST")
    },
}

#: (release, command) whose keys real servers see otherwise, and why ours stay as they are.
KEYS = {
    ("7.0", "MIGRATE"): "refuses a key together with KEYS, which is for the command to refuse",
    ("7.0", "PFMERGE"): "refuses a call without sources, which is valid",
}


_NEWER = "came with a newer release, or went with it, and is there for everybody"
_COUNTED = "its words are counted, as newer releases count them"
_OPTIONAL = "takes a word more, as newer releases do"
#: (release, command) of the server's own that a real server refuses in other words, or does not
#: refuse, and why.
OTHER_TEXTS = {
    **{
        ("6.2", name): _NEWER
        for name in (
            "CLIENT NO-EVICT", "CLIENT NO-TOUCH", "CLIENT SETINFO", "COMMAND GETKEYSANDFLAGS",
            "COMMAND LIST", "DEBUG CLIENT-EVICTION", "DEBUG DICT-RESIZING", "DEBUG LISTPACK",
            "DEBUG QUICKLIST", "DEBUG QUICKLIST-PACKED-THRESHOLD", "DEBUG REPLICATE",
            "DEBUG SET-DISABLE-DENY-SCRIPTS", "DEBUG STRINGMATCH-LEN", "LATENCY HISTOGRAM",
            "MODULE LOADEX", "PUBSUB SHARDCHANNELS", "PUBSUB SHARDNUMSUB", "SPUBLISH",
        )
    },
    **{
        ("6.2", name): _COUNTED
        for name in ("ACL LOAD", "ACL SAVE", "CLIENT CACHING", "CLIENT KILL")
    },
    **{
        ("7.0", name): _NEWER
        for name in (
            "CLIENT NO-TOUCH", "CLIENT SETINFO", "CLUSTER MYSHARDID", "DEBUG DICT-RESIZING",
            "DEBUG LUA-ALWAYS-REPLICATE-COMMANDS", "DEBUG STRINGMATCH-LEN", "DEBUG ZIPLIST",
        )
    },
    **{
        (release, f"DEBUG {name}"): _OPTIONAL
        for release in ("6.2", "7.0") for name in ("HTSTATS", "HTSTATS-KEY")
    },
    **{
        ("7.0", f"COMMAND {name}"): "took one more word before 7.2"
        for name in ("GETKEYS", "GETKEYSANDFLAGS")
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a command does otherwise.

    Attributes:
        command: its name; text: what is different, in a clause.
        call: one that shows it; here: how the answer begins that only aofserver gives to it. Empty
            where a reply does not show it, or a real server would not give one.
    """

    command: str
    text: str
    call: str = ""
    here: str = ""


_NONE = "there is no replication"
BEHAVIOUR = (
    Behaviour("REPLICAOF", f"only `NO ONE`: {_NONE}", "REPLICAOF 127.0.0.1 1",
              "ERR This server does not replicate"),
    Behaviour("SLAVEOF", f"only `NO ONE`: {_NONE}", "SLAVEOF 127.0.0.1 1",
              "ERR This server does not replicate"),
    Behaviour("SYNC", f"refused: {_NONE}; `redis-cli --rdb` and `--replica` end with that message"),
    Behaviour("PSYNC", f"refused: {_NONE}"),
    Behaviour("MODULE LOAD", "no module can be loaded"),
    Behaviour("SCRIPT DEBUG", "accepted, but scripts run without the debugger"),
    Behaviour("CLIENT REPLY", "with `OFF` or `SKIP`, what is no request ends the connection; Redis "
              "keeps one open that it does not listen to any more"),
    Behaviour("LOLWUT", "another picture", "LOLWUT VERSION 5", "#"),
    Behaviour("MEMORY DOCTOR", "its own words", "MEMORY DOCTOR", "There is too little data"),
    Behaviour("MEMORY USAGE", "what Python holds a value in; `SAMPLES` as in Redis"),
    Behaviour("MEMORY MALLOC-STATS", "there is no allocator of its own", "MEMORY MALLOC-STATS",
              "Stats not supported"),
    Behaviour("LATENCY DOCTOR", "its own words", "LATENCY DOCTOR", "Nothing is watched"),
    Behaviour("DEBUG OBJECT", "the reference count of small integers is 1", "DEBUG OBJECT n",
              "refcount:1 "),
    Behaviour("DEBUG STRUCTSIZE", "tells of what Python holds data in", "DEBUG STRUCTSIZE",
              "sdshdr5:33"),
    Behaviour("DEBUG MALLCTL", "not there: it sets an allocator's options", "DEBUG MALLCTL x",
              "ERR unknown subcommand"),
    Behaviour("DEBUG HTSTATS", "tells how many elements there are, and of no buckets"),
    Behaviour("SLOWLOG HELP", "HELP of every container is in words of its own", "SLOWLOG HELP",
              "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:|GET [count]"),
)  # fmt: skip
