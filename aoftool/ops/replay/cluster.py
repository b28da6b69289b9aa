"""A cluster: one pipeline a node, commands by the slots of their keys (needs redis-py).

redis-py's cluster client tells which node has which slot. Where a slot has moved meanwhile, what
the node refused is sent again where it says, in the same order, before anything else is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis
from redis.cluster import RedisCluster
from redis.crc import key_slot
from redis.exceptions import RedisClusterException

from aoftool.format.resp import encode_command
from aoftool.keyspace.command import TABLE
from aoftool.keyspace.errors import CommandError
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.choosing import split_keys
from aoftool.ops.replay.connecting import ask_facts
from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Argv, Origin, Position, TargetError, Unit, Window
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.sending import ERROR, Pipe, error_text
from aoftool.ops.replay.settling import Settled, settle_server
from aoftool.ops.replay.target import Facts

#: What redis-py raises: that of its cluster client is not of the family of the others.
_CLIENT_ERRORS = (redis.RedisError, RedisClusterException)
#: A command that was sent on so often goes in circles.
_HOPS = 16
_REDIRECTIONS = (b"MOVED ", b"ASK ")
#: Commands without keys that every node must have.
_EVERYWHERE = frozenset((b"FLUSHALL", b"FLUSHDB", b"SCRIPT", b"FUNCTION"))
_CROSSED = b"CROSSSLOT Keys of this transaction are in several slots"


@dataclass(slots=True, eq=False)
class _Whole:
    """A unit of which pieces are on their way to nodes."""

    unit: Unit
    pieces: int = 0


class _Piece(Unit):
    """What goes to one node of a unit: its commands, and which record each is for."""

    __slots__ = ("again", "argvs", "owners", "whole")

    def __init__(self, whole: _Whole) -> None:
        super().__init__(b"", None, Position(), whole.unit.inner)
        self.whole = whole
        self.argvs: list[Argv] = []
        self.owners: list[int] = []
        self.again = False

    def add(self, argv: Argv, owner: int) -> None:
        """One more command of the record with this index."""
        self.argvs.append(argv)
        self.owners.append(owner)

    @property
    def replies(self) -> int:
        """See Unit."""
        return len(self.argvs)

    @property
    def records(self) -> int:
        """See Unit."""
        return self.whole.unit.records

    def owner(self, reply: int) -> int:
        """See Unit."""
        return self.owners[reply]

    def origin(self, index: int) -> Origin:
        """See Unit."""
        return self.whole.unit.origin(index)

    def words(self) -> Sequence[Argv]:
        """See Unit."""
        return self.argvs


class _Books:
    """The ledger as the pipelines see it: pieces come back, wholes are entered."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def sent(self, unit: Any) -> None:
        """Its whole was entered before."""

    def refused(self, unit: Any, index: int, text: bytes) -> None:
        """See Ledger."""
        self._ledger.refused(unit.whole.unit, index, text)

    def error(self, unit: Any, reply: int, text: bytes) -> None:
        """See Ledger."""
        self.refused(unit, unit.owner(reply), text)

    def finished(self, unit: Any) -> None:
        """See Ledger; what is sent again is not finished."""
        if unit.again:
            return
        whole: _Whole = unit.whole
        whole.pieces -= 1
        if not whole.pieces:
            self._ledger.finished(whole.unit)


def connect_cluster(address: Address) -> ClusterSink:
    """The cluster to which a node belongs. Raises TargetError."""
    tls = address.tls
    secured: dict[str, Any] = {}
    if tls is not None:
        secured = {
            "ssl": True,
            "ssl_ca_certs": tls.authorities and str(tls.authorities),
            "ssl_certfile": tls.certificate and str(tls.certificate),
            "ssl_keyfile": tls.key and str(tls.key),
            "ssl_cert_reqs": "required" if tls.verify else "none",
            "ssl_check_hostname": tls.verify,
        }
    try:
        client = RedisCluster(
            host=address.host, port=address.port, username=address.user,
            password=address.password, **secured,
        )  # fmt: skip
    except _CLIENT_ERRORS as error:
        raise TargetError(f"{address}: no cluster there: {error}") from error
    try:
        return ClusterSink(address, client)
    except BaseException:
        client.close()
        raise


class ClusterSink:
    """All primaries of a cluster."""

    passing = False

    def __init__(self, address: Address, client: Any) -> None:
        self._address = address
        self._client = client
        self._links: dict[tuple[str, int], Link] = {}
        self._pipes: dict[tuple[str, int], Pipe] = {}
        self._again: list[tuple[_Piece, int | None, bytes]] = []
        self._window = Window()
        self._ledger: Ledger
        self._books: _Books
        facts = [ask_facts(link) for link in self.links()]
        keys = sum(sum(one.keys.values()) for one in facts)
        self.facts: Facts = replace(facts[0], cluster=True, keys={0: keys} if keys else {})

    def start(self, ledger: Ledger, window: Window) -> None:
        """See Sink."""
        self._ledger, self._window = ledger, window
        self._books = _Books(ledger)

    # Nodes.
    def _node(self, slot: int) -> tuple[str, int]:
        nodes = self._client.nodes_manager.slots_cache.get(slot)
        if not nodes:
            raise TargetError(f"{self._address}: no node has slot {slot}")
        return nodes[0].host, int(nodes[0].port)

    def _nodes(self) -> list[tuple[str, int]]:
        return sorted({(node.host, int(node.port)) for node in self._client.get_primaries()})

    def _link(self, node: tuple[str, int]) -> Link:
        if node not in self._links:
            self._links[node] = Link(replace(self._address, host=node[0], port=node[1]))
        return self._links[node]

    def _pipe(self, node: tuple[str, int]) -> Pipe:
        if node not in self._pipes:
            self._pipes[node] = Pipe(self._link(node), self._window, self._books, self._look)
        return self._pipes[node]

    # Units.
    def push(self, unit: Unit) -> None:
        """See Sink."""
        whole = _Whole(unit)
        pieces: dict[tuple[str, int], _Piece] = {}
        self._ledger.sent(unit)
        if unit.inner:
            self._transaction(whole, pieces)
        else:
            for reply, argv in enumerate(unit.words()):
                for node, part in self._routes(argv):
                    piece = pieces.setdefault(node, _Piece(whole))
                    piece.add(part, unit.owner(reply))
        whole.pieces = len(pieces)
        if not pieces:
            self._ledger.finished(unit)
        for node, piece in pieces.items():
            piece.data = b"".join(map(encode_command, piece.argvs))
            self._pipe(node).push(piece)
        self._send_again()

    def _routes(self, argv: Argv) -> list[tuple[tuple[str, int], Argv]]:
        """The nodes that a command goes to, and what goes there."""
        name = argv[0].upper()
        keys = _keys(argv)
        if not keys:
            nodes = self._nodes()
            return [(node, argv) for node in (nodes if name in _EVERYWHERE else nodes[:1])]
        slots = {key_slot(key) for key in keys}
        if len(slots) > 1:
            parts = split_keys(argv, name, key_slot)
            if parts is not None:
                return [(self._node(key_slot(part[1])), part) for part in parts]
        # What cannot be split goes whole: the node answers what is wrong with it.
        return [(self._node(key_slot(keys[0])), argv)]

    def _transaction(self, whole: _Whole, pieces: dict[tuple[str, int], _Piece]) -> None:
        unit = whole.unit
        argvs = list(unit.words())
        slots = {key_slot(key) for argv in argvs for key in _keys(argv)}
        if len(slots) > 1:
            for index in range(unit.records):
                self._ledger.refused(unit, index, _CROSSED)
            return
        node = self._node(slots.pop()) if slots else self._nodes()[0]
        piece = pieces[node] = _Piece(whole)
        for reply, argv in enumerate(argvs):
            piece.add(argv, unit.owner(reply))

    # Slots that have moved.
    def _look(self, unit: Any, reply: int, error: Any) -> None:
        piece: _Piece = unit
        text = error_text(error)
        if text.startswith(_REDIRECTIONS):
            piece.again = True
            # Of a transaction nothing was done: it goes again as a whole.
            if not piece.inner:
                self._again.append((piece, reply, text))
            elif not any(found is piece for found, _, _ in self._again):
                self._again.append((piece, None, text))
            return
        if piece.inner and piece.again:
            return
        if piece.inner and reply in (0, piece.replies - 1):
            for index in range(piece.records):
                self._books.refused(piece, index, text)
            return
        self._books.error(piece, reply, text)

    def _send_again(self) -> None:
        """Send what was refused to where it belongs now, in order, with nothing else on its way."""
        while self._again:
            for pipe in self._pipes.values():
                pipe.drain()
            again, self._again = self._again, []
            for piece, reply, text in again:
                argvs = piece.argvs if reply is None else [piece.argvs[reply]]
                self._answered(piece, reply, self._follow(argvs, text))
            for piece in {id(piece): piece for piece, _, _ in again}.values():
                piece.again = False
                self._books.finished(piece)
            self._learn()

    def _learn(self) -> None:
        """Ask anew which node has which slot."""
        try:
            self._client.nodes_manager.initialize()
        except _CLIENT_ERRORS as error:
            raise TargetError(
                f"{self._address}: the cluster is not to be reached: {error}"
            ) from error

    def _follow(self, argvs: Sequence[Argv], text: bytes) -> list[Any]:
        for _ in range(_HOPS):
            kind, _, where = text.split(b" ", 2)
            host, _, port = where.decode().rpartition(":")
            link = self._link((host or self._address.host, int(port)))
            opening: list[Argv] = [[b"ASKING"]] if kind == b"ASK" else []
            replies = link.ask_all([*opening, *argvs])[len(opening) :]
            errors = (error_text(one) for one in replies if isinstance(one, ERROR))
            redirected = next((one for one in errors if one.startswith(_REDIRECTIONS)), None)
            if redirected is None:
                return replies
            text = redirected
        raise TargetError(f"{self._address}: a command is sent from node to node: {text.decode()}")

    def _answered(self, piece: _Piece, reply: int | None, replies: list[Any]) -> None:
        if reply is not None:
            if isinstance(replies[0], ERROR):
                self._books.error(piece, reply, error_text(replies[0]))
            return
        last = replies[-1]
        if isinstance(last, ERROR):
            for index in range(piece.records):
                self._books.refused(piece, index, error_text(last))
            return
        for index, answer in enumerate(last, 1):
            if isinstance(answer, ERROR):
                self._books.error(piece, index, error_text(answer))

    # See Sink.
    def turn(self, seconds: float) -> None:
        """See Sink."""
        for pipe in list(self._pipes.values()):
            pipe.turn(seconds / len(self._pipes))
        self._send_again()

    def drain(self) -> None:
        """See Sink."""
        for pipe in list(self._pipes.values()):
            pipe.drain()
        self._send_again()

    def settle(self, moments: Moments) -> Settled:
        """See Sink."""
        total = Settled()
        for link in self.links():
            found = settle_server(link, self.facts, moments)
            total.keys += found.keys
            total.expired += found.expired
        return total

    def links(self) -> Iterator[Link]:
        """See Sink."""
        for node in self._nodes():
            yield self._link(node)

    def owners(self, keys: list[bytes]) -> Iterator[tuple[Link, list[bytes]]]:
        """See Sink."""
        found: dict[tuple[str, int], list[bytes]] = {}
        for key in keys:
            found.setdefault(self._node(key_slot(key)), []).append(key)
        for node, mine in found.items():
            yield self._link(node), mine

    def close(self) -> None:
        """See Sink."""
        for link in self._links.values():
            link.close()
        self._client.close()


def _keys(argv: Argv) -> list[bytes]:
    try:
        return [argv[at] for at in TABLE.find(argv).keys.positions(argv)]
    except CommandError:
        return []
