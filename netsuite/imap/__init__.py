"""IMAP4rev1, server and client: values, grammar, dialogs, the view of a mailbox (RFC 3501)."""
