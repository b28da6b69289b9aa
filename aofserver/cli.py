"""The command line: ``aofserver [FILE] [--option value ...]``, as redis-server takes it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from aofserver.config import Config, ConfigError
from aofserver.config.files import read_arguments, read_file
from aofserver.naming import name_process
from aofserver.server import Server, StartFailure
from aofserver.signals import Signals
from aofserver.system.again import begin_again
from aofserver.system.children import cpu_numbers
from aofserver.system.supervision import Supervisor
from aofserver.system.systemlog import system_log
from aoftool import __version__

_USAGE = """Usage: aofserver [FILE] [--option value ...]

A live server that speaks Redis's protocol and keeps its data as Redis does.

  aofserver                                   the defaults: port 6379, no AOF
  aofserver --appendonly yes --dir /data      every write is logged to /data/appendonly.aof
  aofserver /etc/redis.conf --port 7777       options of a file, and others
  aofserver --help | --version

FILE is in redis.conf's syntax. docs/config.md lists the options.
"""


def main() -> None:
    """Run the server until it ends, and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a server with these arguments; the exit code."""
    if list(arguments) in (["--help"], ["-h"]):
        sys.stdout.write(_USAGE)
        return 0
    if list(arguments) in (["--version"], ["-v"]):
        sys.stdout.write(f"aofserver {__version__}\n")
        return 0
    try:
        config = configured(arguments)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    os.chdir(config.text("dir"))
    if config.flag("daemonize"):
        _daemonize()
    return asyncio.run(_serve(config))


def configured(arguments: Sequence[str]) -> Config:
    """The configuration that a file and options give. Raises ConfigError."""
    config = Config()
    rest = list(arguments)
    if rest and not rest[0].startswith("--"):
        read_file(config, Path(rest.pop(0)))
    read_arguments(config, rest)
    return config


async def _serve(config: Config) -> int:
    # What is not walked over stops nobody: the cron collects young garbage by itself.
    gc.disable()
    try:
        server = Server(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if config.flag("syslog-enabled"):
        facility = config.text("syslog-facility")
        server.log.also = system_log(config.text("syslog-ident"), facility)
    server.log.notice(f"aofserver {__version__} is starting, PID: {os.getpid()}")
    if config.unknown:
        server.log.warning(f"Options that are not known were ignored: {', '.join(config.unknown)}")
    if config.kept:
        server.log.warning(f"Options of Redis that change nothing here: {', '.join(config.kept)}")
    supervisor = Supervisor(config.text("supervised"), os.environ)
    server.supervisor = supervisor.name
    supervisor.started()
    _pin(config)
    server.ending.again = begin_again
    Signals(server, asyncio.get_running_loop()).take()
    children = server.world.children

    def tell_children(score: int | None) -> None:
        children.oom_score_adj = score

    name_process(server.config, server.log, tell_children)
    try:
        await server.start()
    except StartFailure as error:
        server.log.warning(str(error))
        return 1
    supervisor.ready()
    code = await server.stopped()
    supervisor.stopping()
    return code


def _pin(config: Config) -> None:
    """Run on the processors of ``server_cpulist`` alone."""
    with suppress(OSError, ValueError):  # processors that there are not
        cpus = cpu_numbers(config.text("server_cpulist"))
        if cpus:
            os.sched_setaffinity(0, cpus)


def _daemonize() -> None:
    """Go into the background: a child in a session of its own, without a terminal."""
    if os.fork():
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
