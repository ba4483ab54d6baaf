"""A mail host for one user, with twisted.mail: SMTP takes mail, POP3 and IMAP4 give it."""

import io
from email import message_from_bytes

from twisted.application.service import Service
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, endpoints, protocol, reactor
from twisted.mail import imap4, pop3, smtp
from zope.interface import implementer


@implementer(smtp.IMessageDelivery)
class Delivery:
    """Says whose mail is taken."""

    def __init__(self, boxes):
        self.boxes = boxes

    def receivedHeader(self, helo, origin, recipients):
        return b"Received: from " + helo[0]

    def validateFrom(self, helo, origin):
        return origin

    def validateTo(self, user):
        if user.dest.domain == b"example.test" and user.dest.local in self.boxes:
            return lambda: Message(self.boxes[user.dest.local])
        raise smtp.SMTPBadRcpt(user)


@implementer(smtp.IMessage)
class Message:
    """A message on its way into a mailbox."""

    def __init__(self, box):
        self.box = box
        self.lines = []

    def lineReceived(self, line):
        self.lines.append(line + b"\r\n")

    def eomReceived(self):
        self.box.keep(b"".join(self.lines))
        return defer.succeed(None)

    def connectionLost(self):
        self.lines = []


@implementer(imap4.IMessage)
class Kept:
    """A message in a mailbox, as IMAP4Server wants it."""

    def __init__(self, uid, octets):
        self.uid = uid
        self.octets = octets
        self.parsed = message_from_bytes(octets)
        self.flags = set()
        self.deleted = False

    def getUID(self):
        return self.uid

    def getFlags(self):
        return list(self.flags)

    def getInternalDate(self):
        return "01-Jan-2026 12:00:00 +0000"

    def getHeaders(self, negate, *names):
        wanted = {(name if isinstance(name, str) else name.decode()).lower() for name in names}
        return {
            name.lower(): value
            for name, value in self.parsed.items()
            if (name.lower() in wanted) != bool(negate)
        }

    def getBodyFile(self):
        return io.BytesIO(self.octets.partition(b"\r\n\r\n")[2])

    def getSize(self):
        return len(self.octets)

    def isMultipart(self):
        return False

    def getSubPart(self, part):
        raise IndexError(part)


@implementer(pop3.IMailbox, imap4.IMailbox, imap4.IMessageFile)
class Box:
    """A mailbox in memory, for POP3 and IMAP4."""

    def __init__(self):
        self.kept = []
        self.listeners = []

    def keep(self, octets):
        self.kept.append(Kept(len(self.kept) + 1, octets))
        for listener in self.listeners:
            listener.newMessages(len(self.kept), None)

    # POP3

    def listMessages(self, index=None):
        sizes = [0 if each.deleted else len(each.octets) for each in self.kept]
        return sizes if index is None else sizes[index]

    def getMessage(self, index):
        return io.BytesIO(self.kept[index].octets.replace(b"\r\n", b"\n"))

    def getUidl(self, index):
        return b"%d" % self.kept[index].uid

    def deleteMessage(self, index):
        self.kept[index].deleted = True

    def undeleteMessages(self):
        for each in self.kept:
            each.deleted = False

    def sync(self):
        self.kept = [each for each in self.kept if not each.deleted]

    # IMAP4

    def getFlags(self):
        return ["\\Seen", "\\Deleted"]

    def getHierarchicalDelimiter(self):
        return "/"

    def getUIDValidity(self):
        return 1

    def getUIDNext(self):
        return len(self.kept) + 1

    def getUID(self, message):
        return self.kept[message - 1].uid

    def getMessageCount(self):
        return len(self.kept)

    def getRecentCount(self):
        return 0

    def getUnseenCount(self):
        return sum("\\Seen" not in each.flags for each in self.kept)

    def isWriteable(self):
        return True

    def requestStatus(self, names):
        return imap4.statusRequestHelper(self, names)

    def addListener(self, listener):
        self.listeners.append(listener)

    def removeListener(self, listener):
        self.listeners.remove(listener)

    def fetch(self, messages, uid):
        messages.last = self.kept[-1].uid if uid and self.kept else len(self.kept)
        numbered = enumerate(self.kept, 1)
        return [(n, each) for n, each in numbered if (each.uid if uid else n) in messages]

    def store(self, messages, flags, mode, uid):
        changed = {}
        for number, each in self.fetch(messages, uid):
            each.flags = {-1: each.flags - {*flags}, 0: {*flags}, 1: each.flags | {*flags}}[mode]
            changed[number] = each.getFlags()
        return changed

    def expunge(self):
        gone = [each.uid for each in self.kept if "\\Deleted" in each.flags]
        self.kept = [each for each in self.kept if each.uid not in gone]
        return gone


class Account(imap4.MemoryAccount):
    """The mailboxes of a user, with its one."""

    def __init__(self, name, box):
        super().__init__(name)
        self.addMailbox("INBOX", box)


@implementer(IRealm)
class Realm:
    """What a user gets who has logged in."""

    def __init__(self, boxes):
        self.boxes = boxes

    def requestAvatar(self, name, mind, *interfaces):
        box = self.boxes[name]
        if pop3.IMailbox in interfaces:
            return pop3.IMailbox, box, lambda: None
        return imap4.IAccount, Account(name.decode(), box), lambda: None


class Factory(protocol.ServerFactory):
    """Makes the sessions of one protocol."""

    def __init__(self, make):
        self.make = make

    def buildProtocol(self, address):
        made = self.make()
        made.factory = self
        return made


class MailHost(Service):
    """Listens for all three."""

    def __init__(self, ports):
        boxes = {b"ann": Box()}
        checker = InMemoryUsernamePasswordDatabaseDontUse(ann=b"secret")
        portal = Portal(Realm(boxes), [checker])
        self.ports = ports
        self.factories = [
            Factory(lambda: _smtp(Delivery(boxes))),
            Factory(lambda: _with_portal(pop3.POP3(), portal)),
            Factory(lambda: _with_portal(imap4.IMAP4Server(), portal)),
        ]
        self.listening = []

    def startService(self):
        for port, factory in zip(self.ports, self.factories, strict=True):
            endpoint = endpoints.TCP4ServerEndpoint(reactor, port, interface="127.0.0.1")
            endpoint.listen(factory).addCallback(self.listening.append)

    def stopService(self):
        return defer.gatherResults([port.stopListening() for port in self.listening])


def _smtp(delivery):
    made = smtp.ESMTP()
    made.delivery = delivery
    return made


def _with_portal(made, portal):
    made.portal = portal
    return made


def made(smtp=8025, pop3=8110, imap=8143):
    """Return the host, a Twisted service."""
    return MailHost([smtp, pop3, imap])
