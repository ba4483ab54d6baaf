"""Settings of the daemon's own log."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import Section, setting


class LogSection(Section):
    """The daemon's own log."""

    form: Literal["text", "json"] = setting(
        "text", "How its lines are written: for people, or one JSON object a line."
    )
