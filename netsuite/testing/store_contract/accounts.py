"""The contract on accounts, aliases and the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from netsuite.store import model
from netsuite.store.changes import AccountChanged, AliasesChanged, FolderCreated, FolderDeleted
from netsuite.store.errors import AccountExists, BadFolderName, NoSuchAccount
from netsuite.testing.store_contract.case import CREATED, StoreCase

VERIFIERS = model.Verifiers(
    argon2="$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
    scram={
        "SHA-1": model.ScramVerifier(b"\x00salt\xff", 4096, b"stored", b"server"),
        "SHA-256": model.ScramVerifier(b"s", 10_000, bytes(32), bytes(range(32))),
    },
    cram_md5=b"secret\x00",
)


class AccountsContract(StoreCase):
    """Accounts and what belongs to them."""

    async def test_add(self) -> None:
        """A new account has its INBOX and folders, in one step."""
        accounts = self.store.accounts
        made = await accounts.add_account(
            "Alice",
            VERIFIERS,
            display_name="Alice Ä.",
            folders=[
                ("Sent", model.SpecialUse.SENT),
                ("a/b", None),
                ("a", model.SpecialUse.ARCHIVE),
            ],
        )
        self.assertEqual(model.Account(made.id, "alice", display_name="Alice Ä."), made)
        self.assertEqual(made, await accounts.account("alice"))
        self.assertEqual(made, await accounts.account("ALICE"))
        self.assertEqual(made, await accounts.account_by_id(made.id))
        self.assertEqual(VERIFIERS, await accounts.verifiers(made.id))
        folders = {f.name: f.special_use for f in await self.store.mail.folders(made.id)}
        expected = {
            "INBOX": None,
            "Sent": model.SpecialUse.SENT,
            "a": model.SpecialUse.ARCHIVE,
            "a/b": None,
        }
        self.assertEqual(expected, folders)
        self.assertEqual(AccountChanged(made.id, "alice"), self.published[0])
        self.assertEqual(4, len(self.published_of(FolderCreated)))

    async def test_names_are_taken_once(self) -> None:
        """A name is an account's or an alias's, not both, not twice."""
        accounts = self.store.accounts
        await accounts.add_account("alice", None)
        await accounts.set_alias("info", ["alice"])
        await self.refused(AccountExists, accounts.add_account("ALICE", None))
        await self.refused(AccountExists, accounts.add_account("info", None))
        await self.refused(AccountExists, accounts.set_alias("alice", ["bob"]))
        await self.refused(
            BadFolderName, accounts.add_account("bob", None, folders=[("a//b", None)])
        )
        self.assertEqual(["alice"], [account.name for account in await accounts.accounts()])

    async def test_pages(self) -> None:
        """Accounts are found by a part of either name, taken as it is, and come in pages."""
        accounts = self.store.accounts
        for name, display_name in (("b_c", ""), ("a%d", "Bob Cat"), ("abc", "x\\y")):
            await accounts.add_account(name, None, display_name=display_name)

        async def found(**wanted: Any) -> list[str]:
            return [each.name for each in await accounts.accounts(**wanted)]

        self.assertEqual(["a%d", "abc", "b_c"], await found())
        self.assertEqual(["a%d", "abc"], await found(limit=2))
        self.assertEqual(["b_c"], await found(after="abc", limit=2))
        self.assertEqual(["abc", "b_c"], await found(containing="C", after="a%d"))
        for text, names in (
            ("BOB c", ["a%d"]), ("_", ["b_c"]), ("%", ["a%d"]), ("\\", ["abc"]), ("'", []),
        ):  # fmt: skip
            self.assertEqual(names, await found(containing=text), text)

    async def test_unknown(self) -> None:
        """What is not there is said to be not there."""
        accounts, nobody = self.store.accounts, model.AccountId(999_999)
        for name in ("nobody", "", "\x00", "\ud800"):
            await self.refused(NoSuchAccount, accounts.account(name))
        await self.refused(NoSuchAccount, accounts.account_by_id(nobody))
        await self.refused(NoSuchAccount, accounts.verifiers(nobody))
        await self.refused(NoSuchAccount, accounts.set_verifiers(nobody, None))
        await self.refused(NoSuchAccount, accounts.update_account(nobody))
        await self.refused(NoSuchAccount, accounts.remove_account(nobody))
        await self.refused(NoSuchAccount, accounts.app_passwords(nobody))
        await self.refused(NoSuchAccount, self.store.mail.usage(nobody))
        await self.refused(NoSuchAccount, self.store.mail.subscriptions(nobody))
        await self.refused(NoSuchAccount, self.store.mail.subscribe(nobody, "a", True))
        await self.refused(NoSuchAccount, self.store.mail.create_folder(nobody, "a"))

    async def test_update(self) -> None:
        """What is given changes, what is not stays; None means no limit."""
        accounts = self.store.accounts
        made = await accounts.add_account("alice", None)
        full = await accounts.update_account(
            made.id, state=model.AccountState.DISABLED, display_name="A",
            protocols=frozenset({"imap", "smtp"}), quota_octets=5, quota_messages=6,
            groups=frozenset({"staff"}),
        )  # fmt: skip
        self.assertEqual(
            model.Account(
                made.id, "alice", model.AccountState.DISABLED, "A", frozenset({"imap", "smtp"}), 5,
                6, frozenset({"staff"}),
            ),
            full,
        )  # fmt: skip
        self.assertEqual(full, await accounts.update_account(made.id))
        await accounts.update_account(made.id, protocols=None, quota_octets=None)
        now = await accounts.account("alice")
        self.assertEqual((None, None, 6), (now.protocols, now.quota_octets, now.quota_messages))
        none = await accounts.update_account(made.id, protocols=frozenset(), groups=frozenset())
        self.assertEqual((frozenset(), frozenset()), (none.protocols, none.groups))

    async def test_verifiers(self) -> None:
        """A changed password is told of; none is possible."""
        made = await self.account()
        accounts = self.store.accounts
        self.assertIsNone(await accounts.verifiers(made.id))
        self.published.clear()
        await accounts.set_verifiers(made.id, VERIFIERS)
        self.assertEqual(VERIFIERS, await accounts.verifiers(made.id))
        await accounts.set_verifiers(made.id, model.Verifiers("x"))
        self.assertEqual(model.Verifiers("x"), await accounts.verifiers(made.id))
        await accounts.set_verifiers(made.id, None)
        self.assertIsNone(await accounts.verifiers(made.id))
        self.assertEqual([AccountChanged(made.id, "alice")] * 3, self.published)

    async def test_app_passwords(self) -> None:
        """Further passwords are added, used and taken away, each account its own."""
        alice, bob = await self.account(), await self.account("bob")
        accounts = self.store.accounts
        first = await accounts.add_app_password(alice.id, "phone", VERIFIERS, frozenset({"imap"}))
        second = await accounts.add_app_password(alice.id, "desk", model.Verifiers("y"))
        self.assertEqual((CREATED, None), (first.created, first.last_used))
        self.assertEqual([first, second], list(await accounts.app_passwords(alice.id)))
        self.assertEqual([], list(await accounts.app_passwords(bob.id)))
        self.clock.advance(60)
        await accounts.used_app_password(second.id)
        used = (await accounts.app_passwords(alice.id))[1]
        self.assertEqual(CREATED + timedelta(seconds=60), used.last_used)
        await accounts.remove_app_password(bob.id, first.id)
        self.assertEqual(2, len(await accounts.app_passwords(alice.id)))
        await accounts.remove_app_password(alice.id, first.id)
        self.assertEqual([used], list(await accounts.app_passwords(alice.id)))

    async def test_remove(self) -> None:
        """A removed account is gone with all that was its own; its name is free again."""
        alice, bob = await self.account(), await self.account("bob")
        accounts, mail = self.store.accounts, self.store.mail
        inbox = await mail.folder(alice.id, "INBOX")
        group = await self.group()
        await self.put(inbox)
        await self.put(group, flags={"\\Seen"}, account=alice.id)
        await accounts.add_app_password(alice.id, "phone", VERIFIERS)
        await mail.subscribe(alice.id, "x", True)
        self.published.clear()
        await accounts.remove_account(alice.id)
        self.assertEqual([bob], list(await accounts.accounts()))
        self.assertEqual([], list(await mail.folders(alice.id)))
        self.assertEqual(
            [FolderDeleted(inbox.id, alice.id, "INBOX"), AccountChanged(alice.id, "alice")],
            self.published,
        )
        again = await accounts.add_account("alice", None)
        self.assertNotEqual(alice.id, again.id)
        self.assertEqual(0, (await mail.usage(again.id)).messages)
        self.assertEqual({"INBOX"}, await mail.subscriptions(again.id))
        self.assertEqual([], list(await accounts.app_passwords(again.id)))

    async def test_aliases(self) -> None:
        """Aliases are set, replaced and removed, in lower case."""
        accounts = self.store.accounts
        self.assertEqual({}, dict(await accounts.aliases()))
        self.published.clear()
        await accounts.set_alias("Info", ["alice", "carol@Elsewhere.test"])
        await accounts.set_alias("@example.test", ["bob"])
        await accounts.set_alias("info", ["bob"])
        self.assertEqual(
            {"@example.test": ("bob",), "info": ("bob",)}, dict(await accounts.aliases())
        )
        await accounts.set_alias("info", [])
        self.assertEqual(["@example.test"], list(await accounts.aliases()))
        self.assertEqual([AliasesChanged()] * 4, self.published)

    async def test_pages_of_aliases(self) -> None:
        """Aliases are found by a part of their name or of what they stand for, and come in pages;
        one is found by its name."""
        accounts = self.store.accounts
        for name, target in (("b_c", "x@é.test"), ("a%d", "Bob"), ("abc", "x\\y")):
            await accounts.set_alias(name, [target, "second"])

        async def found(**wanted: Any) -> list[str]:
            return list(await accounts.aliases(**wanted))

        self.assertEqual(["a%d", "abc", "b_c"], await found())
        self.assertEqual(["a%d", "abc"], await found(limit=2))
        self.assertEqual(["b_c"], await found(after="abc", limit=2))
        for text, names in (
            ("bOB", ["a%d"]), ("_", ["b_c"]), ("%", ["a%d"]), ("\\", ["abc"]), ("é", ["b_c"]),
            ("BC", ["abc"]), ("nothing", []),
        ):  # fmt: skip
            self.assertEqual(names, await found(containing=text), text)
        for text, names in (("bob", ["a%d"]), ("bo", []), ("X@é.test", ["b_c"]), ("x\\Y", ["abc"])):
            self.assertEqual(names, await found(target=text), text)
        self.assertEqual(("Bob", "second"), await accounts.alias("A%d"))
        for name in ("bob", "", "\x00", "a%d\n"):
            self.assertEqual((), await accounts.alias(name))

    async def test_logins(self) -> None:
        """The audit log is read newest first, of all or of one account."""
        lines = [
            model.Login(CREATED + timedelta(seconds=number), name, "imap", "192.0.2.1", "PLAIN",
                  bool(number % 2), "ok")
            for number, name in enumerate(["alice", "bob", "alice", "nobody"])
        ]  # fmt: skip
        for line in lines:
            await self.store.accounts.record_login(line)
        accounts = self.store.accounts
        self.assertEqual(lines[::-1], list(await accounts.logins()))
        self.assertEqual([lines[2], lines[0]], list(await accounts.logins("alice")))
        self.assertEqual([lines[3], lines[2]], list(await accounts.logins(limit=2)))
