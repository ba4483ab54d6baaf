"""The kit for tests of programs that use netsuite, and of netsuite itself.

``daemon`` starts a real one; ``transport`` and ``authenticator`` stand in for a network and for
accounts; ``transcripts`` plays conversations; ``cases`` are trial's test cases, typed;
``store_contract`` and ``files_contract`` are what every store and every tree of files must do.
Nothing of the package imports this; it may import everything.
"""
