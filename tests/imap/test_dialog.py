"""The server's dialog: states, turns, and what hostile clients get."""

from __future__ import annotations

from typing import Any

from netsuite.imap.commands.append import Append, MessageLiteral, Replace
from netsuite.imap.commands.requests import Command, Idle
from netsuite.imap.commands.responses import Code, Completion, Condition, Continue, Status, Tagged
from netsuite.imap.dialog import ServerDialog
from netsuite.imap.dialog.events import (
    AppendMore,
    AuthenticateCancelled,
    AuthenticateResponse,
    IdleDone,
    WantsLiteral,
)
from netsuite.imap.dialog.rules import RULES, TRANSITIONS, State, rule_of
from netsuite.imap.grammar.compose import format_command
from netsuite.imap.limits import Bounds
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody
from tests.imap.cases import APPENDS, REQUESTS, tag_of


def converse(octets: bytes, state: State = State.SELECTED, bounds: Bounds | None = None) -> str:
    """Play a session in which every command succeeds; give what the server says, and "|" where
    it waits for more, "!" where it closes."""
    dialog = ServerDialog(bounds)
    dialog.state = state
    dialog.receive(octets)
    out = []
    for _ in range(1000):
        try:
            event = dialog.next_event()
        except RemoteProtocolError as error:
            out.append(dialog.send(error.reply).decode())
            if error.close:
                return "".join([*out, "!"])
            continue
        match event:
            case WantsLiteral():
                out.append(dialog.send(Continue("go")).decode())
            case Command(
                _, Append(pieces=(*_, MessageLiteral())) | Replace(pieces=(*_, MessageLiteral()))
            ):
                out.append(dialog.send(Continue("go")).decode())
            case AppendMore((*_, MessageLiteral())) | Command(_, Idle()):
                out.append(dialog.send(Continue("go")).decode())
            case Command(tag, _):
                out.append(dialog.send(Tagged(tag, Status.OK, "done")).decode())
            case EndOfBody() | IdleDone() | AppendMore():
                assert dialog.command is not None
                out.append(dialog.send(Tagged(dialog.command.tag, Status.OK, "done")).decode())
            case BodyChunk():
                pass
            case _:
                return "".join([*out, "|" if event is NEED_DATA else "?"])
    raise AssertionError("no end")


class Walk(SynchronousTestCase):
    """Every command in every state."""

    def test_states(self) -> None:
        """A command is heard where the RFC allows it, and answered BAD elsewhere."""
        for octets, request in REQUESTS:
            for state in State:
                dialog = ServerDialog()
                dialog.state = state
                dialog.receive(b"a1 " + octets.replace(b"{2}", b"{2+}") + b"\r\n")
                if state in rule_of(request).states:
                    self.assertEqual(Command(b"a1", request), dialog.next_event())
                    self.assertIs(PAUSED, dialog.next_event())
                    for status in (Status.NO, Status.BAD):
                        expected = TRANSITIONS.get((type(request), status), state)
                        other = ServerDialog()
                        other.state = state
                        other.receive(b"a1 " + octets.replace(b"{2}", b"{2+}") + b"\r\n")
                        other.next_event()
                        other.send(Tagged(b"a1", status, "no"))
                        self.assertIs(expected, other.state)
                    dialog.send(Tagged(b"a1", Status.OK, "done"))
                    expected = TRANSITIONS.get((type(request), Status.OK), state)
                    self.assertIs(expected, dialog.state)
                    self.assertIs(NEED_DATA, dialog.next_event())
                else:
                    with self.assertRaises(RemoteProtocolError) as caught:
                        dialog.next_event()
                    answer = dialog.send(caught.exception.reply)
                    self.assertTrue(answer.startswith(b"a1 BAD not now"), answer)
                    self.assertIs(state, dialog.state)

    def test_every_command_has_a_rule_and_a_case(self) -> None:
        """No command is left out of the tables."""
        said = {type(request) for _, request in REQUESTS + list(APPENDS)}
        self.assertEqual(set(RULES), said)

    def test_numbers_and_expunge(self) -> None:
        """RFC 3501, 7.4.1: an EXPUNGE never comes while FETCH, STORE, SEARCH, SORT or THREAD is
        answered; by UID it may."""
        kept = {kind.__name__ for kind, rule in RULES.items() if not rule.may_expunge}
        self.assertEqual({"Fetch", "Store", "Search", "Sort", "Thread"}, kept)
        for _, request in REQUESTS:
            if getattr(request, "by_uid", False):
                self.assertTrue(rule_of(request).may_expunge, request)


class Hostile(SynchronousTestCase):
    """Sessions with their exact answers."""

    def check(
        self, octets: bytes, expected: str, state: State = State.SELECTED, **bounds: int
    ) -> None:
        self.assertEqual(expected, converse(octets, state, Bounds(**bounds)))

    def test_lines(self) -> None:
        """What is no command is answered, and the next line is heard."""
        n = b"n NOOP\r\n"
        for octets, answer in [
            (b"\r\n", "* BAD a tag was expected"),
            (b" NOOP\r\n", "* BAD a tag was expected"),
            (b"a\r\n", "* BAD a tag was expected"),
            (b"a+ NOOP\r\n", "* BAD a tag was expected"),
            (b"a \r\n", "a BAD an atom was expected"),
            (b"a NO\0OP\r\n", "a BAD unknown command"),
            (b"a FOO\r\n", "a BAD unknown command"),
            (b"\xff\xfe\r\n", "* BAD a tag was expected"),
            (b"GET / HTTP/1.1\r\n", "GET BAD unknown command"),
        ]:
            self.check(octets + n, answer + "\r\nn OK done\r\n|")

    def test_lines_that_cannot_be_read(self) -> None:
        """A line that is too long, or has a CR or LF alone, ends its command, and is skipped with
        what it announces: that may be a message, and look like commands."""
        n = b"n NOOP\r\n"
        done = "n OK done\r\n|"
        bare = "BAD lines end with CRLF: LF without CR\r\n"
        for octets, answer in [
            (b"a NOOP\n", f"a {bare}"),
            (b"\n", f"* {bare}"),
            (b"a NO\rOP\r\n", "a BAD lines end with CRLF: CR without LF\r\n"),
            (b"a APPEND x {9+}\nb NOOP\r\n1\r\n", f"a {bare}"),
            (b"a APPEND x {9+}\nb NOOP\r\n1 {3+}\r\nb X\r\n", f"a {bare}"),
            (b"a APPEND x {9}\n", f"a {bare}"),
            (b"a APPEND x {1+}\r\nx\n", f"a {bare}"),
            (b"a LOGIN {1+}\r\nx {8+}\nb NOOP\r\n\r\n", f"a {bare}"),
        ]:
            self.check(octets + n, answer + done)
        long = "BAD [LIMIT] a line is too long\r\n"
        for octets, answer in [
            (b"a NOOP " + b"x" * 70_000 + b"\r\n", f"a {long}"),
            (b"a NOOP " + b"x" * 70_000 + b"\n", f"a {long}"),
            (b"a ID (" + b'"a" "b" ' * 9000 + b"{8+}\r\nb NOOP\r\n)\r\n", f"a {long}"),
            (b"a ID (" + b'"a" "b" ' * 9000 + b"{8}\r\n", f"a {long}"),
            (b"x" * 70_000 + b"\r\n", f"* {long}"),
        ]:
            self.check(octets + n, answer + done)
        far = "* BYE [LIMIT] a line is far too long\r\n!"
        self.check(b"a NOOP " + b"x" * 500 + b"\r\n" + n, far, line_octets=100, skip_octets=400)
        self.check(b"a NOOP " + b"x" * 500, far, line_octets=100, skip_octets=400)

    def test_lines_before_a_login(self) -> None:
        """They are shorter, and so is what is skipped of them."""
        fresh = State.NOT_AUTHENTICATED
        n = b"n NOOP\r\n"
        identity = b'a ID ("name" "' + b"x" * 32_768 + b'")\r\n'
        self.check(identity + n, "a BAD [LIMIT] a line is too long\r\nn OK done\r\n|", fresh)
        far = "* BYE [LIMIT] a line is far too long\r\n!"
        self.check(b"a ID " + b"x" * 66_000 + b"\r\n" + n, far, fresh)

    def test_lines_around_literals(self) -> None:
        """A command of very many pieces ends as one long line does."""
        octets = b"a SEARCH " + b"BODY {1+}\r\nx " * 8000 + b"ALL\r\nn NOOP\r\n"
        answer = converse(octets)
        self.assertEqual("a BAD [LIMIT] a line is too long\r\nn OK done\r\n|", answer)

    def test_lines_in_between(self) -> None:
        """A line that can announce nothing ends its command only."""
        for line in (b"DO\nNE\r\n", b"x" * 9000 + b"\r\n"):
            answer = converse(b"a IDLE\r\n" + line)
            self.assertTrue(answer.startswith("+ go\r\na BAD "), answer)
            self.assertTrue(answer.endswith("|"), answer)

    def test_literals(self) -> None:
        """A refused literal is not read as a command, and never waited for in vain."""
        n = b"n NOOP\r\n"
        big = "a BAD [TOOBIG] a literal is too large\r\n"
        done = "n OK done\r\n|"
        for octets, answer in [
            (b"a SELECT {9}\r\n" + n, big + done),
            (b"a SELECT {9+}\r\nb LOGOUT\r\r\n" + n, big + done),
            (b"a SELECT {9+}\r\nb LOGOUT\r {9+}\r\n123456789 \r\n" + n, big + done),
            (b"a SELECT {9+}\r\nb LOGOUT\r {3}\r\n" + n, big + done),
            (b"{5+}\r\nab\r\nc\r\n" + n, "* BAD a tag was expected\r\n" + done),
            (b"a SEARCH BODY {4}\r\nab\r\n\r\n" + n, "+ go\r\na OK done\r\n" + done),
            (b"a SELECT {-1}\r\n" + n, "a BAD a quoted string was expected\r\n" + done),
            (b"a SELECT {1 }\r\n" + n, "a BAD a quoted string was expected\r\n" + done),
            (b"a SELECT ~{1+}\r\nx\r\n" + n, "a BAD too much was said\r\n" + done),
            (
                b"a SELECT {99999999999999999999999}\r\n" + n,
                big + done,
            ),
        ]:
            self.check(octets, answer, literal_octets=8)
        bye = "* BYE [TOOBIG] a literal is far too large\r\n!"
        self.check(b"a SELECT {101+}\r\n" + n, bye, literal_octets=8, skip_octets=100)
        self.check(b"a SELECT {99999999999999999999999+}\r\n", bye)
        self.check(b"a LOGIN {70000+}\r\n", bye, State.NOT_AUTHENTICATED)
        self.check(
            b"a LOGIN {9000}\r\nn NOOP\r\n",
            big + done,
            State.NOT_AUTHENTICATED,
        )

    def test_append(self) -> None:
        """Of a refused APPEND nothing is taken for a command."""
        n = b"n NOOP\r\n"
        done = "n OK done\r\n|"
        big = "a NO [TOOBIG] the message is too large\r\n"
        for octets, answer in [
            (b"a APPEND x {9}\r\n" + n, big + done),
            (b"a APPEND x {9+}\r\nb NOOP\r\n1\r\n" + n, big + done),
            (b"a APPEND x (\\) {3+}\r\nabc\r\n" + n, "a BAD a flag was expected\r\n" + done),
            (b"a APPEND x {3+}\r\nabcd\r\n" + n, "a BAD one space was expected\r\n" + done),
            (b"a APPEND x UTF8 (~{3+}\r\nabc\r\n" + n, "a BAD ')' is missing\r\n" + done),
            (
                b"a APPEND x CATENATE (TEXT {3+}\r\nabc\r\n" + n,
                "a BAD a space is missing\r\n" + done,
            ),
            (b"a APPEND x {3+}\r\nabc \r\n" + n, "a BAD a literal was expected\r\n" + done),
            (b"a APPEND x (\\Recent) {3}\r\n" + n, "a BAD \\Recent cannot be set\r\n" + done),
            # What the second literal brings is content, whatever it looks like.
            (
                b"a APPEND x {3+}\r\nabcd {8+}\r\nb NOOP\r\n\r\n" + n,
                "a BAD one space was expected\r\n" + done,
            ),
            (
                b"a APPEND x {3+}\r\nabc (\\X) {8+}\r\nb NOOP\r\n\r\n" + n,
                "a BAD there is no such system flag\r\n" + done,
            ),
            (b"a APPEND x {3+}\r\nabc {9}\r\n" + n, big + done),
            (b"a APPEND x {3+}\r\nabc {9+}\r\nb NOOP\r\n\r\r\n" + n, big + done),
            (b"a APPEND x {3+}\r\nabc {3}\r\ndef\r\n" + n, "+ go\r\na OK done\r\n" + done),
            (b"a APPEND {1+}\r\nx {3}\r\nabc\r\n" + n, "+ go\r\na OK done\r\n" + done),
            (b"a APPEND {1+}\r\nx (a) {0}\r\n\r\n" + n, "+ go\r\na OK done\r\n" + done),
        ]:
            self.check(octets, answer, append_octets=8)
        self.check(
            b"a APPEND x {5+}\r\nb NOP\r\n" + n,
            "a BAD a literal was expected\r\n" + done,
            State.NOT_AUTHENTICATED,
        )

    def test_no_such_system_flag(self) -> None:
        """A flag with a backslash that no RFC names is refused, where it is set and appended."""
        done = "n OK done\r\n|"
        for octets in (
            b"a STORE 1 +FLAGS (\\Bogus)\r\nn NOOP\r\n",
            b"a APPEND x (\\Bogus) {1+}\r\nx\r\nn NOOP\r\n",
        ):
            self.check(octets, "a BAD there is no such system flag\r\n" + done)

    def test_append_refused_by_the_server(self) -> None:
        """What comes although the mailbox does not exist is passed over, on and off its turn."""
        for literal, tail in [
            (b"{7+}\r\nb NOOP\r", b"\r\n"),
            (b"{0+}\r\n", b"\r\n"),
            (b"{7}\r\n", b""),
        ]:
            dialog = ServerDialog()
            dialog.state = State.AUTHENTICATED
            dialog.receive(b"a APPEND x " + literal + tail + b"n NOOP\r\n")
            dialog.next_event()
            dialog.send(Tagged(b"a", Status.NO, "no"))
            self.assertEqual(b"n", tag_of(dialog.next_event()))

    def test_append_refused_in_the_middle(self) -> None:
        """A full disk is answered at once; the rest of the message is passed over."""
        dialog = ServerDialog()
        dialog.state = State.AUTHENTICATED
        dialog.receive(b"a APPEND x {8}\r\nb NO")
        dialog.next_event()
        dialog.send(Continue("go"))
        self.assertEqual(BodyChunk(b"b NO"), dialog.next_event())
        dialog.send(Tagged(b"a", Status.NO, "full"))
        dialog.receive(b"OP\r\n\r\nn NOOP\r\n")
        self.assertEqual(b"n", tag_of(dialog.next_event()))

    def test_idle(self) -> None:
        """Only DONE ends IDLE well (RFC 2177)."""
        self.check(b"a IDLE\r\ndone\r\n", "+ go\r\na OK done\r\n|")
        self.check(b"a IDLE\r\nb NOOP\r\n", "+ go\r\na BAD DONE was expected\r\n|")

    def test_authenticate(self) -> None:
        """Responses are base64 and nothing else; "*" gives up."""
        for line, expected in [
            (b"AGEA\r\n", AuthenticateResponse(b"\0a\0")),
            (b"\r\n", AuthenticateResponse(b"")),
            (b"*\r\n", AuthenticateCancelled()),
        ]:
            dialog = ServerDialog()
            dialog.receive(b"a AUTHENTICATE X\r\n")
            dialog.next_event()
            self.assertEqual(b"+ \r\n", dialog.send(Continue(challenge=b"")))
            self.assertIs(NEED_DATA, dialog.next_event())
            dialog.receive(line)
            self.assertEqual(expected, dialog.next_event())
            self.assertIs(PAUSED, dialog.next_event())
        dialog = ServerDialog()
        dialog.receive(b"a AUTHENTICATE X\r\n")
        dialog.next_event()
        dialog.send(Continue(challenge=b""))
        dialog.receive(b"A===\r\nn NOOP\r\n")
        with self.assertRaises(RemoteProtocolError) as caught:
            dialog.next_event()
        self.assertEqual(b"a BAD broken base64\r\n", dialog.send(caught.exception.reply))
        self.assertEqual(b"n", tag_of(dialog.next_event()))

    def test_starttls_forgets(self) -> None:
        """What was said in the clear behind STARTTLS is never heard."""
        dialog = ServerDialog()
        dialog.receive(b"a STARTTLS\r\nb LOGIN {5}\r\n")
        dialog.next_event()
        dialog.send(Tagged(b"a", Status.OK, "go"))
        self.assertEqual(13, dialog.discard_input())
        dialog.receive(b"c NOOP\r\n")
        self.assertEqual(b"c", tag_of(dialog.next_event()))


class Turns(SynchronousTestCase):
    """What we may not do ourselves."""

    def test_answers_to_nothing(self) -> None:
        """An answer without a command, or a bidding without need, is our bug and stays here."""
        dialog = ServerDialog()
        unknown: Any = object()
        for value in (
            Tagged(b"a", Status.OK, "x"),
            Completion(Status.OK, "x"),
            Continue("x"),
            unknown,
        ):
            with self.assertRaises(LocalProtocolError):
                dialog.send(value)
        dialog.receive(b"a NOOP\r\n")
        dialog.next_event()
        for value in (Tagged(b"b", Status.OK, "x"), Continue("x")):
            with self.assertRaises(LocalProtocolError):
                dialog.send(value)

    def test_completion(self) -> None:
        """A completion has the tag of the command under way."""
        dialog = ServerDialog()
        dialog.receive(b"a1 NOOP\r\n")
        dialog.next_event()
        self.assertEqual(b"a1 OK done\r\n", dialog.send(Completion(Status.OK, "done")))

    def test_preauth(self) -> None:
        """A greeting can let the client in."""
        dialog = ServerDialog()
        greeting = Condition(Status.PREAUTH, "hello", Code("CAPABILITY", ("IMAP4rev1",)))
        self.assertEqual(b"* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n", dialog.send(greeting))
        self.assertIs(State.AUTHENTICATED, dialog.state)

    def test_compose_knows_every_command(self) -> None:
        """Our client can say whatever our server understands."""
        for _, request in REQUESTS + list(APPENDS):
            self.assertTrue(format_command(Command(b"a", request)))
