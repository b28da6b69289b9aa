"""What keyspace_hits and keyspace_misses count, command by command, against real servers."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair

#: What there is before each call.
KEYS = """
    mset s 1 t abc n 5
    rpush l 1 2 3
    rpush m 3 4
    sadd e 1 2 3
    sadd f 2 3 4
    hset h a 1 b 2
    zadd z 1 a 2 b
    zadd y 3 b 4 c
    xadd x 1-1 f v
    xgroup create x g 0
    geoadd geo 13 38 p 14 39 q
    pfadd p a b
    pfadd q b c
    set w_1 1
    set w_2 2
    set w_3 3
"""

#: Calls on keys that are there; the same with none in place of a key follow from them.
CALLS = """
    get s ; mget s none l ; strlen s ; getrange s 0 1 ; substr s 0 0 ; getset s 2 ; getdel s
    getex s ; getex s ex 100 ; getex s persist ; set s 2 ; set s 3 get ; set s 4 nx ; set none 4 nx
    set none 4 xx ; set s 4 xx ; setnx s 1 ; setnx none 1 ; setex s 10 v ; msetnx s 1 u 2
    append s 1 ; incr n ; incrbyfloat n 1 ; setrange s 1 x ; get l ; append none x ; set l 1 get
    getbit s 0 ; setbit s 1 1 ; bitcount s ; bitcount none ; bitpos s 1 ; bitop and d s t none
    bitop not d s ; bitfield s get u8 0 ; bitfield s set u8 0 1 ; bitfield none get u8 0
    bitfield_ro s get u8 0 ; lpush l 1 ; lpushx none 1 ; rpush none 1 ; llen l ; llen none
    lindex l 0 ; lindex none 0 ; lrange l 0 -1 ; lrange none 0 -1 ; lpos l 2 ; lpos none 2
    lset l 0 1 ; lset none 0 1 ; linsert l before 1 0 ; lrem l 0 1 ; ltrim l 0 1 ; lpop l ; rpop l
    lpop none ; rpop l 2 ; rpoplpush l m ; lmove l m left right ; lmove none m left right
    blpop none l 1 ; brpoplpush l m 1 ; blmove l m left left 1 ; llen s ; lrange s 0 1
    sadd e 9 ; srem e 1 ; smove e f 1 ; smove none f 1 ; sismember e 1 ; sismember none 1
    smismember e 1 9 ; smismember none 1 ; scard e ; scard none ; smembers e ; smembers none
    spop e ; spop none ; spop e 2 ; srandmember e ; srandmember none ; srandmember e 2 ; sscan e 0
    sscan none 0 ; sinter e f ; sinter e none ; sunion e none f
    sdiff e none f ; sinterstore d e f ; sinterstore d e none ; sinterstore d none e
    sunionstore d e none f ; sdiffstore d e f none ; sinter e s
    hset h a 2 ; hset none a 2 ; hsetnx h a 1 ; hdel h a ; hincrby h a 1 ; hincrbyfloat h a 1
    hget h a ; hget h none ; hget none a ; hmget h a z ; hmget none a ; hgetall h ; hgetall none
    hkeys h ; hkeys none ; hvals h ; hvals none ; hlen h ; hlen none ; hexists h a ; hexists none a
    hstrlen h a ; hstrlen none a ; hrandfield h ; hrandfield none ; hrandfield h 2 ; hscan h 0
    hscan none 0 ; hget s a
    zadd z 3 c ; zadd none 3 c ; zadd z incr 1 a ; zincrby z 1 a ; zrem z a ; zcard z ; zcard none
    zscore z a ; zscore none a ; zmscore z a x ; zmscore none a ; zrank z a ; zrank none a
    zrevrank z a ; zcount z 0 9 ; zcount none 0 9 ; zlexcount z - + ; zlexcount none - +
    zrange z 0 -1 ; zrange none 0 -1 ; zrevrange z 0 -1 ; zrangebyscore z 0 9
    zrangebyscore none 0 9 ; zrevrangebyscore z 9 0 ; zrangebylex z - + ; zrevrangebylex z + -
    zrange z 0 9 byscore ; zrangestore d z 0 -1 ; zrangestore d none 0 -1 ; zremrangebyrank z 0 0
    zremrangebyscore z 0 1 ; zremrangebylex z - + ; zremrangebyrank none 0 0 ; zpopmin z
    zpopmin none ; zpopmax z 2 ; bzpopmin none z 1 ; zrandmember z ; zrandmember none
    zrandmember z 2 ; zscan z 0 ; zscan none 0 ; zunion 2 z none ; zinter 2 z y ; zinter 2 z none
    zdiff 2 z y ; zdiff 2 none z ; zunionstore d 2 z none ; zinterstore d 2 z y
    zdiffstore d 2 z y ; zdiffstore d 2 none y ; zscore s a ; zunion 2 e z ; zunion 2 s z
    geoadd geo 1 1 r ; geopos geo p ; geopos none p ; geodist geo p q ; geodist none p q
    geohash geo p ; geohash none p ; georadius geo 13 38 9 km ; georadius none 13 38 9 km
    georadius geo 13 38 9 km store d ; georadius_ro geo 13 38 9 km
    georadiusbymember geo p 9 km ; georadiusbymember none p 9 km
    geosearch geo frommember p byradius 9 km ; geosearch none frommember p byradius 9 km
    geosearchstore d geo frommember p byradius 9 km
    geosearchstore d none fromlonlat 1 1 byradius 9 km
    pfadd p z ; pfadd none z ; pfcount p ; pfcount none ; pfcount p q none ; pfmerge p q none
    pfmerge d p ; xadd x * f v ; xadd none * f v ; xadd none nomkstream * f v ; xlen x ; xlen none
    xrange x - + ; xrange none - + ; xrevrange x + - ; xread streams x 0 ; xread streams none 0
    xread streams x none 0 $ ; xread streams x $ ; xreadgroup group g c streams x >
    xreadgroup group g c streams x 0 ; xreadgroup group g c streams none > ; xack x g 1-1
    xack none g 1-1 ; xpending x g ; xpending none g ; xpending x g - + 5 ; xclaim x g c 0 1-1
    xclaim none g c 0 1-1 ; xautoclaim x g c 0 0 ; xautoclaim none g c 0 0 ; xdel x 1-1
    xdel none 1-1 ; xtrim x maxlen 0 ; xtrim none maxlen 0 ; xsetid x 5-5 ; xsetid none 5-5
    xgroup create x h 0 ; xgroup create none h 0 ; xgroup create none h 0 mkstream
    xgroup setid x g 0 ; xgroup destroy x g ; xgroup createconsumer x g c ; xgroup delconsumer x g c
    xinfo stream x ; xinfo stream none ; xinfo stream x full ; xinfo groups x ; xinfo groups none
    xinfo consumers x g ; xinfo help
    exists s none l ; type s ; type none ; ttl s ; ttl none ; pttl s ; touch s none ; del s none
    unlink s ; rename s u ; rename s t ; rename none u ; renamenx s t ; renamenx s u ; move none 3
    copy s u ; copy none u ; copy s t ; copy s t replace ; expire s 100 ; expire none 100
    pexpireat s 1 ; persist s ; persist none ; dump s ; dump none ; object encoding s
    object encoding none ; object refcount s ; object refcount none ; object idletime s
    object idletime none ; object help ; keys * ; scan 0 ; scan 0 count 99 type list
    sunionstore e e f ; zunionstore z 2 z y ; sort l store m ; bitop not s s
    zrangestore z z 0 -1 ; geosearchstore geo geo frommember p byradius 9 km ; move s 3
    randomkey ; dbsize ; memory usage s ; memory usage none ; debug object s ; sort l ; sort none
    sort l by w_* ; sort l by w_* get w_* get # ; sort l by nosort get w_* ; sort l store d
    sort none store d ; sort l by v_* get v_*->f ; sort h ; watch s ; flushdb ; swapdb 0 1
    7.0|sintercard 2 e f ; sintercard 2 e none ; lcs s t ; lcs s none ; lmpop 2 none l left
    7.0|lmpop 1 none left
    7.0|sinter none e ; sinter none none
    7.0|zmpop 2 none z min ; zintercard 2 z y ; zintercard 2 z none ; expiretime s ; expiretime none
    7.0|sort_ro l ; sort_ro l by w_* ; blmpop 1 2 none l left ; bzmpop 1 2 none z min
    eval return{redis.call('get',KEYS[1]),redis.call('get','none')} 1 s
    eval return\\_redis.call('set','fresh',1) 0
    eval return\\_redis.call('incr','s') 0 ; eval return\\_1 1 s
"""


def _words(call: str) -> list[str]:
    return [word.replace("\\_", " ") for word in call.split()]


def calls_of(release: str) -> list[list[str]]:
    found = []
    for line in CALLS.strip().splitlines():
        only, bar, rest = line.strip().partition("|")
        if not bar or only == release:
            found += [_words(call) for call in (rest if bar else line).split(" ; ")]
    return found


def _counted(wire: object) -> tuple[int, int]:
    assert callable(wire)
    lines = wire(["info", "stats"])[1].split(b"\r\n")
    told = dict(line.split(b":") for line in lines if b":" in line)
    return int(told[b"keyspace_hits"]), int(told[b"keyspace_misses"])


def counts(wire: object, calls: list[list[str]]) -> dict[str, tuple[int, int]]:
    """By call, how many hits and misses it makes on the same keys."""
    assert callable(wire)
    found = {}
    for call in calls:
        wire(["flushall"])
        for line in KEYS.strip().splitlines():
            wire(line.split())
        hits, misses = _counted(wire)
        wire(call)
        after = _counted(wire)
        found[" ".join(call)] = after[0] - hits, after[1] - misses
        wire(["unwatch"])
    return found


def test_what_counts(servers: Pair) -> None:
    calls = calls_of(servers.release)
    pair = servers.again()
    real, ours = counts(pair.real, calls), counts(pair.ours, calls)
    assert {call: found for call, found in ours.items() if found != real[call]} == {
        call: found for call, found in real.items() if found != ours[call]
    }


@pytest.mark.parametrize("reset", [False, True])
def test_they_begin_at_zero(servers: Pair, reset: bool) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire(["get", "nothing"])
        if reset:
            wire(["config", "resetstat"])
    real, ours = _counted(pair.real), _counted(pair.ours)
    assert (ours == real == (0, 0)) is reset
