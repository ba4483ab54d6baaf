"""Telnet (RFC 854 and its options), server and client; a shell over mail, news and files."""
