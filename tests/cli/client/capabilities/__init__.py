"""Tests of netsuite.cli.client.capabilities."""
