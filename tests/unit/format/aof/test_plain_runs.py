"""AofDecoder with plain commands: the same records, without a look at each."""

from __future__ import annotations

from random import Random

import pytest

from aoftool.errors import AofError
from aoftool.format.aof import Annotation, AofDecoder, Command, PlainRun, Step
from aoftool.format.rdb import NeedData
from aoftool.format.resp import decode_commands_at, encode_command
from aoftool.format.resp.scan import PureRespScanner, RespScanner

SCANNERS = {"built": RespScanner, "pure": PureRespScanner}


def decoded(data: bytes, scanner: RespScanner | None, piece: int) -> list[object]:
    """Every record as (start, end, record, argv), each annotation, and the error at the end."""
    decoder = AofDecoder(plain=scanner)
    found: list[object] = []
    at = 0
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                if at >= len(data):
                    break
                decoder.feed(data[at : at + piece])
                at += piece
                if at >= len(data):
                    decoder.close()
            elif isinstance(event, PlainRun):
                raw = decoder.raw(event.start, event.end)
                argvs, ends = decode_commands_at(raw, 0, len(raw), event.commands)
                assert (len(argvs), ends[-1]) == (event.commands, len(raw))
                starts = [0, *ends]
                for index, argv in enumerate(argvs):
                    place = event.start + starts[index], event.start + ends[index]
                    found.append((*place, event.record + index, argv))
            elif isinstance(event, Command):
                found.append((event.start, event.end, event.record, event.argv))
            else:
                assert isinstance(event, Annotation)
                found.append(event)
    except AofError as error:
        found.append((type(error), str(error)))
    return found


def learned(kind: str) -> RespScanner:
    scanner: RespScanner = SCANNERS[kind]()
    for name, arity in ((b"SET", 3), (b"DEL", 0), (b"HSET", 0)):
        scanner.learn(name, arity)
    return scanner


def random_file(rng: Random) -> bytes:
    parts = []
    for number in range(rng.randrange(1, 60)):
        line = rng.choice(
            ["SET a 1", "set b %d", "SET c 1 PX 5", "DEL a", "SELECT 1", "INCR n", "HSET h f v",
             "MULTI", "EXEC", "#TS:12"]
        )  # fmt: skip
        if line.startswith("#"):
            parts.append(line.encode() + b"\r\n")
        else:
            argv = line.replace("%d", str(number)).encode().split()
            if rng.random() < 0.05:
                argv.append(b"x" * rng.randrange(200_000))
            parts.append(encode_command(argv))
    data = b"".join(parts)
    if rng.random() < 0.3:
        data = data[: rng.randrange(len(data) + 1)]
    if rng.random() < 0.1 and data:
        at = rng.randrange(len(data))
        data = data[:at] + b"?" + data[at + 1 :]
    return data


@pytest.mark.parametrize("kind", SCANNERS)
@pytest.mark.parametrize("seed", range(40))
def test_the_same_records(kind: str, seed: int) -> None:
    rng = Random(seed)
    data = random_file(rng)
    expected = decoded(data, None, 1 << 20)
    for piece in (1 << 20, 1000, 77):
        assert decoded(data, learned(kind), piece) == expected


def test_it_leaves_out_what_it_was_not_told(tmp_path: object) -> None:
    lines = ["SET a 1", "SET b 2", "INCR n", "DEL a", "MULTI", "SET c 1", "EXEC", "SET d 1"]
    decoder = AofDecoder(plain=learned("built"))
    decoder.feed(b"".join(encode_command(line.encode().split()) for line in lines))
    decoder.close()
    seen = []
    while not isinstance(event := decoder.next_event(), NeedData):
        seen.append(event.commands if isinstance(event, PlainRun) else event)
    kinds = [one if isinstance(one, int) else one.step for one in seen]  # type: ignore[union-attr]
    assert kinds == [2, Step.OUTSIDE, 1, Step.MULTI, Step.INSIDE, Step.EXEC, 1]


def test_from_the_middle() -> None:
    data = encode_command([b"SET", b"a", b"1"]) + encode_command([b"INCR", b"n"])
    for scanner in (None, learned("built")):
        decoder = AofDecoder(plain=scanner, start=1000, records=7)
        decoder.feed(data)
        decoder.close()
        first, second = decoder.next_event(), decoder.next_event()
        assert isinstance(first, PlainRun | Command)
        assert isinstance(second, Command)
        assert (first.start, first.record) == (1000, 8)
        assert (second.end, second.record) == (1000 + len(data), 9)
        assert decoder.good_end == 1000 + len(data)
