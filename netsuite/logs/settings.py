"""Settings of the logs: the daemon's own, and those that services write."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from netsuite.config.sections import Section, setting
from netsuite.config.values import Count
from netsuite.connection.rotation import Rotation


class LogSection(Section):
    """The logs: twistd's, and those of services, such as `log/messages.log`."""

    form: Literal["text", "json"] = setting(
        "text", "How lines are written: for people, or one JSON object a line."
    )
    rotate_octets: Count = setting(
        64 * 1024 * 1024,
        "A log that has so many is moved away: to NAME.1, which goes to NAME.2 before. 0: at no "
        "size. Where the daemon may not write in the log's directory, it writes on.",
        unit="octets",
    )
    rotate_days: Count = setting(
        7, "A log is moved away at the end of so many days, too. 0: at no age.", unit="days"
    )
    keep: int = setting(
        10, "How many logs that were moved away are kept, of each.", unit="files", ge=1, le=1000
    )

    @cached_property
    def rotation(self) -> Rotation:
        """When logs are moved away."""
        return Rotation(self.rotate_octets, self.rotate_days, self.keep)
