"""XML-RPC (xmlrpc.com/spec.md), with introspection, multicall and the interoperable fault codes.

The marshalling is our own. The standard library's (``xmlrpc.client``) writes characters that no
XML may have, reads ``<int>1_000</int>``, follows entities, and recurses as deep as it is told to.
"""
