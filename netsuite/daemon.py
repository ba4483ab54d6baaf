"""The composed daemon, all enabled services over one site; the body of ``twistd netsuite``."""

from __future__ import annotations

from netsuite.config.schema import SERVICES
from netsuite.plugin import plugin

Options, makeService = plugin(
    (*SERVICES, "delivery", "acme", "health", "control"),
    "The whole suite: mail, news, files and a shell.",
)
