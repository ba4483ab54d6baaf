"""However the network cuts what a client says, the server hears and answers the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.imap.commands.append import Append, MessageLiteral, Replace
from netsuite.imap.commands.requests import Command, Idle
from netsuite.imap.commands.responses import Continue, Status, Tagged
from netsuite.imap.dialog import ServerDialog
from netsuite.imap.dialog.events import AppendMore, IdleDone, WantsLiteral
from netsuite.imap.dialog.rules import State
from netsuite.imap.limits import Bounds
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfBody

#: Small, so that random sessions run into them.
BOUNDS = Bounds(
    line_octets=60, literal_octets=20, append_octets=12, skip_octets=30, response_octets=20
)


def converse(pieces: list[bytes]) -> tuple[list[object], bytes]:
    """Give the events (bodies joined) and the answers of a session in these pieces."""
    dialog = ServerDialog(BOUNDS)
    dialog.state = State.SELECTED
    events: list[object] = []
    said = b""
    for piece in pieces:
        dialog.receive(piece)
        for _ in range(500):
            try:
                event = dialog.next_event()
            except RemoteProtocolError as error:
                said += dialog.send(error.reply)
                if error.close:
                    return events, said
                continue
            if event is NEED_DATA:
                break
            if isinstance(event, BodyChunk) and events and isinstance(events[-1], BodyChunk):
                events[-1] = BodyChunk(events[-1].octets + event.octets)
            else:
                events.append(event)
            match event:
                case WantsLiteral():
                    said += dialog.send(Continue("go"))
                case Command(tag, Append(mailbox)) if mailbox == "no":
                    said += dialog.send(Tagged(tag, Status.NO, "no"))
                case Command(
                    _,
                    Append(pieces=(*_, MessageLiteral())) | Replace(pieces=(*_, MessageLiteral())),
                ):
                    said += dialog.send(Continue("go"))
                case AppendMore((*_, MessageLiteral())) | Command(_, Idle()):
                    said += dialog.send(Continue("go"))
                case Command(tag, _):
                    said += dialog.send(Tagged(tag, Status.NO, "no"))
                case EndOfBody() | IdleDone() | AppendMore():
                    assert dialog.command is not None
                    said += dialog.send(Tagged(dialog.command.tag, Status.OK, "done"))
        else:
            raise AssertionError("no end")
    return events, said


WORDS = st.sampled_from(
    [
        b"a ", b"NOOP", b"SELECT ", b"x", b"IDLE", b"DONE", b"APPEND ", b"no ", b"{3}", b"{3+}",
        b"{0+}", b"{13+}", b"{25+}", b"{99+}", b"{99}", b"\r\n", b"\r\n", b"\r\n", b"abc", b" ",
        b'"', b"(", b")", b"\n", b"\r", b"\0", b"\xff", b"LOGOUT", b"y" * 30,
        b" {3+}\r\nabc", b"REPLACE 1 ", b"CATENATE (", b"URL x", b"TEXT ", b"UTF8 (",
        b"~{3+}", b"y" * 70,
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=25).map(b"".join), st.data())
def test_every_cut_is_the_same(octets: bytes, data: st.DataObject) -> None:
    whole = converse([octets])
    assert converse([octets[place : place + 1] for place in range(len(octets))]) == whole
    cut = data.draw(st.integers(0, len(octets)))
    assert converse([octets[:cut], octets[cut:]]) == whole
