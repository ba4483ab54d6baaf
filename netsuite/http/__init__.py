"""HTTP/1.1 and 1.0 (RFC 9110, 9112, 1945), server and client; XML-RPC on top.

Not offered, with the reasons: HTTP/0.9, which has no status to answer with; obs-fold and bare LF
(RFC 9112, 2.2 and 5.2 leave both to the recipient), because two parties that read one head
differently is what request smuggling is made of; transfer codings other than chunked;
CONNECT and TRACE, which a server of files has no use for.
"""
