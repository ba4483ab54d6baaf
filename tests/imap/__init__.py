"""Tests of netsuite.imap."""
