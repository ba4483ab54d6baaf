"""Octets to values and back: one tokenizer over lines and literals, one module a concern.

``tokens`` reads words, ``printing`` writes them; ``requests``, ``fetch`` and ``search`` read
commands, ``compose`` writes them; ``responses`` writes and ``answers`` reads what servers
say; ``structure`` does both for ENVELOPE and BODYSTRUCTURE; ``dates`` for dates.
"""
