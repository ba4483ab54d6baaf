"""FTP: RFC 959 as amended by RFC 1123, 4.1, with its extensions; server and client.

Spoken: RFC 2228 and 4217 (TLS), 2389 (FEAT, OPTS), 2428 (EPSV, EPRT), 2577 (what to refuse), 2640
(UTF-8, LANG), 3659 (MLST, MLSD, REST, SIZE, MDTM), 7151 (HOST); of drafts MFMT and MFF, HASH, RANG,
MODE Z, AVBL and CSID; of custom SITE CHMOD and UTIME, XCRC and its like, MDTM with a time, CLNT.

Not offered, with the reasons: block and compressed mode, page structure and EBCDIC, which no
client in use asks for; CCC, which would end the protection that was asked for; third-party
transfers (RFC 959, 5.2), which are the bounce attack of RFC 2577, 3; SITE EXEC and its like.
"""
