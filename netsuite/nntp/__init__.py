"""News: groups read and posted to with NNTP (RFC 3977), server and client.

Pure: ``commands``, ``grammar``, ``dialog``, ``wildmat``, ``overview``. On Twisted:
``server`` (the session) with ``posting`` (one article on its way in), ``client``, ``service``.
"""
