"""The kit for tests of programs that use netsuite, and of netsuite itself.

Nothing of the package imports this; it may import everything.
"""
