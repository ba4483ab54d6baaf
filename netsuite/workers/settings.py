"""Settings of the daemon's processes."""

from __future__ import annotations

from netsuite.config.sections import Section, setting


class DaemonSection(Section):
    """How the daemon is run."""

    workers: int = setting(
        0,
        "Processes that serve the ports beside each other, below a parent that starts a dead one "
        "again; as many as there are cores use them all. 0: one process does all.",
        unit="processes",
        ge=0,
        le=64,
    )
