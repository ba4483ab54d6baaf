"""Names of files for what is fetched, from URLs and from servers; none leads out of a directory."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

from netsuite.cli.client.files import SUFFIX
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.urls import (
    Target,
    file_name,
    gopher_item,
    mailbox_path,
    news_path,
)

#: Room is left for what a part is called.
_NAME_OCTETS: Final = 230
_WEB_DEFAULT: Final = "index.html"


def safe_name(text: str) -> str:
    """Return a text as the name of a file in the directory it is to be in: no separators, nothing
    that a terminal would obey, nothing that hides, no option of a command, no part of another file;
    empty where nothing is left."""
    name = "".join(
        "_" if each in "/\\" or not (each.isprintable() or "\udc80" <= each <= "\udcff") else each
        for each in text.strip()
    )
    if name.startswith("."):
        name = "_" + name.lstrip(".") if name.strip(".") else ""
    if name.startswith("-"):
        name = "_" + name[1:]
    octets = name.encode("utf-8", "surrogateescape")
    if len(octets) > _NAME_OCTETS:
        name = octets[:_NAME_OCTETS].decode("utf-8", "surrogateescape")
    return name + "_" if name.endswith(SUFFIX) else name


def name_of(target: Target) -> str:
    """Return what a file is called by the URL that it is fetched from. Raises BadURL, Usage."""
    match target.service:
        case "http":
            # Of a web server nobody knows what its paths are written in.
            octets = unquote_to_bytes(target.path.rpartition("/")[2])
            return safe_name(octets.decode("utf-8", "surrogateescape")) or _WEB_DEFAULT
        case "gopher":
            selector = gopher_item(target).selector.rstrip("/")
            return safe_name(selector.rpartition("/")[2]) or "gopher"
        case "pop3":
            return message_name(target.path.strip("/"))
        case "imap":
            path = mailbox_path(target)
            return message_name(path.uid, path.section)
        case "nntp":
            news = news_path(target)
            return message_name(news.number or news.message_id.strip("<>"))
        case _:
            name = safe_name(file_name(target))
            if not name:
                raise Usage("there is no name of a file in the URL: -o FILE")
            return name


def message_name(which: object, section: str = "") -> str:
    """Return what a message is called, by its number or another name of it."""
    if section:
        return safe_name(f"{which}.{section}")
    return safe_name(f"{which}.eml")


def disposition_name(value: str) -> str:
    """Return the name that a Content-Disposition field gives (RFC 6266), made safe; empty for
    none."""
    if not value:
        return ""
    # Here, since hardly any answer has it, and it takes long to import.
    from email.message import Message
    from email.utils import collapse_rfc2231_value

    message = Message()
    try:
        message["Content-Disposition"] = value.encode("latin-1", "replace").decode("utf-8")
    except UnicodeDecodeError:
        message["Content-Disposition"] = value
    told = [v for k, v in message.get_params([], "Content-Disposition") if k == "filename"]
    # The one in the longer form counts (RFC 6266, 4.3), which comes as a tuple.
    found = collapse_rfc2231_value(max(told, key=lambda each: isinstance(each, tuple), default=""))
    # Some servers tell whole paths of theirs; the last name is what they mean.
    return safe_name(found.replace("\\", "/").rstrip("/").rpartition("/")[2])
