"""Scripts compiled: what they need, and what is refused before any message comes."""

from __future__ import annotations

import pytest

from netsuite.sieve.commands import CAPABILITIES, COMMANDS, TESTS
from netsuite.sieve.compiler import compile_script
from netsuite.sieve.conditions import CONDITIONS
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.interpreter import COMMANDS as RUN
from netsuite.sieve.script import Reference, Template
from tests.sieve.running import ALL


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('keep; require "fileinto";', "require stands before"),
        ('if true { require "fileinto"; }', "require stands before"),
        ('require "regex";', "there is no extension 'regex' here"),
        ('require ["fileinto", "x"];', "there is no extension 'x'"),
        ("foo;", "foo is unknown and no command"),
        ("header;", "header is a test and no command"),
        ("if keep {}", "keep is a command and no test"),
        ("if foo {}", "foo is unknown and no test"),
        ("else {}", "else without an if before it"),
        ("if true {} keep; elsif true {}", "elsif without an if before it"),
        ("if true {} else {} else {}", "else without an if before it"),
        ("keep {}", "keep has no block"),
        ("if true;", "if wants a block"),
        ("if {}", "if has one test, and not 0"),
        ("if (true, true) {}", "if has one test, and not 2"),
        ("if not (true, true) {}", "not has one test, and not 2"),
        ("if anyof {}", "anyof wants tests"),
        ("keep true;", "keep has no tests"),
        ('keep "a";', "keep has 0 arguments, and not 1"),
        ("redirect;", "redirect has 1 arguments, and not 0"),
        ('redirect ["a@b.c", "d@e.f"];', "redirect wants a string for address"),
        ("redirect 1;", "redirect wants a string for address"),
        ('if size :over "1" {}', "size wants a number for limit"),
        ("if size 1 {}", "size wants :over or :under"),
        ("if size :over :under 1 {}", ":under is one too many"),
        ('if header :is :contains "a" "b" {}', ":contains is one too many"),
        ('if header :foo "a" "b" {}', "header has no :foo"),
        ('if header "a" :is "b" {}', ":is stands behind"),
        ('if header :comparator "i;foo" "a" "b" {}', "there is no comparator 'i;foo'"),
        ('if header :comparator "a" "b" {}', "header has 2 arguments, and not 1"),
        ("if header :comparator {}", ":comparator wants a value"),
        ('if header "a b" "c" {}', "cannot be a field's name"),
        ('if exists "" {}', "cannot be a field's name"),
        ('if address "subject" "c" {}', "is no field of addresses"),
        ('redirect "nobody";', "is no mail address"),
        ('redirect "a@b\r\nc";', "is no mail address"),
        ('fileinto "x";', 'fileinto needs require "fileinto"'),
        ('if header :count "gt" "a" "1" {}', ':count needs require "relational"'),
        ('if envelope "from" "a" {}', 'envelope needs require "envelope"'),
        ('if address :user "to" "a" {}', ':user needs require "subaddress"'),
        ('redirect :copy "a@b.c";', ':copy needs require "copy"'),
        ('keep :flags "x";', ':flags needs require "imap4flags"'),
        ('if header :index 1 "a" "b" {}', ':index needs require "index"'),
        ('include "a";', 'include needs require "include"'),
        ("return;", 'return needs require "include"'),
        ('global "a";', 'global needs require "include"'),
        ('require "include"; global "a";', 'global needs require "variables"'),
        ('require "variables"; set "global.a" "b";', 'global.* needs require "include"'),
        ('require "variables"; set "a" "${global.b}";', "there are no variables global.*"),
        (
            'require ["imap4flags", "variables"]; setflag "Global.a" "b";',
            'global.* needs require "include"',
        ),
        (
            'if header :comparator "i;ascii-numeric" "a" "1" {}',
            'i;ascii-numeric needs require "comparator-i;ascii-numeric"',
        ),
    ],
)
def test_refused(script: str, reason: str) -> None:
    """What is wrong is refused, in words for the script's author."""
    with pytest.raises(ScriptError) as raised:
        compile_script(script.encode())
    assert reason in str(raised.value)
    assert raised.value.line == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('if header :value "xx" "a" "1" {}', "is none of gt, ge, lt, le, eq, ne"),
        ('if header :comparator "i;ascii-numeric" :contains "a" "1" {}', "knows no :contains"),
        ('if header :last "a" "b" {}', ":last is only for an :index"),
        ('if header :index 0 "a" "b" {}', ":index begins with 1"),
        ('if envelope "auth" "a" {}', "is no part of an envelope"),
        ('if date "date" "fortnight" "1" {}', "is no part of a date"),
        ('if date :zone "CET" "date" "hour" "1" {}', "is no time zone"),
        ('if date :zone "+0100" :originalzone "date" "hour" "1" {}', ":originalzone is one too"),
        ('if duplicate :header "a" :uniqueid "b" {}', ":uniqueid is one too many"),
        ('set "1a" "b";', "cannot be a variable's name"),
        ('set "${a}" "b";', "may hold no variables"),
        ('set :lower :upper "a" "b";', ":upper is one too many"),
        ('set "a" "${env.x}";', "there are no variables env.*"),
        ('setflag "a b" "x";', "cannot be a variable's name"),
        ('fileinto "";', "cannot be a folder's name"),
        ('fileinto "a\r\nb";', "cannot be a folder's name"),
        ('fileinto :flags :copy "a";', ":flags wants"),
        ('vacation :from "nobody" "a";', "is no address for From"),
        ('vacation :subject "a\r\nb" "a";', "cannot be a subject"),
        ('vacation :days 1 :seconds 2 "a";', ":seconds is one too many"),
        ('vacation :mime "Content-Type: text/plain; x=\u00e4\r\n\r\na";', "is ASCII"),
        ('if ihave "foo" { keep } ', "';' is wanted"),
        ('include "${a}";', "may hold no variables"),
        ('include "";', "no script can be called ''"),
        ('include "a\x7fb";', "no script can be called"),
        ('include :personal :global "a";', ":global is one too many"),
        ("return 1;", "return has 0 arguments"),
        ('global "a b";', "cannot be a shared variable's name"),
        ('global "global.a";', "cannot be a shared variable's name"),
        ('global ["a", "1"];', "cannot be a shared variable's name"),
        ('set "global.1" "b";', "cannot be a variable's name"),
        ('set "global.a.b" "c";', "cannot be a variable's name"),
        ('set "a" "${global.1}";', "there are no variables global.*"),
        ('set "a" "${global.a.b}";', "there are no variables global.a.*"),
    ],
)
def test_refused_of_extensions(script: str, reason: str) -> None:
    """So are the arguments of what was required."""
    with pytest.raises(ScriptError) as raised:
        compile_script((ALL + script).encode())
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("$${hex:40}", "$@"),
        ("${hex:4 0a}", "\x04\n"),
        ("${HEX: C3\r\n a4 }", "\u00e4"),
        ("${hex:}", "${hex:}"),
        ("${hex:400}", "${hex:400}"),
        ("${hex:4${hex:40}", "${hex:4@"),
        ("${unicode:40}", "@"),
        ("${UniCode: 1F600 0000e4}", "\U0001f600\u00e4"),
        ("${unicode:x}", "${unicode:x}"),
        ("${hex:24}{hex:40}", "${hex:40}"),  # not again
    ],
)
def test_encoded_characters(text: str, made: str) -> None:
    """Encoded characters are what they stand for, and what is not well-formed stays (RFC 5228,
    2.4.2.4)."""
    script = f'require ["encoded-character", "reject"]; reject "{text}";'
    (node,) = compile_script(script.encode()).commands
    assert node.texts["reason"] == (made,)


@pytest.mark.parametrize(
    "text", ["${unicode:110000}", "${unicode:D800}", "${unicode:" + "9" * 50_000 + "}", "${hex:ff}"]
)
def test_no_characters(text: str) -> None:
    """A number of no character, and octets that are no UTF-8, are refused."""
    with pytest.raises(ScriptError):
        compile_script(f'require "encoded-character"; redirect "{text}";'.encode())


def test_not_encoded() -> None:
    """Without the extension they are what they are."""
    (node,) = compile_script(b'require "fileinto"; fileinto "${hex:40} ${a}";').commands
    assert node.texts["mailbox"] == ("${hex:40} ${a}",)


def test_variables() -> None:
    """Variables are found when the script is compiled, others than those of numbers in any case."""
    script = compile_script(b'require ["variables"]; set "a" "$${A}${12}${00}${99999}${a b}${}";')
    text = script.commands[0].texts["value"][0]
    assert isinstance(text, Template)
    assert [each for each in text.parts if each] == [
        "$",
        Reference("a"),
        Reference("12", 12),
        Reference("00", 0),
        "${a b}${}",
    ]


@pytest.mark.parametrize(
    ("script", "wants"),
    [
        ("keep;", set()),
        ('if body "a" {}', {"body"}),
        ('if mailboxexists "a" {}', {"folders"}),
        ('fileinto :specialuse "\\\\Junk" "a";', set()),
        ("if not duplicate {}", {"seen"}),
        ('if true { vacation "a"; }', {"seen"}),
    ],
)
def test_wants(script: str, wants: set[str]) -> None:
    """What a run needs is known before it."""
    assert compile_script((ALL + script).encode()).wants == wants


@pytest.mark.parametrize(
    "script",
    [
        'if ihave "foo" { foo :bar; } else { keep; }',
        'if not ihave "foo" { keep; } else { foo; }',
        'if not ihave "foo" { keep; } elsif foo { foo; }',
        'if allof (ihave "foo", foo "a") { foo; }',
        'if allof (true, ihave ["fileinto", "foo"], foo "a") { foo; }',
        'if ihave "fileinto" { fileinto "a"; }',
        'if allof (ihave "body", body "a") { keep; }',
    ],
)
def test_ihave(script: str) -> None:
    """What ihave has decided is not looked at; what it has found is as if required (RFC 5463)."""
    compile_script(f'require "ihave"; {script}'.encode())


def test_ihave_is_checked() -> None:
    """Where it decides nothing, all is looked at."""
    for script in ('if anyof (ihave "foo", foo) {}', 'if ihave "foo" {} else { foo; }'):
        with pytest.raises(ScriptError, match="foo is unknown"):
            compile_script(f'require "ihave"; {script}'.encode())


def test_tables() -> None:
    """Each command and test there is can be run, and each extension is somebody's."""
    assert set(TESTS) - {"ihave"} <= set(CONDITIONS)
    assert set(COMMANDS) == set(RUN) | {
        "require", "if", "elsif", "else", "stop", "include", "return",
    }  # fmt: skip
    asked = {name for spec in (*COMMANDS.values(), *TESTS.values()) for name in spec.requires}
    asked |= {
        tag.requires
        for spec in (*COMMANDS.values(), *TESTS.values())
        for tag in spec.tags.values()
        if tag.requires
    }
    assert asked | {"encoded-character"} == {
        each for each in CAPABILITIES if not each.startswith("comparator-")
    }


def test_warnings() -> None:
    """What is odd but harmless is told with its line."""
    script = compile_script(b'require "vacation";\nvacation :days 0 "a";')
    assert script.warnings == ((2, "vacation :days 0 is taken for 1"),)
