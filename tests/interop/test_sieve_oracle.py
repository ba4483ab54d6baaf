"""Dovecot's interpreter as an oracle: the same tests hold of the same messages."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from netsuite.sieve.outcome import Keep
from tests.interop.programs import program
from tests.sieve.running import MESSAGE, done
from tests.sieve.test_interpreter import LIBRARY, MULTIPART, including

REQUIRE: Final = (
    'require ["envelope", "subaddress", "relational", "comparator-i;ascii-numeric", "imap4flags", '
    '"body", "variables", "date", "index"];\r\n'
)
SENDER, RECIPIENT = "joerg@example.org", "ann+lists@here.test"
#: Of any message; each is a flag in one script.
TESTS: Final = (
    'header "subject" "[acme-users] [fwd] version 1.0 is out"',
    'header :contains "SUBJECT" "VERSION"',
    'header :comparator "i;octet" :contains "subject" "VERSION"',
    'header :contains "from" "J\u00f6rg"',
    'header :matches "subject" "[*] *"',
    'header :matches "subject" "*is"',
    'header :is "x-empty" ""',
    'header :contains "x-none" ""',
    'header :count "eq" "x-score" "2"',
    'header :count "gt" ["x-score", "to"] "2"',
    'header :count "eq" "x-none" "0"',
    'header :value "gt" :comparator "i;ascii-numeric" "x-score" "9"',
    'header :value "gt" :comparator "i;ascii-numeric" :index 1 "x-score" "9"',
    'header :value "gt" :comparator "i;ascii-numeric" :index 1 :last "x-score" "9"',
    'header :index 3 :contains "x-score" ""',
    'exists "x-empty"',
    'exists ["from", "x-none"]',
    'address "from" "joerg@example.org"',
    'address :comparator "i;octet" "from" "joerg@example.org"',
    'address :domain "from" "EXAMPLE.org"',
    'address :localpart "to" "bob"',
    'address :user "to" "ann"',
    'address :detail "to" "lists"',
    'address :detail "from" ""',
    'address :count "eq" "to" "2"',
    'envelope "from" "joerg@example.org"',
    'envelope :detail "to" "LISTS"',
    'envelope :domain "from" "example.com"',
    "size :over 1K",
    "size :under 2K",
    'body :contains "hello"',
    'body :content "text" :contains "hello"',
    'body :text :contains "inner text"',
    'body :raw :contains "=FC"',
    'body :content "text/plain" :contains "Gr\u00fc\u00dfe"',
    'body :content "application" :contains "thing"',
    'body :content "message" :contains "inner one"',
    'date :originalzone "date" "hour" "04"',
    'date :zone "+0000" "date" "time" "03:05:06"',
    'date :zone "-0430" "date" "iso8601" "2026-11-29T22:35:06-04:30"',
    'date :zone "-0100" "date" "weekday" "1"',
    'date :zone "+0000" "date" "julian" "61374"',
    'date :value "ge" :zone "+0000" "received" "date" "2026-11-30"',
    # Dovecot 2.3 loses :index by an :originalzone behind it; the order of tags is free.
    'date :originalzone :index 1 :last "received" "zone" "-0500"',
    'date :zone "+0000" "x-score" "year" "2026"',
    'string :matches "a*b" "a\\\\**"',
    'string :matches "xaybz" "*a?b*"',
    'string :value "lt" :comparator "i;ascii-numeric" "x" "5"',
    'string :value "ge" :comparator "i;octet" "b" "a"',
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that others may write to, as the program does without its rights."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        yield path


def theirs(folder: Path, script: str, message: bytes) -> set[str]:
    """Return the flags that a message is kept with by Dovecot."""
    settings = (
        "mail_uid = 65534\nmail_gid = 65534\nfirst_valid_uid = 0\n"
        f"mail_location = maildir:{folder}/mail\n"
        f"plugin {{\n  sieve = file:{folder}/scripts;active={folder}/active.sieve\n}}\n"
    )
    for name, octets in (
        ("dovecot.conf", settings.encode()),
        ("script.sieve", script.encode()),
        ("message.eml", message),
    ):
        (folder / name).write_bytes(octets)
    ran = subprocess.run(
        [program("sieve-test"), "-c", "dovecot.conf", "-f", SENDER, "-a", RECIPIENT,
         "script.sieve", "message.eml"],
        capture_output=True, text=True, timeout=60, cwd=folder,
    )  # fmt: skip
    if "Unknown setting" in ran.stderr or "drop privileges" in ran.stderr:
        pytest.skip(f"sieve-test cannot be run here: {ran.stderr.splitlines()[0]}")
    assert ran.returncode == 0, ran.stderr
    return set(" ".join(re.findall(r"add IMAP flags: (.*)", ran.stdout)).split())


def ours(script: str, message: bytes) -> set[str]:
    """Return the flags that it is kept with by us."""
    outcome = done(script.removeprefix(REQUIRE), message)
    assert not outcome.error
    (keep,) = outcome.actions
    assert isinstance(keep, Keep)
    return set(keep.flags)


def test_included(folder: Path) -> None:
    """Scripts within scripts: what is shared, and how far ``stop`` and ``return`` go."""
    scripts = folder / "scripts"
    scripts.mkdir(mode=0o777)
    for name, text in LIBRARY.items():
        (scripts / f"{name}.sieve").write_text(text.replace("\n", "\r\n"))
    require = 'require ["include", "variables", "imap4flags"];\r\n'
    for script in (
        'include "always"; addflag "x";',
        'include "stops"; addflag "x";',
        'addflag "a"; include "returns"; addflag "behind";',
        'addflag "before"; return; addflag "x";',
        'include :optional "absent"; addflag "x";',
        'include "once"; include :once "once"; addflag "x";',
        'set "y" "own"; include "sets"; addflag ["${y}", "${global.x}", "${global.z}"];',
        'global "x"; include "sets"; addflag "${x}";',
        'set "global.x" "a"; global "x"; addflag "${x}";',
    ):
        assert theirs(folder, require + script, MESSAGE) == included_flags(script), script


def included_flags(script: str) -> set[str]:
    """Return the flags that a message is kept with by us."""
    outcome = including(script)
    assert not outcome.error
    (keep,) = outcome.actions
    assert isinstance(keep, Keep)
    return set(keep.flags)


@pytest.mark.parametrize("message", [MESSAGE, MULTIPART], ids=["plain", "multipart"])
def test_tests(folder: Path, message: bytes) -> None:
    """Each test holds of a message by Dovecot as by us."""
    lines = [f'if {test} {{ addflag "t{number}"; }}\r\n' for number, test in enumerate(TESTS)]
    script = REQUIRE + "".join(lines)
    differing = ours(script, message) ^ theirs(folder, script, message)
    assert not [TESTS[int(each[1:])] for each in sorted(differing)]


def test_captured(folder: Path) -> None:
    """Wildcards stand for the same."""
    patterns = ("*b*", "*<*@*>*", "[*] *", "?*e*", "**i*", "*a?m*")
    script = REQUIRE + "".join(
        f'if string :matches "a[b]-c@b<i>mei<x@y>.e" "{pattern}" '
        f'{{ set "v{number}" "${{1}}_${{2}}_${{3}}"; set :length "l" "${{v{number}}}"; '
        f'addflag "f{number}-${{l}}"; }}\r\n'
        for number, pattern in enumerate(patterns)
    )
    assert ours(script, MESSAGE) == theirs(folder, script, MESSAGE)
