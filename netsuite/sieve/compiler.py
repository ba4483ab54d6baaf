"""The compiler: a parsed script to commands whose arguments are checked. See RFC 5228, 2.10.5.

Whatever can be known to be wrong before a message comes is refused here, with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from netsuite.sieve import checks
from netsuite.sieve.commands import (
    CAPABILITIES,
    COMMANDS,
    IMPLIED,
    TESTS,
    Kind,
    Spec,
    TagSpec,
    Tests,
)
from netsuite.sieve.encoded import decode_characters
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.matching import COMPARATORS, Match
from netsuite.sieve.script import SHARED, Inclusion, Node, Script, Text, template
from netsuite.sieve.syntax import Argument, Number, Parsed, Strings, Tag, parse

#: Tests whose outcome ``ihave`` has decided (RFC 5463, 4): what they guard need not be known here.
NEVER: Final = "never"
ALWAYS: Final = "always"

#: What a run needs beside the header, by the command or test that asks for it.
WANTS: Final = {
    "body": "body",
    "mailboxexists": "folders",
    "specialuse_exists": "folders",
    "duplicate": "seen",
    "vacation": "seen",
}


class Compiler:
    """One script on its way."""

    def __init__(self) -> None:
        self.required: set[str] = set()
        self.wants: set[str] = set()
        self.warnings: list[tuple[int, str]] = []
        self.includes: set[Inclusion] = set()

    # -- commands ------------------------------------------------------------------------------

    def block(self, commands: Iterable[Parsed], *, top: bool = False) -> tuple[Node, ...]:
        """Return the commands of a block; ``require`` may stand before all others of the script
        (RFC 5228, 3.2)."""
        found: list[Node] = []
        before = ""
        decided = False  # an ``if`` before has been taken for sure
        may_require = top
        for parsed in commands:
            if parsed.name == "require":
                if not may_require:
                    raise ScriptError(parsed.line, "require stands before all other commands")
                self._require(self._checked(parsed, COMMANDS["require"]))
                continue
            may_require = False
            if parsed.name in ("elsif", "else"):
                if before not in ("if", "elsif"):
                    raise ScriptError(parsed.line, f"{parsed.name} without an if before it")
            else:
                decided = False
            before = parsed.name
            node = self._command(parsed, skipped=decided)
            decided = decided or bool(node.tests and node.tests[0].name == ALWAYS)
            found.append(node)
        return tuple(found)

    def _command(self, parsed: Parsed, *, skipped: bool) -> Node:
        spec = COMMANDS.get(parsed.name)
        if spec is None:
            what = "a test" if parsed.name in TESTS else "unknown"
            raise ScriptError(parsed.line, f"{parsed.name} is {what} and no command")
        if spec.block != (parsed.block is not None):
            wanted = "wants a block" if spec.block else "has no block"
            raise ScriptError(parsed.line, f"{parsed.name} {wanted}")
        if not spec.block:
            return self._checked(parsed, spec)
        if skipped:
            return Node(parsed.name, parsed.line)
        head = self._checked(parsed, spec)
        if head.tests and head.tests[0].name == NEVER:
            return head
        return Node(head.name, head.line, tests=head.tests, block=self.block(parsed.block or ()))

    def _require(self, node: Node) -> None:
        for written in node.texts["capabilities"]:
            name = written if isinstance(written, str) else written.written
            if name not in CAPABILITIES:
                raise ScriptError(node.line, f"there is no extension {name!r} here")
            self._enable(name)

    def _enable(self, name: str) -> None:
        self.required.add(name)
        if name in IMPLIED:
            self.required.add(IMPLIED[name])

    # -- tests ---------------------------------------------------------------------------------

    def _test(self, parsed: Parsed) -> Node:
        spec = TESTS.get(parsed.name)
        if spec is None:
            what = "a command" if parsed.name in COMMANDS else "unknown"
            raise ScriptError(parsed.line, f"{parsed.name} is {what} and no test")
        node = self._checked(parsed, spec)
        if parsed.name == "ihave":
            names = [str(each) for each in node.texts["capabilities"]]
            there = all(name in CAPABILITIES for name in names)
            for name in names if there else ():
                self._enable(name)
            return Node(ALWAYS if there else NEVER, node.line)
        if parsed.name == "not":
            opposite = {NEVER: ALWAYS, ALWAYS: NEVER}.get(node.tests[0].name)
            return Node(opposite, node.line) if opposite else node
        if parsed.name == "allof" and node.tests[-1].name == NEVER:
            return Node(NEVER, node.line)
        if parsed.name == "allof" and all(each.name == ALWAYS for each in node.tests):
            return Node(ALWAYS, node.line)
        return node

    def _tests(self, parsed: Parsed, spec: Spec) -> tuple[Node, ...]:
        count = len(parsed.tests)
        if spec.tests is Tests.NONE and count:
            raise ScriptError(parsed.line, f"{parsed.name} has no tests")
        if spec.tests is Tests.ONE and count != 1:
            raise ScriptError(parsed.line, f"{parsed.name} has one test, and not {count}")
        if spec.tests is Tests.SOME and not count:
            raise ScriptError(parsed.line, f"{parsed.name} wants tests")
        found: list[Node] = []
        for each in parsed.tests:
            found.append(self._test(each))
            if parsed.name == "allof" and found[-1].name == NEVER:
                break  # what stands behind is never asked, and need not be known
        return tuple(found)

    # -- arguments -----------------------------------------------------------------------------

    def _checked(self, parsed: Parsed, spec: Spec) -> Node:
        """Return a command or test with its arguments by name. Raises ScriptError."""
        if spec.requires:
            self._need(parsed, spec.requires[0], parsed.name)
        arguments = _Arguments(parsed)
        texts: dict[str, tuple[Text, ...]] = {}
        numbers: dict[str, int] = {}
        flags: set[str] = set()
        groups: set[str] = set()
        for tag in arguments.tags():
            tag_spec = spec.tags.get(tag.name)
            if tag_spec is None:
                raise ScriptError(tag.line, f"{parsed.name} has no :{tag.name}")
            if tag_spec.requires:
                self._need(parsed, tag_spec.requires, f":{tag.name}")
            if tag_spec.group in groups:
                raise ScriptError(tag.line, f":{tag.name} is one too many")
            groups.add(tag_spec.group)
            self._tag(tag, tag_spec, arguments, texts, numbers, flags)
        given = arguments.rest()
        wanted = spec.arguments[1:] if spec.optional and len(given) < 2 else spec.arguments
        if len(given) != len(wanted):
            raise ScriptError(
                parsed.line, f"{parsed.name} has {len(wanted)} arguments, and not {len(given)}"
            )
        for (name, kind), argument in zip(wanted, given, strict=True):
            self._value(parsed.name, name, kind, argument, texts, numbers)
        node = Node(
            parsed.name,
            parsed.line,
            frozenset(flags),
            texts,
            numbers,
            self._match(parsed.line, flags, texts) if "match" in _groups(spec.tags) else None,
            self._tests(parsed, spec),
        )
        self._check(node)
        return node

    def _tag(
        self,
        tag: Tag,
        spec: TagSpec,
        arguments: _Arguments,
        texts: dict[str, tuple[Text, ...]],
        numbers: dict[str, int],
        flags: set[str],
    ) -> None:
        if spec.kind is None:
            flags.add(tag.name)
            return
        value = arguments.value_of(tag)
        # A script may use the name of a tag for an argument, too: ``date :zone``.
        self._value(f":{tag.name}", f":{tag.name}", spec.kind, value, texts, numbers)

    def _value(
        self,
        of: str,
        name: str,
        kind: Kind,
        argument: Argument | None,
        texts: dict[str, tuple[Text, ...]],
        numbers: dict[str, int],
    ) -> None:
        line = 0 if argument is None else argument.line
        if kind is Kind.NUMBER and isinstance(argument, Number):
            numbers[name] = argument.value
        elif (
            kind is not Kind.NUMBER
            and isinstance(argument, Strings)
            and (kind is Kind.TEXTS or not argument.bracketed)
        ):
            texts[name] = tuple(self._text(each, line) for each in argument.values)
        else:
            raise ScriptError(line, f"{of} wants {kind.value} for {name.lstrip(':')}")

    def _text(self, written: str, line: int) -> Text:
        if "encoded-character" in self.required:
            written = decode_characters(written, line)
        if "variables" not in self.required:
            return written
        return template(written, line, shared="include" in self.required)

    def _need(self, parsed: Parsed, capability: str, what: str) -> None:
        if capability not in self.required:
            raise ScriptError(parsed.line, f'{what} needs require "{capability}"')

    def _match(self, line: int, flags: set[str], texts: Mapping[str, tuple[Text, ...]]) -> Match:
        name = checks.constant(texts.get(":comparator", ("i;ascii-casemap",))[0], line)
        comparator = COMPARATORS.get(name)
        if comparator is None:
            raise ScriptError(line, f"there is no comparator {name!r} here")
        if name == "i;ascii-numeric" and f"comparator-{name}" not in self.required:
            raise ScriptError(line, f'{name} needs require "comparator-{name}"')
        for kind in ("value", "count"):
            if f":{kind}" in texts:
                relation = checks.relation(texts[f":{kind}"][0], line)
                return Match(kind, comparator, relation)
        kind = next((each for each in ("contains", "matches") if each in flags), "is")
        if kind != "is" and not comparator.substrings:
            raise ScriptError(line, f"{name} knows no :{kind}")
        return Match(kind, comparator)

    def _check(self, node: Node) -> None:
        if node.name in WANTS:
            self.wants.add(WANTS[node.name])
        for check in checks.CHECKS.get(node.name, ()):
            check(node)
        if "variables" not in self.required and ("variables" in node.texts):
            raise ScriptError(node.line, f'a variable of {node.name} needs require "variables"')
        self._check_shared(node)
        if node.name == "include":
            self.includes.add(Inclusion(str(node.texts["name"][0]), "global" in node.flags))
        if node.name == "redirect" and "copy" not in node.flags:
            return
        if node.name == "vacation" and node.numbers.get(":days") == 0:
            self.warnings.append((node.line, "vacation :days 0 is taken for 1"))

    def _check_shared(self, node: Node) -> None:
        """Check that variables are shared only with what that needs (RFC 6609, 3.4)."""
        if node.name == "global" and "variables" not in self.required:
            raise ScriptError(node.line, 'global needs require "variables"')
        set_ones = node.texts["name"] if node.name == "set" else node.texts.get("variables", ())
        if "include" not in self.required and any(
            isinstance(each, str) and each.lower().startswith(SHARED) for each in set_ones
        ):
            raise ScriptError(node.line, f'{SHARED}* needs require "include"')


def _groups(tags: Mapping[str, TagSpec]) -> frozenset[str]:
    return frozenset(spec.group for spec in tags.values())


class _Arguments:
    """The arguments of one command: tags stand before all others, each with its value."""

    def __init__(self, parsed: Parsed) -> None:
        self._line = parsed.line
        self._left = list(parsed.arguments)
        self._left.reverse()

    def tags(self) -> Iterable[Tag]:
        """Return the tags in order; the value of each is to be taken meanwhile."""
        while self._left and isinstance(self._left[-1], Tag):
            tag = self._left.pop()
            assert isinstance(tag, Tag)
            yield tag

    def value_of(self, tag: Tag) -> Argument:
        """Return what stands behind a tag. Raises ScriptError where nothing does."""
        if not self._left:
            raise ScriptError(tag.line, f":{tag.name} wants a value")
        return self._left.pop()

    def rest(self) -> list[Argument]:
        """Return what is no tag. Raises ScriptError for a tag behind it (RFC 5228, 2.6.2)."""
        rest = self._left[::-1]
        for each in rest:
            if isinstance(each, Tag):
                raise ScriptError(each.line, f":{each.name} stands behind what it should precede")
        return rest


def compile_script(octets: bytes) -> Script:
    """Compile a script. Raises ScriptError, with the line."""
    compiler = Compiler()
    commands = compiler.block(parse(octets), top=True)
    return Script(
        commands,
        frozenset(compiler.required),
        frozenset(compiler.wants),
        tuple(compiler.warnings),
        frozenset(compiler.includes),
    )
