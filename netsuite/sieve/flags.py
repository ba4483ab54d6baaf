"""Lists of flags, as scripts write them. See RFC 5232, 2."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from netsuite.sieve import limits

#: The flags of IMAP that a script may set; ``\\Recent`` is none of them (RFC 5232, 2).
_SYSTEM: Final = {
    each.lower(): each for each in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")
}
# RFC 3501, 9: flag-keyword = atom; "$" is within what an atom may have.
_keyword: Final = re.compile(rf"[!#$&'+-\[^-z|}}~]{{1,{limits.FLAG_CHARACTERS}}}")


def flags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the flags in some strings, each once; in one string may be several, with spaces
    between. What can be no flag is left out (RFC 5232, 2)."""
    found: dict[str, str] = {}
    for text in texts:
        for word in text.split():
            flag = _SYSTEM.get(word.lower(), word)
            if flag.startswith("\\"):
                if flag not in _SYSTEM.values():
                    continue
            elif not _keyword.fullmatch(flag):
                continue
            if len(found) < limits.FLAGS:
                found.setdefault(flag.lower(), flag)
    return tuple(found.values())
