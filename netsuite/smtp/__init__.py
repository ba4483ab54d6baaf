"""SMTP, submission and LMTP: RFC 5321 with its extensions, server and client."""
