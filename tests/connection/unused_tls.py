"""TLS that is offered or insisted on, and that nobody begins."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from netsuite import tls
from netsuite.certificates import Certificates, ServerTLS

SERVER_TLS = ServerTLS(Certificates(Path("nowhere"), Clock()), ())
CLIENT_TLS = tls.client_options("nowhere.test", insecure=True)
