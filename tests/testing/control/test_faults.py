"""Faults in the control interface, in memory: every kind, and what is refused."""

from __future__ import annotations

import inspect

from netsuite.testing.control.faults import FORMS, KINDS
from netsuite.testing.faults import Faults
from tests.testing.control.worlds import World


def test_every_fault_has_a_form() -> None:
    """The table has each method that makes a rule, and the form each of its parameters."""
    methods = {
        name
        for name, method in vars(Faults).items()
        if not name.startswith("_")
        and inspect.isfunction(method)
        and "Rule" in str(inspect.signature(method).return_annotation)
    }
    assert set(KINDS) == methods | {"goodbye"}
    for kind in methods:
        assert {"times", "connection", "probability"} <= set(FORMS[kind].model_fields)


def test_refusals(world: World) -> None:
    """A command is refused so often, and how often is told; then it is not."""
    wanted = {"kind": "refusing", "command": "RCPT", "code": 451, "times": 2}
    made = world.json("POST", "services/smtp/faults", wanted, 201)
    assert made == {
        "id": 1, "service": "smtp", **wanted, "met": 0,
        "unmet": "refusing RCPT 451: happened 0 of 2 times",
    }  # fmt: skip
    assert world.get("unmet") == {"unmet": ["smtp: refusing RCPT 451: happened 0 of 2 times"]}
    assert [world.send() for _ in range(3)] == [451, 451, 250]
    (fault,) = world.get("faults")["faults"]
    assert (fault["met"], fault["unmet"]) == (2, "")
    assert world.get("unmet") == {"unmet": []}
    assert world.json("DELETE", "faults/1")["met"] == 2
    assert world.refused("DELETE", "faults/1", None, 404) == "there is no fault 1"
    assert world.refused("DELETE", "faults/x", None, 404) == "there is no fault x"


def test_matching(world: World) -> None:
    """One recipient is refused, others are not."""
    fault = {"kind": "refusing", "command": "rcpt", "code": "550", "matching": "^bob@",
             "text": "5.1.1 gone"}  # fmt: skip
    world.json("POST", "services/smtp/faults", fault, 201)
    assert world.send("ann@example.test") == 250
    assert world.send("bob@example.test") == 550
    assert len(world.json("DELETE", "faults")["faults"]) == 1
    assert world.get("faults") == {"faults": []}
    assert world.send("bob@example.test") == 250


#: One of each, and for whom.
FAULTS = (
    ("smtp", {"kind": "refusing"}),
    ("imap", {"kind": "refusing", "command": "SELECT", "code": "no", "text": "[OVERQUOTA] full"}),
    ("smtp", {"kind": "delay", "seconds": 1, "jitter": 0.5, "at": "DATA"}),
    ("smtp", {"kind": "drop", "after": 10, "direction": "heard", "connection": 3}),
    ("smtp", {"kind": "reset", "at": "BODY"}),
    ("http", {"kind": "dribble", "octets": 1, "every": 0.5}),
    ("smtp", {"kind": "slow_reader", "octets_per_second": 100}),
    ("imap", {"kind": "truncate", "after": 100}),
    ("imap", {"kind": "garbage", "octets": 7, "after": 100, "probability": 0.5}),
    ("imap", {"kind": "blackhole"}),
    ("imap", {"kind": "edit", "pattern": "IMAP4rev(.)", "replacement": "\\1", "to": "CAPABILITY"}),
    ("smtp", {"kind": "unfinished_reply", "to": "EHLO"}),
    ("pop3", {"kind": "missing_dot"}),
    ("imap", {"kind": "size_lie", "by": -3}),
    ("imap", {"kind": "wrong_tag"}),
    ("imap", {"kind": "literal", "by": 3, "to": "FETCH"}),
    ("imap", {"kind": "uid_validity"}),
    ("http", {"kind": "chunk_garbage"}),
    ("ftp", {"kind": "silent_data_port"}),
    ("imap", {"kind": "tls", "fault": "expired"}),
    ("smtp", {"kind": "starttls_stripped"}),
    ("imap", {"kind": "starttls_injected", "octets": "* OK\r\n"}),
)


def test_each_kind() -> None:
    """Each kind of fault can be asked for, and is told as it was."""
    world = World()
    assert {each["kind"] for _, each in FAULTS} == set(KINDS) - {"goodbye"}
    for service, fault in FAULTS:
        made = world.json("POST", f"services/{service}/faults", fault, 201)
        assert {**made, **fault} == made
    assert len(world.get("faults")["faults"]) == len(FAULTS)
    assert world.json("POST", "services/smtp/faults", {"kind": "goodbye"}) == {"done": True}
    world.json("POST", "reset")
    assert world.get("faults") == {"faults": []}
    world.end()


def test_wrong_faults(world: World) -> None:
    """What is wrong with a fault is said."""
    for service, fault, said in (
        ("smtp", {}, "kind: one of refusing, delay"),
        ("smtp", {"kind": "attach"}, "kind: one of"),
        ("smtp", {"kind": ["refusing"]}, "kind: one of"),
        ("smtp", [], "a fault is an object"),
        ("smtp", b"{", "no JSON"),
        ("smtp", b"[" * 4000, "no JSON"),
        ("smtp", {"kind": "refusing", "command": "RETR"}, "smtp has no command RETR; there are"),
        ("smtp", {"kind": "refusing", "code": 9999}, "smtp has no code 9999 that refuses"),
        ("smtp", {"kind": "refusing", "code": True}, "code"),
        ("imap", {"kind": "refusing", "code": 451}, "no code 451 that refuses; there are NO|BAD"),
        ("smtp", {"kind": "refusing", "text": "a\r\nb"}, "refusing: text: String should match"),
        ("smtp", {"kind": "refusing", "times": 0}, "times: Input should be greater than or"),
        ("smtp", {"kind": "refusing", "times": "2"}, "times: Input should be a valid integer"),
        ("smtp", {"kind": "refusing", "probability": 2}, "probability: Input should be less"),
        ("smtp", {"kind": "refusing", "matching": "("}, "matching: "),
        ("smtp", {"kind": "refusing", "when": "x"}, "when: Extra inputs are not permitted"),
        ("smtp", {"kind": "delay"}, "delay: seconds: Field required"),
        ("smtp", {"kind": "delay", "seconds": -1}, "seconds: Input should be greater"),
        ("smtp", {"kind": "drop", "direction": "up"}, "direction: Input should be 'said' or"),
        ("smtp", {"kind": "edit", "pattern": "(", "replacement": ""}, "edit: "),
        ("smtp", {"kind": "edit", "pattern": "a", "replacement": "\\7"}, "edit: invalid group"),
        ("smtp", {"kind": "tls", "fault": "old"}, "fault: Input should be 'expired'"),
        ("smtp", {"kind": "wrong_tag"}, "smtp has no tags"),
        ("http", {"kind": "starttls_injected"}, "http has no STARTTLS"),
    ):
        assert said in world.refused("POST", f"services/{service}/faults", fault), fault
    assert world.get("faults") == {"faults": []}


def test_data_connections(world: World) -> None:
    """FTP's connections for data have faults of their own, and only those that octets have."""
    made = world.json(
        "POST", "services/ftp/faults", {"kind": "drop", "after": 5, "data": True, "times": 1}, 201
    )
    assert made["unmet"] == "data drop after 5 octets: happened 0 of 1 times"
    assert world.get("unmet") == {"unmet": [f"ftp: {made['unmet']}"]}
    for service, fault, problem in (
        ("ftp", {"kind": "refusing", "data": True}, "no commands"),
        ("smtp", {"kind": "drop", "data": True}, "smtp has no data connections"),
        ("ftp", {"kind": "drop", "data": 1}, "true, for FTP's"),
    ):
        assert problem in world.refused("POST", f"services/{service}/faults", fault, 400)
    world.json("DELETE", "faults")
