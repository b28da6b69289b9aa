"""Several clients at once, by chance: what each of them gets is what a real server tells it.

Blocking commands, transactions, WATCH, scripts, pub/sub, CLIENT REPLY and RESET in any order. After
each step all clients' bytes are compared: a few PINGs of another connection say that both servers
have taken everything in. What takes its time from a clock is left out, and so is SWAPDB, behind
which a Redis serves the keys that clients wait for in the order of a hash table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from hypothesis.strategies import integers, lists

from tests.compat.face import Pair
from tests.compat.wire import Wire

SETTINGS = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
NAMES = {"{l}": "klm", "{L}": "klm", "{z}": "yz", "{Z}": "yz", "{s}": "st", "{S}": "st"}
PLACE = re.compile(r"\{\w\}")
#: Commands by the places that are drawn: l, L a list; z, Z a sorted set; s, S a stream; C a client.
COMMANDS = """
BLPOP {l} 0|BLPOP {l} {L} 0|BRPOP {l} {L} 0|BRPOPLPUSH {l} {L} 0|BLMOVE {l} {L} LEFT RIGHT 0
BZPOPMIN {z} {Z} 0|BZPOPMAX {z} 0|XREAD BLOCK 0 STREAMS {s} $
XREAD COUNT 1 BLOCK 0 STREAMS s t 0 $
RPUSH {l} a|RPUSH {l} a b c|LPUSH {l} x y|ZADD {z} 1 a 2 b|XADD {s} * f v|DEL {l}|DEL {z}|DEL {s}
RENAME {l} {L}|COPY {l} {L} REPLACE|RENAME {z} {Z}|RENAMENX {s} {S}|FLUSHALL
SELECT 0|SELECT 0|SELECT 1|MOVE {l} 1|MULTI|MULTI|EXEC|EXEC|EXEC|DISCARD|WATCH {l}|WATCH {z} {s}
UNWATCH|LPOP {l}|LRANGE {l} 0 -1|TYPE {l}|PEXPIRE {l} 0|SORT {L} BY nosort STORE {l}
GEOADD {z} 13 38 p|UNLINK {l}|ZUNIONSTORE {z} 2 {z} {Z}
CLIENT REPLY SKIP|CLIENT REPLY OFF|CLIENT REPLY ON|CLIENT REPLY ON|RESET
SUBSCRIBE c{l}|PSUBSCRIBE c*|UNSUBSCRIBE c{l}|PUNSUBSCRIBE|PUBLISH c{l} hi
NOSUCH x|GET|CLIENT GETNAME|CLIENT UNBLOCK {C}|CLIENT UNBLOCK {C} ERROR|CLIENT UNBLOCK {C} TIMEOUT
EVAL redis.call('rpush',KEYS[1],1,2)redis.call('lpush',KEYS[2],3)return(1) 2 {l} {L}
EVAL redis.pcall('lpop',KEYS[1])return(redis.pcall('rpush',KEYS[1],9)) 1 {l}
EVAL redis.pcall('rpush',KEYS[1],1)redis.call('del',KEYS[1])return(1) 1 {l}
EVAL redis.call('zadd',KEYS[1],5,'m')return(redis.call('publish','ck','m')) 1 {z}
"""
#: Those that 6.2 does not have.
SINCE_7 = """
BLMPOP 0 1 {l} LEFT COUNT 2|BZMPOP 0 1 {z} MIN|LMPOP 2 {l} {L} LEFT|SSUBSCRIBE c|SPUBLISH c hi
"""


def split(table: str) -> list[str]:
    return [row for line in table.strip().splitlines() for row in line.split("|")]


#: Who waits for several keys is served by the one that was ready first until 7.0. Since 7.2, for
#: which our style 7 stands, the command is done again, and its own first key comes first.
SEVERAL = ("BLPOP {l} {L} 0", "BRPOP {l} {L} 0", "BZPOPMIN {z} {Z} 0",
           "XREAD COUNT 1 BLOCK 0 STREAMS s t 0 $")  # fmt: skip
ROWS = {
    "6.2": split(COMMANDS),
    "7.0": [row for row in split(COMMANDS) if row not in SEVERAL] + split(SINCE_7),
}


def drawn(chance: Random, row: str, clients: Sequence[str]) -> list[str]:
    """The words of a command, with its places filled in."""
    places = {kind: chance.choice(names) for kind, names in NAMES.items()}
    places["{C}"] = chance.choice(clients)
    return [PLACE.sub(lambda found: places[found[0]], word) for word in row.split(" ")]


def equal(data: bytes) -> bytes:
    """IDs of streams are times; of what may be called while subscribed, 6.0 does not name RESET."""
    return re.sub(rb"\d{13}-\d+", b"ID", data).replace(b" / RESET are allowed", b" are allowed")


class Side:
    """The clients of one of the two servers, and another one that waits for it."""

    def __init__(self, control: Wire, clients: list[Wire]) -> None:
        self.control = control
        self.clients = clients
        self.ids = [client(["CLIENT", "ID"])[1].decode() for client in clients]

    def send(self, who: int, calls: list[list[str]]) -> None:
        self.clients[who].send(*calls)

    def told(self) -> list[bytes]:
        for _ in range(3):
            self.control(["PING"])
        return [equal(client.come()) for client in self.clients]


class ClientsMachine(RuleBasedStateMachine):
    """Some clients of a real server and as many of ours, step by step."""

    servers: ClassVar[Pair]

    @initialize(count=integers(2, 4))
    def connect(self, count: int) -> None:
        control = self.servers.again()
        control.both("flushall")
        pairs = [self.servers.again() for _ in range(count)]
        self.pairs = [*pairs, control]
        self.real = Side(control.real, [pair.real for pair in pairs])
        self.ours = Side(control.ours, [pair.ours for pair in pairs])

    @rule(who=integers(0, 3), picks=lists(integers(0, 10_000), min_size=1, max_size=3),
          seed=integers(0, 1000))  # fmt: skip
    def step(self, who: int, picks: list[int], seed: int) -> None:
        """One client sends some commands at once."""
        table = ROWS[self.servers.release]
        rows = [table[pick % len(table)] for pick in picks]
        who %= len(self.pairs) - 1
        for side in (self.real, self.ours):
            chance = Random(seed)  # both get the same words, but for the numbers of clients
            side.send(who, [drawn(chance, row, side.ids) for row in rows])
        note(f"{who}: {rows}")
        theirs, mine = self.real.told(), self.ours.told()
        deadline = time.monotonic() + 2
        while theirs != mine and time.monotonic() < deadline:  # some may still be on its way
            theirs = [one + more for one, more in zip(theirs, self.real.told(), strict=True)]
            mine = [one + more for one, more in zip(mine, self.ours.told(), strict=True)]
        assert mine == theirs

    def teardown(self) -> None:
        for pair in getattr(self, "pairs", []):
            pair.close()


def test_clients_by_chance(servers: Pair) -> None:
    machine = type("Machine", (ClientsMachine,), {"servers": servers})
    run_state_machine_as_test(machine, settings=SETTINGS)
