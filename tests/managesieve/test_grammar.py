"""ManageSieve's octets and values: read, refused, printed. See RFC 5804, 4."""

from __future__ import annotations

import pytest

from netsuite.managesieve import commands, grammar
from netsuite.managesieve.commands import Response, bye, no, ok
from netsuite.managesieve.grammar import Part
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError


@pytest.mark.parametrize(
    ("parts", "command"),
    [
        ([b"CAPABILITY"], commands.Capability()),
        ([b"capability  "], commands.Capability()),
        ([b"StartTLS"], commands.StartTls()),
        ([b"LOGOUT"], commands.Logout()),
        ([b"NOOP"], commands.Noop()),
        ([b'NOOP "a \\"b\\\\"'], commands.Noop('a "b\\')),
        ([b"UNAUTHENTICATE"], commands.Unauthenticate()),
        ([b'AUTHENTICATE "plain"'], Auth("PLAIN")),
        ([b'AUTHENTICATE "PLAIN" "AGE="'], Auth("PLAIN", b"\0a")),
        ([b'AUTHENTICATE "PLAIN" ""'], Auth("PLAIN", b"")),
        ([b'AUTHENTICATE "PLAIN" ', memoryview(b"AGE="), b""], Auth("PLAIN", b"\0a")),
        ([b'HAVESPACE "a" 4294967295'], commands.HaveSpace("a", 0xFFFFFFFF)),
        ([b'HAVESPACE "a" "12"'], commands.HaveSpace("a", 12)),
        ([b'PUTSCRIPT "a" "keep;"'], commands.PutScript("a", b"keep;")),
        (
            [b"PUTSCRIPT ", memoryview("\u00e4 b".encode()), b" ", memoryview(b"\r\n\xff"), b""],
            commands.PutScript("\u00e4 b", b"\r\n\xff"),
        ),
        ([b'CHECKSCRIPT ""'], commands.CheckScript(b"")),
        ([b"LISTSCRIPTS"], commands.ListScripts()),
        ([b'SETACTIVE ""'], commands.SetActive("")),
        ([b'SETACTIVE "a"'], commands.SetActive("a")),
        ([b'GETSCRIPT "a"'], commands.GetScript("a")),
        ([b'DELETESCRIPT "a"'], commands.DeleteScript("a")),
        ([b'RENAMESCRIPT "a" "b"'], commands.RenameScript("a", "b")),
    ],
)
def test_read(parts: list[Part], command: commands.Command) -> None:
    """A command is read, whether its strings stand in quotes or as literals."""
    assert grammar.parse_command(parts) == command


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"", grammar.BAD_SYNTAX),
        (b" ", grammar.BAD_SYNTAX),
        (b'"NOOP"', grammar.BAD_SYNTAX),
        (b"FOO", grammar.UNKNOWN),
        (b"NOOP \t", grammar.BAD_SYNTAX),
        (b'NOOP "a', grammar.BAD_SYNTAX),
        (b'NOOP "\\a"', grammar.BAD_SYNTAX),
        (b'NOOP "\x00"', grammar.BAD_SYNTAX),
        (b'NOOP "a""b"', grammar.BAD_SYNTAX),
        (b"NOOP (a)", grammar.BAD_SYNTAX),
        (b"NOOP {3}", grammar.BAD_SYNTAX),
        (b"NOOP a", grammar.BAD_ARGUMENTS),
        (b'NOOP "a" "b"', grammar.BAD_ARGUMENTS),
        (b'NOOP "\xff"', grammar.BAD_ARGUMENTS),
        (b"LOGOUT x", grammar.BAD_ARGUMENTS),
        (b"AUTHENTICATE", grammar.BAD_ARGUMENTS),
        (b"AUTHENTICATE PLAIN", grammar.BAD_ARGUMENTS),
        (b'AUTHENTICATE "PLA IN"', grammar.BAD_ARGUMENTS),
        (b'AUTHENTICATE "PLAIN" "A"', grammar.BAD_BASE64),
        (b'AUTHENTICATE "PLAIN" "AGE=" "x"', grammar.BAD_ARGUMENTS),
        (b'HAVESPACE "a" 4294967296', grammar.BAD_ARGUMENTS),
        (b'HAVESPACE "a" 01', grammar.BAD_ARGUMENTS),
        (b'HAVESPACE "a" -1', grammar.BAD_ARGUMENTS),
        (b'HAVESPACE "a"', grammar.BAD_ARGUMENTS),
        (b'PUTSCRIPT "a"', grammar.BAD_ARGUMENTS),
        (b'PUTSCRIPT "" "a"', grammar.BAD_NAME),
        (b'PUTSCRIPT "a\x7f" "a"', grammar.BAD_NAME),
        (b'PUTSCRIPT "a\xe2\x80\xa8" "a"', grammar.BAD_NAME),
        (b'PUTSCRIPT "a\xc2\x85" "a"', grammar.BAD_NAME),
        (b'PUTSCRIPT "' + b"a" * 513 + b'" "a"', grammar.BAD_NAME),
        (b'GETSCRIPT ""', grammar.BAD_NAME),
        (b'RENAMESCRIPT "a"', grammar.BAD_ARGUMENTS),
    ],
)
def test_refused(line: bytes, answer: Response) -> None:
    """What is no command is refused, and the session goes on."""
    with pytest.raises(RemoteProtocolError) as raised:
        grammar.parse_command([line])
    assert raised.value.reply == answer
    assert not raised.value.close


def test_http() -> None:
    """Who speaks HTTP is not talked to any longer."""
    with pytest.raises(RemoteProtocolError) as raised:
        grammar.parse_command([b'GET "/"'])
    assert raised.value.close


def test_responses_of_exchanges() -> None:
    """What answers a challenge is a string of base64; a star cancels."""
    assert grammar.parse_auth_response([b'"AGE="']) == AuthResponse(b"\0a")
    assert grammar.parse_auth_response([b'""']) == AuthResponse(b"")
    assert grammar.parse_auth_response([b"", memoryview(b"AGE="), b""]) == AuthResponse(b"\0a")
    assert grammar.parse_auth_response([b'"*"']) == AuthResponse(None)
    for line in (b"", b"AGE=", b'"A"', b'"AGE=" "AGE="'):
        with pytest.raises(RemoteProtocolError):
            grammar.parse_auth_response([line])


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (ok(), b"OK\r\n"),
        (ok("Done"), b'OK "Done"\r\n'),
        (no('a "b"\\', "NONEXISTENT"), b'NO (NONEXISTENT) "a \\"b\\"\\\\"\r\n'),
        (bye("Gone", "TRYLATER"), b'BYE (TRYLATER) "Gone"\r\n'),
        (ok("a\r\nb", "WARNINGS"), b"OK (WARNINGS) {4}\r\na\r\nb\r\n"),
        (ok("x", "TAG", b'a"'), b'OK (TAG "a\\"") "x"\r\n'),
        (ok("x", "SASL", b"dg=="), b'OK (SASL "dg==") "x"\r\n'),
        (no("\u00e4"), b'NO "\xc3\xa4"\r\n'),
        (no("x" * 1025), b"NO {1025}\r\n" + b"x" * 1025 + b"\r\n"),
        (commands.CapabilityLine("STARTTLS"), b'"STARTTLS"\r\n'),
        (commands.CapabilityLine("SASL", ""), b'"SASL" ""\r\n'),
        (commands.ScriptLine("a b"), b'"a b"\r\n'),
        (commands.ScriptLine('"', active=True), b'"\\"" ACTIVE\r\n'),
        (commands.ScriptText(b""), b"{0}\r\n\r\n"),
        (commands.ScriptText(b'x"\r\n'), b'{4}\r\nx"\r\n\r\n'),
        (Challenge(b"\0a"), b'"AGE="\r\n'),
        (Challenge(b""), b'""\r\n'),
        (Challenge(b"x" * 900), b"{1200}\r\n" + b"eHh4" * 300 + b"\r\n"),
    ],
)
def test_printed(value: object, octets: bytes) -> None:
    """Everything a server says is printed, text that quotes cannot hold as a literal."""
    assert grammar.format_answer(value) == octets


def test_nothing_else_is_said() -> None:
    """What is no answer is not printed."""
    with pytest.raises(LocalProtocolError):
        grammar.format_answer(commands.Capability())
