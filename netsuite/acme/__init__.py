"""Certificates from an authority that speaks ACME (RFC 8555), got and renewed by the daemon."""
