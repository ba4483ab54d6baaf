"""Every command in every state, with no argument, one, many, and absurd ones: its code is one that
RFC 959, 5.4 or its command's own RFC has for it, and the session lives on."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from netsuite.ftp.grammar import ABSENT, ALIASES, DIGESTS, PARSERS
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.ftp.fakes import LOGIN, Session, World, codes

#: Whatever is said, these may be the answer (RFC 959, 4.2): not known, wrong arguments.
ANYTHING: Final = {500, 501}
TRANSFER: Final = {150, 226, 425, 426, 451, 450, 530}
STORE: Final = TRANSFER | {552, 452, 553}
#: RFC 959, 5.4; RFC 2228, 9; RFC 2389, 3 and 4; RFC 2428, 2 and 3; RFC 3659; RFC 4217.
CODES: Final[Mapping[bytes, set[int]]] = {
    b"USER": {230, 530, 331, 332}, b"PASS": {230, 202, 530, 503, 332}, b"CWD": {250, 502, 530, 550},
    b"CDUP": {200, 502, 530, 550}, b"REIN": {220, 502}, b"QUIT": {221}, b"PORT": {200, 530}, b"PASV": {227, 502, 530},
    b"MODE": {200, 504, 530}, b"TYPE": {200, 504, 530}, b"STRU": {200, 504, 530}, b"ALLO": {200, 202, 504, 530},
    b"REST": {350, 502, 530}, b"STOR": STORE, b"STOU": STORE, b"APPE": STORE | {550, 502}, b"RETR": TRANSFER | {550},
    b"LIST": TRANSFER | {502}, b"NLST": TRANSFER | {502}, b"RNFR": {350, 450, 550, 502, 530},
    b"RNTO": {250, 532, 553, 502, 503, 530}, b"DELE": {250, 450, 550, 502, 530}, b"RMD": {250, 502, 530, 550},
    b"MKD": {257, 502, 530, 550}, b"PWD": {257, 502, 550}, b"ABOR": {225, 226, 502}, b"SYST": {215, 502},
    b"STAT": {211, 212, 213, 450, 502, 530}, b"HELP": {211, 214, 502}, b"NOOP": {200},
    b"AUTH": {234, 334, 504, 534, 431, 503}, b"PBSZ": {200, 503, 530}, b"PROT": {200, 503, 504, 534, 536, 431, 530},
    b"FEAT": {211, 502}, b"OPTS": {200, 451}, b"EPRT": {200, 522, 530}, b"EPSV": {229, 522, 530}, b"SIZE": {213, 550, 530},
    b"MDTM": {213, 550, 530}, b"MLST": {250, 550, 530}, b"MLSD": TRANSFER | {550}, b"MFMT": {213, 550, 530},
    # RFC 959, 5.4, RFC 2640, 7151; the drafts of HASH, RANG, MFF, streamlined commands, as far as they say.
    b"ACCT": {230, 202, 530, 503}, b"SMNT": {202, 250, 502, 550, 530}, b"SITE": {200, 202, 214, 530}, b"HOST": {220, 503, 504},
    b"LANG": {200, 504}, b"HASH": {213, 450, 550, 551, 552, 553, 556, 530}, b"RANG": {350, 530}, b"MFF": {213, 504, 550, 530},
    b"AVBL": {213, 550, 530}, b"CLNT": {200}, b"CSID": {200},
    **{word.encode(): {250, 450, 550, 530} for word in DIGESTS},
}  # fmt: skip
#: What we answer besides, and why.
BESIDES: Final[Mapping[bytes, set[int]]] = {
    b"CDUP": {250},  # a case of CWD (4.1.1), and answered so by everybody
    b"PWD": {530},  # nobody has a working directory before a login
    b"OPTS": {504},  # UTF8 OFF: an option's value that is not offered
    b"PORT": {504},  # RFC 2577, 3: to somebody else, or a port below 1024
    b"EPRT": {504},
    b"LIST": {550},  # everybody, and RFC 3659 of MLSD
    b"NLST": {550},
    b"STAT": {550},
    b"STOR": {550, 554},  # a directory has the name; RFC 1123, 4.1.3.4: REST is beyond the end
    b"APPE": {503},  # REST goes with RETR and STOR
    b"STOU": {503},
    b"RETR": {554},
    b"SITE": {504, 550},  # no such command of SITE; no such file
    b"HASH": {554},  # RANG begins beyond the end, as REST
    **{word.encode(): {554} for word in DIGESTS},
}

#: An argument as it should be.
ONE: Final[Mapping[bytes, bytes]] = {
    b"USER": b"alice", b"AUTH": b"TLS", b"PBSZ": b"0", b"PROT": b"P", b"CWD": b"sub", b"TYPE": b"I", b"MODE": b"S",
    b"STRU": b"F", b"PORT": b"127,0,0,1,20,20", b"EPRT": b"|1|127.0.0.1|5000|", b"REST": b"0", b"ALLO": b"1",
    b"MFMT": b"20200101000000 notes.txt", b"OPTS": b"UTF8 ON", b"EPSV": b"1", b"HELP": b"STOR", b"STAT": b"sub",
    b"SITE": b"CHMOD 640 notes.txt", b"HOST": b"ftp.example.test", b"LANG": b"en", b"RANG": b"0 3",
    b"MFF": b"modify=20200101000000;UNIX.mode=0640; notes.txt", b"CLNT": b"lftp", b"CSID": b"Name=lftp; Version=4;", b"AVBL": b"sub",
    b"XMD5": b"notes.txt 0 3", b"LIST": b"sub", b"NLST": b"sub", b"MLSD": b"sub", b"MLST": b"sub",
}  # fmt: skip
MANY: Final = b"notes.txt sub 1 2 3"
ABSURD: Final = (
    b"\0", b"\xff\xff\xff\x80", b"9" * 400, b"-1", b"/" * 3000, b"../" * 1000 + b"etc", b"x" * 8000, b'"', b"-R " * 50,
    b"|2|::1|99999|", b"|9|x|1|", b"256,1,1,1,1,1", b"\x01\x7f\x9f", b"1 0", b"5 2", b"CHMOD 4755 notes.txt", b"UTIME notes.txt 1 2 3 UTC", b"unix.owner=root; notes.txt", b"; x",
    b'"notes.txt" 9 1', b'"notes.txt', b"\xff\xf4\xff\xf2", b"[::1]:21", b"-" * 300, b"modify=20200101000000;", b"%n%s{}", b" " * 100, b"*" * 100,
)  # fmt: skip

#: What is said to come into a state; what may be said behind anything in it.
STATES: Final[Mapping[str, bytes]] = {
    "before a login": b"",
    "after USER": b"USER alice\r\n",
    "logged in": LOGIN,
    "after RNFR": LOGIN + b"RNFR notes.txt\r\n",
    "after REST": LOGIN + b"TYPE I\r\nREST 3\r\n",
    "after RANG": LOGIN + b"TYPE I\r\nRANG 2 4\r\n",
    "in MODE Z": LOGIN + b"MODE Z\r\n",
    "after PASV": LOGIN + b"EPSV\r\n",
}
LOGGED_IN: Final = frozenset(STATES) - {"before a login", "after USER"}


def in_state(name: str) -> Session:
    session = Session(logged_in=False)
    said = codes(session.say(STATES[name]))
    assert all(code < 400 for code in said), said
    return session


def arguments(word: bytes) -> tuple[bytes, ...]:
    one = ONE.get(word, b"notes.txt")
    return (b"", b" " + one, b" " + MANY, *(b" " + each for each in ABSURD))


class Codes(SynchronousTestCase):
    """Each reply has a code that fits, and is the only one."""

    def final(self, said: bytes, why: object) -> int:
        """Return the code of the one final reply, of one line or more."""
        replies = [
            line for line in said.split(b"\r\n")[:-1] if line[3:4] == b" " and line[:3].isdigit()
        ]
        finals = [int(line[:3]) for line in replies if not line.startswith(b"1")]
        self.assertEqual(1, len(finals), (why, said[:200]))
        return finals[0]

    def judge(self, word: bytes, code: int, why: object) -> None:
        allowed = CODES[word] | BESIDES.get(word, set()) | ANYTHING
        self.assertIn(code, allowed, why)

    def check(self, make: Callable[[], Session], word: bytes, line: bytes, why: object) -> int:
        """Say a line; return its code, after all of it has been looked at."""
        session = make()
        data_port = session.world.data_ports()
        said = session.say(line + b"\r\n")
        if said.startswith(b"150") or (not said and data_port):
            wire = session.come()
            session.world.settle()
            if wire is not None:
                wire.hang_up()
            session.world.settle()
            said += session.heard()
        code = self.final(said, why)
        self.judge(word, code, why)
        if code != 221:
            self.assertEqual(200, self.final(session.say(b"NOOP\r\n"), why), why)
        return code

    def test_every_command_in_every_state(self) -> None:
        """No, one, many and absurd arguments."""
        self.assertEqual(set(CODES), set(PARSERS))
        for state in STATES:
            for word in PARSERS:
                for argument in arguments(word):
                    why = (state, word, argument[:40])
                    code = self.check(partial(in_state, state), word, word + argument, why)
                    if state not in LOGGED_IN and word not in _BEFORE_LOGIN:
                        self.assertIn(code, (530, 501, 522, 504, 500), why)

    def test_succeeds(self) -> None:
        """What is as it should be is done, where it may be: who is logged in is refused nothing."""
        refused = set()
        for word in PARSERS:
            line = word if word in _BARE else word + b" " + ONE.get(word, b"notes.txt")
            code = self.check(partial(in_state, "after PASV"), word, line, word)
            if code >= 400:
                refused.add((word, code))
        # No name to it; no TLS here; a name before RNTO; a name that is taken, one that is no
        # empty directory, SIZE in TYPE A; HOST behind a login.
        self.assertEqual(
            {(b"PASS", 503), (b"AUTH", 431), (b"PBSZ", 503), (b"PROT", 503), (b"RNTO", 503), (b"MKD", 550), (b"RMD", 550),
             (b"SIZE", 550), (b"HOST", 503)},
            refused,
        )  # fmt: skip

    def test_aliases_and_absent(self) -> None:
        """Other names are answered alike; what is known and not offered is 502 at any time."""
        for state in STATES:
            for other, word in ALIASES.items():
                for argument in (b"", b" sub", b" " + MANY):
                    said = [
                        in_state(state).say(each + argument + b"\r\n") for each in (other, word)
                    ]
                    self.assertEqual(*said)
            for word in ABSENT:
                for argument in (
                    b"",
                    b" x",
                    b" " + MANY,
                    *(b" " + each for each in ABSURD if len(each) < 8000),
                ):
                    self.assertEqual([502], codes(in_state(state).say(word + argument + b"\r\n")))

    def test_during_a_transfer(self) -> None:
        """What may interrupt is answered at once, all else when the transfer has ended."""
        for word in PARSERS:
            for argument in arguments(word)[:6]:
                why = (word, argument[:40])
                session = Session()
                wire = session.data()
                self.assertEqual([150], codes(session.say(b"STOR new\r\n")))
                wire.say(b"some")
                said = session.say(word + argument + b"\r\n")
                if said:
                    self.assertIn(word, (b"ABOR", b"STAT", b"NOOP"), why)
                    if said.startswith(b"426"):
                        said = said.partition(b"\r\n")[2]
                    self.judge(word, self.final(said, why), why)
                wire.hang_up()
                session.world.settle()
                heard = session.heard()
                if not said:
                    ended, _, heard = heard.partition(b"\r\n")
                    self.assertEqual(b"226", ended[:3], why)
                    self.judge(word, self.final(heard, why), why)
                    if heard.startswith(b"221"):
                        continue
                self.assertEqual(200, self.final(session.say(b"NOOP\r\n"), why), why)

    def test_under_tls(self) -> None:
        """Under TLS, too; there PBSZ and PROT are known, and AUTH is not."""
        world = World(tls=authority.server_context())

        def make() -> Session:
            session = in_state("logged in")
            session.server.shared = world.factory.shared
            session.server.peer = replace(session.server.peer, secure=True)
            return session

        for word in PARSERS:
            for argument in arguments(word):
                code = self.check(make, word, word + argument, (word, argument[:40]))
                if word == b"AUTH":
                    self.assertIn(code, (501, 503, 504))
        self.assertEqual(
            [200, 200, 536, 504, 503],
            codes(make().say(b"PBSZ 0\r\nPROT P\r\nPROT S\r\nPROT X\r\nAUTH TLS\r\n")),
        )


_BEFORE_LOGIN: Final = frozenset(
    {b"USER", b"PASS", b"AUTH", b"PBSZ", b"PROT", b"REIN", b"QUIT", b"ABOR", b"SYST", b"HELP", b"FEAT", b"OPTS", b"NOOP",
     b"HOST", b"CLNT", b"CSID", b"LANG", b"SITE"}
)  # fmt: skip
_BARE: Final = frozenset(
    {b"REIN", b"QUIT", b"PWD", b"CDUP", b"PASV", b"ABOR", b"SYST", b"FEAT", b"NOOP"}
)
