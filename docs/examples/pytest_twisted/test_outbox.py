"""The outbox: over sockets, and for a whole day in memory, where a day takes no time."""

import pytest
from outbox import Outbox

pytestmark = pytest.mark.netsuite(services=["smtp"])


async def test_sockets(netsuite_async):
    outbox = Outbox(netsuite_async.reactor, netsuite_async.smtp.endpoint)
    assert await outbox.send("ann@example.test", "Order 7", "It is on its way.\n")
    mail = (await netsuite_async.mailbox("ann").wait(1))[0]
    assert mail["Subject"] == "Order 7"
    assert mail.envelope.recipients == ("ann@example.test",)


async def test_tls(netsuite_async, netsuite_ca):
    tls = netsuite_ca.client_options("127.0.0.1")
    outbox = Outbox(netsuite_async.reactor, netsuite_async.smtp.endpoint, tls=tls)
    assert await outbox.send("ann@example.test", "Order 7", "")
    assert "STARTTLS" in netsuite_async.smtp.transcripts[0].said("C")


@pytest.fixture
def outbox(netsuite_fabric):
    """An outbox in memory, with virtual time."""
    return Outbox(netsuite_fabric.reactor, netsuite_fabric.smtp.endpoint)


async def test_put_off_three_times(netsuite_fabric, outbox):
    began = netsuite_fabric.clock.seconds()
    with netsuite_fabric.smtp.refusing("RCPT", 451, times=3):
        assert await outbox.send("ann@example.test", "Order 7", "")
    assert 60 + 120 + 240 <= netsuite_fabric.clock.seconds() - began < 421


async def test_refused_for_good(netsuite_fabric, outbox):
    with netsuite_fabric.smtp.refusing("RCPT", 550, "5.1.1 who?", times=1):
        assert not await outbox.send("ann@example.test", "Order 7", "")
    assert await netsuite_fabric.mailbox("ann").messages() == []


@pytest.mark.parametrize("fault", ["drop", "reset"])
async def test_the_connection_breaks(netsuite_fabric, outbox, fault):
    with getattr(netsuite_fabric.smtp, fault)(at="DATA", times=2):
        assert await outbox.send("ann@example.test", "Order 7", "")
    assert len(await netsuite_fabric.mailbox("ann").wait(1)) == 1


async def test_a_server_that_says_nothing(netsuite_fabric, outbox):
    with netsuite_fabric.smtp.blackhole(after=100, times=1):
        assert await outbox.send("ann@example.test", "Order 7", "")


async def test_given_up_after_a_day(netsuite_fabric, outbox):
    with netsuite_fabric.smtp.refusing("GREETING"):
        assert not await outbox.send("ann@example.test", "Order 7", "")
    assert 86_400 - 3600 < netsuite_fabric.clock.seconds() < 86_400
