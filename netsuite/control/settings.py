"""Settings of ``control.sock``."""

from __future__ import annotations

from netsuite.config.sections import Section, setting


class ControlSection(Section):
    """The Unix socket by which `netsuite status`, `sessions`, `reload` ... reach the daemon."""

    enabled: bool = setting(True, "Whether there is one.")
    socket: str = setting(
        "control.sock",
        "Its path, relative to the home directory. Who may open the file may steer the daemon. A "
        "service that runs alone puts its name into it: control-imap.sock.",
        min_length=1,
    )
