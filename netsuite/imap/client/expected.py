"""A command in progress, and which responses are its data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred

from netsuite.imap.commands import metadata, quota, rights
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.append import Replace
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.notify import Notify
from netsuite.imap.commands.responses import Response, Tagged
from netsuite.imap.commands.sorting import Sort, SortData, Thread, ThreadData
from netsuite.imap.dialog.client import LiteralBegins, NotUnderstood

#: Takes a large literal in pieces: what it is, and its octets.
Consumer: TypeAlias = Callable[[LiteralBegins, AsyncIterator[bytes]], Awaitable[None]]

#: Which responses are data of which command; others are news of the mailbox.
_OPENING: Final = (
    said.FlagsData, said.Exists, said.Recent, said.Condition, said.Vanished, FetchData,
)  # fmt: skip
_REMOVING: Final = (said.Condition, said.Expunged, said.Vanished)
DATA: Final[Mapping[type, tuple[type, ...]]] = {
    ask.Capability: (said.CapabilityData,),
    ask.Id: (said.IdData,),
    ask.Enable: (said.EnabledData,),
    ask.Select: _OPENING,
    ask.Examine: _OPENING,
    ask.List: (said.Listed, said.StatusData, rights.MyRightsData, metadata.MetadataData),
    ask.Lsub: (said.Listed,),
    ask.Namespace: (said.NamespaceData,),
    ask.StatusOf: (said.StatusData,),
    ask.Expunge: (said.Expunged, said.Vanished),
    ask.Search: (said.SearchData, said.ExtendedSearchData),
    Sort: (SortData, said.ExtendedSearchData),
    Thread: (ThreadData,),
    ask.Fetch: (FetchData, said.Vanished),
    ask.Store: (FetchData,),
    ask.Move: _REMOVING,
    Replace: _REMOVING,
    rights.GetAcl: (rights.AclData,),
    rights.ListRights: (rights.ListRightsData,),
    rights.MyRights: (rights.MyRightsData,),
    quota.GetQuota: (quota.QuotaData,),
    quota.GetQuotaRoot: (quota.QuotaRootData, quota.QuotaData),
    quota.SetQuota: (quota.QuotaData,),
    metadata.GetMetadata: (metadata.MetadataData,),
    Notify: (said.StatusData,),
}
#: What a LIST is told only where it asks for it; else it is another command's, or news.
_LIST_OPTIONS: Final[Mapping[type, Callable[[ask.List], bool]]] = {
    said.StatusData: lambda request: bool(request.status),
    rights.MyRightsData: lambda request: "MYRIGHTS" in request.returns,
    metadata.MetadataData: lambda request: bool(request.metadata),
}


#: Of data that was not understood: what it would have been. Whose command waits for that would
#: miss it; of other names nobody does.
KINDS: Final[Mapping[str, type]] = {
    "CAPABILITY": said.CapabilityData,
    "ID": said.IdData,
    "ENABLED": said.EnabledData,
    "FLAGS": said.FlagsData,
    "EXISTS": said.Exists,
    "RECENT": said.Recent,
    "LIST": said.Listed,
    "LSUB": said.Listed,
    "NAMESPACE": said.NamespaceData,
    "STATUS": said.StatusData,
    "EXPUNGE": said.Expunged,
    "VANISHED": said.Vanished,
    "SEARCH": said.SearchData,
    "ESEARCH": said.ExtendedSearchData,
    "FETCH": FetchData,
    "UIDFETCH": FetchData,
    "SORT": SortData,
    "THREAD": ThreadData,
    "ACL": rights.AclData,
    "LISTRIGHTS": rights.ListRightsData,
    "MYRIGHTS": rights.MyRightsData,
    "QUOTA": quota.QuotaData,
    "QUOTAROOT": quota.QuotaRootData,
    "METADATA": metadata.MetadataData,
}


@dataclass(slots=True, eq=False)
class CommandInProgress:
    """A command that has no completion yet."""

    tag: bytes
    request: ask.Request
    consumer: Consumer | None  # takes its large literals
    said_at: int  # octets that had come by then: what had is no data of it
    kinds: tuple[type, ...] = field(init=False)
    data: list[Response] = field(default_factory=list)
    fault: NotUnderstood | None = None  # of what would have been its data
    tagged: Tagged | None = None
    ended: Deferred[Tagged] = field(default_factory=Deferred)

    def __post_init__(self) -> None:
        self.kinds = DATA.get(type(self.request), ())

    def takes(self, response: Response, begun: int) -> bool:
        """Return whether a response, which began behind so many octets, is data of this command."""
        if begun < self.said_at or not isinstance(response, self.kinds):
            return False
        if isinstance(response, said.ExtendedSearchData) and response.tag is not None:
            return response.tag == self.tag  # RFC 4731, 3.2: it says which search it answers
        request = self.request
        if isinstance(response, said.Vanished):  # RFC 7162, 3.2.10: what asks, and what removes
            return response.earlier == isinstance(request, ask.Select | ask.Examine | ask.Fetch)
        if isinstance(request, ask.List) and type(response) in _LIST_OPTIONS:
            return _LIST_OPTIONS[type(response)](request)
        return True
