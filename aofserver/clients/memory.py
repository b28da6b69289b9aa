"""What clients take in memory (``getClientMemoryUsage`` in networking.c)."""

from __future__ import annotations

from aofserver.clients.session import Session, peer_of

#: What a client takes that has said nothing yet, and each word of a command that it has queued and
#: each name that it watches or subscribes to, beside its bytes: about.
_CLIENT, _WORD = 4096, 64


def queue_bytes(session: Session) -> int:
    """Bytes of what MULTI has queued, and of the names of watched keys (``multi-mem``)."""
    found = sum(_WORD + len(key) for _, key in session.watched)
    if session.transaction is not None:
        found += sum(len(raw) + _WORD * len(argv) for _, argv, raw in session.transaction.queue)
    return found


def query_bytes(session: Session) -> int:
    """Bytes of a command that has come in part (``qbuf``)."""
    return 0 if session.transport is None else peer_of(session).unread


def memory_of(session: Session) -> int:
    """Bytes that a client takes (``tot-mem``): replies that wait, what it has queued or sent a part
    of, itself.
    """
    names = [name for kind in session.subscriptions.values() for name in kind]
    if session.tracking is not None:
        names += session.tracking.prefixes
    held = sum(_WORD + len(name) for name in names)
    pending = sum(len(raw) + _WORD * len(argv) for argv, raw in session.pending)
    held += query_bytes(session)
    return _CLIENT + session.waiting + queue_bytes(session) + held + pending
