"""ManageSieve (RFC 5804): an account's Sieve scripts, put, checked, listed and made active."""
