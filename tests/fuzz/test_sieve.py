"""Mutated Sieve scripts, run on mutated messages: each is refused, or says what is to be done."""

from __future__ import annotations

import time
from random import Random

from netsuite.sieve import limits
from netsuite.sieve.compiler import compile_script
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.interpreter import run
from netsuite.sieve.message import MessageView
from netsuite.sieve.outcome import Outcome
from netsuite.sieve.script import Inclusion, Script
from netsuite.sieve.state import Wanted
from tests.fuzz.mutation import mutated
from tests.fuzz.test_servers import SECONDS, SEED
from tests.sieve.running import ALL, MESSAGE, facts
from tests.sieve.test_interpreter import LIBRARY, MULTIPART

#: Each command and test once at least, in many lines, so that mutation mixes them.
SCRIPT = b"""
if anyof (header :contains ["subject", "to"] "fwd", address :detail "to" "lists",
          envelope :is "from" "joerg@example.org", not exists "x-none", size :over 1K) {
  fileinto :copy :create :flags ["a", "\\\\Seen"] "Lists";
} elsif allof (string :matches "a*b" "?\\\\**", body :text :contains "inner", true) {
  redirect :copy "x@y.example";
} else { keep :flags "${1} ${x}"; }
if header :matches "subject" "[*] *" { set :upper :length "x" "${1}${2}"; }
if date :zone "+0100" :index 1 :last "received" "hour" "05" { addflag "x" ["b", "c"]; }
if currentdate :value "ge" "weekday" "1" { removeflag "b"; setflag "y" "${hex:41 42}"; }
if hasflag :count "ge" :comparator "i;ascii-numeric" "x" "1" { stop; }
if duplicate :handle "h" :seconds 60 { discard; }
if mailboxexists ["INBOX", "Lists"] { fileinto :specialuse "\\\\Junk" "Spam"; }
if specialuse_exists "\\\\Junk" { ereject "no"; }
if environment :contains "name" "net" { reject text:
Go away.
..
.
; }
if ihave "foo" { foo; } else { error "none"; }
include :once :optional "sets";
include :global "site"; global "z"; set "global.z" "${global.z}";
vacation :days 3 :subject "Away" :addresses ["a@b.c"] :handle "h" "Not here";
return;
"""
SCRIPTS = [(ALL.encode() + SCRIPT), SCRIPT, *(text.encode() for text in LIBRARY.values())]


def compiled(octets: bytes) -> Script | ScriptError:
    """Return a script, or what is wrong with it."""
    try:
        return compile_script(octets)
    except ScriptError as error:
        return error


def outcome(
    script: Script, message: bytes, library: dict[Inclusion, Script | ScriptError]
) -> Outcome:
    """Run a script; nothing was seen before."""
    seen: dict[str, bool] = {}
    for _ in range(limits.DUPLICATES + 2):
        view = MessageView(message, len(message), lambda: message)
        try:
            return run(script, view, facts(seen=seen, library=library))
        except Wanted as wanted:
            seen[wanted.key] = False
    raise AssertionError(f"asks again and again: {seen}")


def test_the_seed_is_run() -> None:
    """What is mutated is a script to begin with."""
    script = compiled(SCRIPTS[0])
    assert isinstance(script, Script), script
    assert outcome(script, MESSAGE, {}).actions


def test_mutated_scripts() -> None:
    """Nothing but ScriptError comes of a script, nothing at all of a message, and never late."""
    end, number = time.monotonic() + SECONDS, 0
    compiled_ones = 0
    while number < 200 or time.monotonic() < end:
        seed = SEED + number
        number += 1
        random = Random(seed)
        octets = mutated(random, SCRIPTS)
        message = mutated(random, [MESSAGE, MULTIPART])
        told = f"NETSUITE_FUZZ_SEED={seed}: {octets!r}\n{message!r}"
        begun = time.monotonic()
        script = compiled(octets)
        if isinstance(script, ScriptError):
            assert script.reason, told
            continue
        compiled_ones += 1
        library = {
            Inclusion(name, name == "site"): compiled(text.encode())
            for name, text in LIBRARY.items()
        }
        library[Inclusion("itself", False)] = script
        found = outcome(script, message, library)
        assert found == outcome(script, message, library), told
        assert len(found.actions) <= limits.ACTIONS + 1, told
        assert time.monotonic() - begun < 10, told
    assert compiled_ones
