"""Channels, patterns and who has subscribed to them (pubsub.c)."""

from __future__ import annotations

from collections.abc import Iterable

from aofserver.clients.outputs import Outputs
from aofserver.clients.session import Session
from aofserver.ground import Ground
from aofserver.replies import Kept, encode
from aoftool.format.resp.replies import PushReply
from aoftool.keyspace.context import Style
from aoftool.keyspace.glob import compiled


class Topics:
    """Names of one kind, in the order in which they came into use.

    Attributes:
        kind: the letter of the kind: none for channels, ``p`` for patterns, ``s`` for shards.
        subscribers: by name, in the order in which they subscribed.
    """

    def __init__(self, kind: bytes) -> None:
        self.kind = kind
        self.subscribers: dict[bytes, dict[Session, None]] = {}

    def __len__(self) -> int:
        """How many names have subscribers."""
        return len(self.subscribers)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are to all names."""
        return sum(map(len, self.subscribers.values()))

    def count(self, name: bytes) -> int:
        """How many subscribers a name has."""
        return len(self.subscribers.get(name, ()))

    def add(self, session: Session, name: bytes) -> None:
        """``session`` subscribes."""
        self.subscribers.setdefault(name, {})[session] = None
        session.subscriptions.setdefault(self.kind, {})[name] = None
        session.update_special()

    def remove(self, session: Session, name: bytes) -> None:
        """``session`` subscribes no more."""
        names = session.subscriptions.get(self.kind, {})
        if name not in names:
            return
        del names[name]
        if not names:
            del session.subscriptions[self.kind]
            session.update_special()
        sessions = self.subscribers[name]
        del sessions[session]
        if not sessions:
            del self.subscribers[name]

    def of(self, session: Session) -> list[bytes]:
        """What ``session`` subscribes to."""
        return list(session.subscriptions.get(self.kind, ()))


class PubSub:
    """All subscriptions of a server.

    Attributes:
        channels, patterns, shard_channels: the subscriptions of each kind.
    """

    def __init__(self, ground: Ground, outputs: Outputs) -> None:
        self.channels = Topics(b"")
        self.patterns = Topics(b"p")
        self.shard_channels = Topics(b"s")
        self._ground = ground
        self._outputs = outputs
        #: Messages of the caller to itself, which follow its reply.
        self._own: list[bytes] = []

    def __bool__(self) -> bool:
        return bool(self.channels.subscribers or self.patterns.subscribers)

    def count(self, session: Session, topics: Topics) -> int:
        """What a reply to (un)subscribing counts: shard channels stand by themselves."""
        kinds = (b"s",) if topics is self.shard_channels else (b"", b"p")
        return sum(len(session.subscriptions.get(kind, ())) for kind in kinds)

    def forget(self, session: Session) -> None:
        """A client subscribes to nothing any more."""
        for topics in (self.channels, self.patterns, self.shard_channels):
            for name in topics.of(session):
                topics.remove(session, name)

    def publish(self, channel: bytes, message: bytes, caller: Session | None) -> int:
        """Tell all subscribers; how many times it was told (``pubsubPublishMessage``)."""
        count = self._tell(self.channels, channel, (b"message", channel, message), caller)
        for pattern in list(self.patterns.subscribers):
            if compiled(pattern)(channel):
                told = (b"pmessage", pattern, channel, message)
                count += self._tell(self.patterns, pattern, told, caller)
        return count

    def publish_to_shard(self, channel: bytes, message: bytes, caller: Session | None) -> int:
        """Tell the subscribers of a shard channel."""
        told = (b"smessage", channel, message)
        return self._tell(self.shard_channels, channel, told, caller)

    def _tell(
        self, topics: Topics, name: bytes, told: Iterable[bytes], caller: Session | None
    ) -> int:
        sessions = topics.subscribers.get(name)
        if not sessions:
            return 0
        reply, forms = PushReply(told), dict[bool, bytes]()
        outputs = self._outputs
        own_later = self._ground.ctx.options.style is Style.REDIS_7
        for session in sessions:
            data = forms.get(session.resp3)
            if data is None:
                data = forms[session.resp3] = encode(reply, session.resp3)
            if session is caller and own_later:
                self._tell_later(data)
            elif session is caller and self._ground.dispatcher.propagation.in_exec:
                self._ground.dispatcher.asides.append(data)
            else:
                session.send(Kept(data) if session is caller else data)
                outputs.added(session)
        return len(sessions)

    def _tell_later(self, data: bytes) -> None:
        if not self._own:
            self._ground.dispatcher.afterwards.append(self._tell_caller)
        self._own.append(data)

    def _tell_caller(self) -> None:
        own, self._own = self._own, []
        for data in own:
            self._ground.ctx.session.send(data)
