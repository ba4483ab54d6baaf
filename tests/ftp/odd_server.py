"""An FTP server in memory that is as old, as poor, or as hostile as a test has it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from netsuite.connection.peer import where
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.network import Port
from netsuite.testing.fabric.transport import End

HOST, PORT = "127.0.0.1", 21
HASHES: Mapping[str, Callable[[bytes], str]] = {
    "SHA-256": lambda octets: hashlib.sha256(octets).hexdigest(),
    "XMD5": lambda octets: hashlib.md5(octets).hexdigest().upper(),
    "XCRC": lambda octets: f"{zlib.crc32(octets):X}",
}


@dataclass
class OddServer:
    """What it has, and what it does.

    Args:
        files: path, from the root, to octets.
        times: path to what MDTM says; without one it says that there is none.
        listings: path of a directory to the lines of its listing, for MLSD as for LIST.
        features: FEAT's lines; empty for no FEAT.
        commands: answers to commands that are not as those of others.
        cuts: of each RETR or STOR to come, after how many octets the connections break, or None.
        sessions: how many it takes at once.
        lies: path to the hash that it tells of a file.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    listings: dict[str, list[bytes]] = field(default_factory=dict)
    features: list[str] = field(default_factory=list)
    commands: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int | None] = field(default_factory=list)
    sessions: int = 100
    lies: dict[str, str] = field(default_factory=dict)
    greeting: bytes = b"220 hello"
    #: What it says when all of a file or listing has gone.
    ended: bytes = b"226 that is all"
    #: All commands that it has heard.
    heard: list[str] = field(default_factory=list)
    #: Sessions that there are.
    there: list[_Control] = field(default_factory=list)
    #: Called with each command, before it is answered.
    before: Callable[[str], None] = lambda line: None

    def listen(self, fabric: Fabric) -> None:
        """Serve on a fabric."""
        self.fabric = fabric
        fabric.listenTCP(PORT, _Controls(self), interface=HOST)

    def said(self, word: str) -> list[str]:
        """Return what was heard with a command."""
        return [line for line in self.heard if line.split(" ")[0] == word]


class _Controls(Factory[Protocol]):
    noisy = False

    def __init__(self, server: OddServer) -> None:
        self.server = server

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return _Control(self.server)


class _Control(Protocol):
    transport: End

    def __init__(self, server: OddServer) -> None:
        self.server = server
        self.held = b""
        self.directory = "/"
        self.offset = 0
        self.renaming = ""
        self.port: Port | None = None
        self.data: _Data | None = None
        self.words: Mapping[str, Callable[[str], bytes | None]] = {
            "USER": lambda name: b"331 password?",
            "PASS": lambda word: b"230 in",
            "TYPE": lambda kind: b"200 ok",
            "NOOP": lambda nothing: b"200 ok",
            "FEAT": self.feat,
            "OPTS": lambda options: b"200 ok",
            "PWD": lambda nothing: b'257 "%b"' % self.directory.encode(),
            "CWD": self.cwd,
            "EPSV": self.epsv,
            "MLSD": self.list,
            "LIST": self.list,
            "RETR": self.retr,
            "STOR": self.stor,
            "APPE": self.appe,
            "REST": self.rest,
            "SIZE": self.size,
            "MDTM": self.mdtm,
            "MFMT": self.mfmt,
            "HASH": lambda path: self.hash("SHA-256", path),
            "XMD5": lambda path: self.hash("XMD5", path),
            "XCRC": lambda path: self.hash("XCRC", path),
            "DELE": self.dele,
            "RMD": self.rmd,
            "MKD": self.mkd,
            "RNFR": self.rnfr,
            "RNTO": self.rnto,
            "QUIT": self.quit,
        }

    def connectionMade(self) -> None:
        self.server.there.append(self)
        if len(self.server.there) > self.server.sessions:
            self.say(b"421 too many of you")
            self.transport.loseConnection()
        else:
            self.say(self.server.greeting)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.server.there.remove(self)
        if self.port is not None:
            self.port.stopListening()

    def dataReceived(self, data: bytes) -> None:
        *lines, self.held = (self.held + data).split(b"\r\n")
        for octets in lines:
            line = octets.decode("utf-8", "surrogateescape")
            self.server.heard.append(line)
            self.server.before(line)
            word, _, argument = line.partition(" ")
            if word in self.server.commands:
                if self.server.commands[word]:
                    self.say(self.server.commands[word])
            elif word not in self.words:
                self.say(b"502 not here")
            elif (answer := self.words[word](argument)) is not None:
                self.say(answer)

    def say(self, octets: bytes) -> None:
        self.transport.write(octets + b"\r\n")

    def path(self, path: str) -> str:
        path = path if path.startswith("/") else f"{self.directory.rstrip('/')}/{path}"
        return path.rstrip("/") or "/"

    # -- commands -----------------------------------------------------------------------------

    def feat(self, nothing: str) -> bytes:
        lines = "".join(f" {line}\r\n" for line in self.server.features)
        return f"211-these\r\n{lines}211 end".encode() if lines else b"500 what?"

    def quit(self, nothing: str) -> None:
        self.say(b"221 bye")
        self.transport.loseConnection()

    def cwd(self, path: str) -> bytes:
        if self.path(path) not in self.server.listings:
            return b"550 no such directory"
        self.directory = self.path(path)
        return b"250 there"

    def epsv(self, nothing: str) -> bytes:
        if self.port is not None:
            self.port.stopListening()
        self.data = None
        self.port = self.server.fabric.listenTCP(0, _DataFactory(self), interface=HOST)
        return b"229 here (|||%d|)" % where(self.port.getHost())[1]

    def rest(self, offset: str) -> bytes:
        self.offset = int(offset)
        return b"350 from there"

    def list(self, path: str) -> bytes | None:
        lines = self.server.listings.get(self.path(path))
        if lines is None:
            return b"550 no such directory"
        self.give(b"".join(line + b"\r\n" for line in lines), None)
        return None

    def retr(self, path: str) -> bytes | None:
        octets = self.server.files.get(self.path(path))
        if octets is None:
            return b"550 no such file"
        offset, self.offset = self.offset, 0
        self.give(octets[offset:], self.server.cuts.pop(0) if self.server.cuts else None)
        return None

    def give(self, octets: bytes, cut: int | None) -> None:
        self.say(b"150 here it comes")
        assert self.data is not None
        self.data.transport.write(octets if cut is None else octets[:cut])
        if cut is None:
            self.data.transport.loseConnection()
            self.say(self.server.ended)
        else:
            self.server.fabric.callLater(0.1, self.cut)

    def cut(self) -> None:
        if self.data is not None:
            self.data.transport.abortConnection()
        self.transport.abortConnection()

    def stor(self, path: str) -> None:
        offset, self.offset = self.offset, 0
        self.take(path, self.server.files.get(self.path(path), b"")[:offset])

    def appe(self, path: str) -> None:
        self.take(path, self.server.files.get(self.path(path), b""))

    def take(self, path: str, begun: bytes) -> None:
        assert self.data is not None
        self.say(b"150 go on")
        self.data.path, self.data.octets = self.path(path), begun
        self.data.cut = self.server.cuts.pop(0) if self.server.cuts else None

    def size(self, path: str) -> bytes:
        octets = self.server.files.get(self.path(path))
        return b"550 no such file" if octets is None else b"213 %d" % len(octets)

    def mdtm(self, path: str) -> bytes:
        when = self.server.times.get(self.path(path))
        return b"550 no such file" if when is None else f"213 {when}".encode()

    def mfmt(self, words: str) -> bytes:
        when, _, path = words.partition(" ")
        self.server.times[self.path(path)] = when
        return b"213 set"

    def hash(self, kind: str, path: str) -> bytes:
        octets = self.server.files.get(self.path(path.strip('"')))
        if octets is None:
            return b"550 no such file"
        value = self.server.lies.get(self.path(path)) or HASHES[kind](octets)
        if kind == "SHA-256":
            return f"213 SHA-256 0-{len(octets)} {value} {path}".encode()
        return f"250 {value}".encode()

    def dele(self, path: str) -> bytes:
        self.server.times.pop(self.path(path), None)
        gone = self.server.files.pop(self.path(path), None)
        return b"550 no such file" if gone is None else b"250 gone"

    def rmd(self, path: str) -> bytes:
        return b"550 no" if self.server.listings.pop(self.path(path), None) is None else b"250 gone"

    def mkd(self, path: str) -> bytes:
        if self.path(path) in self.server.listings:
            return b"550 it is there"
        self.server.listings[self.path(path)] = []
        return b'257 "%b" made' % path.encode()

    def rnfr(self, path: str) -> bytes:
        self.renaming = self.path(path)
        return b"350 to what?" if self.renaming in self.server.files else b"550 no such file"

    def rnto(self, path: str) -> bytes:
        files, times = self.server.files, self.server.times
        files[self.path(path)] = files.pop(self.renaming)
        if self.renaming in times:
            times[self.path(path)] = times.pop(self.renaming)
        return b"250 renamed"


class _DataFactory(Factory[Protocol]):
    noisy = False

    def __init__(self, control: _Control) -> None:
        self.control = control

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        self.control.data = _Data(self.control)
        return self.control.data


class _Data(Protocol):
    transport: End

    def __init__(self, control: _Control) -> None:
        self.control = control
        self.path = ""
        self.octets = b""
        self.come = 0
        self.cut: int | None = None

    def dataReceived(self, data: bytes) -> None:
        self.octets += data
        self.come += len(data)
        if self.cut is not None and self.come >= self.cut:
            self.octets = self.octets[: len(self.octets) - self.come + self.cut]
            self.control.server.files[self.path] = self.octets
            self.path = ""
            self.control.cut()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.path:
            self.control.server.files[self.path] = self.octets
            self.control.say(b"226 it is stored")
