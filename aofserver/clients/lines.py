"""What CLIENT LIST, CLIENT INFO and the log say of a client (``catClientInfoString``)."""

from __future__ import annotations

from aofserver.clients.memory import memory_of, query_bytes, queue_bytes
from aofserver.clients.session import Session
from aoftool.keyspace.context import Style

#: Fields that Redis 6 does not tell.
_SINCE_7 = frozenset(
    (b"ssub", b"multi-mem", b"rbs", b"rbp", b"resp", b"lib-name", b"lib-ver", b"watch")
)


def client_line(session: Session, style: Style, now_s: float) -> bytes:
    """``name=value`` of all that is known of a client, parted by blanks.

    ``now_s``: monotonic seconds. What a client of this server does not have (buffers with
    room to spare, replies in a buffer of a fixed size) is 0.
    """
    old = style is Style.REDIS_6
    fields = _fields(session, now_s)
    if old:
        fields[b"cmd"] = fields[b"cmd"].partition(b"|")[0]
    return b" ".join(
        name + b"=" + value for name, value in fields.items() if not (old and name in _SINCE_7)
    )


def _fields(session: Session, now_s: float) -> dict[bytes, bytes]:
    queued = -1 if session.transaction is None else len(session.transaction.queue)
    waiting = session.waiting
    numbers = {
        b"age": int(now_s - session.created_s),
        b"idle": int(now_s - session.seen_s),
    }
    shown = {name: b"%d" % number for name, number in numbers.items()}
    return {
        b"id": b"%d" % session.id,
        b"addr": session.address,
        b"laddr": session.laddr,
        b"fd": b"%d" % session.fd,
        b"name": session.name,
        **shown,
        b"flags": flags_of(session),
        b"db": b"%d" % session.db.index,
        **{
            kind + b"sub": b"%d" % len(session.subscriptions.get(kind, ()))
            for kind in (b"", b"p", b"s")
        },
        b"multi": b"%d" % queued,
        b"watch": b"%d" % len(session.watched),
        b"qbuf": b"%d" % query_bytes(session),
        **dict.fromkeys((b"qbuf-free", b"argv-mem"), b"0"),
        b"multi-mem": b"%d" % queue_bytes(session),
        **dict.fromkeys((b"rbs", b"rbp", b"obl"), b"0"),
        b"oll": b"1" if waiting else b"0",
        b"omem": b"%d" % waiting,
        b"tot-mem": b"%d" % memory_of(session),
        b"events": b"rw" if waiting else b"r",
        b"cmd": session.last_command.lower().replace(b" ", b"|"),
        b"user": b"default" if session.user is None else session.user.name,
        b"redir": b"%d" % (-1 if session.tracking is None else session.tracking.redirect),
        b"resp": b"3" if session.resp3 else b"2",
        b"lib-name": session.library.get(b"lib-name", b""),
        b"lib-ver": session.library.get(b"lib-ver", b""),
    }


def flags_of(session: Session) -> bytes:
    """The letters for what is special about a client; N for nothing."""
    tracked = session.tracking
    letters = {
        b"O": session.monitoring,
        b"P": bool(session.subscriptions),
        b"x": session.transaction is not None,
        b"b": session.blocked is not None,
        b"t": tracked is not None,
        b"R": tracked is not None and tracked.broken,
        b"B": tracked is not None and tracked.bcast,
        b"d": session.dirty_watch,
        b"c": session.closing,
        b"U": session.is_unix,
        b"e": b"NO-EVICT" in session.modes,
        b"T": b"NO-TOUCH" in session.modes,
    }
    return b"".join(letter for letter, holds in letters.items() if holds) or b"N"
