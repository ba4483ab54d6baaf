"""Many IMAP clients at once on one server, who know together what must be true."""
