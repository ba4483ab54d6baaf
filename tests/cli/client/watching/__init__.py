"""Tests of netsuite.cli.client.watching."""
