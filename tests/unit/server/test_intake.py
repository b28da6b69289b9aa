"""Reading all clients in one callback, and letting their replies out: both twins, real sockets."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from aofserver import hotloop
from aofserver.clients.session import Session
from aofserver.measures.stats import Stats
from aofserver.net import intake as intake_module
from aofserver.net.intake import MOST_GATHERED, Intake, SocketReading
from aofserver.turn import Turn
from tests.fakes.machine import HandLoop

pytestmark = pytest.mark.skipif(not intake_module.POSSIBLE, reason="the system has no epoll")


class Client:
    """A reader with both ends of its socket, which joins the turn with everything it is given."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.far, self.near = socket.socketpair()
        self.near.setblocking(False)
        self.got: list[bytes] = []
        self.codes: list[int] = []
        self.errors: list[Exception] = []
        self.then: Callable[[], None] = lambda: None
        self.desk: Any = None
        self.session = Session(1, None, cast(Any, None), world.turn)
        # There is a part of a request already, so it must be looked at closely.
        self.requests: Any = SimpleNamespace(rest=b"*1", large=None)
        self.reading: SocketReading = world.intake.reading(self.near.fileno(), self)

    def look_closely(self, data: bytes) -> None:
        self.got.append(data)
        self.world.turn.add(self.session)
        self.then()

    def hold(self) -> None:
        raise AssertionError("its commands do not wait")

    def read_failed(self, code: int) -> None:
        self.codes.append(code)
        if code not in (errno.EAGAIN, errno.EWOULDBLOCK):
            self.reading.pause_reading()

    def broken(self, error: Exception) -> None:
        self.errors.append(error)


def _send(client: Client) -> None:
    client.far.send(b"next")


class World:
    """An intake whose turns are counted by how many joined them."""

    def __init__(self) -> None:
        self.loop = HandLoop()
        self.ends: list[int] = []
        self.gathers = False
        self.turn = Turn(lambda: cast(Any, self.loop), self._end)
        self.intake = Intake(cast(Any, self.loop), self.turn, lambda: self.gathers)
        self.clients: list[Client] = []

    def _end(self) -> None:
        self.ends.append(len(self.turn.sessions))

    def client(self) -> Client:
        self.clients.append(Client(self))
        return self.clients[-1]

    def close(self) -> None:
        self.intake.close()
        for client in self.clients:
            client.far.close()
            client.near.close()


@pytest.fixture(params=["picked", "pure"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if request.param == "pure":
        monkeypatch.setattr(intake_module, "read_ready", hotloop.pure_read_ready)
    with closing(World()) as made:
        yield made


def test_one_turn_for_all_that_have_sent(world: World) -> None:
    first, second, silent = world.client(), world.client(), world.client()
    first.far.send(b"one")
    second.far.send(b"two")
    world.loop.look()
    assert (first.got, second.got, silent.got) == ([b"one"], [b"two"], [])
    assert world.ends == [2]
    world.loop.run()
    assert world.ends == [2]
    world.loop.look()
    assert world.ends == [2]


def test_who_is_not_read_is_read_later(world: World) -> None:
    client = world.client()
    client.reading.pause_reading()
    client.reading.pause_reading()
    client.far.send(b"late")
    world.loop.look()
    assert client.got == []
    client.reading.resume_reading()
    client.reading.resume_reading()
    world.loop.look()
    assert client.got == [b"late"]


def test_the_end_of_what_is_sent_comes_after_it(world: World) -> None:
    client = world.client()
    client.far.send(b"bye")
    client.far.close()
    world.loop.look()
    world.loop.look()
    assert (client.got, client.codes) == ([b"bye"], [0])
    world.loop.look()
    assert client.codes == [0]


def test_a_socket_that_fails_tells_why(world: World) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    client = world.client()
    client.reading.pause_reading()
    far = socket.create_connection(listener.getsockname())
    near, _ = listener.accept()
    with listener, near:
        near.setblocking(False)
        client.reading = world.intake.reading(near.fileno(), client)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        far.close()  # a reset
        world.loop.look(1)
        assert client.codes == [errno.ECONNRESET]
        client.reading.pause_reading()


def test_one_that_breaks_is_told_and_the_others_are_served(world: World) -> None:
    bad, good = world.client(), world.client()
    failure = RuntimeError("a defect")

    def fail() -> None:
        raise failure

    bad.then = fail
    bad.far.send(b"x")
    good.far.send(b"y")
    world.loop.look()
    assert bad.errors == [failure]
    assert good.got == [b"y"]
    assert world.ends == [2]


def test_one_that_ends_another_in_the_same_turn(world: World) -> None:
    killer, victim = world.client(), world.client()
    killer.then = victim.reading.pause_reading
    killer.far.send(b"x")
    victim.far.send(b"y")
    world.loop.look()
    assert killer.got == [b"x"]
    assert victim.got == []


def test_a_turn_gathers_while_others_join(world: World) -> None:
    world.gathers = True
    clients = [world.client() for _ in range(4)]
    for one, other in pairwise(clients):
        # Each client's command makes the next one send: they come one by one.
        one.then = partial(_send, other)
    clients[0].far.send(b"first")
    world.loop.look()
    assert world.ends == [4]


def test_a_turn_without_gathering_ends_at_once(world: World) -> None:
    first, second = world.client(), world.client()
    first.then = partial(_send, second)
    first.far.send(b"first")
    world.loop.look()
    assert world.ends == [1]


def test_a_turn_does_not_gather_for_ever(world: World) -> None:
    world.gathers = True
    client = world.client()
    client.then = partial(_send, client)
    client.far.send(b"first")
    world.loop.look()
    assert world.ends == [MOST_GATHERED]


def test_called_from_inside_the_outer_turn_stays_held(world: World) -> None:
    slow, other = world.client(), world.client()
    held: list[bool] = []

    def serve_others() -> None:
        slow.then = lambda: None
        other.far.send(b"meanwhile")
        world.loop.look()
        held.append(world.turn.held)

    slow.then = serve_others
    slow.far.send(b"script")
    world.loop.look()
    assert other.got == [b"meanwhile"]
    assert held == [True]
    assert not world.turn.held


class Transport:
    """What is left to the transport; ``holds``: bytes that it says it has not written yet."""

    def __init__(self) -> None:
        self.written = b""
        self.holds = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.holds

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture(params=[hotloop.let_out, hotloop.pure_let_out], ids=["picked", "pure"])
def let_out(request: pytest.FixtureRequest) -> Callable[[list[Session], Stats], None]:
    found: Callable[[list[Session], Stats], None] = request.param
    return found


def _session(fd: int, *out: bytes) -> tuple[Session, Transport]:
    transport = Transport()
    session = Session(1, cast(Any, transport), cast(Any, None), cast(Any, None))
    session.plain_fd = fd
    session.out = list(out)
    return session, transport


LetOut = Callable[[list[Session], Stats], None]


def test_replies_go_straight_to_the_socket(let_out: LetOut) -> None:
    far, near = socket.socketpair()
    with far, near:
        session, transport = _session(near.fileno(), b"+OK\r\n", b":1\r\n")
        stats = Stats()
        let_out([session], stats)
        assert far.recv(100) == b"+OK\r\n:1\r\n"
        assert (transport.written, session.out, session.behind) == (b"", [], False)
        assert (stats.writes, stats.output_bytes) == (1, 9)


def test_what_a_socket_does_not_take_waits_in_order(let_out: LetOut) -> None:
    far, near = socket.socketpair()
    with far, near:
        near.setblocking(False)
        large = bytes(range(256)) * 8192
        session, transport = _session(near.fileno(), large)
        let_out([session], Stats())
        assert session.behind
        taken = len(large) - len(transport.written)
        assert 0 < taken < len(large)
        transport.holds = len(transport.written)
        got = b""
        while len(got) < taken:
            got += far.recv(1 << 20)
        # There is room in the socket now, but what waits must leave first.
        session.out = [b"+later\r\n"]
        let_out([session], Stats())
        assert got + transport.written == large + b"+later\r\n"
        transport.holds = 0
        session.out = [b"+last\r\n"]
        let_out([session], Stats())
        assert far.recv(100) == b"+last\r\n"


def test_a_socket_that_is_gone_is_left_to_the_transport(let_out: LetOut) -> None:
    far, near = socket.socketpair()
    with near:
        far.close()
        session, transport = _session(near.fileno(), b"+OK\r\n")
        let_out([session], Stats())
        assert transport.written == b"+OK\r\n"


def test_tls_is_left_to_the_transport(let_out: LetOut) -> None:
    session, transport = _session(-1, b"+OK\r\n")
    session.closing = True
    let_out([session], Stats())
    assert transport.written == b"+OK\r\n"
    assert transport.closed


def test_nothing_is_written_to_one_that_closes_or_has_gone(let_out: LetOut) -> None:
    closing_one, transport = _session(-1, b"+OK\r\n")
    transport.closed = True
    gone, _ = _session(-1, b"+OK\r\n")
    gone.transport = None
    let_out([closing_one, gone], Stats())
    assert transport.written == b""
    assert gone.out == []
