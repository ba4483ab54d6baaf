"""Migration of accounts from other IMAP servers, in steps that can be broken off anywhere."""
