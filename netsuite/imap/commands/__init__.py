"""Commands and responses of IMAP, as frozen values that both sides share.

``requests`` holds the commands, ``fetch`` and ``search`` what two of them ask for,
``responses`` everything a server says.
"""
