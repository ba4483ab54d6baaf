"""The questions that every process of a daemon answers on its bus, and the shapes of the answers.

========== ======================================== ==============================================
question   value                                    answer of each process
========== ======================================== ==============================================
status     None                                     ``Status``
sessions   what they are to be like, ``limit``      list of ``Session``
kick       what they are to be like                 how many were ended
trace      ``trace`` and whose, see below           what was said since the last time, in lines
metrics    None                                     ``Metrics``
log        ``{"lines": count}``                     the last lines of its log, as they were written
ready      None                                     ``Readiness``
renew      list of names, or an empty one           names that ACME tries now: these, or those whose
                                                    last try has failed
note       ``{"who": user, "what": deed}``          whether it was noted: one process does that
========== ======================================== ==============================================

What sessions are to be like: a mapping with one or more of ``session`` (a name), ``account``,
``address`` and ``service``, all of which must be equal; None or an empty one for all of them, of
which none is kicked. A process tells of ``limit`` sessions, and of ``SESSIONS_AT_MOST`` where none
is given, or a higher one; how many there are stands in its ``Status``.

A trace has a name of the asker's, and ``account`` or ``address``. It begins when it is asked for
first, and ends with ``{"trace": name, "end": true}``, or when nobody has asked for some seconds.
"""

from __future__ import annotations

from typing import Final, TypedDict

STATUS: Final = "status"
SESSIONS: Final = "sessions"
KICK: Final = "kick"
METRICS: Final = "metrics"
LOG: Final = "log"
READY: Final = "ready"
TRACE: Final = "trace"
RENEW: Final = "renew"
NOTE: Final = "note"
#: More of one process would be more than anybody reads, and longer than others wait.
SESSIONS_AT_MOST: Final = 5000


class ServiceStatus(TypedDict):
    """One service of one process.

    ``urls``: where it listens. ``sessions``: how many there are now. ``accepted``, ``turned_away``,
    ``logins``: since it started.
    """

    name: str
    urls: list[str]
    sessions: int
    accepted: int
    turned_away: int
    logins: int


class Status(TypedDict):
    """One process.

    ``started``: seconds since 1970. ``memory_octets``: resident. ``cpu_seconds``: user and system.
    ``queue``: messages that wait; None where it cannot be asked. ``ready``: it serves.
    """

    pid: int
    worker: int
    version: str
    started: float
    ready: bool
    memory_octets: int
    cpu_seconds: float
    store: str
    queue: int | None
    services: list[ServiceStatus]


class Readiness(TypedDict):
    """Whether a process can serve; ``reasons``: why it cannot, none where it can."""

    worker: int
    reasons: list[str]


class Session(TypedDict):
    """One connection.

    ``session``: its name, as in the log, unlike that of any other of the daemon. ``address``: empty
    for a local socket. ``tls``: ``TLSv1.3``, or empty. ``account``: empty before a login.
    ``began``: seconds since 1970. ``doing``: the last command's name. ``busy``: it is being
    answered. ``idle_seconds``: since its last command.
    """

    session: str
    service: str
    worker: int
    address: str
    port: int
    tls: str
    account: str
    began: float
    doing: str
    busy: bool
    idle_seconds: float
    commands: int
    octets_in: int
    octets_out: int


class TracedLine(TypedDict):
    """A line that was said on a connection, secrets masked.

    ``at``: seconds since 1970. ``side``: ``C`` for the client, ``S`` for us, ``-`` for a remark.
    """

    session: str
    address: str
    account: str
    at: float
    side: str
    text: str


class Sample(TypedDict):
    """One number of a family; ``suffix``: ``_total``, ``_bucket``, ``_sum``, ``_count`` or none."""

    suffix: str
    labels: dict[str, str]
    value: float


class Family(TypedDict):
    """Numbers of one name, as Prometheus has them; ``kind``: counter, gauge or histogram."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


class Metrics(TypedDict):
    """The numbers of one process; ``started``: seconds since 1970, by which it is told from one
    that had its worker's number before."""

    worker: int
    started: float
    families: list[Family]
