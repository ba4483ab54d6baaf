"""Conversations that went wrong on their way: every server against mutated sessions.

What begins as a conversation of ``tests/transcripts`` is cut, doubled, spliced with another, strewn
with odd octets, and said in pieces of any size. Whatever comes of it:

1. Nothing is logged as an error: all of it is the client's doing.
2. The same octets get the same answers, however they were cut. There are three exceptions. What
   Telnet echoes and what it negotiates are two streams, whose order may depend on the cut. Whether
   HTTP says 100 and whether it closes where ``Expect`` was refused depends on whether the body is
   there already (RFC 9110, 10.1.1). What IMAP's NOTIFY tells of comes when there is time for it, so
   what is said at once may be followed by less of it.
3. What is answered begins, and for SMTP goes on to its last line, as the protocol's answers do.
4. Whoever comes next is served as if nothing had been.

Sieve scripts are mutated, too, and run on messages that are.

``NETSUITE_FUZZ_SECONDS`` is the budget of each protocol (1 by default);
``NETSUITE_FUZZ_SEED`` makes a run again that a failure has named.
"""
