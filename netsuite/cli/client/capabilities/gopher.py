"""What a Gopher server tells of itself in ``caps.txt``, and the types of its menu's items."""

from __future__ import annotations

from collections import Counter

from netsuite.cli.client.capabilities import CLEAR, SECURE, Told
from netsuite.cli.client.gopher import gopher_client
from netsuite.cli.client.session import ClientSession
from netsuite.connection.errors import ClientError
from netsuite.gopher.commands import ItemType

#: ``caps.txt`` is a short text; more is none.
CAPS_OCTETS = 64 * 1024


async def ask(session: ClientSession) -> Told:
    """Fetch the menu, and ``caps.txt``."""
    client = gopher_client(session)
    items = await client.menu()
    shown = [each.text.strip() for each in items if each.text.strip()]
    types = Counter(each.type for each in items if each.type != ItemType.INFORMATION.value)
    lines = [f"items of type {type_}: {count}" for type_, count in sorted(types.items())]
    try:
        text = await client.text("caps.txt", limit_octets=CAPS_OCTETS)
    except ClientError:
        text = b""
    if text.startswith(b"CAPS"):
        told = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
        lines += [f"caps.txt: {line}" for line in told if line and not line.startswith("#")]
    return Told(shown[0] if shown else "", stages={SECURE if session.target.tls else CLEAR: lines})
