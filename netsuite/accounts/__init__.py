"""Logging in, and what an account offers each protocol: its facets, over the store."""
