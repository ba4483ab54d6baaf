"""Mailboxes and newsgroups in the control interface, in memory."""

from __future__ import annotations

import json
from email.message import EmailMessage
from typing import Any

from twisted.internet.defer import ensureDeferred

from netsuite.connection.errors import ClientError
from netsuite.http.client import HTTPClient
from tests.testing.control.worlds import World


def test_mailboxes(world: World) -> None:
    """Accounts are made, once, and listed."""
    ann = {"name": "ann", "password": "deep", "address": "ann@example.test"}
    assert world.json("POST", "mailboxes", {"name": "ann", "password": "deep"}, 201) == ann
    assert world.json("POST", "mailboxes", {"name": "ann"}) == ann
    assert world.json("POST", "mailboxes", {"name": "bob"}, 201)["password"] == "secret"
    assert [each["name"] for each in world.get("mailboxes")["mailboxes"]] == ["ann", "bob"]
    assert world.json("POST", "mailboxes", {"name": "Ann@other.example"}, 200) == ann
    assert "with another password" in world.refused(
        "POST", "mailboxes", {"name": "ann", "password": "x"}, 409
    )
    for body, said in (
        ({"name": "a/b"}, "no account can be called a/b: "),
        ({}, "name: Field required"),
        ({"name": 7}, "name: Input should be a valid string"),
        ({"name": "x", "colour": 1}, "colour: Extra inputs are not permitted"),
        ([], "Input should be"),
        (b"{", "Invalid JSON"),
    ):
        assert said in world.refused("POST", "mailboxes", body)


def test_messages(world: World) -> None:
    """What was delivered by SMTP is told in full, and its octets."""
    assert world.send() == 250
    (message,) = world.get("mailboxes/ann/messages")["messages"]
    assert message["subject"] == "hello"
    assert message["from"] == "bob@example.org"
    assert (message["to"], message["html"], message["attachments"]) == (None, None, [])
    assert message["text"] == "Hi.\n"
    assert ["Subject", "hello"] in message["headers"]
    assert message["envelope"] == {
        "sender": "bob@example.org", "recipients": ["ann@example.test"], "account": None,
    }  # fmt: skip
    assert message["flags"] == []
    status, octets = world.ask("GET", f"mailboxes/ann/messages/{message['uid']}.eml")
    assert status == 200
    assert octets.endswith(b"Subject: hello\r\nFrom: bob@example.org\r\n\r\nHi.\r\n")
    assert len(octets) == message["octets"]
    assert world.get(f"mailboxes/ann/messages/{message['uid']}") == message
    for uid in ("99", "99.eml", "1.txt", "x"):
        assert world.refused("GET", f"mailboxes/ann/messages/{uid}", None, 404) == (
            f"there is no message {uid}"
        )
    assert world.get("mailboxes/ann/messages?folder=Archive") == {"messages": []}
    assert world.get("mailboxes/nobody.yet/messages") == {"messages": []}
    assert "no parameter foldr" in world.refused("GET", "mailboxes/ann/messages?foldr=a")
    assert "folder is there twice" in world.refused(
        "GET", "mailboxes/ann/messages?folder=a&folder=b"
    )


def test_deliver_described(world: World) -> None:
    """A message is described, and is there for everybody."""
    made = world.json(
        "POST",
        "mailboxes/ann/messages",
        {
            "subject": "Gr\u00fc\u00dfe", "text": "Hallo\n", "html": "<p>Hallo</p>",
            "from": "Bob <bob@example.org>", "headers": {"X-Order": "7"}, "folder": "Orders",
            "flags": ["\\Seen", "$Done"],
        },
        201,
    )  # fmt: skip
    (message,) = world.get("mailboxes/ann/messages?folder=Orders")["messages"]
    assert message == made
    assert message["subject"] == "Gr\u00fc\u00dfe"
    assert (message["text"], message["html"]) == ("Hallo\n", "<p>Hallo</p>\n")
    assert (message["from"], message["to"]) == ("Bob <bob@example.org>", "ann@example.test")
    assert ["X-Order", "7"] in message["headers"]
    assert message["flags"] == ["$Done", "\\Seen"]
    assert message["envelope"] is None
    assert world.json("POST", "mailboxes/ann/messages", None, 201)["subject"] in ("", None)
    for body, said in (
        ({"headers": {"X": "a\r\nY: b"}}, "there is no such message"),
        ({"flags": ["a b"]}, "no flag: 'a b'"),
        ({"folder": "a//b"}, "no folder can be called so"),
        ({"body": "x"}, "body: Extra inputs"),
    ):
        assert said in world.refused("POST", "mailboxes/ann/messages", body)


def test_deliver_raw(world: World) -> None:
    """A message as it is, with line ends as files have them; attachments are told of."""
    letter = EmailMessage()
    letter["Subject"] = "two"
    letter.set_content("See there.")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    letter.add_attachment(EmailMessage())
    status, octets = world.ask(
        "POST", "mailboxes/ann/messages?folder=In&flags=%5CSeen,a", letter.as_bytes(),
        Content_Type="message/rfc822",
    )  # fmt: skip
    assert status == 201, octets
    message = json.loads(octets)
    assert message["flags"] == ["\\Seen", "a"]
    assert [(each["name"], each["type"]) for each in message["attachments"]] == [
        ("a.pdf", "application/pdf"), (None, "message/rfc822"),
    ]  # fmt: skip
    assert message["attachments"][0]["octets"] == 4
    octets = world.ask("GET", f"mailboxes/ann/messages/{message['uid']}.eml?folder=In")[1]
    assert octets == letter.as_bytes().replace(b"\n", b"\r\n")


def test_messages_of_any_kind(world: World) -> None:
    """A message that is broken is told all the same."""
    for raw in (
        b"",
        b"\xff\xfe",
        b"Subject: =?utf-8?q?=ff?= \xff\nTo: <<\nDate: never\nFrom: a@b@c, :;\n\n\xff",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"Content-Type: text/plain; charset=nowhere\n\n\xffx",
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: ;;\n\n--a\n",
        b"Content-Disposition: attachment; filename*=utf-8''%ff%\nContent-Type: x\n\na",
        b"Content-Transfer-Encoding: base64\n\n!!!",
    ):
        status, octets = world.ask(
            "POST", "mailboxes/ann/messages", raw, Content_Type="message/rfc822"
        )
        assert status == 201, octets
        json.loads(octets)
    assert len(world.get("mailboxes/ann/messages")["messages"]) == 8


def test_wait(world: World) -> None:
    """Mail is waited for; where it does not come, what there is stands in the answer."""
    suite, reactor = world.suite, world.ground.reactor

    async def deliver() -> None:
        for subject in ("one", "two", "two"):
            await suite.mailbox("ann").deliver(subject=subject)

    async def both() -> Any:
        url = world.control.url + "mailboxes/ann/wait?count=2&subject=two&timeout=300"
        reactor.callLater(200, lambda: ensureDeferred(deliver()))
        async with await world.http.get(url) as response:
            return json.loads(await response.read(100_000))

    began = suite.clock.seconds()
    assert [each["subject"] for each in world.run(both)["messages"]] == ["two", "two"]
    assert 200 <= suite.clock.seconds() - began < 201

    world.send(subject="three")
    said = world.get("mailboxes/ann/wait?subject=four&timeout=3", 408)
    assert (
        said["error"] == "ann's INBOX: 0 messages after 3 seconds, wanted 1 with the subject 'four'"
    )
    assert [each["subject"] for each in said["messages"]] == ["one", "two", "two", "three"]
    assert "smtp-1:\n  S: 220 " in said["transcripts"]
    for query in ("count=0", "count=x", "timeout=-1", "timeout=601", "timeout=nan", "timeout=x"):
        assert f"{query.partition('=')[0]}: " in world.refused("GET", f"mailboxes/ann/wait?{query}")


def test_nobody_waits_any_more(world: World) -> None:
    """Who has left is waited for no longer; and the interface stops while somebody waits."""
    for end in (world.http.close, world.control.stop):
        path = "mailboxes/ann/wait?timeout=600"
        waiting = ensureDeferred(world.http.get(world.control.url + path))
        waiting.addErrback(lambda failure: failure.trap(ClientError))
        world.ground.reactor.advance(1)
        assert not waiting.called
        world.run(end)
        world.ground.reactor.advance(1)
        world.http = HTTPClient(world.ground.reactor)


def test_refuse_unknown() -> None:
    """Where mailboxes have to be made, others are not there."""
    world = World("smtp", anybody=False)
    assert "make it with POST /mailboxes" in world.refused("GET", "mailboxes/a/messages", None, 404)
    assert "there is no mailbox a" in world.refused("GET", "mailboxes/a/wait", None, 404)
    assert "there is no mailbox a" in world.refused("GET", "files/a/", None, 404)
    world.json("POST", "mailboxes", {"name": "a"}, 201)
    assert world.get("mailboxes/a/messages") == {"messages": []}
    world.end()


def test_groups(world: World) -> None:
    """Newsgroups are made, articles put there, and waited for."""
    assert world.json("POST", "groups", {"name": "local.test"}, 201) == {"name": "local.test"}
    assert world.get("groups") == {"groups": ["local.test"]}
    made = world.json("POST", "groups/local.test/articles", {"subject": "one"}, 201)
    assert (made["subject"], made["uid"]) == ("one", 1)
    raw = b"From: a@b.c\nSubject: two\nMessage-ID: <two@b.c>\nNewsgroups: new.test\n\nx\n"
    status, _ = world.ask("POST", "groups/new.test/articles", raw, Content_Type="message/rfc822")
    assert status == 201
    assert world.get("groups")["groups"] == ["local.test", "new.test"]
    (article,) = world.get("groups/local.test/articles")["articles"]
    assert article == made
    assert ["Newsgroups", "local.test"] in article["headers"]
    assert world.get("groups/local.test/wait?subject=one&timeout=1")["messages"] == [made]
    assert "local.test: 0 messages" in world.get("groups/local.test/wait?subject=x", 408)["error"]
    assert world.get("groups/local.test/articles/1") == made
    assert (
        b"\r\nSubject: one\r\n" in b"\r\n" + world.ask("GET", "groups/local.test/articles/1.eml")[1]
    )
    status, octets = world.ask(
        "POST", "groups/new.test/articles", raw, Content_Type="message/rfc822"
    )
    assert (status, b"there is a message of that Message-ID" in octets) == (409, True)
    assert "no such folder" in world.refused("GET", "groups/not.there/articles", None, 404)
    assert "no newsgroup can be called" in world.refused("POST", "groups", {"name": "a b"})
