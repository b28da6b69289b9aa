"""Files of users, and users that options name."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.acl import files as aclfiles
from aofserver.acl.accounts import Accounts, UsersError
from aofserver.acl.describe import user_rules
from aofserver.acl.users import hashed
from aofserver.config import Config
from aofserver.config.rewriting import rewritten
from aoftool.keyspace.errors import CommandError
from aoftool.ops.filesystem import SYSTEM, System
from tests.unit.server.test_acl_rules import NEW, OLD


def accounts_of(folder: Path, **words: str) -> Accounts:
    """Users as options name them: ``_`` for ``-``."""
    given = {name.replace("_", "-"): text for name, text in words.items()}
    found = Accounts(Config({"dir": str(folder), **given}), NEW.catalogue)
    found.load_at_start()
    return found


def told(accounts: Accounts) -> list[str]:
    return [
        f"{user.name.decode()} {user_rules(user, NEW).decode()}" for user in accounts.in_order()
    ]


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("user alice on >p ~a +@all -get (+get ~b)\n\n\t\n")
    accounts = accounts_of(tmp_path, aclfile="acl")
    before = told(accounts)
    assert before[1] == "default on nopass ~* &* +@all"
    accounts.save(SYSTEM)
    assert hashed(b"p") in (tmp_path / "acl").read_bytes()
    gone = accounts.reload()
    assert told(accounts) == before
    assert [user.name for user in gone] == [b"alice"]
    assert accounts.users[b"alice"] not in gone


def test_a_file_that_is_not_sound_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("user alice on\n")
    accounts = accounts_of(tmp_path, aclfile="acl")
    default = accounts.default
    (tmp_path / "acl").write_text(
        "user bob on\nuser bob off\nusers x\nuser\nuser a\tb on\n"
        "user c on foo >p bar +nosuch <q\nuser d (+get ~x\n"
    )
    with pytest.raises(CommandError) as caught:
        accounts.reload()
    assert caught.value.text.decode() == (
        "ERR WARNING: Duplicate user 'bob' found on line 2. "
        "acl:3 should start with user keyword followed by the username. "
        "acl:4 should start with user keyword followed by the username. "
        "'acl:5: username 'a\tb' contains invalid characters. "
        "acl:6: Syntax error. "
        "acl:6: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
        "acl:7: Unmatched parenthesis in selector definition."
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
    )
    assert list(accounts.users) == [b"default", b"alice"]
    (tmp_path / "acl").write_text("user default on >x ~* +get\n")
    accounts.reload()
    assert accounts.default is default is accounts.users[b"default"]
    assert told(accounts) == [f"default on #{hashed(b'x').decode()} ~* resetchannels -@all +get"]


def test_redis_6_lets_a_user_come_again(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("user a on ~x\nuser a off\nuser b +foo +bar\n")
    with pytest.raises(aclfiles.AclFileError) as caught:
        aclfiles.load("acl", tmp_path, OLD)
    assert str(caught.value).count("acl:3: Unknown command") == 2
    (tmp_path / "acl").write_text("user a on ~x\nuser a off\n")
    found = aclfiles.load("acl", tmp_path, OLD)
    assert user_rules(found[b"a"], OLD) == b"off sanitize-payload &* -@all"


class FullDisk(System):
    """Takes no byte."""

    def write(self, fd: int, data: bytes | memoryview) -> int:
        raise OSError(28, "No space left on device")


def test_a_save_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("user alice on\n")
    accounts = accounts_of(tmp_path, aclfile="acl")
    with pytest.raises(OSError, match="No space"):
        accounts.save(FullDisk())
    assert (tmp_path / "acl").read_text() == "user alice on\n"
    assert [path.name for path in tmp_path.iterdir()] == ["acl"]


def test_without_a_file_there_is_nothing_to_load_or_save(tmp_path: Path) -> None:
    accounts = accounts_of(tmp_path)
    for call in (accounts.reload, lambda: accounts.save(SYSTEM)):
        with pytest.raises(CommandError, match="not configured to use an ACL file"):
            call()


def test_users_of_options(tmp_path: Path) -> None:
    accounts = accounts_of(tmp_path, user="alice on nopass +get", requirepass="p")
    assert told(accounts)[0] == "alice on nopass resetchannels -@all +get"
    assert accounts.default.accepts(b"p")
    assert not accounts.default.accepts(b"")
    accounts.set_password(b"")
    assert accounts.default.is_open
    config = Config({"dir": str(tmp_path), "user": "alice nopass"})
    assert Accounts(config, NEW.catalogue).load_at_start() == [b"alice"]
    # A line for the default user is more than requirepass.
    accounts = accounts_of(tmp_path, user="default on nopass", requirepass="p")
    assert accounts.default.nopass
    assert not accounts.default.is_free


BAD = {
    "alice +nosuch": "Error in user declaration '+nosuch': Unknown command",
    "alice (+get": "Unmatched parenthesis in acl selector starting at '(+get'",
    '"a b" on': "Spaces not allowed in ACL usernames",
}


@pytest.mark.parametrize("line", BAD)
def test_users_of_options_that_cannot_be(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsersError) as caught:
        accounts_of(tmp_path, user=line)
    assert BAD[line] in str(caught.value)


def test_a_user_stands_in_one_line(tmp_path: Path) -> None:
    config = Config({"dir": str(tmp_path)})
    for line in (["alice", "on"], ["alice", "off"]):
        config.give("user", line)
    with pytest.raises(UsersError, match="Duplicate user found"):
        Accounts(config, NEW.catalogue).load_at_start()


def test_users_stand_in_a_file_or_in_options(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("")
    with pytest.raises(UsersError, match="but not both"):
        accounts_of(tmp_path, aclfile="acl", user="alice on")
    with pytest.raises(UsersError, match="opening file 'nosuch': No such file"):
        accounts_of(tmp_path, aclfile="nosuch")


def test_config_rewrite_has_users_where_they_were(tmp_path: Path) -> None:
    accounts = accounts_of(tmp_path, user="alice on")
    config = Config()
    text = "user bob on\n# why\nuser carol on\nrename-command GET G\n"
    lines = accounts.config_lines()
    assert rewritten(config, text, users=lines) == (
        "user alice on resetchannels -@all\nuser default on nopass ~* &* +@all\n# why\n"
        "rename-command GET G\n"
    )
    assert rewritten(config, "", users=lines).splitlines()[1:] == lines
    (tmp_path / "acl").write_text("")
    assert accounts_of(tmp_path, aclfile="acl").config_lines() == []
    assert rewritten(config, text, users=[]) == "# why\nrename-command GET G\n"
