"""The front door for programs: a site, what is put over it and added to it, and the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import xmlrpc.client
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import IService, Service
from twisted.cred.checkers import ICredentialsChecker, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IAnonymous, IUsernamePassword
from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.web import resource
from zope.interface import implementer

from netsuite import sasl
from netsuite.accounts.interfaces import BadCredentials, Channel, LoginUnavailable, MailAccess
from netsuite.compose import (
    Daemon,
    MakesService,
    Site,
    compose,
    delivery,
    ftp,
    gopher,
    http,
    imap,
    lmtp,
    managesieve,
    nntp,
    pop3,
    smtp,
    submission,
    telnet,
)
from netsuite.config.load import ConfigError, changed, load
from netsuite.connection.errors import AuthenticationFailed, Refusal
from netsuite.connection.listening import ListeningService
from netsuite.home import SiteError
from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields, Response
from netsuite.http.request import IncomingRequest
from netsuite.imap.client import IMAPClient
from netsuite.imap.client import connect as connect_imap
from netsuite.smtp import Result, send
from netsuite.smtp.policy.interface import Facts, Policy, Reject, Verdict
from netsuite.storage import AtHome, InMemory
from netsuite.store.model import AccountState
from netsuite.telnet.client import connect as connect_telnet
from netsuite.telnet.shell.command import Shell, command
from netsuite.testing.case import TestCase
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import NoHashing, verifiers
from tests.logged import Lines

LOOPBACK = "tcp:0:interface=127.0.0.1"
MAIL = b"Subject: x\r\n\r\nbody\r\n"


class NoSpam(Policy):
    """A policy of one's own."""

    async def mail(self, facts: Facts) -> Verdict:
        """Judge a sender."""
        return Reject("Not from you") if facts.sender == "spam@example.net" else None


class Noting(Service):
    """A service of one's own."""

    def __init__(self, noted: list[str]) -> None:
        self.noted = noted

    def startService(self) -> None:
        super().startService()
        self.noted.append("started")

    def stopService(self) -> None:
        super().stopService()
        self.noted.append("stopped")


@command("weather", "[TOWN]", "tell the weather")
async def weather(shell: Shell, words: Sequence[str]) -> None:
    """A command of one's own."""
    shell.terminal.say(f"Rain in {' '.join(words) or 'London'}.")


async def hello(request: IncomingRequest) -> Response:
    """A route of one's own."""
    return Response(200, (), b"hello")


def application(environ: dict[str, object], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]


class Failing(Service):
    """A service of one's own that does not stop, nor start if it is told so."""

    def __init__(self, *, starts: bool = True) -> None:
        self.starts = starts

    def startService(self) -> None:
        super().startService()
        if not self.starts:
            raise ZeroDivisionError

    def stopService(self) -> None:
        raise ZeroDivisionError


class Case(SynchronousTestCase):
    """A site in memory, and services over it."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        settings = load(None, ['site.domains=["example.test"]', "delivery.enabled=false"])
        storage = InMemory(settings, self.fabric, hashing=NoHashing())
        self.site = Site(settings=settings, reactor=self.fabric, storage=storage)

    def start(self, *services: MakesService | IService) -> dict[str, ListeningService]:
        """Compose and start; return what listens, by name."""
        daemon = self.daemon = compose(self.site, *services)
        daemon.startService()
        self.addCleanup(self.stop)
        self.fabric.run(self.site.when_open())
        return {str(each.name): each for each in daemon if isinstance(each, ListeningService)}

    def stop(self) -> None:
        """Stop; nothing is left."""
        if self.daemon.running:
            self.fabric.run(self.daemon.stopService())
        self.fabric.settle()
        self.assertEqual([], self.fabric.leftovers())

    def account(self, name: str = "ann") -> None:
        """Make an account."""
        accounts = self.site.store.accounts
        self.fabric.run(accounts.add_account(name, verifiers("secret")))

    def send(self, smtp: ListeningService, sender: str = "a@example.net") -> tuple[Result, ...]:
        """Send a message to Ann."""
        return self.fabric.run(
            send(
                MAIL,
                sender,
                ["ann@example.test"],
                to=clientFromString(self.fabric, smtp.endpoint),
                reactor=self.fabric,
            )
        )

    def get(self, service: ListeningService, path: str) -> bytes:
        """Fetch something by HTTP."""

        async def fetched() -> bytes:
            client = HTTPClient(self.fabric)
            try:
                response = await client.request("GET", service.url.rstrip("/") + path)
                return await response.read()
            finally:
                await client.close()

        return self.fabric.run(fetched())


class Composed(Case):
    """Services put over a site."""

    def test_all(self) -> None:
        """Every service of the suite, on ports that are told, and one of one's own."""
        noted: list[str] = []
        makers = (smtp, submission, imap, pop3, managesieve, nntp, ftp, http, telnet, gopher)
        running = self.start(
            *(make(LOOPBACK, tls=[LOOPBACK]) for make in makers),
            lmtp(LOOPBACK),
            delivery(),
            Noting(noted),
        )
        self.assertEqual({make.__name__ for make in makers} | {"lmtp"}, running.keys())
        for name, service in running.items():
            self.assertEqual(f"{name}://127.0.0.1:{service.port}/", service.url)
            self.assertEqual(f"tcp:127.0.0.1:{service.port}", service.endpoint)
            if name not in ("gopher", "lmtp"):
                self.assertNotEqual(service.port, service.tls_port)
        self.stop()
        self.assertEqual(["started", "stopped"], noted)

    def test_settings(self) -> None:
        """Settings given here win over the site's, also when these are read again."""
        self.start(smtp(LOOPBACK, recipients=107))
        self.assertEqual(107, self.site.settings.smtp.recipients)
        self.daemon.reload()
        self.site.apply(load(None, ["smtp.recipients=109", "smtp.message_octets=5000"]))
        self.assertEqual(107, self.site.settings.smtp.recipients)
        self.assertEqual(5000, self.site.settings.smtp.message_octets)

    def test_wrong_settings(self) -> None:
        """A wrong one is named."""
        with self.assertRaises(ConfigError) as caught:
            compose(self.site, smtp(LOOPBACK, recipient=7))
        self.assertIn("smtp.recipient", str(caught.exception))
        with self.assertRaises(ConfigError):
            compose(self.site, smtp(LOOPBACK, recipients="many"))
        with self.assertRaises(SiteError):
            compose(self.site, smtp("tcp:here"))

    def test_where(self) -> None:
        """Where a service is reached: by IPv6, under TLS alone, at the first of several places, at
        a socket; where it is not, that is said."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        running = self.start(
            smtp("tcp:2525:interface=\\:\\:1", "tcp:2526:interface=127.0.0.1"),
            imap(tls=[LOOPBACK]),
            gopher("tcp:0"),
            submission(tls=["tcp:0:interface=\\:\\:1"]),
            lmtp(f"unix:{folder}/l"),
            nntp("tcp:0:interface=\\:\\:"),
        )
        imaps = running["imap"]
        self.assertEqual(f"imaps://127.0.0.1:{imaps.tls_port}/", imaps.url)
        self.assertEqual(imaps.tls_port, imaps.port)
        self.assertEqual("smtp://[::1]:2525/", running["smtp"].url)
        self.assertEqual(f"smtps://[::1]:{running['submission'].port}/", running["submission"].url)
        self.assertEqual("tcp:\\:\\:1:2525", running["smtp"].endpoint)
        self.assertEqual(f"gopher://127.0.0.1:{running['gopher'].port}/", running["gopher"].url)
        self.assertEqual(f"nntp://[::1]:{running['nntp'].port}/", running["nntp"].url)
        self.assertEqual(f"unix:{folder}/l", running["lmtp"].endpoint)
        self.assertEqual(f"lmtp://{folder}/l", running["lmtp"].url)
        with self.assertRaises(LookupError) as caught:
            running["lmtp"].port  # noqa: B018
        self.assertIn("lmtp listens on no TCP port", str(caught.exception))

    def test_twice(self) -> None:
        """A site has one daemon, and that each service once."""
        with self.assertRaises(SiteError) as caught:
            compose(self.site, smtp(LOOPBACK), smtp(LOOPBACK))
        self.assertIn("smtp is there 2 times", str(caught.exception))
        first = compose(self.site, http(LOOPBACK))
        with self.assertRaises(SiteError) as caught:
            compose(self.site, imap(LOOPBACK))
        self.assertIn("has a daemon", str(caught.exception))
        self.assertIs(first, self.site.parent)

    def test_no_service(self) -> None:
        """What is no service is refused; most often it is a function that was not called."""
        for wrong in (smtp, lambda site: None, 7):
            with self.assertRaises(TypeError):
                compose(self.site, wrong)  # type: ignore[arg-type]

    def test_failing_services(self) -> None:
        """One of a program that fails to stop, or to start, keeps the others from nothing."""
        noted: list[str] = []
        self.start(smtp(LOOPBACK), Failing(), Noting(noted))
        self.stop()
        self.assertEqual(["started", "stopped"], noted)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
        site = Site(memory=True, settings=self.site.settings, reactor=self.fabric)
        daemon = compose(site, smtp(LOOPBACK), Failing(starts=False), Noting(noted))
        with self.assertRaises(ZeroDivisionError):
            daemon.startService()
        self.fabric.run(daemon.stopService())
        self.assertEqual([], self.fabric.leftovers())
        self.flushLoggedErrors(ZeroDivisionError)

    def test_failing_reload(self) -> None:
        """One who fails to take new settings keeps them from nobody else; settings that do not go
        with those of the program change nothing."""
        told: list[int] = []
        self.site.on_reload(lambda settings: 1 // 0)  # type: ignore[arg-type]
        self.site.on_reload(lambda settings: told.append(settings.smtp.recipients))
        self.start(smtp(LOOPBACK, recipients=107))
        self.assertEqual([107], told)
        self.daemon.reload()
        self.assertEqual([107, 107], told)
        self.assertEqual(2, len(self.flushLoggedErrors(ZeroDivisionError)))
        self.site._set["smtp"]["recipients"] = "many"
        self.daemon.reload()
        self.assertEqual(107, self.site.settings.smtp.recipients)

    def test_no_port_yet(self) -> None:
        """What does not listen yet has no port."""
        service = smtp(LOOPBACK)(self.site)
        assert isinstance(service, ListeningService)
        with self.assertRaises(LookupError):
            service.port  # noqa: B018
        with self.assertRaises(LookupError):
            service.tls_port  # noqa: B018

    def test_memory(self) -> None:
        """A site in memory touches no home, has a certificate, and leaves out sockets there."""
        self.site = Site(memory=True, settings=self.site.settings, reactor=self.fabric)
        self.assertIsNone(self.site.home)
        running = self.start(lmtp(), smtp(LOOPBACK))
        self.assertEqual([], running["lmtp"].bound)
        assert self.site.certificates is not None
        self.assertIsNotNone(self.site.certificates.select("localhost"))

    def test_home(self) -> None:
        """A site at a home reads what that says, and reads it again."""
        home = Path(self.mktemp())
        home.mkdir()
        (home / "netsuite.toml").write_text("[smtp]\nrecipients = 103\n")
        site = Site(home, reactor=self.fabric)
        self.assertIsInstance(site._storage, AtHome)
        self.assertEqual(home.absolute(), site.home)
        self.assertEqual(103, site.settings.smtp.recipients)
        (home / "netsuite.toml").write_text("[smtp]\nrecipients = 104\n")
        daemon = compose(site)
        daemon.reload()
        self.assertEqual(104, site.settings.smtp.recipients)
        (home / "netsuite.toml").write_text("[smtp]\nrecipients = 'x'\n")
        daemon.reload()  # and nothing changes
        self.assertEqual(104, site.settings.smtp.recipients)
        (home / "netsuite.toml").write_text("nonsense")
        with self.assertRaises(ConfigError):
            Site(home, reactor=self.fabric)


class Restarted(Case):
    """Sites that are stopped, and started again."""

    def test_in_memory(self) -> None:
        """One in memory has what it had, and hears of all that changes from then on."""
        self.account()
        uploaded: list[str] = []
        self.site.on_upload(lambda file: uploaded.append(file.name))
        daemon = compose(self.site, smtp(LOOPBACK), imap(LOOPBACK))
        accounts = self.site.store.accounts
        for name in ("first", "second"):
            daemon.startService()
            self.fabric.run(self.site.when_open())
            service = daemon.getServiceNamed("smtp")
            assert isinstance(service, ListeningService)
            self.assertEqual(250, self.send(service)[0].reply.code)
            self.fabric.run(self.upload(name))
            self.fabric.settle()
            ann = self.fabric.run(accounts.account("ann"))
            state = AccountState.DISABLED if name == "second" else AccountState.ACTIVE
            self.fabric.run(accounts.update_account(ann.id, state=state))
            refused = [451] if name == "second" else [250]
            self.assertEqual(refused, [each.reply.code for each in self.send(service)])
            self.fabric.run(daemon.stopService())
        self.assertEqual(["first", "second"], uploaded)
        self.assertEqual([], self.fabric.leftovers())

    async def upload(self, name: str) -> None:
        """Upload a file to the public site."""
        upload = await self.site.homes.public.upload((name,))
        upload.write(b"x")
        await upload.commit()

    def test_stopped_while_it_opens(self) -> None:
        """One that is stopped at once ends in order."""
        daemon = compose(self.site, smtp(LOOPBACK))
        daemon.startService()
        self.fabric.run(daemon.stopService())
        self.assertEqual([], self.fabric.leftovers())

    def test_at_home(self) -> None:
        """One at a home says that another is to be made."""
        site = Site(self.mktemp(), settings=load(None, ["tls.enabled=false"]), reactor=self.fabric)
        site.stopService()
        with self.assertRaises(SiteError):
            compose(site).startService()


class Signals(Case):
    """SIGHUP, which kills a process that does not take it."""

    def test_hangup(self) -> None:
        """A daemon that is composed takes it as the wish to read again, until it stops."""
        read: list[str] = []

        def again() -> Any:
            read.append("again")
            return self.site.settings

        before = signal.getsignal(signal.SIGHUP)
        daemon = compose(self.site, smtp(LOOPBACK), read=again)
        daemon.startService()
        self.fabric.run(self.site.when_open())
        os.kill(os.getpid(), signal.SIGHUP)
        self.fabric.settle()
        self.assertEqual(["again"], read)
        self.fabric.run(daemon.stopService())
        self.assertEqual(before, signal.getsignal(signal.SIGHUP))

    def test_told(self) -> None:
        """The log says what was taken, and what waits for the next start; nothing, where that is
        so; a wrong file keeps no certificate from being read."""
        said: list[dict[str, object]] = [{"message_octets": 5000}, {"message_octets": 5000}]
        said += [{"message_octets": 5000, "listen": ["tcp:1"]}, {"message_octets": "many"}]
        wanted = iter(said)

        def again() -> Any:
            return changed(self.site.settings, "smtp", next(wanted))

        daemon = compose(self.site, read=again)
        lines = Lines()
        self.patch(Daemon, "log", Logger(observer=lines))
        for _ in said:
            daemon.reload()
        looked = "the certificates were looked at again: none has changed"
        read = "the configuration was read again: "
        self.assertEqual(
            [
                looked, read + "smtp.message_octets",
                looked, read + "no live setting has changed",
                looked, read + "no live setting has changed",
                "changed, and taken at the next start: smtp.listen",
                looked,
            ],
            lines[:-1],
        )  # fmt: skip
        self.assertIn("the configuration was not read again: ", lines[-1])

    def test_in_a_thread(self) -> None:
        """Where signals cannot be taken the daemon goes without."""
        daemon = compose(self.site)
        failures: list[BaseException] = []

        def start() -> None:
            try:
                daemon.startService()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        self.assertEqual([], failures)
        self.fabric.run(self.site.when_open())
        self.fabric.run(daemon.stopService())

    def test_not_asked(self) -> None:
        """One that is told not to leaves signals alone."""
        before = signal.getsignal(signal.SIGHUP)
        daemon = Daemon(self.site, [], self.site.read_settings, sighup=False)
        daemon.startService()
        self.assertEqual(before, signal.getsignal(signal.SIGHUP))
        self.fabric.run(daemon.stopService())


class Added(Case):
    """What a program adds to a site, each in a line."""

    def test_policy(self) -> None:
        """A policy judges the service it was added for."""
        self.account()
        self.site.policies.add(NoSpam())
        running = self.start(smtp(LOOPBACK))
        (refused,) = self.send(running["smtp"], "spam@example.net")
        self.assertEqual((550, ("Not from you",)), (refused.reply.code, refused.reply.lines))
        (taken,) = self.send(running["smtp"])
        self.assertEqual(250, taken.reply.code)
        with self.assertRaises(TypeError):
            self.site.policies.add(object())  # type: ignore[type-var]
        self.site.policies.add(NoSpam(), services="submission")  # not made yet
        for wrong in ("smtp", "imap", ("submission", "lmpt")):
            with self.assertRaises(ValueError):
                self.site.policies.add(NoSpam(), services=wrong)
        self.assertEqual(1, len(self.site.policies.of("submission")))

    def test_routes(self) -> None:
        """Routes, resources, WSGI applications and methods beside what every site serves."""
        root = resource.Resource()
        root.putChild(b"page", _Path())
        self.site.http.add("GET", "/hello", hello)
        self.site.http.mount("/app/deep/", root)
        self.site.http.mount("/own/", hello)
        self.site.rpc["add"] = lambda a, b: a + b
        running = self.start(http(LOOPBACK))
        web = running["http"]
        self.assertEqual(b"hello", self.get(web, "/hello"))
        self.assertEqual(b"hello", self.get(web, "/own/x/y"))
        self.assertEqual(b"/app/deep/page", self.get(web, "/app/deep/page"))
        self.assertEqual(5, self.call(web, "add", 2, 3))
        self.assertIn("system.listMethods", self.call(web, "system.listMethods"))

    def call(self, web: ListeningService, method: str, *parameters: Any) -> Any:
        """Call a method by XML-RPC."""

        async def called() -> bytes:
            client = HTTPClient(self.fabric)
            try:
                response = await client.request(
                    "POST",
                    web.url + "RPC2",
                    fields=Fields([("Content-Type", "text/xml")]),
                    body=xmlrpc.client.dumps(parameters, method).encode(),
                )
                return await response.read()
            finally:
                await client.close()

        return xmlrpc.client.loads(self.fabric.run(called()))[0][0]

    def test_route_in_the_way(self) -> None:
        """Where a program has the path of XML-RPC or of the news the setting is named."""
        self.site.http.add("POST", "/RPC2", hello)
        with self.assertRaises(SiteError) as caught:
            compose(self.site, http(LOOPBACK))
        self.assertIn("http.xmlrpc_path", str(caught.exception))

    def test_wrong_handlers(self) -> None:
        """What is no handler is named in the log; what would never be asked is refused at once."""

        async def speaks(request: IncomingRequest) -> str:
            return "hello"

        self.site.http.add("GET", "/plain", lambda request: Response(200))  # type: ignore[arg-type, return-value]
        self.site.http.add("GET", "/text", speaks)  # type: ignore[arg-type]
        self.site.http.mount("/", hello)
        with self.assertRaises(ValueError):
            self.site.http.mount("/", hello)
        web = self.start(http(LOOPBACK))["http"]
        self.assertEqual(b"hello", self.get(web, "/anything"))
        for path, said in (("/plain", "no async function"), ("/text", "returns no response")):
            self.assertIn(b"Something went wrong here", self.get(web, path))
            (failure,) = self.flushLoggedErrors(TypeError)
            self.assertIn(said, str(failure.value))

    def test_shell_command(self) -> None:
        """A command of one's own is listed and run; another site does not have it."""
        self.account()
        self.site.shell_commands.add(weather)
        running = self.start(telnet(LOOPBACK))

        async def asked() -> str:
            endpoint = clientFromString(self.fabric, running["telnet"].endpoint)
            client = await connect_telnet(endpoint, clock=self.fabric)
            await client.login("ann", "secret", prompt="> $")
            await client.write_line("weather Oslo")
            heard = await client.read_until("> ")
            await client.write_line("help weather")
            heard += await client.read_until("> ")
            client.close()
            return heard

        heard = self.fabric.run(asked())
        self.assertIn("Rain in Oslo.", heard)
        self.assertIn("weather [TOWN]", heard)
        other = Site(memory=True, reactor=self.fabric)
        self.assertNotIn("weather", [each.name for each in other.shell_commands])
        self.assertEqual("quit", [each.name for each in self.site.shell_commands][-1])
        for name in ("weather", "help", "mail", "a b c", " x"):
            with self.assertRaises(ValueError):
                self.site.shell_commands.add(command(name, "", "")(weather.run))

    def test_command_that_waits(self) -> None:
        """One that waits is interrupted, or left by who hangs up, and its wait cancelled."""
        self.account()
        cancelled: list[str] = []

        @self.site.shell_commands.add
        @command("wait", "", "wait")
        async def wait(shell: Shell, words: Sequence[str]) -> None:
            shell.terminal.say("Waiting.")
            never: Deferred[None] = Deferred(lambda _: cancelled.append("cancelled"))
            await shell.terminal.wait(never)

        @self.site.shell_commands.add
        @command("soon", "", "wait, and say")
        async def soon(shell: Shell, words: Sequence[str]) -> None:
            shell.terminal.say(await shell.terminal.wait(deferLater(self.fabric, 5, lambda: "Now")))

        with self.assertRaises(TypeError):
            command("plain", "", "")(lambda shell, words: None)  # type: ignore[arg-type, return-value]
        running = self.start(telnet(LOOPBACK))

        async def asked() -> None:
            endpoint = clientFromString(self.fabric, running["telnet"].endpoint)
            client = await connect_telnet(endpoint, clock=self.fabric)
            await client.login("ann", "secret", prompt="> $")
            await client.write_line("soon")
            self.assertIn("Now", await client.read_until("> "))
            await client.write_line("wait")
            await client.read_until("Waiting.")
            await client.write_octets(b"\x03")
            await client.read_until("> ")
            self.assertEqual(["cancelled"], cancelled)
            await client.write_line("wait")
            await client.read_until("Waiting.")
            client.abort()

        self.fabric.run(asked())
        self.fabric.settle()
        self.assertEqual(["cancelled"] * 2, cancelled)


class Threaded(TestCase):
    """What runs in a thread, and so not in memory."""

    services = ("http",)

    async def test_wsgi(self) -> None:
        """A WSGI application sees itself at its prefix."""
        suite = self.netsuite
        suite.site.http.mount("/wsgi/", application)
        client = HTTPClient(suite.clock)
        response = await client.request("GET", suite.http.url + "wsgi/x/y")
        self.assertEqual(b"/wsgi /x/y", await response.read())
        await client.close()


class _Path(resource.Resource):
    isLeaf = True  # noqa: N815

    def render_GET(self, request: Any) -> bytes:
        joined: bytes = b"/" + b"/".join(request.prepath)
        return joined


@implementer(ICredentialsChecker)
class Broken:
    """A checker that cannot check."""

    credentialInterfaces: tuple[Any, ...] = (IUsernamePassword,)  # noqa: N815

    def requestAvatarId(self, credentials: object) -> Deferred[bytes | tuple[()]]:
        return fail(ConnectionError("the directory is away; asked with secret"))


@implementer(ICredentialsChecker)
class Answering:
    """A checker that gives one answer to all."""

    credentialInterfaces = (IUsernamePassword,)  # noqa: N815
    answer: object = None

    def requestAvatarId(self, credentials: object) -> Any:
        return self.answer


class Checkers(Case):
    """Checkers of passwords of ``twisted.cred``."""

    def setUp(self) -> None:
        super().setUp()
        self.account()

    def add(self, **passwords: str) -> None:
        """Add a checker."""
        checker = InMemoryUsernamePasswordDatabaseDontUse()
        for name, password in passwords.items():
            checker.addUser(name.encode(), password.encode())
        self.site.authenticator.add(checker)

    def log_in(self, running: dict[str, ListeningService], name: str, password: str) -> Any:
        """Log in by IMAP as a client does, with the strongest mechanism; return the folders."""

        async def entered() -> Any:
            endpoint = clientFromString(self.fabric, running["imap"].endpoint)
            client: IMAPClient = await connect_imap(endpoint, clock=self.fabric)
            try:
                chosen = sasl.choose(client.mechanisms, password=True, binding=False, clear=True)
                assert chosen is not None
                mechanism = sasl.client(
                    chosen, nonce=lambda: b"nonce", username=name, password=password
                )
                assert mechanism is not None
                await client.authenticate(mechanism)
                return [each.mailbox for each in await client.list()]
            finally:
                await client.logout()

        return self.fabric.run(entered())

    def test_mechanisms_follow(self) -> None:
        """Nothing is offered from then on that the checker cannot verify."""
        local = Channel("imap", local=True)
        before = self.site.authenticator.mechanisms(local)
        self.assertIn("SCRAM-SHA-256", before)
        self.add(bob="hunter2")
        self.assertEqual(["PLAIN", "LOGIN"], self.site.authenticator.mechanisms(local))

    def test_both(self) -> None:
        """Who is known to a checker logs in, with an account made for it; and so do others."""
        self.add(bob="hunter2")
        running = self.start(imap(LOOPBACK))
        self.assertIn("INBOX", self.log_in(running, "bob", "hunter2"))
        self.assertIn("INBOX", self.log_in(running, "bob", "hunter2"))
        self.assertIn("INBOX", self.log_in(running, "ann", "secret"))
        for name, password in (("bob", "secret"), ("ann", "hunter2"), ("carol", "x")):
            with self.assertRaises(AuthenticationFailed):
                self.log_in(running, name, password)
        accounts = self.fabric.run(self.site.store.accounts.accounts())
        self.assertEqual(["ann", "bob"], [each.name for each in accounts])

    def test_cannot_check(self) -> None:
        """One that cannot check is a passing trouble, and tells no password to the log."""
        self.site.authenticator.add(Broken())
        running = self.start(imap(LOOPBACK))
        with self.assertRaises(Refusal) as caught:
            self.log_in(running, "ann", "secret")
        self.assertIn("UNAVAILABLE", str(caught.exception))

    def checks(self, answer: object) -> None:
        """Add a checker that always gives this answer."""
        checker = Answering()
        checker.answer = answer
        self.site.authenticator.add(checker)

    def test_names_nobody(self) -> None:
        """One that forgets to return a name, or names nobody, lets nobody in."""
        for answer in (None, (), True, b"\xff", 7):
            self.site.authenticator._others.checkers.clear()  # type: ignore[union-attr]
            self.checks(answer)
            with self.assertRaises(LoginUnavailable):
                self.enter("ann", "secret")
        self.assertEqual(["ann"], self.accounts())

    def enter(self, name: str, password: str) -> str:
        """Log in with a password; return the account."""
        channel = Channel("imap", secure=True)
        work = self.site.authenticator.log_in(channel, name, password, MailAccess)
        return self.fabric.run(ensureDeferred(work)).name

    def accounts(self) -> list[str]:
        """Return the names of all accounts."""
        return [each.name for each in self.fabric.run(self.site.store.accounts.accounts())]

    def test_another_name(self) -> None:
        """One may know somebody by another name, under which a client may also ask for them."""
        self.checks("robert")
        self.assertEqual("robert", self.enter("Bob@corp.test", "x"))
        running = self.start(imap(LOOPBACK))

        async def entered(wanted: str) -> None:
            endpoint = clientFromString(self.fabric, running["imap"].endpoint)
            client: IMAPClient = await connect_imap(endpoint, clock=self.fabric)
            try:
                mechanism = sasl.client(
                    "PLAIN", nonce=bytes, username="bob", password="x", authorize_as=wanted
                )
                assert mechanism is not None
                await client.authenticate(mechanism)
            finally:
                await client.logout()

        for wanted in ("bob", "robert", ""):
            self.fabric.run(entered(wanted))
        with self.assertRaises(AuthenticationFailed):
            self.fabric.run(entered("ann"))

    def test_no_name_of_an_account(self) -> None:
        """Who has a name that no account can have, or that is an alias, is not let in."""
        self.fabric.run(self.site.store.accounts.set_alias("info", ["ann"]))
        for name in ("a/b", "../ann", "bob smith", "bob@elsewhere.test", "", "info", "x" * 65):
            self.site.authenticator._others.checkers.clear()  # type: ignore[union-attr]
            self.checks(name)
            with self.assertRaises(BadCredentials):
                self.enter(f"x{name}", "secret")
        self.assertEqual(["ann"], self.accounts())

    def test_never_answers(self) -> None:
        """One that does not answer is given up, and those behind it are not held up for ever."""
        self.checks(Deferred())
        with self.assertRaises(LoginUnavailable):
            self.enter("ann", "secret")

    def test_octets(self) -> None:
        """A name that is not UTF-8 is nobody's."""
        self.add(bob="hunter2")
        with self.assertRaises(BadCredentials):
            self.enter("b\udcffb", "hunter2")
        self.add(zoë="pässwörd")
        self.assertEqual("zoë", self.enter("zoë", "pässwörd"))

    def test_of_no_use(self) -> None:
        """One that verifies no passwords is refused."""
        checker = Broken()
        checker.credentialInterfaces = (IAnonymous,)
        with self.assertRaises(TypeError):
            self.site.authenticator.add(checker)


class Imports(SynchronousTestCase):
    """What it costs to import the front door."""

    def test_light(self) -> None:
        """No database, no protocol's dialogs, no reactor: those come with what needs them."""
        program = (
            "import sys, netsuite.compose; print([each for each in sys.modules if each in ("
            "'sqlalchemy', 'alembic', 'twisted.internet.reactor', 'netsuite.imap.dialog',"
            "'netsuite.http.router', 'netsuite.smtp.server', 'netsuite.telnet.shell',"
            "'netsuite.smtp.policy.interface', 'netsuite.dns', 'netsuite.store.memory')])"
        )
        found = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        self.assertEqual("[]\n", found.stdout)

    def test_storage(self) -> None:
        """A storage of one's own is used as it is."""
        fabric = Fabric()
        storage = InMemory(load(None, ["tls.enabled=false"]), fabric)
        site = Site(reactor=fabric, storage=storage)
        self.assertIs(storage.store, site.store)
        self.assertIsNone(site.certificates)
