"""Messages removed by POP3: marked one by one, and gone when the session ends well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from netsuite.cli.client.changing import Changes, Place, Removing
from netsuite.cli.client.pop3 import logged_in
from netsuite.cli.client.results import Result
from netsuite.cli.client.urls import message_number
from netsuite.pop3.client import POP3Client


async def remove(place: Place[POP3Client], how: Removing) -> AsyncIterator[Result]:
    """Remove a message."""
    number = message_number(place.target)
    await place.client.dele(number)
    yield Result("removed", {"number": number})


CHANGES: Final = Changes(opened=logged_in, remove=remove, at_the_end=True)
