"""The bounds of scripts and of what they do."""

from __future__ import annotations

from typing import Final

#: Of a script.
SCRIPT_OCTETS: Final = 256 * 1024
#: Blocks within blocks, and tests within tests; RFC 5228, 2.10.1 wants 15 at least.
DEPTH: Final = 32
#: Commands and tests of a script.
NODES: Final = 10_000
#: Strings of a list.
STRINGS: Final = 10_000
#: Larger numbers are refused (RFC 5228, 2.4.1 wants 31 bits at least).
NUMBER: Final = 2**63 - 1
#: Of a variable; the rest is cut off (RFC 5229, 3 wants 4,000 at least).
VALUE_CHARACTERS: Final = 8_192
#: RFC 5229, 6 wants 128 at least.
VARIABLES: Final = 256
#: What one run may do (RFC 5228, 2.10.6, 10).
ACTIONS: Final = 64
REDIRECTS: Final = 8
#: Characters that one run may compare, and commands, tests and strings it may go through, which
#: count for a hundred each: some tenths of a second.
STEPS: Final = 50_000_000
STEP_OF_NODE: Final = 100
#: Scripts within scripts (RFC 6609, 3.1 wants three), and all that are read for one.
INCLUDED_DEPTH: Final = 10
INCLUDED: Final = 50
#: Flags that a script may set.
FLAGS: Final = 64
FLAG_CHARACTERS: Final = 128
#: Different messages that ``duplicate`` asks about.
DUPLICATES: Final = 16
#: RFC 5230, 4.1 and RFC 6131, 2: shorter and longer intervals become these.
VACATION_DAYS: Final = 7
LONGEST_SECONDS: Final = 90 * 86_400
#: RFC 7352, 3.4.
DUPLICATE_SECONDS: Final = 7 * 86_400
