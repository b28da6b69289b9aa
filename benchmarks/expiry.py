"""What a client feels while a million keys expire at once, beside redis-server."""

from __future__ import annotations

import sys
import time

from benchmarks.server import Live, both

KEYS = 1_000_000
#: Seconds until the keys expire, and for how long a client asks meanwhile.
_UNTIL_S, _WATCH_S = 40, 15


def fill(live: Live, keys: int) -> float:
    """Have a server hold keys that all expire at the same time; that time, in Unix seconds."""
    at_s = time.time() + _UNTIL_S
    for begin in range(0, keys, 10_000):
        pipe = live.client.pipeline(transaction=False)
        for number in range(begin, min(keys, begin + 10_000)):
            pipe.set(f"key:{number}", "value", px=int((at_s - time.time()) * 1000))
        pipe.execute()
    return at_s


def watch(live: Live, at_s: float) -> None:
    """Ask for one key over and over from ``at_s`` on, and print how long the answers took."""
    time.sleep(max(0, at_s - time.time()))
    took: list[float] = []
    gone_s = 0.0
    while time.time() < at_s + _WATCH_S:
        began = time.perf_counter()
        live.client.get("none")
        took.append(time.perf_counter() - began)
        if not gone_s and len(took) % 500 == 0 and not live.client.dbsize():
            gone_s = time.time() - at_s
            break
    took.sort()
    marks = " ".join(f"p{share * 100:g} {took[int(share * len(took))] * 1000:.2f}"
                     for share in (0.5, 0.99, 0.999))  # fmt: skip
    print(f"all gone after {gone_s:.1f} s; ms of an answer: {marks} worst {took[-1] * 1000:.2f}")


def main() -> None:
    """Print a line for each server."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else KEYS
    with both() as servers:
        for name, live in servers.items():
            print(f"{name}: ", end="", flush=True)
            watch(live, fill(live, keys))


if __name__ == "__main__":
    main()
