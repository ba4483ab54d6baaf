"""What servers get wrong: taken where nothing is lost, skipped where something is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import ClientError, ConnectionLost, ProtocolViolation, Timeout
from netsuite.imap.client import Goodbye, IMAPClient
from netsuite.imap.client.in_progress import FAREWELL_SECONDS
from netsuite.imap.commands import search as key
from netsuite.imap.commands.fetch import BodySection, FetchData, Item
from netsuite.imap.commands.requests import StoreAction
from netsuite.imap.commands.responses import Code, Condition, Exists, Listed, Response, Tagged
from netsuite.imap.dialog.client import ClientDialog, NotUnderstood
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.mutf7 import readable
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import NEED_DATA
from tests.connection.joined import OddServerCase
from tests.imap.test_grammar import pieces_of

_TEXT = b'("text" "plain" NIL NIL NIL "7bit" %b NIL NIL NIL NIL)'


def read(octets: bytes) -> object:
    """Return the one event that octets are, whole and at every split."""
    events: list[object] = []
    for pieces in ([octets], *pieces_of(octets)):
        dialog = ClientDialog()
        dialog.send(Segment(b"n1 NOOP\r\n", last=True, tag=b"n1"))
        for piece in pieces:
            dialog.receive(piece)
            while (event := dialog.next_event()) is not NEED_DATA:
                events.append(event)
    assert all(event == events[0] for event in events)
    return events[0]


def fetched(octets: bytes) -> FetchData:
    """Return the FETCH response that octets are."""
    event = read(octets)
    assert isinstance(event, FetchData), event
    return event


class Taken(SynchronousTestCase):
    """Nothing is lost by it."""

    def test_spaces(self) -> None:
        """Spaces too many, wherever they stand."""
        self.assertEqual(Exists(3), read(b"* 3  EXISTS\r\n"))
        self.assertEqual(Exists(3), read(b"*  3 EXISTS  \r\n"))
        expected = fetched(b"* 1 FETCH (UID 5 FLAGS (\\Seen $x))\r\n")
        for octets in (
            b"* 1 FETCH (UID 5 FLAGS (\\Seen $x) )\r\n",
            b"* 1 FETCH ( UID 5  FLAGS ( \\Seen  $x ))\r\n",
            b"* 1  FETCH  (UID  5 FLAGS (\\Seen $x  )  ) \r\n",
        ):
            self.assertEqual(expected, fetched(octets))
        listed = read(b'* LIST ( \\Noselect )  "/"  "a b" \r\n')
        self.assertEqual(Listed(("\\Noselect",), "/", "a b"), listed)

    def test_names_as_they_are(self) -> None:
        """A name in UTF-8, without quotes or with them, with wildcards in it."""
        for octets in ('* LIST () "/" Entwürfe\r\n', '* LIST () "/" "Entwürfe"\r\n'):
            event = read(octets.encode())
            assert isinstance(event, Listed)
            self.assertEqual("Entwürfe", readable(event.mailbox))
        event = read(b'* LIST () "/" 100%*\r\n')
        assert isinstance(event, Listed)
        self.assertEqual("100%*", event.mailbox)

    def test_backslashes(self) -> None:
        """One that escapes nothing stands for itself; those that do are undone."""
        event = read(b'* LIST () "\\\\" "a\\b\\\\c\\"d"\r\n')
        self.assertEqual(Listed((), "\\", 'a\\b\\c"d'), event)

    def test_sizes(self) -> None:
        """A size that a server does not know."""
        for size in (b"NIL NIL", b"0 0", b"-1 -1"):
            structure = fetched(b"* 1 FETCH (BODYSTRUCTURE " + _TEXT % size + b")\r\n").structure
            assert structure is not None
            self.assertEqual((0, 0), (structure.octets, structure.lines))

    def test_spaces_between_parts(self) -> None:
        """Parts with a space between them."""
        part = _TEXT % b"1 1"
        octets = b"* 1 FETCH (BODYSTRUCTURE (" + part + b" " + part + b' "mixed" NIL NIL NIL))\r\n'
        structure = fetched(octets).structure
        assert structure is not None
        self.assertEqual(2, len(structure.children))

    def test_depth(self) -> None:
        """Structures are as deep as messages are; what is deeper than any is not read."""
        for depth, deep in ((100, False), (400, True), (100_000, True)):
            octets = b"(" * depth + _TEXT % b"1 1" + b' "mixed" NIL NIL NIL)' * depth
            dialog = ClientDialog()
            dialog.receive(b"* 1 FETCH (BODYSTRUCTURE " + octets + b")\r\n* 1 EXISTS\r\n")
            event = dialog.next_event()
            self.assertIsInstance(event, NotUnderstood if deep else FetchData)
            self.assertEqual(Exists(1), dialog.next_event())

    def test_items_of_others(self) -> None:
        """Items of a FETCH response that no RFC has, of every shape."""
        octets = (
            b'* 1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-LABELS (\\Inbox "a b" (x) NIL {2}\r\n'
            b"()) UID 7 XNIL NIL XLIT {3}\r\n)\r\n XLIST () FLAGS ())\r\n"
        )
        self.assertEqual((7, frozenset()), (fetched(octets).uid, fetched(octets).flags))

    def test_codes(self) -> None:
        """A response code with an odd argument is one that is not known; text stays text."""
        for octets, code, text in (
            (b"[UIDNEXT -1] go", Code("UIDNEXT", b"-1"), "go"),
            (b"[UIDNEXT 3 4] go", Code("UIDNEXT", b"3 4"), "go"),
            (b"[COPYUID 3] done", Code("COPYUID", b"3"), "done"),
            (b"[UIDNEXT 3]  go", Code("UIDNEXT", 3), "go"),
            (b"[ALERT go", None, "[ALERT go"),
            (b"[] go", None, "[] go"),
            (b"", None, ""),
        ):
            condition = read(b"* OK " + octets + b"\r\n")
            assert isinstance(condition, Condition)
            self.assertEqual((code, text), (condition.code, condition.text), octets)
            tagged = read(b"n1 OK " + octets + b"\r\n")
            assert isinstance(tagged, Tagged)
            self.assertEqual((code, text), (tagged.code, tagged.text), octets)


class Skipped(SynchronousTestCase):
    """Something is lost, but not the place in what comes."""

    def test_names(self) -> None:
        """It is told what was skipped; the literals with it."""
        for octets, name in (
            (b"* XFOO\r\n", "XFOO"),
            (b"* XFOO bar (baz {3}\r\n)\r\n) {2}\r\nab\r\n", "XFOO"),
            (b"* 7 XFOO\r\n", "XFOO"),
            (b"* LIST (\r\n", "LIST"),
            (b"* list () x\r\n", "LIST"),
            (b"* 1 FETCH (UID x)\r\n", "FETCH"),
            (b"* 1 FETCH (UID x BODY[] {4}\r\n* 1 )\r\n", "FETCH"),
            (b"* 99999999999 EXISTS\r\n", "EXISTS"),
            (b"* SEARCH 1 two\r\n", "SEARCH"),
        ):
            event = read(octets)
            assert isinstance(event, NotUnderstood), event
            self.assertEqual(name, event.name)


class Session(OddServerCase[IMAPClient]):
    """A session goes on."""

    def made(self, **more: Any) -> IMAPClient:
        return IMAPClient(self.fabric, timeouts=ClientTimeouts(reply_seconds=60.0))

    def setUp(self) -> None:
        self.start(b"* OK [CAPABILITY IMAP4rev1 UIDPLUS] hello\r\n")
        self.successResultOf(self.beginning)

    def selected(self, messages: int) -> None:
        selecting = self.hear(
            self.client.select("x"), b"* %d EXISTS\r\nn1 OK [READ-WRITE] done\r\n" % messages
        )
        self.successResultOf(selecting)

    def test_what_nobody_asked_for(self) -> None:
        """What is not understood and no command's does no harm."""
        running = self.hear(
            self.client.search(key.AllMessages()),
            b"* XFOO\r\n* 1 FETCH (UID x)\r\n* SEARCH 1 2\r\n* LIST x\r\nn1 OK done\r\n",
        )
        self.assertEqual([1, 2], self.successResultOf(running))

    def test_what_was_asked_for(self) -> None:
        """A command whose data was not understood fails; nothing else does."""
        cases: list[tuple[Callable[[], Any], bytes, str]] = [
            (self.client.list, b"* LIST (\r\n", "LIST"),
            (lambda: self.client.search(key.AllMessages()), b"* SEARCH x\r\n", "SEARCH"),
            (lambda: self.client.fetch(1, [Item.FLAGS]), b"* 1 FETCH (FLAGS x)\r\n", "FETCH"),
            (lambda: self.client.status("x"), b"* STATUS x (MESSAGES)\r\n", "STATUS"),
            (self.client.namespace, b"* NAMESPACE x\r\n", "NAMESPACE"),
            (self.client.id, b'* ID ("x")\r\n', "ID"),
        ]
        for number, (work, octets, name) in enumerate(cases):
            running = self.begin(work())
            other = self.begin(self.client.noop())
            self.say(octets + b"n%d OK done\r\nn%d OK done\r\n" % (2 * number + 1, 2 * number + 2))
            error = self.failureResultOf(running, ProtocolViolation).value
            self.assertIn(f"{name} was not understood", str(error))
            self.assertIn("S: " + octets.decode().strip(), error.conversation)
            self.successResultOf(other)
            self.assertFalse(self.client.closing)

    def test_searches_of_rev2(self) -> None:
        """ESEARCH answers a SEARCH where IMAP4rev2 is enabled; it cannot fill our memory."""
        for number, (octets, found) in enumerate(
            (
                (b'* ESEARCH (TAG "n%d") UID ALL 2,4:6', [2, 4, 5, 6]),
                (b'* ESEARCH (TAG "n%d") UID', []),
                (b'* ESEARCH (TAG "n%d") UID ALL 1:4294967295', None),
                (b'* ESEARCH (TAG "n%d") UID ALL 1:*', None),
            ),
            1,
        ):
            searching = self.begin(self.client.search(key.AllMessages()))
            self.say(octets % number + b"\r\nn%d OK done\r\n" % number)
            if found is None:
                self.failureResultOf(searching, ProtocolViolation)
            else:
                self.assertEqual(found, self.successResultOf(searching))

    def test_contents_stay_with_their_messages(self) -> None:
        """A large content of a message that was not understood is not taken for the next one's."""
        running = self.begin(self.client.fetch([1, 2], [BodySection()]))
        for line in (b"* 1 FETCH (BODY[] {70000}\r\n" + b"a" * 70_000 + b" UID x)\r\n",):
            self.say(line)
        self.say(b"* 2 FETCH (BODY[] {70001}\r\n" + b"b" * 70_001 + b" UID 2)\r\nn1 OK done\r\n")
        self.failureResultOf(running, ProtocolViolation)
        again = self.begin(self.client.fetch([2], [BodySection()]))
        self.say(b"* 2 FETCH (BODY[] {70001}\r\n" + b"b" * 70_001 + b" UID 2)\r\nn2 OK done\r\n")
        (message,) = self.successResultOf(again)
        self.assertEqual({BodySection(): b"b" * 70_001}, message.sections)

    def test_vanished(self) -> None:
        """VANISHED counts as so many EXPUNGE; what vanished earlier was not counted."""
        self.selected(10)
        assert self.client.mailbox is not None
        for octets, left in (
            (b"* VANISHED (EARLIER) 1:5\r\n", 10),
            (b"* VANISHED 7,9:11\r\n", 6),
            (b"* VANISHED 1:4294967295\r\n", 0),
            (b"* 1 EXPUNGE\r\n", 0),
            (b"* 4 EXISTS\r\n", 4),
            (b"* VANISHED 5:*\r\n", 4),
        ):
            tag = self.client.commands.next_tag()
            noop = self.begin(self.client.noop())
            self.say(octets + b"n%d OK done\r\n" % (int(tag[1:]) + 1))
            self.successResultOf(noop)
            self.assertEqual(left, self.client.mailbox.messages, octets)

    def ends(self, end: Callable[[], None], kind: type[ClientError]) -> None:
        """What is said in the moment the connection goes ends at once, and LOGOUT quietly."""
        said: list[type[BaseException]] = []

        async def work() -> None:
            try:
                await self.client.fetch(1, [Item.FLAGS])
            finally:
                for other in (self.client.noop(), self.client.append("x", b"y")):
                    try:
                        await other
                    except ClientError as error:
                        said.append(type(error))
                await self.client.logout()

        running = self.begin(work())
        end()
        self.failureResultOf(running, kind)
        self.assertEqual([kind, kind], said)
        self.run_(self.client.logout())
        self.fail_(self.client.store(1, StoreAction.ADD, ["x"]), kind)

    def test_gone(self) -> None:
        """The connection is reset, closed, closed with a word, or broken by its own words."""

        def goodbye() -> None:
            self.say(b"* BYE so long\r\n")
            self.server.hang_up()

        cases: list[tuple[Callable[[], None], type[ClientError]]] = [
            (lambda: self.server.break_(), ConnectionLost),
            (lambda: self.server.hang_up(), ConnectionLost),
            (lambda: self.say(b"rubbish\r\n"), ProtocolViolation),
            (goodbye, Goodbye),
        ]
        for end, kind in cases:
            self.setUp()
            self.ends(end, kind)

    def test_bye_and_no_end(self) -> None:
        """A server that said BYE and does not close is not waited for."""

        def goodbye() -> None:
            self.say(b"* BYE so long\r\n")
            self.fabric.advance(FAREWELL_SECONDS + 1)

        self.ends(goodbye, Goodbye)

    def test_bye_in_idle(self) -> None:
        """In IDLE too, where silence is allowed otherwise."""
        running: Deferred[None] = self.begin(self.listen([]))
        self.say(b"+ go\r\n* 2 EXISTS\r\n* BYE so long\r\n")
        self.fabric.advance(FAREWELL_SECONDS + 1)
        self.failureResultOf(running, Goodbye)

    def test_silence_in_idle(self) -> None:
        """A server that is gone without a word is noticed when IDLE is renewed."""
        running: Deferred[None] = self.begin(self.listen([]))
        self.say(b"+ go\r\n")
        self.fabric.advance(29 * 60 - 1)
        self.say(b"* 2 EXISTS\r\n")
        self.fabric.advance(62)
        self.failureResultOf(running, Timeout)

    async def listen(self, heard: list[Response]) -> None:
        async with self.client.idle() as news:
            async for each in news:
                heard.append(each)
