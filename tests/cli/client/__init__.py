"""Tests of the command's client half without a process of its own."""
