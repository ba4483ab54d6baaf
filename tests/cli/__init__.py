"""The netsuite command, as an operator types it."""
