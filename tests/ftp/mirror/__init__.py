"""Tests of mirrors over FTP."""
