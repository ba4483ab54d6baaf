"""A place where scanners leave pages, with pyftpdlib."""

import os

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


def made(home, pages, port=8021):
    """Return the server; ``serve_forever`` runs it."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("scanner", "secret", str(home), perm="elradfmwMT")

    class Handler(FTPHandler):
        def on_file_received(self, file):
            pages.append((self.username, os.path.basename(file), os.path.getsize(file)))

        def on_incomplete_file_received(self, file):
            os.remove(file)

    Handler.authorizer = authorizer
    return FTPServer(("127.0.0.1", port), Handler)
