"""FTP: RFC 959 as amended by RFC 1123, 4.1, with its extensions; server and client.

Spoken: RFC 2228 and 4217 (TLS), 2389 (FEAT, OPTS), 2428 (EPSV, EPRT), 2577 (what to refuse), 2640
(UTF-8), 3659 (MLST, MLSD, REST, SIZE, MDTM).

Not offered, with the reasons: block and compressed mode, page structure and EBCDIC, which no
client in use asks for; SITE and SMNT, which would be another language; ACCT, since an account's
name is its USER; CCC, which would end the protection that was asked for; third-party transfers
(RFC 959, 5.2), which are the bounce attack of RFC 2577, 3.
"""
