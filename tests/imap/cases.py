"""Commands and responses as values and as octets: the one table that drives both directions."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from netsuite.imap.commands import search as key
from netsuite.imap.commands.append import (
    Append,
    MessageLiteral,
    MessageUrl,
    NewMessage,
    Replace,
    whole,
)
from netsuite.imap.commands.fetch import BinarySection, BodySection, FetchData, Item, SectionText
from netsuite.imap.commands.metadata import (
    GetMetadata,
    MetadataChanged,
    MetadataData,
    SetMetadata,
)
from netsuite.imap.commands.notify import Event, EventGroup, Notify, Watched
from netsuite.imap.commands.quota import (
    GetQuota,
    GetQuotaRoot,
    QuotaData,
    QuotaRootData,
    SetQuota,
)
from netsuite.imap.commands.requests import (
    Authenticate,
    Capability,
    Check,
    Close,
    Command,
    Compress,
    Copy,
    Create,
    Delete,
    Enable,
    Examine,
    Expunge,
    Fetch,
    Id,
    Idle,
    List,
    Login,
    Logout,
    Lsub,
    Move,
    Namespace,
    Noop,
    Rename,
    Request,
    Resync,
    Search,
    Select,
    StartTls,
    StatusOf,
    Store,
    StoreAction,
    Subscribe,
    Unauthenticate,
    Unselect,
    Unsubscribe,
)
from netsuite.imap.commands.responses import (
    CapabilityData,
    Code,
    Condition,
    Continue,
    CopyUid,
    EnabledData,
    Exists,
    Expunged,
    ExtendedSearchData,
    FlagsData,
    IdData,
    Listed,
    NamespaceData,
    Recent,
    Response,
    SearchData,
    Status,
    StatusData,
    Tagged,
    Vanished,
)
from netsuite.imap.commands.rights import (
    AclData,
    DeleteAcl,
    GetAcl,
    ListRights,
    ListRightsData,
    MyRights,
    MyRightsData,
    RightsAction,
    SetAcl,
)
from netsuite.imap.commands.sorting import (
    Algorithm,
    Criterion,
    Sort,
    SortData,
    Thread,
    ThreadData,
)
from netsuite.imap.sequences import SAVED, SequenceSet
from netsuite.message.structure import Envelope, Mailbox
from netsuite.wire.events import EndOfBody


def tag_of(event: object) -> bytes:
    """Return the tag of a command."""
    assert isinstance(event, Command), event
    return event.tag


ONE = SequenceSet(((1, 1),))
KNOWN = SequenceSet(((1, 3),))
SPARSE = SequenceSet(((1, 1), (5, 5))), SequenceSet(((2, 2), (9, 9)))
SOME = SequenceSet(((1, 3), (7, 0)))
SEEN = frozenset({"\\Seen"})
ASYNC = (NewMessage(), MessageLiteral(1, synchronising=False))
WEST = timezone(timedelta(hours=-7))
THEN = datetime(1996, 7, 7, 2, 44, 25, tzinfo=WEST)

#: What a client writes, and what a server reads in it. Without tag and CRLF.
REQUESTS: list[tuple[bytes, Request]] = [
    (b"CAPABILITY", Capability()),
    (b"NOOP", Noop()),
    (b"LOGOUT", Logout()),
    (b"ID NIL", Id()),
    (b'ID ("name" "a \\"b\\"" "version" NIL)', Id((("name", 'a "b"'), ("version", None)))),
    (b"STARTTLS", StartTls()),
    (b"AUTHENTICATE PLAIN", Authenticate("PLAIN")),
    (b"AUTHENTICATE EXTERNAL =", Authenticate("EXTERNAL", b"")),
    (b"AUTHENTICATE PLAIN AGEAYg==", Authenticate("PLAIN", b"\0a\0b")),
    (b'LOGIN "ann" "s\\\\e\\"cret"', Login(b"ann", b's\\e"cret')),
    (b'LOGIN "ann" {2}\r\n\xc3\xa4', Login(b"ann", b"\xc3\xa4")),
    (b"UNAUTHENTICATE", Unauthenticate()),
    (b"COMPRESS DEFLATE", Compress("DEFLATE")),
    (b"ENABLE CONDSTORE X", Enable(("CONDSTORE", "X"))),
    (b"SELECT INBOX", Select("INBOX")),
    (b"SELECT a (CONDSTORE)", Select("a", True)),
    (b"SELECT a (QRESYNC (7 9))", Select("a", resync=Resync(7, 9))),
    (b"SELECT a (CONDSTORE QRESYNC (7 9 1:3))", Select("a", True, Resync(7, 9, KNOWN))),
    (
        b"SELECT a (QRESYNC (7 9 1:3 (1,5 2,9)))",
        Select("a", resync=Resync(7, 9, KNOWN, SPARSE)),
    ),
    (
        b"SELECT a (QRESYNC (7 0 (1:3 1:3)))",
        Select("a", resync=Resync(7, 0, None, (KNOWN, KNOWN))),
    ),
    (b'EXAMINE "a b"', Examine("a b")),
    (b"CREATE Entw&APw-rfe", Create("Entwürfe")),
    (b"CREATE a (USE (\\Sent))", Create("a", ("\\Sent",))),
    (b'DELETE ""', Delete("")),
    (b'DELETE "NIL"', Delete("NIL")),
    (b"RENAME a b/c", Rename("a", "b/c")),
    (b"SUBSCRIBE a]", Subscribe("a]")),
    (b"SUBSCRIBE }", Subscribe("}")),
    (b'SUBSCRIBE "a{5}"', Subscribe("a{5}")),
    (b'UNSUBSCRIBE "a\\"b"', Unsubscribe('a"b')),
    (b'LIST "" "*"', List("", ("*",))),
    (
        b'LIST (SPECIAL-USE) "" ("a" "b%") RETURN (CHILDREN STATUS (MESSAGES))',
        List(
            "",
            ("a", "b%"),
            frozenset({"SPECIAL-USE"}),
            frozenset({"CHILDREN"}),
            ("MESSAGES",),
            extended=True,
        ),
    ),
    (b'LSUB a/ "%"', Lsub("a/", "%")),
    (b"NAMESPACE", Namespace()),
    (b"STATUS a (MESSAGES UIDNEXT)", StatusOf("a", ("MESSAGES", "UIDNEXT"))),
    (
        b"APPEND a CATENATE (URL /INBOX/;UID=1 URL {2}\r\n\xc3\xa4)",
        Append(
            "a",
            (NewMessage(catenated=True), MessageUrl(b"/INBOX/;UID=1"), MessageUrl(b"\xc3\xa4")),
        ),
    ),
    (
        b"UID REPLACE 1 a CATENATE (URL x)",
        Replace(ONE, "a", (NewMessage(catenated=True), MessageUrl(b"x")), True),
    ),
    (b"IDLE", Idle()),
    (b"NOTIFY NONE", Notify()),
    (
        b"NOTIFY SET STATUS (SELECTED (FlagChange MessageExpunge MessageNew (UID FLAGS))) "
        b"(SUBTREE (Lists) (MailboxName)) (PERSONAL NONE)",
        Notify(
            (
                EventGroup(
                    Watched.SELECTED,
                    frozenset({Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE, Event.FLAG_CHANGE}),
                    (),
                    (Item.UID, Item.FLAGS),
                ),
                EventGroup(Watched.SUBTREE, frozenset({Event.MAILBOX_NAME}), ("Lists",)),
                EventGroup(Watched.PERSONAL),
            ),
            True,
        ),
    ),
    (b"CHECK", Check()),
    (b"CLOSE", Close()),
    (b"UNSELECT", Unselect()),
    (b"EXPUNGE", Expunge()),
    (b"UID EXPUNGE 1:3,7:*", Expunge(SOME)),
    (b"SEARCH ALL", Search(key.AllMessages())),
    (
        b"UID SEARCH CHARSET UTF-8 BODY {2}\r\n\xc3\xa4",
        Search(key.BodyHas("ä"), "UTF-8", by_uid=True),
    ),
    (
        b"SEARCH OR (UNSEEN KEYWORD $X) NOT 1:3,7:*",
        Search(
            key.Either(
                key.Every((key.Flagged("\\Seen", False), key.Flagged("$X"))),
                key.Negated(key.Numbered(SOME)),
            )
        ),
    ),
    (
        b"SEARCH (SINCE 1-Feb-1994 SENTBEFORE 28-Feb-1994)",
        Search(
            key.Every(
                (
                    key.ReceivedOn(key.Comparison.SINCE, date(1994, 2, 1)),
                    key.SentOn(key.Comparison.BEFORE, date(1994, 2, 28)),
                )
            )
        ),
    ),
    (
        b'SEARCH (HEADER X-A "" LARGER 5 SMALLER 6 UID 1 OLD MODSEQ 7)',
        Search(
            key.Every(
                (
                    key.HeaderHas("X-A", ""),
                    key.LargerThan(5),
                    key.SmallerThan(6),
                    key.Numbered(ONE, True),
                    key.IsRecent(False),
                    key.ModifiedSince(7),
                )
            )
        ),
    ),
    (b"SEARCH RETURN () ALL", Search(key.AllMessages(), returns=key.Returns())),
    (
        b"UID SEARCH RETURN (MIN MAX ALL COUNT SAVE) $",
        Search(
            key.Numbered(SAVED),
            by_uid=True,
            returns=key.Returns(frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE"})),
        ),
    ),
    (
        b"SEARCH RETURN (COUNT PARTIAL 1:100) CHARSET UTF-8 (UID $ OLDER 5 YOUNGER 6)",
        Search(
            key.Every((key.Numbered(SAVED, True), key.Aged(5, False), key.Aged(6, True))),
            "UTF-8",
            returns=key.Returns(frozenset({"COUNT"}), (1, 100)),
        ),
    ),
    (
        b"SEARCH RETURN (PARTIAL -1:-100) FUZZY (SAVEDATESUPPORTED SAVEDON 1-Feb-1994)",
        Search(
            key.Fuzzy(
                key.Every(
                    (
                        key.SaveDateSupported(),
                        key.SavedOn(key.Comparison.ON, date(1994, 2, 1)),
                    )
                )
            ),
            returns=key.Returns(window=(-100, -1)),
        ),
    ),
    (
        b"SEARCH OR EMAILID M-1_a THREADID 64",
        Search(key.Either(key.HasObjectId("M-1_a"), key.HasObjectId("64", thread=True))),
    ),
    (b"SORT (SUBJECT) UTF-8 ALL", Sort(((Criterion.SUBJECT, False),), key.AllMessages())),
    (
        b"UID SORT RETURN (MIN PARTIAL 5:7) (REVERSE DATE DISPLAYFROM) US-ASCII (SEEN $)",
        Sort(
            ((Criterion.DATE, True), (Criterion.DISPLAYFROM, False)),
            key.Every((key.Flagged("\\Seen"), key.Numbered(SAVED))),
            "US-ASCII",
            True,
            key.Returns(frozenset({"MIN"}), (5, 7)),
        ),
    ),
    (
        b"THREAD REFERENCES UTF-8 TEXT {2}\r\n\xc3\xa4",
        Thread(Algorithm.REFERENCES, key.TextHas("ä")),
    ),
    (
        b"UID THREAD ORDEREDSUBJECT US-ASCII ALL",
        Thread(Algorithm.ORDERED_SUBJECT, key.AllMessages(), "US-ASCII", True),
    ),
    (b"FETCH $ (FLAGS)", Fetch(SAVED, (Item.FLAGS,))),
    (
        b"UID FETCH 1 (FLAGS) (CHANGEDSINCE 5 VANISHED PARTIAL -1:-30)",
        Fetch(ONE, (Item.FLAGS,), True, 5, True, (-30, -1)),
    ),
    (b"STORE $ FLAGS (\\Seen)", Store(SAVED, StoreAction.REPLACE, SEEN)),
    (b"COPY $ a", Copy(SAVED, "a")),
    (b"UID MOVE $ a", Move(SAVED, "a", True)),
    (b"UID EXPUNGE $", Expunge(SAVED)),
    (b"STATUS a (MESSAGES MAILBOXID)", StatusOf("a", ("MESSAGES", "MAILBOXID"))),
    (b"FETCH 1 (FLAGS)", Fetch(ONE, (Item.FLAGS,))),
    (
        b"UID FETCH 1:3,7:* (UID RFC822.SIZE BODY[]) (CHANGEDSINCE 9)",
        Fetch(SOME, (Item.UID, Item.SIZE, BodySection()), True, 9),
    ),
    (
        b"FETCH 1 (BODY.PEEK[1.2.MIME]<0.10> BODY[HEADER.FIELDS.NOT (DATE From)] RFC822)",
        Fetch(
            ONE,
            (
                BodySection((1, 2), SectionText.MIME, (), True, 0, 10),
                BodySection((), SectionText.FIELDS_NOT, (b"DATE", b"From")),
                BodySection(old=b"RFC822"),
            ),
        ),
    ),
    (
        b"FETCH 1 (BINARY[] BINARY.PEEK[1.2]<5.10> BINARY[3] BINARY.SIZE[1])",
        Fetch(
            ONE,
            (
                BinarySection(),
                BinarySection((1, 2), True, 5, 10),
                BinarySection((3,)),
                BinarySection((1,), True, size=True),
            ),
        ),
    ),
    (b"STORE 1 +FLAGS.SILENT (\\Seen)", Store(ONE, StoreAction.ADD, SEEN, True)),
    (
        b"UID STORE 1 (UNCHANGEDSINCE 5) FLAGS ()",
        Store(ONE, StoreAction.REPLACE, frozenset(), False, True, 5),
    ),
    (b"SETACL a fred lrs", SetAcl("a", "fred", RightsAction.REPLACE, "lrs")),
    (b'SETACL a -$x ""', SetAcl("a", "-$x", RightsAction.REPLACE, "")),
    (b"SETACL a anyone +cda", SetAcl("a", "anyone", RightsAction.ADD, "cda")),
    (b"SETACL a {2}\r\n\xc3\xbc -x", SetAcl("a", "ü", RightsAction.REMOVE, "x")),
    (b"DELETEACL INBOX fred", DeleteAcl("INBOX", "fred")),
    (b"GETACL Entw&APw-rfe", GetAcl("Entwürfe")),
    (b"LISTRIGHTS a fred", ListRights("a", "fred")),
    (b"MYRIGHTS a", MyRights("a")),
    (b'GETQUOTA ""', GetQuota("")),
    (b"GETQUOTAROOT INBOX", GetQuotaRoot("INBOX")),
    (b"SETQUOTA ann ()", SetQuota("ann", ())),
    (
        b"SETQUOTA ann (STORAGE 512 MESSAGE 9223372036854775807)",
        SetQuota("ann", (("STORAGE", 512), ("MESSAGE", 9223372036854775807))),
    ),
    (b'GETMETADATA "" (/shared/comment)', GetMetadata("", ("/shared/comment",))),
    (
        b"GETMETADATA (MAXSIZE 1024 DEPTH infinity) INBOX (/private/a /shared)",
        GetMetadata("INBOX", ("/private/a", "/shared"), 1024, None),
    ),
    (b"GETMETADATA (DEPTH 1) a (/private/a)", GetMetadata("a", ("/private/a",), None, 1)),
    (
        b"SETMETADATA a (/private/comment NIL /shared/vendor/x/y {2}\r\n\r\n)",
        SetMetadata("a", (("/private/comment", None), ("/shared/vendor/x/y", b"\r\n"))),
    ),
    (
        b'SETMETADATA "" (/shared/a ~{2}\r\n\0b /shared/b "")',
        SetMetadata("", (("/shared/a", b"\0b"), ("/shared/b", b""))),
    ),
    (
        b'LIST "" "*" RETURN (CHILDREN MYRIGHTS STATUS (MESSAGES) METADATA (/shared/comment))',
        List(
            "",
            ("*",),
            returns=frozenset({"CHILDREN", "MYRIGHTS"}),
            status=("MESSAGES",),
            extended=True,
            metadata=("/shared/comment",),
        ),
    ),
    (b"COPY 1 a", Copy(ONE, "a")),
    (b"UID COPY 1 a", Copy(ONE, "a", True)),
    (b"MOVE 1 a", Move(ONE, "a")),
    (b"UID MOVE 1:3,7:* INBOX", Move(SOME, "INBOX", True)),
]

#: Other spellings a server reads as well.
ALSO_READ: list[tuple[bytes, Request]] = [
    (b"noop", Noop()),
    (b"select iNbOx", Select("INBOX")),
    (b"LOGIN ann {3}\r\nfoo", Login(b"ann", b"foo")),
    (b"LOGIN {3}\r\nann {3}\r\nfoo", Login(b"ann", b"foo")),
    (b'LIST "" %', List("", ("%",))),
    (b'LIST "" a*]b', List("", ("a*]b",))),
    (
        b"FETCH 1 all",
        Fetch(ONE, (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE)),
    ),
    (b"FETCH 1 FLAGS (CHANGEDSINCE 0)", Fetch(ONE, (Item.FLAGS,), changed_since=0)),
    (
        b"UID FETCH 1 FLAGS (VANISHED CHANGEDSINCE 5)",
        Fetch(ONE, (Item.FLAGS,), True, 5, True),
    ),
    (b"FETCH 1 body", Fetch(ONE, (Item.BODY,))),
    (b"FETCH 1 body.peek[text]", Fetch(ONE, (BodySection((), SectionText.TEXT, peek=True),))),
    (b"FETCH 1 (UID UID)", Fetch(ONE, (Item.UID,))),
    (b"STORE 1 flags \\seen", Store(ONE, StoreAction.REPLACE, SEEN)),
    (
        b"STORE 1 -FLAGS \\sEEN $Junk",
        Store(ONE, StoreAction.REMOVE, frozenset({"\\Seen", "$Junk"})),
    ),
    (b"SEARCH UNSEEN 1", Search(key.Every((key.Flagged("\\Seen", False), key.Numbered(ONE))))),
    (
        b'SEARCH CHARSET us-ascii CC "a"',
        Search(key.HeaderHas("Cc", "a"), "US-ASCII"),
    ),
    (
        b'SEARCH ON "1-feb-1994"',
        Search(key.ReceivedOn(key.Comparison.ON, date(1994, 2, 1))),
    ),
    (
        b"notify set (mailboxes inbox subscriptionchange mailboxname) (inboxes (x-new))",
        Notify(
            (
                EventGroup(
                    Watched.MAILBOXES,
                    frozenset({Event.SUBSCRIPTION_CHANGE, Event.MAILBOX_NAME}),
                    ("INBOX",),
                ),
                EventGroup(Watched.INBOXES, frozenset({"X-NEW"})),
            )
        ),
    ),
    (
        b'getmetadata inbox (maxsize 5) ("/SHARED/comment" /private/comment)',
        GetMetadata("INBOX", ("/shared/comment", "/private/comment"), 5),
    ),
    (b"GETMETADATA a /shared/b /shared/b", GetMetadata("a", ("/shared/b",))),
    (
        b'LIST "" * RETURN (METADATA /private/x)',
        List("", ("*",), extended=True, metadata=("/private/x",)),
    ),
    (b"SETACL a {4}\r\nfred {3}\r\n+lr", SetAcl("a", "fred", RightsAction.ADD, "lr")),
    (b"SELECT &AGE-", Select("&AGE-".replace("&", "\udc26"))),
    (b'SELECT "\xc3\xa4"', Select("\udcc3\udca4")),
    (b"SEARCH NEW", Search(key.Every((key.IsRecent(), key.Flagged("\\Seen", False))))),
]

#: An APPEND with its message, and the command that announces it.
#: Up to their first literal, and what it brings.
APPENDS: list[tuple[bytes, Append | Replace]] = [
    (b"APPEND a {5}\r\nhello", Append("a", whole(5))),
    (
        b'APPEND a (\\Seen) " 7-Jul-1996 02:44:25 -0700" {5}\r\nhello',
        Append("a", whole(5, SEEN, THEN)),
    ),
    (
        b"APPEND a ~{5}\r\nh\0llo",
        Append("a", (NewMessage(), MessageLiteral(5, literal8=True))),
    ),
    (
        b"APPEND a (\\Seen) UTF8 (~{5}\r\nhello",
        Append("a", (NewMessage(SEEN), MessageLiteral(5, literal8=True, utf8=True))),
    ),
    (
        b"APPEND a CATENATE (TEXT {5}\r\nhello",
        Append("a", (NewMessage(catenated=True), MessageLiteral(5))),
    ),
    (
        b"APPEND a CATENATE (URL /INBOX/;UID=1 UTF8 (~{5}\r\nhello",
        Append(
            "a",
            (
                NewMessage(catenated=True),
                MessageUrl(b"/INBOX/;UID=1"),
                MessageLiteral(5, literal8=True, utf8=True),
            ),
        ),
    ),
    (b"REPLACE 1 a {5}\r\nhello", Replace(ONE, "a", whole(5))),
    (b"UID REPLACE 1 a (\\Seen) {5}\r\nhello", Replace(ONE, "a", whole(5, SEEN), True)),
]

#: Whole commands, and what is heard of them: rows of pieces, octets, and the end where a literal
#: was the last.
MANY_APPENDED: list[tuple[bytes, list[object]]] = [
    (
        b'APPEND a {5}\r\nhello (\\Seen) " 7-Jul-1996 02:44:25 -0700" {2}\r\nyo {1+}\r\nx',
        [whole(5), b"hello", whole(2, SEEN, THEN), b"yo", ASYNC, b"x", EndOfBody()],
    ),
    (
        b"APPEND a CATENATE (URL x TEXT {5}\r\nhello URL y TEXT {2}\r\nyo URL z)",
        [
            (NewMessage(catenated=True), MessageUrl(b"x"), MessageLiteral(5)),
            b"hello",
            (MessageUrl(b"y"), MessageLiteral(2)),
            b"yo",
            (MessageUrl(b"z"),),
        ],
    ),
    (
        b"APPEND a UTF8 (~{5}\r\nhello) CATENATE (UTF8 (~{1}\r\nx) URL y) ~{1}\r\n\0",
        [
            (NewMessage(), MessageLiteral(5, literal8=True, utf8=True)),
            b"hello",
            (NewMessage(catenated=True), MessageLiteral(1, literal8=True, utf8=True)),
            b"x",
            (MessageUrl(b"y"), NewMessage(), MessageLiteral(1, literal8=True)),
            b"\0",
            EndOfBody(),
        ],
    ),
]

REFUSED: list[tuple[str, bytes]] = [
    ("a decoded header", b"FETCH 1 BINARY[HEADER]"),
    ("a range of a size", b"FETCH 1 BINARY.SIZE[1]<0.1>"),
    ("a decoded part that does not end", b"FETCH 1 BINARY[1"),
    ("no part", b"FETCH 1 BINARY"),
    ("neither SET nor NONE", b"NOTIFY ALL"),
    ("NOTIFY of nothing", b"NOTIFY SET"),
    ("NOTIFY STATUS of nothing", b"NOTIFY SET STATUS"),
    ("unknown watched", b"NOTIFY SET (world (MailboxName))"),
    ("selected twice", b"NOTIFY SET (selected NONE) (selected-delayed NONE)"),
    ("new without expunge", b"NOTIFY SET (personal (MessageNew))"),
    ("flags alone", b"NOTIFY SET (personal (FlagChange))"),
    ("names of the selected", b"NOTIFY SET (selected (MailboxName))"),
    ("a fetch of others", b"NOTIFY SET (personal (MessageNew (UID) MessageExpunge))"),
    ("a fetch of nothing", b"NOTIFY SET (selected (MessageNew () MessageExpunge))"),
    ("subtree of nothing", b"NOTIFY SET (subtree () (MailboxName))"),
    ("no events", b"NOTIFY SET (personal ())"),
    ("an open group", b"NOTIFY SET (personal (MailboxName)"),
    ("too many groups", b"NOTIFY SET" + b" (personal NONE)" * 101),
    ("no part", b"APPEND a CATENATE ()"),
    ("no list", b"APPEND a CATENATE URL x"),
    ("an unknown part", b"APPEND a CATENATE (FILE x)"),
    ("a list that does not end", b"APPEND a CATENATE (URL x"),
    ("more than a list", b"APPEND a CATENATE (URL x) y"),
    ("no literal8", b"APPEND a UTF8 ({1+}\r\nx)"),
    ("no message", b"APPEND a"),
    ("no message to replace", b"REPLACE a {1+}\r\nx"),
    ("several messages to replace", b"REPLACE 1:2 a {1+}\r\nx"),
    ("a replacement that is nowhere", b"REPLACE 1 {1+}\r\nx"),
    ("no mechanism", b"COMPRESS"),
    ("one who leaves and says more", b"UNAUTHENTICATE x"),
    ("a time before all years", b'APPEND a "01-Jan-0001 00:00:00 +1400" {1+}\r\nx'),
    ("a time behind all years", b'APPEND a "31-Dec-9999 23:59:59 -1200" {1+}\r\nx'),
    ("no command", b""),
    ("unknown command", b"FROBNICATE"),
    ("two spaces", b"SELECT  a"),
    ("a space at the end", b"NOOP "),
    ("an argument too much", b"NOOP a"),
    ("an argument too few", b"SELECT"),
    ("a tab", b"SELECT\ta"),
    ("NUL in a quoted string", b'SELECT "a\0b"'),
    ("a quoted string without its end", b'SELECT "a'),
    ("an escape of something else", b'SELECT "a\\b"'),
    ("octets in a name", b"SELECT \xc3\xa4"),
    ("a right that there is not", b"SETACL a fred lrq"),
    ("a right in capitals", b"SETACL a fred lrQ"),
    ("rights added twice", b"SETACL a fred ++l"),
    ("nobody", b'SETACL a "" l'),
    ("a line end in an identifier", b"SETACL a {2}\r\na\n l"),
    ("octets that are no UTF-8", b'GETACL a "\xff"'),
    ("an identifier too much", b"MYRIGHTS a b"),
    ("a resource twice", b"SETQUOTA a (STORAGE 1 STORAGE 2)"),
    ("a limit beyond 63 bits", b"SETQUOTA a (STORAGE 9223372036854775808)"),
    ("a limit that is none", b"SETQUOTA a (STORAGE)"),
    ("an entry without a scope", b"GETMETADATA a /comment"),
    ("an entry with a wildcard", b'GETMETADATA a "/shared/*"'),
    ("an entry with an empty component", b"GETMETADATA a /shared//a"),
    ("an entry with a slash at its end", b"GETMETADATA a /shared/a/"),
    ("an entry with octets", b'GETMETADATA a "/shared/\xc3\xa4"'),
    ("an entry that is only a scope", b"SETMETADATA a (/shared NIL)"),
    ("an entry of no vendor", b"SETMETADATA a (/shared/vendor/x NIL)"),
    ("an entry without a value", b"SETMETADATA a (/shared/a)"),
    ("NUL in a value", b"SETMETADATA a (/shared/a {1}\r\n\0)"),
    ("a depth of two", b"GETMETADATA (DEPTH 2) a /shared/a"),
    ("an option twice", b"GETMETADATA (DEPTH 1 DEPTH 0) a /shared/a"),
    ("an option that there is not", b"GETMETADATA (FOO 1) a /shared/a"),
    ("zero", b"FETCH 0 FLAGS"),
    ("a number beyond 32 bits", b"FETCH 4294967296 FLAGS"),
    ("a set that ends with a comma", b"FETCH 1, FLAGS"),
    ("an empty list", b"FETCH 1 ()"),
    ("a macro in a list", b"FETCH 1 (ALL)"),
    ("an unknown item", b"FETCH 1 FOO"),
    ("MIME of the message", b"FETCH 1 BODY[MIME]"),
    ("HEADER.FIELDS without fields", b"FETCH 1 BODY[HEADER.FIELDS ()]"),
    ("part zero", b"FETCH 1 BODY[0]"),
    ("a partial of nothing", b"FETCH 1 BODY[]<0.0>"),
    ("a section without its end", b"FETCH 1 BODY[1"),
    ("\\Recent", b"STORE 1 FLAGS \\Recent"),
    ("a flag that is none", b"STORE 1 FLAGS (\\)"),
    ("an unknown modifier", b"FETCH 1 FLAGS (FOO 1)"),
    ("VANISHED by number", b"FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"),
    ("VANISHED alone", b"UID FETCH 1 FLAGS (VANISHED)"),
    ("UNCHANGEDSINCE twice", b"STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS x"),
    ("an unknown select parameter", b"SELECT a (FOO)"),
    ("sets of two sizes", b"SELECT a (QRESYNC (7 9 (1:2 1:3)))"),
    ("a set without an end", b"SELECT a (QRESYNC (7 9 (1:* 1:*)))"),
    ("a set that goes back", b"SELECT a (QRESYNC (7 9 (2,1 1:2)))"),
    ("an unknown search key", b"SEARCH FOO"),
    ("no search key", b"SEARCH"),
    ("an empty search list", b"SEARCH ()"),
    ("a day that is none", b"SEARCH ON 30-Feb-1994"),
    ("a month that is none", b"SEARCH ON 3-Foo-1994"),
    ("nesting without end", b"SEARCH " + b"NOT " * 60 + b"ALL"),
    ("lists without end", b"SEARCH " + b"(" * 60 + b"ALL" + b")" * 60),
    ("keys without end", b"SEARCH" + b" ALL" * 1001),
    ("text that is not in the charset", b"SEARCH CHARSET US-ASCII BODY {2}\r\n\xc3\xa4"),
    ("text that is not UTF-8", b"SEARCH BODY {1}\r\n\xc3"),
    ("NUL in a literal", b"SELECT {3}\r\na\0b"),
    ("an unknown status item", b"STATUS a (FOO)"),
    ("APPEND without a literal", b'APPEND a "hello"'),
    ("broken base64", b"AUTHENTICATE PLAIN A"),
    ("an unknown create parameter", b"CREATE a (FOO)"),
    ("RECURSIVEMATCH alone", b'LIST (RECURSIVEMATCH) "" *'),
    ("UID of a command that has none", b"UID NOOP"),
    ("UID of nothing", b"UID"),
    ("too many flags", b"STORE 1 FLAGS (" + b" ".join(b"f%d" % n for n in range(101)) + b")"),
    ("too many patterns", b'LIST "" (' + b" ".join([b"*"] * 101) + b")"),
    ("a flag too long", b"STORE 1 FLAGS " + b"f" * 129),
]

ADDRESS = Mailbox(b"Ann", None, b"ann", b"example.org")
ENVELOPE = Envelope(
    b"Wed, 17 Jul 1996 02:23:25 -0700",
    b'a "subject"',
    (ADDRESS,),
    (ADDRESS,),
    (ADDRESS,),
    (Mailbox(None, None, b"group", None), Mailbox(None, None, None, None)),
    (),
    (),
    None,
    b"<1@example.org>",
)

#: What a server writes, and what a client reads in it.
RESPONSES: list[tuple[bytes, Response]] = [
    (b"* OK ready\r\n", Condition(Status.OK, "ready")),
    (
        b"* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
        Condition(Status.OK, "UIDs valid", Code("UIDVALIDITY", 3857529045)),
    ),
    (
        b"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n",
        Condition(Status.OK, "Limited", Code("PERMANENTFLAGS", ("\\Deleted", "\\Seen", "\\*"))),
    ),
    (b"* NO [ALERT] full\r\n", Condition(Status.NO, "full", Code("ALERT"))),
    (b"* BYE bye\r\n", Condition(Status.BYE, "bye")),
    (b"a1 OK done\r\n", Tagged(b"a1", Status.OK, "done")),
    (
        b"a1 NO [BADCHARSET (US-ASCII UTF-8)] no\r\n",
        Tagged(b"a1", Status.NO, "no", Code("BADCHARSET", ("US-ASCII", "UTF-8"))),
    ),
    (
        b"a1 OK [APPENDUID 38505 3955] done\r\n",
        Tagged(
            b"a1",
            Status.OK,
            "done",
            Code("APPENDUID", CopyUid(38505, None, SequenceSet(((3955, 3955),)))),
        ),
    ),
    (
        b"a1 OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n",
        Tagged(
            b"a1",
            Status.OK,
            "Done",
            Code(
                "COPYUID",
                CopyUid(38505, SequenceSet(((304, 304), (319, 320))), SequenceSet(((3956, 3958),))),
            ),
        ),
    ),
    (
        b"a1 OK [MODIFIED 7,9] Conditional STORE failed\r\n",
        Tagged(
            b"a1",
            Status.OK,
            "Conditional STORE failed",
            Code("MODIFIED", SequenceSet(((7, 7), (9, 9)))),
        ),
    ),
    (b"+ go ahead\r\n", Continue("go ahead")),
    (b"+ AGEAYg==\r\n", Continue("AGEAYg==", b"\0a\0b")),
    (b"+ \r\n", Continue("", b"")),
    (
        b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
        CapabilityData(("IMAP4rev1", "AUTH=PLAIN")),
    ),
    (b"* ENABLED\r\n", EnabledData(())),
    (b"* ENABLED CONDSTORE\r\n", EnabledData(("CONDSTORE",))),
    (b"* ID NIL\r\n", IdData(None)),
    (b'* ID ("name" "x" "os" NIL)\r\n', IdData((("name", "x"), ("os", None)))),
    (
        b'* NAMESPACE (("" "/")) NIL (("Public/" "/"))\r\n',
        NamespaceData((("", "/"),), (), (("Public/", "/"),)),
    ),
    (b'* LIST () "/" INBOX\r\n', Listed((), "/", "INBOX")),
    (b'* LIST () "/" 5}\r\n', Listed((), "/", "5}")),
    (
        b'* LIST (\\HasNoChildren \\Sent) NIL "a b"\r\n',
        Listed(("\\HasNoChildren", "\\Sent"), None, "a b"),
    ),
    (
        b'* LIST () "/" a ("CHILDINFO" ("SUBSCRIBED"))\r\n',
        Listed((), "/", "a", childinfo=("SUBSCRIBED",)),
    ),
    (b'* LSUB (\\Noselect) "/" &U,BTFw-\r\n', Listed(("\\Noselect",), "/", "台北", True)),
    (
        b"* STATUS a (MESSAGES 2 UIDNEXT 3)\r\n",
        StatusData("a", (("MESSAGES", 2), ("UIDNEXT", 3))),
    ),
    (
        b"* STATUS a (MESSAGES 2 MAILBOXID (F1))\r\n",
        StatusData("a", (("MESSAGES", 2),), "F1"),
    ),
    (
        b"* OK [MAILBOXID (F1)] Its object id\r\n",
        Condition(Status.OK, "Its object id", Code("MAILBOXID", ("F1",))),
    ),
    (b"* ESEARCH\r\n", ExtendedSearchData(None)),
    (
        b'* ESEARCH (TAG "a1") UID MIN 2 MAX 9 ALL 1:3 COUNT 17 PARTIAL (-1:-100 1:3) MODSEQ 7\r\n',
        ExtendedSearchData(b"a1", True, 2, 9, KNOWN, 17, ((-100, -1), KNOWN), 7),
    ),
    (
        b'* ESEARCH (TAG "a1") PARTIAL (5:7 NIL)\r\n',
        ExtendedSearchData(b"a1", window=((5, 7), None)),
    ),
    (b"* SORT\r\n", SortData(())),
    (b"* SORT 5 3 4 (MODSEQ 9)\r\n", SortData((5, 3, 4), 9)),
    (b"* THREAD\r\n", ThreadData(())),
    (
        b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n",
        ThreadData(((0, 2), (0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7), (4, 96))),
    ),
    (b"* THREAD ((3)(5))\r\n", ThreadData(((0, 0), (1, 3), (1, 5)))),
    (
        b"* THREAD ((1 2)(3 (4)(5)))(6)\r\n",
        ThreadData(((0, 0), (1, 1), (2, 2), (1, 3), (2, 4), (2, 5), (0, 6))),
    ),
    (b"* ACL INBOX\r\n", AclData("INBOX", ())),
    (
        b'* ACL INBOX fred lrswipkxteacd -$x ""\r\n',
        AclData("INBOX", (("fred", "lrswipkxteacd"), ("-$x", ""))),
    ),
    (
        b'* LISTRIGHTS a fred "" l r s\r\n',
        ListRightsData("a", "fred", "", ("l", "r", "s")),
    ),
    (b"* MYRIGHTS a lr\r\n", MyRightsData("a", "lr")),
    (b'* QUOTA "" ()\r\n', QuotaData("", ())),
    (
        b"* QUOTA ann (STORAGE 10 512 MESSAGE 2 9)\r\n",
        QuotaData("ann", (("STORAGE", 10, 512), ("MESSAGE", 2, 9))),
    ),
    (b'* QUOTAROOT a ann "b c"\r\n', QuotaRootData("a", ("ann", "b c"))),
    (b"* QUOTAROOT Public/x\r\n", QuotaRootData("Public/x", ())),
    (
        b'* METADATA "" (/shared/a "x" /private/b NIL /shared/c ~{1}\r\n\0)\r\n',
        MetadataData("", (("/shared/a", b"x"), ("/private/b", None), ("/shared/c", b"\0"))),
    ),
    (
        b"* METADATA INBOX /shared/a /private/b\r\n",
        MetadataChanged("INBOX", ("/shared/a", "/private/b")),
    ),
    (b"* FLAGS (\\Answered $X)\r\n", FlagsData(("\\Answered", "$X"))),
    (b"* 23 EXISTS\r\n", Exists(23)),
    (b"* 0 RECENT\r\n", Recent(0)),
    (b"* 44 EXPUNGE\r\n", Expunged(44)),
    (b"* VANISHED (EARLIER) 41,43:116\r\n", Vanished(SequenceSet(((41, 41), (43, 116))), True)),
    (b"* SEARCH\r\n", SearchData(())),
    (b"* SEARCH 2 84 882\r\n", SearchData((2, 84, 882))),
    (b"* SEARCH 2 5 (MODSEQ 917162500)\r\n", SearchData((2, 5), 917162500)),
    (
        b'* 12 FETCH (UID 7 MODSEQ (9) FLAGS (\\Seen \\Recent) INTERNALDATE " 7-Jul-1996 02:44:25'
        b' -0700" RFC822.SIZE 4286)\r\n',
        FetchData(12, 7, frozenset({"\\Seen", "\\Recent"}), THEN, 4286, 9),
    ),
    (
        b"* 2 FETCH (BINARY[1] ~{3}\r\na\0b BINARY[2]<5> {1}\r\nx BINARY[3] NIL"
        b" BINARY.SIZE[1] 3)\r\n",
        FetchData(
            2,
            binary={
                BinarySection((1,)): b"a\0b",
                BinarySection((2,), start=5): b"x",
                BinarySection((3,)): None,
                BinarySection((1,), size=True): 3,
            },
        ),
    ),
    (
        b"* 1 FETCH (BODY[] {5}\r\nhello BODY[1.2.HEADER]<5> NIL RFC822.TEXT {0}\r\n)\r\n",
        FetchData(
            1,
            sections={
                BodySection(): b"hello",
                BodySection((1, 2), SectionText.HEADER, start=5): None,
                BodySection(text=SectionText.TEXT, old=b"RFC822.TEXT"): b"",
            },
        ),
    ),
    (
        b'* 1 FETCH (ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700" "a \\"subject\\""'
        b' (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org"))'
        b' (("Ann" NIL "ann" "example.org")) ((NIL NIL "group" NIL)(NIL NIL NIL NIL))'
        b' NIL NIL NIL "<1@example.org>"))\r\n',
        FetchData(1, envelope=ENVELOPE),
    ),
]
