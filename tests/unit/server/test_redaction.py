"""Secrets are not shown in SLOWLOG and MONITOR."""

from __future__ import annotations

import pytest

from aofserver.redaction import redacted


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("get a", "get a"),
        ("auth x", "auth (redacted)"),
        ("AUTH x y", "AUTH (redacted) (redacted)"),
        ("hello 3 auth x y setname z", "hello 3 auth (redacted) (redacted) setname z"),
        ("hello 3 auth x", "hello 3 auth (redacted)"),
        ("config set hz 1 RequirePass x", "config set hz 1 RequirePass (redacted)"),
        ("config get requirepass", "config get requirepass"),
        ("migrate h 1 k 0 5 auth2 u p copy", "migrate h 1 k 0 5 auth2 (redacted) (redacted) copy"),
        ("acl setuser u >p", "acl setuser (redacted) (redacted)"),
    ],
)
def test_secret_words(given: str, shown: str) -> None:
    assert redacted(given.encode().split()) == shown.encode().split()


def test_secret_words_of_commands_with_other_names() -> None:
    assert redacted([b"login", b"x"], b"AUTH") == [b"login", b"(redacted)"]
    assert redacted([b"a", b"setuser", b"u"], b"ACL SETUSER") == [b"a", b"setuser", b"(redacted)"]
    assert redacted([b"auth", b"x"], b"ECHO") == [b"auth", b"x"]
