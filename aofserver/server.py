"""A server's life, from its start to its end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from aofserver.acl.accounts import UsersError
from aofserver.chores import Chores
from aofserver.commands import SERVER_TABLE
from aofserver.config import Config
from aofserver.config.wiring import wire
from aofserver.dispatch import Gate
from aofserver.gates import GATES
from aofserver.info import collect, render
from aofserver.log import Level, Log
from aofserver.net.intake import POSSIBLE, Intake
from aofserver.net.listeners import ListenFailure
from aofserver.parts import Parts
from aofserver.persistence.loader import LoadFailure
from aofserver.persistence.policy import Fsync
from aofserver.ports import World
from aofserver.system.limits import allow_clients
from aofserver.system.pump import pump
from aofserver.system.world import real_world


class StartFailure(Exception):
    """The server cannot start; the text says why."""


class Server(Parts):
    """One server. ``await start()``, then ``await stopped()``; ``stop()`` ends it.

    Raises ConfigError for commands that cannot be renamed so.
    """

    def __init__(
        self, config: Config | None = None, log: Log | None = None, world: World | None = None
    ) -> None:
        config = config or Config()
        super().__init__(config, log or _log_of(config), world or real_world(), SERVER_TABLE)
        # A dispatcher does not know the server that its gates ask.
        self.dispatcher.gates = cast("Sequence[Gate]", GATES)
        self.cron.chores = Chores(self).in_order()
        self.crash.sections = {
            "INFO OUTPUT": lambda: render(collect(self), ["everything"]),
            "CLIENT LIST OUTPUT": lambda: "\n".join(
                map(self.clients.shown, self.clients.sessions.values())
            ),
            "CURRENT CLIENT INFO": lambda: self.clients.shown(self.ctx.session),
        }

    async def start(self, port: int | None = None) -> None:
        """Listen, load the data, and serve. Raises StartFailure.

        ``port``: instead of the configured one; 0 finds one that is free.
        """
        loop = asyncio.get_running_loop()
        if POSSIBLE:
            policy = self.persistence.aof.writer.policy
            self.reception.intake = Intake(loop, self.turn, lambda: policy.fsync is Fsync.ALWAYS)
        self.scripts.pump = self._pump
        self.scripts.ended = self.ending.event.is_set
        wire(self)
        self.startup_bytes = self.gauge.measure()
        self._allow_clients()
        try:
            for name in self.access.accounts.load_at_start():
                self.log.notice(f"The user '{os.fsdecode(name)}' is disabled: no rule says on")
            # Who comes before the load has begun is not to be answered from an empty keyspace.
            self.loads.expect()
            await self.listeners.open(loop, port)
            self.port = self.listeners.port
            self._write_pidfile()
            self.log.notice(f"Server initialized, version {self.version} (AOF compatible)")
            await self._load()
            if self.ending.event.is_set():
                return
        except (UsersError, ListenFailure, LoadFailure, OSError) as error:
            await self._close()
            raise StartFailure(str(error)) from error
        self.refresh()
        self.cron.start()
        self.log.notice("Ready to accept connections")

    async def _load(self) -> None:
        """Load the data; an end that is asked for meanwhile ends that as well.

        Raises LoadFailure, OSError.
        """
        load = asyncio.ensure_future(self.loads.at_start())
        end = asyncio.ensure_future(self.ending.event.wait())
        await asyncio.wait((load, end), return_when=asyncio.FIRST_COMPLETED)
        if not load.done():
            load.cancel()
        end.cancel()
        with suppress(asyncio.CancelledError):
            await load

    def _pump(self) -> bool:
        """Serve other clients while a command runs; False: this loop cannot."""
        if self.reception.intake is not None:
            self.reception.intake.watch()
        could = pump(asyncio.get_running_loop())
        if self.turn.armed:  # by those who were served before the command began
            self.turn.run()
        return could

    def _allow_clients(self) -> None:
        wanted = self.config.number("maxclients")
        possible = allow_clients(wanted)
        if possible < 1:
            raise StartFailure("This process may not open enough files to serve anybody.")
        if possible < wanted:
            self.log.warning(
                f"maxclients has been reduced to {possible}: more files cannot be open"
            )
            self.config.lower("maxclients", possible)

    def _write_pidfile(self) -> None:
        if self.config.text("pidfile"):
            Path(self.config.text("pidfile")).write_text(f"{os.getpid()}\n")

    async def stopped(self) -> int:
        """Wait for the end; the exit code."""
        await self.ending.event.wait()
        await self._close()
        return self.ending.code

    def shutdown(self, save: bool | None = None, force: bool = False) -> bool:
        """Make everything durable and end (``prepareForShutdown``); False where that is refused."""
        return self.ending.shutdown(save, force)

    def stop(self) -> None:
        """End as SIGTERM does."""
        self.shutdown()

    async def _close(self) -> None:
        self.cron.stop()
        self.expiry.stop()
        self.listeners.close()
        for session in list(self.clients.sessions.values()):
            if session.transport is not None:
                session.transport.abort()
        for name in ("pidfile", "unixsocket"):
            if self.config.text(name):
                Path(self.config.text(name)).unlink(missing_ok=True)
        if self.reception.intake is not None:
            self.reception.intake.close()
        self.persistence.aof.close()
        self.world.syncer.stop()
        await asyncio.sleep(0)

    @contextmanager
    def running_in_thread(self, port: int = 0) -> Iterator[Server]:
        """Serve from a thread while the block runs: for tests of programs that need a Redis."""
        ready = threading.Event()
        failure: list[BaseException] = []
        loops: list[asyncio.AbstractEventLoop] = []

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            try:
                await self.start(port)
            except BaseException as error:
                failure.append(error)
                raise
            finally:
                ready.set()
            await self.stopped()

        def run() -> None:
            with suppress(StartFailure):  # raised where the block is entered
                asyncio.run(serve())

        thread = threading.Thread(target=run, name="aofserver")
        thread.start()
        ready.wait()
        if failure:
            thread.join()
            raise failure[0]
        try:
            yield self
        finally:
            loops[0].call_soon_threadsafe(self.shutdown, None, True)
            thread.join()


def _log_of(config: Config) -> Log:
    path = config.text("logfile")
    return Log(Path(path) if path else None, Level[config.text("loglevel").upper()])
