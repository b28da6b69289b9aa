"""The commands a server knows, with their arity: what ``check --level commands`` compares with.

Rows follow the command tables of Redis 6.0.8 (server.c) and 7.4.1 (src/commands/*.json), plus what
later releases added. Where two releases disagree, the arity that admits both stands here: a file
may come from either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

# Each row: name, arity (the name counts; negative: at least so many), first Redis release.
# An indented row is a sub-command of the row above it.
_ROWS = """\
# string
APPEND 3 2.0.0
DECR 2 1.0.0
DECRBY 3 1.0.0
GET 2 1.0.0
GETDEL 2 6.2.0
GETEX -2 6.2.0
GETRANGE 4 2.4.0
GETSET 3 1.0.0
INCR 2 1.0.0
INCRBY 3 1.0.0
INCRBYFLOAT 3 2.6.0
LCS -3 7.0.0
MGET -2 1.0.0
MSET -3 1.0.1
MSETNX -3 1.0.1
PSETEX 4 2.6.0
SET -3 1.0.0
SETEX 4 2.0.0
SETNX 3 1.0.0
SETRANGE 4 2.2.0
STRLEN 2 2.2.0
STRALGO -2 6.0.0
SUBSTR 4 1.0.0
# list
BLMOVE 6 6.2.0
BLMPOP -5 7.0.0
BLPOP -3 2.0.0
BRPOP -3 2.0.0
BRPOPLPUSH 4 2.2.0
LINDEX 3 1.0.0
LINSERT 5 2.2.0
LLEN 2 1.0.0
LMOVE 5 6.2.0
LMPOP -4 7.0.0
LPOP -2 1.0.0
LPOS -3 6.0.6
LPUSH -3 1.0.0
LPUSHX -3 2.2.0
LRANGE 4 1.0.0
LREM 4 1.0.0
LSET 4 1.0.0
LTRIM 4 1.0.0
RPOP -2 1.0.0
RPOPLPUSH 3 1.2.0
RPUSH -3 1.0.0
RPUSHX -3 2.2.0
# set
SADD -3 1.0.0
SCARD 2 1.0.0
SDIFF -2 1.0.0
SDIFFSTORE -3 1.0.0
SINTER -2 1.0.0
SINTERCARD -3 7.0.0
SINTERSTORE -3 1.0.0
SISMEMBER 3 1.0.0
SMEMBERS 2 1.0.0
SMISMEMBER -3 6.2.0
SMOVE 4 1.0.0
SPOP -2 1.0.0
SRANDMEMBER -2 1.0.0
SREM -3 1.0.0
SSCAN -3 2.8.0
SUNION -2 1.0.0
SUNIONSTORE -3 1.0.0
# sorted_set
BZMPOP -5 7.0.0
BZPOPMAX -3 5.0.0
BZPOPMIN -3 5.0.0
ZADD -4 1.2.0
ZCARD 2 1.2.0
ZCOUNT 4 2.0.0
ZDIFF -3 6.2.0
ZDIFFSTORE -4 6.2.0
ZINCRBY 4 1.2.0
ZINTER -3 6.2.0
ZINTERCARD -3 7.0.0
ZINTERSTORE -4 2.0.0
ZLEXCOUNT 4 2.8.9
ZMPOP -4 7.0.0
ZMSCORE -3 6.2.0
ZPOPMAX -2 5.0.0
ZPOPMIN -2 5.0.0
ZRANDMEMBER -2 6.2.0
ZRANGE -4 1.2.0
ZRANGEBYLEX -4 2.8.9
ZRANGEBYSCORE -4 1.0.5
ZRANGESTORE -5 6.2.0
ZRANK -3 2.0.0
ZREM -3 1.2.0
ZREMRANGEBYLEX 4 2.8.9
ZREMRANGEBYRANK 4 2.0.0
ZREMRANGEBYSCORE 4 1.2.0
ZREVRANGE -4 1.2.0
ZREVRANGEBYLEX -4 2.8.9
ZREVRANGEBYSCORE -4 2.2.0
ZREVRANK -3 2.0.0
ZSCAN -3 2.8.0
ZSCORE 3 1.2.0
ZUNION -3 6.2.0
ZUNIONSTORE -4 2.0.0
# hash
HDEL -3 2.0.0
HEXISTS 3 2.0.0
HEXPIRE -6 7.4.0
HEXPIREAT -6 7.4.0
HEXPIRETIME -5 7.4.0
HGET 3 2.0.0
HGETALL 2 2.0.0
HINCRBY 4 2.0.0
HINCRBYFLOAT 4 2.6.0
HKEYS 2 2.0.0
HLEN 2 2.0.0
HMGET -3 2.0.0
HMSET -4 2.0.0
HPERSIST -5 7.4.0
HPEXPIRE -6 7.4.0
HPEXPIREAT -6 7.4.0
HPEXPIRETIME -5 7.4.0
HPTTL -5 7.4.0
HRANDFIELD -2 6.2.0
HSCAN -3 2.8.0
HSET -4 2.0.0
HSETNX 4 2.0.0
HSTRLEN 3 3.2.0
HTTL -5 7.4.0
HVALS 2 2.0.0
# bitmap
BITCOUNT -2 2.6.0
BITFIELD -2 3.2.0
BITFIELD_RO -2 6.0.0
BITOP -4 2.6.0
BITPOS -3 2.8.7
GETBIT 3 2.2.0
SETBIT 4 2.2.0
# hyperloglog
PFADD -2 2.8.9
PFCOUNT -2 2.8.9
PFDEBUG -3 2.8.9
PFMERGE -2 2.8.9
PFSELFTEST 1 2.8.9
# geo
GEOADD -5 3.2.0
GEODIST -4 3.2.0
GEOHASH -2 3.2.0
GEOPOS -2 3.2.0
GEORADIUS -6 3.2.0
GEORADIUSBYMEMBER -5 3.2.0
GEORADIUSBYMEMBER_RO -5 3.2.10
GEORADIUS_RO -6 3.2.10
GEOSEARCH -7 6.2.0
GEOSEARCHSTORE -8 6.2.0
# stream
XACK -4 5.0.0
XADD -5 5.0.0
XAUTOCLAIM -6 6.2.0
XCLAIM -6 5.0.0
XDEL -3 5.0.0
XGROUP -2 5.0.0
  CREATE -5 5.0.0
  CREATECONSUMER 5 6.2.0
  DELCONSUMER 5 5.0.0
  DESTROY 4 5.0.0
  HELP 2 5.0.0
  SETID -5 5.0.0
XINFO -2 5.0.0
  CONSUMERS 4 5.0.0
  GROUPS 3 5.0.0
  HELP 2 5.0.0
  STREAM -3 5.0.0
XLEN 2 5.0.0
XPENDING -3 5.0.0
XRANGE -4 5.0.0
XREAD -4 5.0.0
XREADGROUP -7 5.0.0
XREVRANGE -4 5.0.0
XSETID -3 5.0.0
XTRIM -2 5.0.0
# generic
COPY -3 6.2.0
DEL -2 1.0.0
DUMP 2 2.6.0
EXISTS -2 1.0.0
EXPIRE -3 1.0.0
EXPIREAT -3 1.2.0
EXPIRETIME 2 7.0.0
KEYS 2 1.0.0
MIGRATE -6 2.6.0
MOVE 3 1.0.0
OBJECT -2 2.2.3
  ENCODING 3 2.2.3
  FREQ 3 4.0.0
  HELP 2 6.2.0
  IDLETIME 3 2.2.3
  REFCOUNT 3 2.2.3
PERSIST 2 2.2.0
PEXPIRE -3 2.6.0
PEXPIREAT -3 2.6.0
PEXPIRETIME 2 7.0.0
PTTL 2 2.6.0
RANDOMKEY 1 1.0.0
RENAME 3 1.0.0
RENAMENX 3 1.0.0
RESTORE -4 2.6.0
SCAN -2 2.8.0
SORT -2 1.0.0
SORT_RO -2 7.0.0
TOUCH -2 3.2.1
TTL 2 1.0.0
TYPE 2 1.0.0
UNLINK -2 4.0.0
WAIT 3 3.0.0
WAITAOF 4 7.2.0
# transactions
DISCARD 1 2.0.0
EXEC 1 1.2.0
MULTI 1 1.2.0
UNWATCH 1 2.2.0
WATCH -2 2.2.0
# scripting
EVAL -3 2.6.0
EVALSHA -3 2.6.0
EVALSHA_RO -3 7.0.0
EVAL_RO -3 7.0.0
FCALL -3 7.0.0
FCALL_RO -3 7.0.0
FUNCTION -2 7.0.0
  DELETE 3 7.0.0
  DUMP 2 7.0.0
  FLUSH -2 7.0.0
  HELP 2 7.0.0
  KILL 2 7.0.0
  LIST -2 7.0.0
  LOAD -3 7.0.0
  RESTORE -3 7.0.0
  STATS 2 7.0.0
SCRIPT -2 2.6.0
  DEBUG 3 3.2.0
  EXISTS -3 2.6.0
  FLUSH -2 2.6.0
  HELP 2 5.0.0
  KILL 2 2.6.0
  LOAD 3 2.6.0
# pubsub
PSUBSCRIBE -2 2.0.0
PUBLISH 3 2.0.0
PUBSUB -2 2.8.0
  CHANNELS -2 2.8.0
  HELP 2 6.2.0
  NUMPAT 2 2.8.0
  NUMSUB -2 2.8.0
  SHARDCHANNELS -2 7.0.0
  SHARDNUMSUB -2 7.0.0
PUNSUBSCRIBE -1 2.0.0
SPUBLISH 3 7.0.0
SSUBSCRIBE -2 7.0.0
SUBSCRIBE -2 2.0.0
SUNSUBSCRIBE -1 7.0.0
UNSUBSCRIBE -1 2.0.0
# connection
AUTH -2 1.0.0
CLIENT -2 2.4.0
  CACHING 3 6.0.0
  GETNAME 2 2.6.9
  GETREDIR 2 6.0.0
  HELP 2 5.0.0
  ID 2 5.0.0
  INFO 2 6.2.0
  KILL -3 2.4.0
  LIST -2 2.4.0
  NO-EVICT 3 7.0.0
  NO-TOUCH 3 7.2.0
  PAUSE -3 3.0.0
  REPLY 3 3.2.0
  SETINFO 4 7.2.0
  SETNAME 3 2.6.9
  TRACKING -3 6.0.0
  TRACKINGINFO 2 6.2.0
  UNBLOCK -3 5.0.0
  UNPAUSE 2 6.2.0
ECHO 2 1.0.0
HELLO -1 6.0.0
PING -1 1.0.0
QUIT -1 1.0.0
RESET 1 6.2.0
SELECT 2 1.0.0
# server
ACL -2 6.0.0
  CAT -2 6.0.0
  DELUSER -3 6.0.0
  DRYRUN -4 7.0.0
  GENPASS -2 6.0.0
  GETUSER 3 6.0.0
  HELP 2 6.0.0
  LIST 2 6.0.0
  LOAD 2 6.0.0
  LOG -2 6.0.0
  SAVE 2 6.0.0
  SETUSER -3 6.0.0
  USERS 2 6.0.0
  WHOAMI 2 6.0.0
BGREWRITEAOF 1 1.0.0
BGSAVE -1 1.0.0
COMMAND -1 2.8.13
  COUNT 2 2.8.13
  DOCS -2 7.0.0
  GETKEYS -3 2.8.13
  GETKEYSANDFLAGS -3 7.0.0
  HELP 2 5.0.0
  INFO -2 2.8.13
  LIST -2 7.0.0
CONFIG -2 2.0.0
  GET -3 2.0.0
  HELP 2 5.0.0
  RESETSTAT 2 2.0.0
  REWRITE 2 2.8.0
  SET -4 2.0.0
DBSIZE 1 1.0.0
DEBUG -2 1.0.0
FAILOVER -1 6.2.0
FLUSHALL -1 1.0.0
FLUSHDB -1 1.0.0
INFO -1 1.0.0
LASTSAVE 1 1.0.0
LATENCY -2 2.8.13
  DOCTOR 2 2.8.13
  GRAPH 3 2.8.13
  HELP 2 2.8.13
  HISTOGRAM -2 7.0.0
  HISTORY 3 2.8.13
  LATEST 2 2.8.13
  RESET -2 2.8.13
LOLWUT -1 5.0.0
MEMORY -2 4.0.0
  DOCTOR 2 4.0.0
  HELP 2 4.0.0
  MALLOC-STATS 2 4.0.0
  PURGE 2 4.0.0
  STATS 2 4.0.0
  USAGE -3 4.0.0
MODULE -2 4.0.0
  HELP 2 5.0.0
  LIST 2 4.0.0
  LOAD -3 4.0.0
  LOADEX -3 7.0.0
  UNLOAD 3 4.0.0
MONITOR 1 1.0.0
PSYNC -3 2.8.0
REPLCONF -1 3.0.0
REPLICAOF 3 5.0.0
RESTORE-ASKING -4 3.0.0
ROLE 1 2.8.12
SAVE 1 1.0.0
SHUTDOWN -1 1.0.0
SLAVEOF 3 1.0.0
SLOWLOG -2 2.2.12
  GET -2 2.2.12
  HELP 2 6.2.0
  LEN 2 2.2.12
  RESET 2 2.2.12
SWAPDB 3 4.0.0
SYNC 1 1.0.0
TIME 1 2.6.0
# cluster
ASKING 1 3.0.0
CLUSTER -2 3.0.0
  ADDSLOTS -3 3.0.0
  ADDSLOTSRANGE -4 7.0.0
  BUMPEPOCH 2 3.0.0
  COUNT-FAILURE-REPORTS 3 3.0.0
  COUNTKEYSINSLOT 3 3.0.0
  DELSLOTS -3 3.0.0
  DELSLOTSRANGE -4 7.0.0
  FAILOVER -2 3.0.0
  FLUSHSLOTS 2 3.0.0
  FORGET 3 3.0.0
  GETKEYSINSLOT 4 3.0.0
  HELP 2 5.0.0
  INFO 2 3.0.0
  KEYSLOT 3 3.0.0
  LINKS 2 7.0.0
  MEET -4 3.0.0
  MYID 2 3.0.0
  MYSHARDID 2 7.2.0
  NODES 2 3.0.0
  REPLICAS 3 5.0.0
  REPLICATE 3 3.0.0
  RESET -2 3.0.0
  SAVECONFIG 2 3.0.0
  SET-CONFIG-EPOCH 3 3.0.0
  SETSLOT -4 3.0.0
  SHARDS 2 7.0.0
  SLAVES 3 3.0.0
  SLOTS 2 3.0.0
READONLY 1 3.0.0
READWRITE 1 3.0.0
# added by Redis 8 (hash and vector sets, streams, strings) and Valkey 8 and 9
HGETDEL -5 8.0.0
HGETEX -5 8.0.0
HSETEX -6 8.0.0
VADD -5 8.0.0
VREM 3 8.0.0
VSETATTR 4 8.0.0
XDELEX -5 8.2.0
XACKDEL -6 8.2.0
DELEX -2 8.4.0
MSETEX -4 8.4.0
DELIFEQ 3 9.0.0
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One known command or sub-command.

    Attributes:
        name: in upper case; a sub-command's name is its own word only.
        arity: Redis's arity: arguments with the name (positive: exactly, negative: at least).
        since: the first release that has it, as (major, minor, patch).
        subcommands: by upper-case name; empty for a command without sub-commands.
    """

    name: bytes
    arity: int
    since: tuple[int, ...]
    subcommands: dict[bytes, Command] = field(default_factory=dict)

    def accepts(self, argc: int) -> bool:
        """Whether a command of ``argc`` arguments, the name included, fits the arity."""
        return argc == self.arity if self.arity > 0 else argc >= -self.arity


def _parse(row: str) -> Command:
    name, arity, since = row.split()
    return Command(name.encode(), int(arity), tuple(map(int, since.split("."))))


@cache
def commands() -> dict[bytes, Command]:
    """All known commands by upper-case name."""
    known: dict[bytes, Command] = {}
    last = Command(b"", 0, ())
    for line in _ROWS.splitlines():
        if line.startswith("#"):
            continue
        row = _parse(line)
        if line.startswith(" "):
            last.subcommands[row.name] = row
        else:
            known[row.name] = last = row
    return known
