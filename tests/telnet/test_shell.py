"""The pure parts of the shell: words, columns, drafts, answers, what TAB adds; and its table."""

from __future__ import annotations

import fnmatch
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.headers import header_end
from netsuite.telnet.dialog.server import Completion
from netsuite.telnet.sanitize import sanitized, width
from netsuite.telnet.shell import answering, drafting
from netsuite.telnet.shell.answering import Answered, NoAddress, ToPoster
from netsuite.telnet.shell.columns import in_columns, layout, size, span, wrapped
from netsuite.telnet.shell.command import Command
from netsuite.telnet.shell.completion import completion
from netsuite.telnet.shell.drafting import Abandon, Attach, Done, Draft, Edit, Header, ReadIn, Show
from netsuite.telnet.shell.paths import resolved, written
from netsuite.telnet.shell.table import CommandTable
from netsuite.telnet.shell.words import Unended, Word, quoted, split, split_unended
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.telnet.worlds import World

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Words(SynchronousTestCase):
    """What is typed, as words."""

    def test_split(self) -> None:
        """Blanks divide, quotes and backslashes join, as in a shell."""
        for line, words in [
            ("", []),
            ("   ", []),
            ("ls", ["ls"]),
            ("  ls   -l\ta ", ["ls", "-l", "a"]),
            ("cat 'a b' \"c d\"", ["cat", "a b", "c d"]),
            ("a\\ b", ["a b"]),
            ("''", [""]),
            ("a''b", ["ab"]),
            ("'it'\\''s'", ["it's"]),
            ('"a\\"b\\c"', ['a"b\\c']),
            ("'a\\b'", ["a\\b"]),
            ("grüße", ["grüße"]),
        ]:
            self.assertEqual(words, split(line), line)

    def test_loose_ends(self) -> None:
        """A quotation mark or a backslash with nothing behind it is told so."""
        for line in ("'a", '"a', "a\\", "'", '"a\\'):
            self.assertRaises(Unended, split, line)

    def test_patterns(self) -> None:
        """Wildcards count where they are not quoted."""
        for line, pattern in [
            ("*.txt", "*.txt"),
            ("'*'.txt", ""),
            ("\\*.txt", ""),
            ("a'*'*", "a[*]*"),
            ("[ab]?", "[ab]?"),
            ("plain", ""),
        ]:
            (word,) = split(line)
            assert isinstance(word, Word)
            self.assertEqual(pattern, word.pattern, line)
        (word,) = split("a'*'*")
        self.assertTrue(fnmatch.fnmatchcase("a*b", word.pattern))  # type: ignore[attr-defined]
        self.assertFalse(fnmatch.fnmatchcase("axb", word.pattern))  # type: ignore[attr-defined]

    def test_unended(self) -> None:
        """What TAB stands behind: the words before, the one begun, the mark it lacks."""
        for line, expected in [
            ("cat ", (["cat"], None, None)),
            ("cat no", (["cat"], "no", None)),
            ("cat 'my fi", (["cat"], "my fi", "'")),
            ('cat "', (["cat"], "", '"')),
            ("cat a\\", (["cat"], "a", "\\")),
        ]:
            words, rest, lacking = split_unended(line)
            self.assertEqual(expected, (list(words), rest, lacking), line)

    @given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
    def test_quoted(self, text: str) -> None:
        """What is quoted is read as it was, and its wildcards mean themselves."""
        for mark, line in (
            (None, quoted(text)), ("'", f"'{quoted(text, chr(39))}'"),
            ('"', f'"{quoted(text, chr(34))}"'),
        ):  # fmt: skip
            (word,) = split(line)
            self.assertEqual(text, word, mark)
            assert isinstance(word, Word)
            self.assertEqual("", word.pattern)

    def test_paths(self) -> None:
        """No path leads above the root."""
        for word, path in [
            ("a/b", "/home/a/b"), ("/a//b/.", "/a/b"), ("../../..", "/"), ("..", "/"),
            ("../x/../y", "/y"), ("", "/home"),
        ]:  # fmt: skip
            self.assertEqual(path, written(resolved(("home",), word)), word)


class Columns(SynchronousTestCase):
    """What fits into a window."""

    @given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(20, 80))
    def test_wrapped(self, text: str, columns: int) -> None:
        """No row is too wide, and but for blanks at their ends nothing is lost."""
        line = sanitized(text).replace("\n", " ").expandtabs()
        rows = list(wrapped(line, columns))
        self.assertTrue(all(width(row) <= columns for row in rows), rows)
        if not line.startswith((">", " ")):
            self.assertEqual(line.replace(" ", ""), "".join(rows).replace(" ", ""))

    def test_wrapped_words(self) -> None:
        """Words stay whole, and a quotation stays one."""
        self.assertEqual(["aaa bbb", "ccc"], list(wrapped("aaa bbb ccc", 8)))
        self.assertEqual(
            ["> > one two three", "> > four five"], list(wrapped("> > one two three four five", 18))
        )
        self.assertEqual(["a" * 20, "a" * 5], list(wrapped("a" * 25, 20)))
        self.assertEqual(["日本", "語"], list(wrapped("日本語", 5)))

    def test_wrapped_at_once(self) -> None:
        """A line of a megabyte costs what it holds, whatever is in it."""
        for text in ("x" * 1_000_000, "word " * 200_000, "e\u0301" * 300_000, " " * 500_000 + "x"):
            began = time.process_time()
            rows = list(wrapped(text, 20))
            self.assertLess(time.process_time() - began, 5.0)
            self.assertTrue(all(width(row) <= 20 for row in rows))

    def test_lists(self) -> None:
        """A row of a list has what there is room for: at 20 columns who, and the beginning of
        what."""
        for columns, expected in [
            (80, "    7 N Mar 01 10:00 Bob Example          Café on Thursday?"),
            (40, "  7 N 10:00  Bob Exampl Café on Thursda"),
            (20, " 7N Bob E Café on T"),
        ]:
            row = layout(columns, 7).row(
                7, "N", NOW.replace(hour=10), "Bob Example", "Café on Thursday?",
                now=NOW, columns=columns - 1,
            )  # fmt: skip
            self.assertEqual(expected, row)

    def test_lists_are_harmless(self) -> None:
        """Names and subjects of others act on no terminal."""
        row = layout(80, 1).row(1, " ", None, "\x1b[2J", "a\nb\t\x9b1m\u202e", now=NOW, columns=79)
        self.assertTrue(row.isprintable(), row)
        self.assertIn("^[[2J", row)

    def test_sizes(self) -> None:
        """Sizes and spans in a few characters."""
        for octets, shown in [
            (0, "0"), (999, "999"), (1000, "1.0K"), (1434, "1.4K"), (10_240, "10K"),
            (23 << 20, "23M"), (5 << 40, "5.0T"),
        ]:  # fmt: skip
            self.assertEqual(shown, size(octets))
        for seconds, shown in [(0, "0s"), (59, "59s"), (90, "1m 30s"), (7200, "2h"),
                               (90_000, "1d 1h")]:  # fmt: skip
            self.assertEqual(shown, span(timedelta(seconds=seconds)))

    def test_in_columns(self) -> None:
        """Names stand in as many columns as fit, read downwards."""
        names = ["a", "bb", "ccc", "d"]
        self.assertEqual(["a    ccc", "bb   d"], list(in_columns(names, 12)))
        self.assertEqual(names, list(in_columns(names, 5)))
        self.assertEqual([], list(in_columns([], 80)))


class Drafts(SynchronousTestCase):
    """A text being written."""

    def written(self, *lines: str) -> Draft:
        """Give a draft with lines."""
        draft = Draft()
        for line in lines:
            self.assertIsNone(draft.take(line))
        return draft

    def test_commands(self) -> None:
        """What each line leads to."""
        for line, outcome in [
            (".", Done()),
            ("~q", Abandon()),
            ("~x", Abandon()),
            ("~s", Header("subject", "")),
            ("~s New one", Header("subject", "New one")),
            ("~t bob", Header("to", "bob")),
            ("~c bob, ann", Header("cc", "bob, ann")),
            ("~h", Header("all", "")),
            ("~a notes.txt", Attach("notes.txt")),
            ("~r notes.txt", ReadIn("notes.txt")),
            ("~e 2", Edit(2, "two")),
            ("~p", Show(["  1 one", "  2 two"])),
            ("~?", Show(drafting.HELP)),
        ]:
            self.assertEqual(outcome, self.written("one", "two").take(line), line)

    def test_told(self) -> None:
        """What is no command, or names no line, is told so and changes nothing."""
        draft = self.written("one", "two")
        for line in ("~", "~z", "~e", "~e x", "~d 3", "~d 0", "~d 2-1", "~a", "~e 99999999", "~i 9",
                     "~p x"):  # fmt: skip
            self.assertIsInstance(draft.take(line), Show, line)
        self.assertEqual("one\ntwo\n", draft.text)

    def test_lines(self) -> None:
        """Lines are deleted, put in elsewhere, replaced; a tilde is written by two."""
        draft = self.written("one", "two", "three", "~~four", "..", ". ")
        self.assertEqual(["one", "two", "three", "~four", "..", ". "], draft.lines)
        draft.take("~d 2-3")
        draft.take("~i 2")
        draft.take("a")
        draft.take("b")
        draft.take("~i")
        draft.take("end")
        draft.replace(1, "ONE")
        self.assertEqual(["ONE", "a", "b", "~four", "..", ". ", "end"], draft.lines)

    def test_bounded(self) -> None:
        """A text ends somewhere, and what is deleted makes room."""
        draft = Draft()
        line = "x" * 4095
        for _ in range(drafting.TEXT_CHARACTERS // 4096):
            draft.put(line)
        self.assertRaises(drafting.TooLong, draft.put, "x")
        self.assertRaises(drafting.TooLong, draft.replace, 1, line + "xx")
        draft.take("~d 1")
        draft.put(line)


def answered(header: bytes, **changes: Any) -> Answered:
    """Give what an answer needs."""
    given = {"subject": "Plans", "when": "2026-03-01", "by": "Bob", **changes}
    return Answered(header.replace(b"\n", b"\r\n"), **given)


class Answers(SynchronousTestCase):
    """Whom an answer goes to, and what it says of what it answers."""

    def is_own(self, address: str) -> bool:
        """Whether an address is ann's."""
        return address.lower().startswith("ann@")

    def test_recipients(self) -> None:
        """Reply-To before From; copies to all others once, not to oneself."""
        header = (
            b"From: Bob <bob@x.test>\nTo: Ann <ann@x.test>, Cy <cy@x.test>\n"
            b"Cc: dee@x.test, BOB@x.test, undisclosed: ;\n"
        )
        for more, everybody, to, cc in [
            (b"", False, [("Bob", "bob@x.test")], []),
            (b"", True, [("Bob", "bob@x.test")], [("Cy", "cy@x.test"), ("", "dee@x.test")]),
            (b"Reply-To: list@x.test\n", False, [("", "list@x.test")], []),
        ]:
            found = answering.reply_recipients(
                answered(header + more), self.is_own, everybody=everybody
            )
            self.assertEqual((to, cc), (list(found[0]), list(found[1])))

    def test_own(self) -> None:
        """What one has written is answered to whom it went to."""
        mine = answered(b"From: ann@x.test\nTo: bob@x.test\n")
        to, _ = answering.reply_recipients(mine, self.is_own, everybody=False)
        self.assertEqual([("", "bob@x.test")], list(to))

    def test_subjects(self) -> None:
        """``Re:`` stands there once, whoever has put it there."""
        for subject, expected in [("Plans", "Re: Plans"), ("Re: Plans", "Re: Plans"),
                                  ("AW: RE: Plans", "Re: Plans"), ("Re[2]: x", "Re: x"),
                                  ("", "Re:"), ("a\r\nBcc: b", "Re: aBcc: b")]:  # fmt: skip
            self.assertEqual(expected, answering.reply_subject(subject))
        self.assertEqual("Fwd: Plans", answering.forward_subject("Plans"))
        self.assertEqual("Fw: Plans", answering.forward_subject("Fw: Plans"))

    def test_thread(self) -> None:
        """References go on, as RFC 5322, 3.6.4 has it; of a long thread the ends are kept."""
        for header, references in [
            (b"Message-ID: <2@x>\nReferences: <0@x>\n <1@x>\n", "<0@x> <1@x> <2@x>"),
            (b"Message-ID: <2@x>\nIn-Reply-To: <1@x>\n", "<1@x> <2@x>"),
            (b"Message-ID: <2@x>\nIn-Reply-To: <1@x> <0@x>\n", "<2@x>"),
            (b"Message-ID: <2@x>\n", "<2@x>"),
        ]:
            fields = dict(answering.thread(answered(header)))
            self.assertEqual(references, fields["References"])
            self.assertEqual("<2@x>", fields["In-Reply-To"])
        self.assertEqual([], list(answering.thread(answered(b"From: x@x\n"))))
        long = b"References: " + b" ".join(b"<%d@x>" % n for n in range(100)) + b"\n"
        fields = dict(answering.thread(answered(b"Message-ID: <last@x>\n" + long)))
        kept = fields["References"].split()
        self.assertEqual(("<0@x>", "<99@x>", "<last@x>"), (kept[0], kept[-2], kept[-1]))
        self.assertLessEqual(len(kept), 21)

    def test_groups(self) -> None:
        """A followup goes where its article wants it; names that are none are left out."""
        for header, groups in [
            (b"Newsgroups: a.b,c.d\n", ["a.b", "c.d"]),
            (b"Newsgroups: a.b\nFollowup-To: e.f\n", ["e.f"]),
            (b"Newsgroups: a.b, a.b,,\x1b[2J\n", ["a.b"]),
            (b"", ["fall.back"]),
        ]:
            self.assertEqual(groups, answering.followup_groups(answered(header), "fall.back"))
        self.assertRaises(
            ToPoster, answering.followup_groups, answered(b"Followup-To: Poster\n"), ""
        )

    def test_quotation(self) -> None:
        """Lines are marked, quotations deeper, the signature is left out."""
        text = "Hello\n\n> before\n\n-- \nBob\n"
        self.assertEqual(
            ["On 2026-03-01, Bob wrote:", "> Hello", ">", ">> before"],
            list(answering.quotation(answered(b""), text)),
        )
        long = list(answering.quotation(answered(b""), "x\n" * 10_000))
        self.assertLess(len(long), 600)
        self.assertEqual("> [9500 more lines]", long[-1])

    def test_typed(self) -> None:
        """Addresses as people type them: names alone, blanks or commas, names in front."""
        for text, expected in [
            ("", []),
            ("bob", [("", "bob@x.test")]),
            ("bob ann", [("", "bob@x.test"), ("", "ann@x.test")]),
            ("bob, cy@y.test", [("", "bob@x.test"), ("", "cy@y.test")]),
            ("Bob B <bob@y.test>", [("Bob B", "bob@y.test")]),
            ('"B, Bob" <bob@y.test>', [("B, Bob", "bob@y.test")]),
            ("Jürgen <j@y.test>", [("Jürgen", "j@y.test")]),
        ]:
            found = list(answering.typed_addresses(text, "x.test"))
            self.assertEqual(expected, found)
            again = answering.typed_addresses(answering.written(found), "x.test")
            self.assertEqual(expected, list(again))
        for text in ("<>", "a@b@c d"):
            self.assertRaises(NoAddress, answering.typed_addresses, text, "x.test")

    @given(st.binary(max_size=200))
    def test_any_header(self, octets: bytes) -> None:
        """Whatever a header holds, an answer has fields without line ends in them."""
        header = b"From: " + octets + b"\r\nMessage-ID: " + octets + b"\r\nTo: " + octets
        given_header = answered(header[: header_end(header)])
        to, cc = answering.reply_recipients(given_header, self.is_own, everybody=True)
        said = [*answering.thread(given_header), *to, *cc]
        self.assertFalse([each for pair in said for each in pair if {*each} & {*"\r\n\0"}])


class Completing(SynchronousTestCase):
    """What TAB adds."""

    def test_completion(self) -> None:
        """The rest, as far as there is but one; else what there is to choose from."""
        for begun, candidates, expected in [
            ("x", ["a"], Completion()),
            ("no", ["notes.txt"], Completion("tes.txt ")),
            ("no", ["notes.txt", "notes.org"], Completion("tes.")),
            ("n", ["new/"], Completion("ew/")),
            ("a/", ["a/x", "a/y"], Completion("", ("x", "y"))),
            ("", ["b c"], Completion("b\\ c ")),
            ("", ["d*"], Completion("d\\* ")),
        ]:
            self.assertEqual(expected, completion(begun, candidates), begun)
        self.assertEqual(Completion("b c' "), completion("", ["b c"], mark="'"))

    def test_harmless(self) -> None:
        """Names of files act on no terminal."""
        shown = completion("", ["a\x1b[2J", "b\x9b"]).candidates
        self.assertTrue(all(each.isprintable() for each in shown), shown)

    def test_bounded(self) -> None:
        """Of very many no more are shown than fit."""
        self.assertLessEqual(len(completion("", [str(n) for n in range(1000)]).candidates), 101)


class Table(SynchronousTestCase):
    """All commands."""

    def test_each_is_explained(self) -> None:
        """Each says what it does, in a line of words, and what it takes."""
        for each in CommandTable():
            self.assertIsInstance(each, Command)
            self.assertTrue(
                (each.help and each.help[0].islower()) or each.help[0] == "-", each.name
            )
            self.assertLessEqual(len(each.usage), 34, each.name)
            self.assertTrue(all(len(line) <= 90 for line in each.more), each.name)

    def test_find(self) -> None:
        """Names are found in any case, other names too, and numbers behind groups of them."""
        table = CommandTable()
        for words, name, rest in [
            (["HELP"], "help", []), (["Mail", "List", "X"], "mail list", ["X"]),
            (["MAIL"], "mail list", []), (["mail", "1"], "mail read", ["1"]),
            (["news", "3"], "news read", ["3"]), (["bye"], "quit", []), (["EXIT"], "quit", []),
            (["logout"], "quit", []), (["?", "mail"], "help", ["mail"]),
            (["more", "x"], "cat", ["x"]),
        ]:  # fmt: skip
            found, behind = table.find(words)
            self.assertEqual((name, rest), (found.name, list(behind)), words)

    def test_next_words(self) -> None:
        """First words, and what follows a group's; those for administrators only to them."""
        table = CommandTable()
        self.assertEqual({"reply", "reply-all", "read", "resume"},
                         set(table.next_words(["mail"], "re", administers=False)))  # fmt: skip
        self.assertIn("mail", table.next_words([], "ma", administers=False))
        self.assertNotIn("kick", table.next_words([], "k", administers=False))
        self.assertIn("kick", table.next_words([], "k", administers=True))


class Documented(SynchronousTestCase):
    """The page of the shell."""

    def test_each_command(self) -> None:
        """Every command of the table stands there."""
        page = (Path(__file__).parents[2] / "docs" / "protocols" / "telnet-shell.rst").read_text()
        missing = [each.name for each in CommandTable() if f"``{each.name}" not in page]
        self.assertEqual([], missing)


class Explained(TestCase):
    """What ``help`` says of each command, in a shell."""

    async def test_each(self) -> None:
        """Its usage, what it does, and what more there is to say, in windows of any width."""
        world = await World().fill()
        for columns in (80, 40, 20):
            terminal = world.enter()
            terminal.ask(b"set columns %d" % columns)
            for each in CommandTable():
                if each.administers:
                    continue
                shown = terminal.ask(f"help {each.name}".encode()).decode()
                words = " ".join(shown.split())
                for said in (each.usage, each.help, *each.more):
                    self.assertIn(" ".join(said.split()), words)
                usage = max(len(each.usage) + 2, columns)
                self.assertTrue(all(len(row) <= usage for row in shown.splitlines()), shown)
