"""What a child tells its parent of its memory and its progress, over a real pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from aofserver.persistence.news import News, Reporter, send_memory


class Hands:
    """A clock that is turned by hand; all its faces show the same time."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def monotonic_us(self) -> int:
        return int(self.now_s * 1_000_000)

    def unix_ms(self) -> int:
        return int(self.now_s * 1000)


class Child:
    """Both ends of a pipe; the memory that the child will find, and the seconds that takes."""

    def __init__(self) -> None:
        self.clock = Hands()
        read, self.write = os.pipe()
        self.news = News(read, 200, self.clock)
        self.memory, self.takes_s, self.looks = 1000, 0.0, 0
        self.reporter = Reporter(self.write, self._look, self.clock)

    def _look(self) -> int:
        self.looks += 1
        self.clock.now_s += self.takes_s
        return self.memory

    def told(self) -> tuple[int, int]:
        self.news.read()
        return self.news.cow_bytes, self.news.keys


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child()
    yield made
    os.close(made.write)
    made.news.close()


def test_nothing_is_told_yet(child: Child) -> None:
    assert child.told() == (0, 0)
    assert (child.news.told_us, child.news.percent, child.news.total) == (0, 0.0, 200)


def test_it_tells_at_once_and_then_every_second(child: Child) -> None:
    child.reporter.wrote(10)
    assert child.told() == (1000, 10)
    child.memory = 3000
    child.clock.now_s += 0.9
    child.reporter.wrote(20)
    assert child.told() == (1000, 10)
    child.clock.now_s += 0.1
    child.reporter.wrote(20)
    assert child.told() == (3000, 50)
    assert (child.news.percent, child.news.told_us) == (25.0, 101_000_000)


def test_memory_is_looked_at_for_a_hundredth_of_the_time_at_most(child: Child) -> None:
    child.takes_s = 0.05
    for _ in range(50):
        child.reporter.wrote(1)
        child.clock.now_s += 1
    assert child.told()[1] == 50
    assert child.looks == 10


def test_the_most_is_kept_and_the_last_word_has_no_keys(child: Child) -> None:
    child.memory = 5000
    child.reporter.wrote(7)
    send_memory(child.write, lambda: 4000)
    assert child.told() == (4000, 7)
    assert child.news.peak_bytes == 5000


def test_a_line_may_come_in_two_parts(child: Child) -> None:
    os.write(child.write, b"12")
    assert child.told() == (0, 0)
    os.write(child.write, b"34 5\n6")
    assert child.told() == (1234, 5)
    os.write(child.write, b"7 8\n")
    assert child.told() == (67, 8)
