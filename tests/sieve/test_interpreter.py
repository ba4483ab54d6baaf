"""Scripts run: what each test finds in a message, and what is done with it."""

from __future__ import annotations

import time

import pytest

from netsuite.sieve import limits
from netsuite.sieve.compiler import compile_script
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.outcome import FileInto, Keep, Outcome, Redirect, Reject, Seen
from netsuite.sieve.script import Inclusion, Script
from tests.sieve.running import MESSAGE, done, holds

MULTIPART = b"""Subject: parts\r
Content-Type: multipart/mixed; boundary=outer\r
\r
a prologue\r
--outer\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
Gr=FC=DFe\r
--outer\r
Content-Type: text/html\r
Content-Transfer-Encoding: base64\r
\r
PHA+YnVuPGI+dDwvYj48L3A+\r
--outer\r
Content-Type: message/rfc822\r
\r
Subject: inner one\r
\r
inner text\r
--outer\r
Content-Type: application/x-thing\r
\r
thing\r
--outer--\r
an epilogue\r
"""


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("true", True),
        ("false", False),
        ("not false", True),
        ("allof (true, false)", False),
        ("allof (true, true)", True),
        ("anyof (false, true)", True),
        ("anyof (false, false)", False),
        # header
        ('header "subject" "[acme-users] [fwd] version 1.0 is out"', True),
        ('header :contains "SUBJECT" "VERSION"', True),
        ('header :contains ["x-none", "Subject"] ["zzz", "fwd"]', True),
        ('header :comparator "i;octet" :contains "subject" "VERSION"', False),
        ('header :contains "from" "J\u00f6rg"', True),
        ('header :matches "subject" "[*] *"', True),
        ('header :matches "subject" "*is"', False),
        ('header :is "x-empty" ""', True),
        ('header :contains "x-none" ""', False),
        ('header :count "eq" "x-score" "2"', True),
        ('header :count "gt" ["x-score", "to"] "2"', True),
        ('header :count "eq" "x-none" "0"', True),
        ('header :value "gt" :comparator "i;ascii-numeric" "x-score" "9"', True),
        ('header :value "gt" :comparator "i;ascii-numeric" :index 1 "x-score" "9"', False),
        ('header :value "gt" :comparator "i;ascii-numeric" :index 1 :last "x-score" "9"', True),
        ('header :index 3 :contains "x-score" ""', False),
        ('header :index 3 ["x-score", "message-id"] "<1@example.org>"', True),
        ('exists "x-empty"', True),
        ('exists ["from", "x-none"]', False),
        # address
        ('address "from" "joerg@example.org"', True),
        ('address :comparator "i;octet" "from" "joerg@example.org"', False),
        ('address :domain "from" "EXAMPLE.org"', True),
        ('address :localpart "to" "bob"', True),
        ('address :all :contains "to" "here"', True),
        ('address :user "to" "ann"', True),
        ('address :detail "to" "lists"', True),
        ('address :detail "from" ""', False),
        ('address :count "eq" "to" "2"', True),
        ('address :index 1 "to" "bob@here.test"', True),
        # envelope
        ('envelope "from" "joerg@example.org"', True),
        ('envelope ["to", "from"] "ann+lists@here.test"', True),
        ('envelope :detail "to" "LISTS"', True),
        ('envelope :domain "from" "example.com"', False),
        ('envelope :count "eq" ["from", "to"] "2"', True),
        # size
        (f"size :over {len(MESSAGE)}", False),
        (f"size :over {len(MESSAGE) - 1}", True),
        (f"size :under {len(MESSAGE)}", False),
        (f"size :under {len(MESSAGE) + 1}", True),
        ("size :over 1K", False),
        # body
        ('body :contains "hello"', True),
        ('body :raw :is "Hello there.\r\n"', True),
        ('body :content "text" :contains "hello"', True),
        ('body :content ["text/html", "image"] :contains ""', False),
        # dates
        ('date :originalzone "date" "hour" "04"', True),
        ('date :zone "+0000" "date" "time" "03:05:06"', True),
        ('date :zone "-0430" "date" "iso8601" "2026-11-29T22:35:06-04:30"', True),
        ('date :zone "+0000" "date" "iso8601" "2026-11-30T03:05:06z"', True),
        ('date :zone "+0000" "date" "zone" "+0000"', True),
        ('date :zone "-0100" "date" "weekday" "1"', True),
        ('date :zone "+0000" "date" "julian" "61374"', True),
        ('date :zone "+0000" "date" "std11" "Mon, 30 Nov 2026 03:05:06 +0000"', True),
        ('date :value "ge" :zone "+0000" "received" "date" "2026-11-30"', True),
        ('date :index 1 :last :originalzone "received" "zone" "-0500"', True),
        ('date :zone "+0000" "x-score" "year" "2026"', False),
        ('date :count "eq" "x-score" "year" "0"', True),
        ('date :count "eq" "date" "year" "1"', True),
        ('currentdate "date" "2026-11-30"', True),
        ('currentdate :zone "+0100" "date" "2026-12-01"', True),
        ('currentdate :value "gt" "year" "2025"', True),
        # of what is no message
        ('string :contains "abc" "b"', True),
        ('string :count "eq" ["a", "", "b"] "2"', True),
        ('environment "name" "NETSUITE"', True),
        ('environment :contains "vnd.x" ""', False),
        ('mailboxexists ["Lists", "inbox"]', True),
        ('mailboxexists ["Lists", "lists"]', False),
        ('specialuse_exists "\\\\junk"', True),
        ('specialuse_exists ["\\\\Junk", "\\\\Sent"]', False),
        ('specialuse_exists "Junk" "\\\\Junk"', True),
        ('specialuse_exists "INBOX" "\\\\Junk"', False),
        ("duplicate", False),
    ],
)
def test_tests(test: str, found: bool) -> None:
    """Each test finds what is there, and nothing else."""
    assert holds(test) is found


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ('body :text :contains "Gr\u00fc\u00dfe"', True),
        ('body :contains "bun t"', True),
        ('body :text :contains "<b>"', False),
        ('body :text :contains "inner text"', True),
        ('body :text :contains "thing"', False),
        ('body :raw :contains "=FC"', True),
        ('body :raw :contains "Gr\u00fc\u00dfe"', False),
        ('body :content "text/html" :contains "<b>"', True),
        ('body :content "" :contains "thing"', True),
        ('body :content "application" "thing"', True),
        ('body :content "application/x-thing/" :contains ""', False),
        ('body :content "multipart" :contains "prologue"', True),
        ('body :content "multipart" :contains "epilogue"', True),
        ('body :content "multipart" :contains "inner"', False),
        ('body :content "message" :contains "inner one"', True),
        ('body :content "message/rfc822" :contains "inner text"', False),
        ('body :count "eq" :content "text" "3"', True),
    ],
)
def test_bodies(test: str, found: bool) -> None:
    """The parts of a body are tested each by itself, codings undone (RFC 5173, 5)."""
    assert holds(test, MULTIPART) is found


@pytest.mark.parametrize(
    ("script", "actions"),
    [
        ("", [Keep()]),
        ("discard;", []),
        ("discard; keep;", [Keep()]),
        ("stop; discard;", [Keep()]),
        ("if true { stop; } discard;", [Keep()]),
        ("if false { discard; } elsif true { keep; } else { discard; }", [Keep()]),
        ("if false { keep; } elsif false { keep; } else { discard; }", []),
        ("if true { discard; } elsif true { keep; }", []),
        ("if true {} if false {} else { discard; }", []),
        ('fileinto "Lists";', [FileInto("Lists")]),
        ('fileinto :copy "Lists";', [FileInto("Lists"), Keep()]),
        ('fileinto :create "New";', [FileInto("New", create=True)]),
        (
            'fileinto :specialuse "\\\\Junk" "Spam";',
            [FileInto("Spam", special_use="\\Junk")],
        ),
        ('redirect "a@b.test";', [Redirect("a@b.test")]),
        ('redirect :copy "a@b.test"; redirect "a@b.test";', [Redirect("a@b.test")]),
        ('redirect :copy "a@b.test";', [Redirect("a@b.test"), Keep()]),
        ('reject "no";', [Reject("no")]),
        ('ereject "no";', [Reject("no", by_protocol=True)]),
        # flags
        ('keep :flags ["\\\\seen \\\\Recent", "$Label", "$LABEL", "a(b"];',
         [Keep(("\\Seen", "$Label"))]),
        ('addflag "a b"; addflag ["B", "c"]; removeflag "a"; keep;', [Keep(("b", "c"))]),
        ('setflag "a"; setflag ["b", "c"];', [Keep(("b", "c"))]),
        ('setflag "a"; fileinto :flags "x" "Lists"; keep;',
         [FileInto("Lists", ("x",)), Keep(("a",))]),
        ('addflag "v" "a b"; keep :flags "${v}";', [Keep(("a", "b"))]),
        ('setflag "a"; if hasflag "A" { discard; }', []),
        ('setflag "a b"; if hasflag :count "eq" "2" { discard; }', []),
        ('setflag "v" "xyz"; if hasflag :contains ["w", "v"] ["q", "y"] { discard; }', []),
        ('if hasflag "" { discard; }', [Keep()]),
        ("setflag " + '"' + " ".join(f"f{n}" for n in range(200)) + '";',
         [Keep(tuple(f"f{n}" for n in range(limits.FLAGS)))]),
        # variables
        ('set "A" "Lists"; fileinto "${a}";', [FileInto("Lists")]),
        ('set "a" "x"; set "b" "$${a}${none}${a"; fileinto "${b}";', [FileInto("$x${a")]),
        ('set :upperfirst :lower "a" "jUMBLED"; fileinto "${a}";', [FileInto("Jumbled")]),
        ('set :length "a" "\u00e4bc"; fileinto "${a}";', [FileInto("3")]),
        ('set :quotewildcard "a" "a*?\\\\"; fileinto "${a}";', [FileInto("a\\*\\?\\\\")]),
        ('if header :matches "subject" "[*] *" { fileinto "${1}:${2}:${0}:${3}"; }',
         [FileInto("acme-users:[fwd] version 1.0 is out:"
                   "[acme-users] [fwd] version 1.0 is out:")]),
        ('if header :matches "subject" "[*]*" {} if header :matches "from" "z*" {} '
         'fileinto "${1}";', [FileInto("acme-users")]),
        ('if body :matches "Hello *" {} fileinto "<${1}>";', [FileInto("<>")]),
        ('if string :matches "${x}a" "?" { fileinto "${1}"; }', [FileInto("a")]),
        ('if currentdate :matches "year" "*" { fileinto "${1}"; }', [FileInto("2026")]),
    ],
)  # fmt: skip
def test_actions(script: str, actions: list[object]) -> None:
    """Each script does what it says."""
    outcome = done(script)
    assert not outcome.error
    assert list(outcome.actions) == actions


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ('discard; redirect "${none}";', "line 2: '' is no mail address"),
        ('fileinto "x"; fileinto "${none}";', "no folder can have that name"),
        ('error "I ${none}give up";', "line 2: I give up"),
        ('keep; reject "no";', "reject cannot be together with another action"),
        ('reject "no"; keep;', "cannot be delivered as well"),
        ('reject "no"; fileinto "x";', "cannot be delivered as well"),
        ('ereject "no"; redirect "a@b.test";', "cannot be delivered as well"),
        ('reject "no"; reject "no";', "cannot be together"),
        ('reject "no"; vacation "away";', "cannot be delivered as well"),
        ('vacation "a"; vacation "b";', "vacation a second time"),
        ('set "a" "subject"; if address "${a}" "x" {}', "is no field of addresses"),
        ('if date "date" "${a}" "x" {}', "no part of a date"),
        ('if date :zone "${a}" "date" "hour" "x" {}', "no time zone"),
        ('if envelope "${a}" "x" {}', "is no part of an envelope"),
        (
            "".join(f'redirect "a{n}@b.test";' for n in range(limits.REDIRECTS + 1)),
            "more than 8 redirections",
        ),
        ('fileinto "x";' * (limits.ACTIONS + 1), "more than 64 actions"),
        ("".join(f'set "v{n}" "";' for n in range(limits.VARIABLES + 1)), "more than 256 variab"),
        (
            "".join(f'if duplicate :uniqueid "{n}" {{}}' for n in range(limits.DUPLICATES + 1)),
            "more than 16 messages looked for",
        ),
    ],
)
def test_errors(script: str, error: str) -> None:
    """A script that cannot go on keeps the message, and does nothing else with it."""
    outcome = done(script)
    assert error in outcome.error
    assert outcome.actions == (Keep(),)
    assert not outcome.seen


def test_bounded() -> None:
    """No script takes long with any message, nor a great deal of memory."""
    message = b"Subject: " + b"a" * 60_000 + b"\r\n\r\n"
    keys = ",".join(f'"*a?a?{n}*"' for n in range(2000))
    doubled = 'set "a" "0123456789";' + 'set "a" "${a}${a}${a}${a}";' * 3000
    began = time.monotonic()
    outcome = done(f'if header :matches "subject" [{keys}] {{}}', message)
    assert "takes too long" in outcome.error
    outcome = done(doubled + 'set :length "b" "${a}"; fileinto "${b}";')
    assert outcome.actions in ((FileInto("8192"),), (Keep(),))
    assert time.monotonic() - began < 5


def test_null_path() -> None:
    """The null path is an empty string (RFC 5228, 5.4)."""
    for part in ("", ":localpart", ":domain"):
        assert holds(f'envelope {part} "from" ""', sender="")
    assert not holds('envelope :detail "from" ""', sender="")


def test_no_separator() -> None:
    """Where addresses have no details, a test finds none."""
    assert holds('envelope :user "to" "ann+lists"', separator="")
    assert not holds('envelope :detail :contains "to" ""', separator="")


def test_duplicate() -> None:
    """A message that was seen is a duplicate; what was asked is to be remembered (RFC 7352)."""
    outcome = done("if duplicate { discard; }")
    (seen,) = outcome.seen
    assert outcome.actions == (Keep(),)
    assert seen == Seen(seen.key, limits.DUPLICATE_SECONDS)
    again = done("if duplicate { discard; }", seen={seen.key: True})
    assert (again.actions, again.seen) == ((), ())
    again = done("if duplicate :last :seconds 60 { discard; }", seen={seen.key: True})
    assert again.seen == (Seen(seen.key, 60),)
    for other in (':handle "x"', ':header "subject"', ':uniqueid "<1@example.org>x"'):
        (different,) = done(f"if duplicate {other} {{}}").seen
        assert different.key != seen.key
    (same,) = done('if duplicate :uniqueid "<1@example.org>" {}').seen
    assert same == seen
    for none in (':header "x-none"', ':header "a b"'):
        assert not done(f"if duplicate {none} {{ discard; }}").seen


def test_odd_messages() -> None:
    """Whatever a message is, a script runs on it."""
    for message in (b"", b"\r\n", b"x", b"Subject", b"\xff: \xff\r\n\r\n\xff", b"\0\r\n\0"):
        assert not holds('header :contains "subject" "a"', message)
        assert not holds('body :contains "zz"', message)
        assert not holds('date "date" "year" "2026"', message)
        assert not holds('address :contains "from" "a"', message)
    groups = b"To: friends: a@b.test, c@d.test;, undisclosed:;\r\nFrom: nobody\r\n\r\n"
    assert holds('address :count "eq" "to" "2"', groups)
    assert holds('address "to" "c@d.test"', groups)
    assert holds('address "from" "nobody"', groups)


LIBRARY = {
    "always": 'require "imap4flags"; addflag "always";',
    "stops": 'if header :contains "subject" "fwd" { stop; }',
    "returns": 'require ["include", "imap4flags"]; if true { return; } addflag "never";',
    "files": 'require "fileinto"; fileinto "Lists";',
    "deep": 'require "include"; include "files";',
    "circle": 'require "include"; include "circle";',
    "once": 'require ["include", "imap4flags"]; include :once "once"; addflag "once";',
    "sets": 'require ["variables", "include"]; global "x"; set "x" "set"; set "y" "hidden";'
    ' set "global.z" "${x} ${y}";',
    "fails": 'require ["variables", "fileinto"]; redirect "a@b";\nfileinto "${x}";',
    "wrong": "keep",
    "site": 'require "imap4flags"; addflag "mine";',
}


def including(script: str) -> Outcome:
    """Run a script that may include those of the library."""
    library: dict[Inclusion, Script | ScriptError] = {}
    for name, text in LIBRARY.items():
        try:
            library[Inclusion(name, False)] = compile_script(text.encode())
        except ScriptError as error:
            library[Inclusion(name, False)] = error
    site = b'require "imap4flags"; addflag "sites";'
    library[Inclusion("site", True)] = compile_script(site)
    return done(script, library=library)


@pytest.mark.parametrize(
    ("script", "actions"),
    [
        ('include "always";', [Keep(("always",))]),
        ('include :personal "always"; include "always"; addflag "x";', [Keep(("always", "x"))]),
        ('include "stops"; discard;', [Keep()]),
        ('include "returns"; addflag "behind";', [Keep(("behind",))]),
        ('addflag "before"; return; discard;', [Keep(("before",))]),
        ("if true { return; } discard;", [Keep()]),
        ('include "deep";', [FileInto("Lists")]),
        ('include :global "site";', [Keep(("sites",))]),
        ('include "site"; include :global "site";', [Keep(("mine", "sites"))]),
        ('include :optional "absent"; addflag "x";', [Keep(("x",))]),
        ('include "once"; include :once "once"; addflag "x";', [Keep(("once", "x"))]),
        ('set "y" "own"; include "sets"; addflag "${y} ${global.x} ${x}.";',
         [Keep(("own", "set", "."))]),
        ('global "x"; include "sets"; addflag "${x}";', [Keep(("set",))]),
        ('global "X"; include "sets"; addflag "${GLOBAL.x}";', [Keep(("set",))]),
        ('include "sets"; addflag "${global.z}";', [Keep(("set", "hidden"))]),
        ('set "global.x" "a"; global "x"; addflag "${x}";', [Keep(("a",))]),
        ('setflag "global.f" "a"; keep :flags "${global.f}";', [Keep(("a",))]),
        ('if header :matches "subject" "*fwd*" { include "always"; addflag "${2}"; }',
         [Keep(("always", "version", "1.0", "is", "out"))]),
    ],
)  # fmt: skip
def test_included(script: str, actions: list[object]) -> None:
    """Scripts within scripts: ``stop`` ends all, ``return`` one; flags are common, variables where
    they are declared so (RFC 6609, 3)."""
    outcome = including(script)
    assert not outcome.error
    assert list(outcome.actions) == actions


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ('redirect "a@b";\ninclude "absent";', "line 3: there is no script absent to include"),
        ('include :global "always";', "line 2: there is no script always to include"),
        ('include "circle";', "line 2: in circle, line 1: circle includes itself"),
        ('include "fails";', "line 2: in fails, line 2: no folder can have that name"),
        ('include "wrong";', "line 2: in wrong, line 1: "),
        ('set "x" "y"; global "x";', "line 2: x is a variable of the script already"),
    ],
)
def test_included_in_vain(script: str, error: str) -> None:
    """What cannot be included keeps the message, and nothing else is done with it."""
    outcome = including(script)
    assert outcome.error.startswith(error)
    assert list(outcome.actions) == [Keep()]


def test_included_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts within scripts are bounded."""
    monkeypatch.setattr(limits, "INCLUDED_DEPTH", 1)
    assert "more than 1 scripts within scripts" in including('include "deep";').error
