"""POP3: RFC 1939 with its extensions, server and client.

Not offered, with the reasons: APOP (RFC 1939, 7) needs the clear password on the server and MD5;
SASL's SCRAM does the same without either. UTF8 (RFC 6856) obliges a server to refuse or rewrite
every message with 8-bit header octets for clients that do not say it, which is nearly all of them;
octets are sent as they are instead, as has always been done.
"""
