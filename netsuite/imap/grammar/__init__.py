"""Octets to values and back: one tokenizer over lines and literals, one module a concern.

``tokens`` reads words, ``printing`` prints them; ``requests``, ``fetch`` and ``search`` read
commands, ``compose`` prints them; ``responses`` prints and ``response_parser`` reads what servers
say; ``fetch_response`` does both for FETCH responses, ``structure`` for the ENVELOPE and
BODYSTRUCTURE in them, ``dates`` for dates.
"""
