"""The one store all protocols share: mail, accounts, the outgoing queue, files, and its feed.

``model``, ``query``, ``changes``, ``errors`` and ``interfaces`` say what a store is, in no
protocol's words; ``memory`` is the reference; ``sql`` the durable one; ``files`` the tree.
"""
