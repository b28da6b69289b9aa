"""SUBSCRIBE, PUBLISH, PUBSUB and their kin (pubsub.c)."""

from __future__ import annotations

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.messages.pubsub import Topics
from aofserver.parts import ServerContext
from aofserver.replies import Several
from aoftool.format.resp.replies import PushReply, Reply
from aoftool.keyspace.command import (
    FAST,
    LOADING,
    MAY_REPLICATE,
    NOSCRIPT,
    RANDOM,
    STALE,
    Flags,
    malformed_subcommand,
)
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.glob import compiled
from aoftool.keyspace.keyspecs import Argv, Keys

_FLAGS = Flags.PUBSUB | NOSCRIPT | LOADING | STALE
_PUBLISH = Flags.PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE
_LOOK = Flags.PUBSUB | LOADING | STALE


def _subscribe(ctx: ServerContext, topics: Topics, names: Argv) -> Reply:
    """A reply for each name, which counts what is subscribed to by then."""
    replies: list[Reply] = []
    for name in names:
        topics.add(ctx.session, name)
        count = ctx.server.pubsub.count(ctx.session, topics)
        replies.append(PushReply([topics.kind + b"subscribe", name, count]))
    return Several(replies)


def _unsubscribe(ctx: ServerContext, topics: Topics, names: Argv) -> Reply:
    """As ``_subscribe``; without names from all, and a reply also where there is none."""
    replies: list[Reply] = []
    for name in names or topics.of(ctx.session) or (None,):
        if name is not None:
            topics.remove(ctx.session, name)
        count = ctx.server.pubsub.count(ctx.session, topics)
        replies.append(PushReply([topics.kind + b"unsubscribe", name, count]))
    return Several(replies)


@server_command("SUBSCRIBE", "channel [channel ...]", _FLAGS, group="pubsub", since="2.0.0")
def subscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told what is published to channels."""
    return _subscribe(ctx, ctx.server.pubsub.channels, argv[1:])


@server_command("UNSUBSCRIBE", "[channel [channel ...]]", _FLAGS, group="pubsub", since="2.0.0")
def unsubscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told no more of channels, or of any."""
    return _unsubscribe(ctx, ctx.server.pubsub.channels, argv[1:])


@server_command("PSUBSCRIBE", "pattern [pattern ...]", _FLAGS, group="pubsub", since="2.0.0")
def psubscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told what is published to channels whose names match patterns."""
    return _subscribe(ctx, ctx.server.pubsub.patterns, argv[1:])


@server_command("PUNSUBSCRIBE", "[pattern [pattern ...]]", _FLAGS, group="pubsub", since="2.0.0")
def punsubscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told no more of patterns, or of any."""
    return _unsubscribe(ctx, ctx.server.pubsub.patterns, argv[1:])


@server_command("SSUBSCRIBE", "shardchannel [shardchannel ...]", _FLAGS, Keys(1, -1),
                group="pubsub", since="7.0.0")  # fmt: skip
def ssubscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told what is published to shard channels."""
    if ctx.server.dispatcher.propagation.in_exec:
        raise CommandError(b"ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
    return _subscribe(ctx, ctx.server.pubsub.shard_channels, argv[1:])


@server_command("SUNSUBSCRIBE", "[shardchannel [shardchannel ...]]", _FLAGS, Keys(1, -1),
                group="pubsub", since="7.0.0")  # fmt: skip
def sunsubscribe(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told no more of shard channels, or of any."""
    return _unsubscribe(ctx, ctx.server.pubsub.shard_channels, argv[1:])


@server_command("PUBLISH", "channel message", _PUBLISH, group="pubsub", since="2.0.0")
def publish(ctx: ServerContext, argv: Argv) -> Reply:
    """Tell subscribers something."""
    return ctx.server.pubsub.publish(argv[1], argv[2], ctx.session)


@server_command("SPUBLISH", "shardchannel message", _PUBLISH, Keys(1, 1), group="pubsub",
                since="7.0.0")  # fmt: skip
def spublish(ctx: ServerContext, argv: Argv) -> Reply:
    """Tell subscribers of a shard channel something."""
    return ctx.server.pubsub.publish_to_shard(argv[1], argv[2], ctx.session)


server_container("PUBSUB", "pubsub", "2.8.0")


def _names(ctx: ServerContext, topics: Topics, argv: Argv) -> Reply:
    if len(argv) > 3:
        raise malformed_subcommand(argv, ctx.options.style)
    if len(argv) < 3:
        return list(topics.subscribers)
    matches = compiled(argv[2])
    return [name for name in topics.subscribers if matches(name)]


def _counts(topics: Topics, names: Argv) -> Reply:
    return [part for name in names for part in (name, topics.count(name))]


@server_command("PUBSUB CHANNELS", "[pattern]", _LOOK, group="pubsub", since="2.8.0",
                only_6=RANDOM)  # fmt: skip
def pubsub_channels(ctx: ServerContext, argv: Argv) -> Reply:
    """Channels that somebody has subscribed to by name."""
    return _names(ctx, ctx.server.pubsub.channels, argv)


@server_command("PUBSUB NUMSUB", "[channel [channel ...]]", _LOOK, group="pubsub", since="2.8.0")
def pubsub_numsub(ctx: ServerContext, argv: Argv) -> Reply:
    """How many subscribers channels have, those of patterns apart."""
    return _counts(ctx.server.pubsub.channels, argv[2:])


@server_command("PUBSUB NUMPAT", "", _LOOK, group="pubsub", since="2.8.0")
def pubsub_numpat(ctx: ServerContext, argv: Argv) -> Reply:
    """How many patterns are subscribed to; Redis 6.0 counts one for each of its subscribers."""
    patterns = ctx.server.pubsub.patterns
    return patterns.subscriptions if ctx.options.style is Style.REDIS_6 else len(patterns)


@server_command("PUBSUB SHARDCHANNELS", "[pattern]", _LOOK, group="pubsub", since="7.0.0")
def pubsub_shardchannels(ctx: ServerContext, argv: Argv) -> Reply:
    """Shard channels that somebody has subscribed to."""
    return _names(ctx, ctx.server.pubsub.shard_channels, argv)


@server_command("PUBSUB SHARDNUMSUB", "[shardchannel [shardchannel ...]]", _LOOK, group="pubsub",
                since="7.0.0")  # fmt: skip
def pubsub_shardnumsub(ctx: ServerContext, argv: Argv) -> Reply:
    """How many subscribers shard channels have."""
    return _counts(ctx.server.pubsub.shard_channels, argv[2:])


@server_command("PUBSUB HELP", "", LOADING | STALE, group="pubsub", since="6.2.0", acl="slow")
def pubsub_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"PUBSUB")
