"""The kit for tests of programs that use netsuite, and of netsuite itself.

``cases``
    trial's test cases with types.
``daemon``
    a real daemon in a process of its own.
``files_contract``, ``store_contract``
    what every tree of files, and every store, promises, as tests.
``transcripts``
    conversations as text files.

Nothing of the package imports this; it may import everything.
"""
