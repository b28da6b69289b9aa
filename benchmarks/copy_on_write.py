"""What a rewriting child copies of its parent's memory, by what is done with the garbage collector.

Prints MiB that the child has copied (Private_Dirty of smaps_rollup), and seconds, for each way.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from random import Random

from aoftool.keyspace.context import Context
from aoftool.keyspace.encoding import encode_as_rdb, rdb_encoder
from aoftool.keyspace.engine import run
from aoftool.keyspace.keyspace import Keyspace

#: Name: whether the child collects, and whether the parent froze its objects before.
WAYS = {
    "collects": (True, False),
    "collects, frozen": (True, True),
    "does not collect": (False, False),
    "does not collect, frozen": (False, True),
}


def keyspace(keys: int) -> Keyspace:
    """As many strings, and a tenth as many hashes, lists, sets and sorted sets of ten elements."""
    made = Keyspace()
    ctx = Context(made, Random(0))
    for n in range(keys):
        run(ctx, [b"SET", b"string:%d" % n, b"value:%d" % n])
    for n in range(keys // 10):
        ten = [b"element:%d:%d" % (n, at) for at in range(10)]
        run(ctx, [b"RPUSH", b"list:%d" % n, *ten])
        run(ctx, [b"SADD", b"set:%d" % n, *ten])
        run(ctx, [b"HSET", b"hash:%d" % n, *(word for one in ten for word in (one, b"v"))])
        run(ctx, [b"ZADD", b"zset:%d" % n, *(w for at, one in enumerate(ten)
                                            for w in (b"%d" % at, one))])  # fmt: skip
    return made


def child(made: Keyspace, collects: bool) -> None:
    """Write a snapshot to nowhere, and tell what that has copied."""
    if collects:
        gc.enable()
    began = time.perf_counter()
    with Path("/dev/null").open("wb") as file:
        for chunk in encode_as_rdb(made, rdb_encoder(9, [], preamble=True), _ignore):
            file.write(chunk)
    took = time.perf_counter() - began
    print(f"{_private_dirty_mib():6.0f} MiB  {took:.2f} s")


def _ignore(keys: int) -> None:
    """Nobody is told how far it is."""


def _private_dirty_mib() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this kernel does not tell what was copied")


def main() -> None:
    """Fork a child for each way."""
    gc.disable()
    made = keyspace(300_000)
    print(f"{_private_dirty_mib():6.0f} MiB  before the fork")
    began = time.perf_counter()
    gc.collect()
    print(f"{time.perf_counter() - began:.3f} s   a full collection in the parent")
    for name, (collects, frozen) in WAYS.items():
        if frozen:
            gc.freeze()
        print(f"{name:26}", end="", flush=True)
        pid = os.fork()
        if not pid:
            child(made, collects)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        gc.unfreeze()


if __name__ == "__main__":
    main()
