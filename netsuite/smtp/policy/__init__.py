"""Policies: small objects that judge sessions and messages, and those that come with the suite."""
