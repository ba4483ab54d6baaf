"""Names as SCRAM and the GS2 header write them: ``,`` and ``=`` escaped (RFC 5802, 5.1)."""

from __future__ import annotations


def escaped(name: str) -> str:
    """Return a name as a saslname."""
    return name.replace("=", "=3D").replace(",", "=2C")


def unescaped(name: str) -> str | None:
    """Return the name of a saslname; None when ``=`` stands before anything but 2C or 3D."""
    first, *parts = name.split("=")
    out = [first]
    for part in parts:
        if part.startswith("2C"):
            out.append("," + part[2:])
        elif part.startswith("3D"):
            out.append("=" + part[2:])
        else:
            return None
    return "".join(out)
