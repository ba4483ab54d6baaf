"""The front door, line by line: a site, what is added to it, and a daemon over it."""

import os

from twisted.application.service import Service
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.web.static import File

from netsuite.compose import Policy, Reject, Site, command, compose, html, http, imap, smtp, telnet

LOOPBACK = "tcp:0:interface=127.0.0.1"


async def archive(envelope, message):
    """Look at mail that was delivered; ``message.chunks()`` gives what is too large to hold."""
    print(envelope.sender, envelope.recipients, (await message.email())["Subject"])


async def index(article):
    """Look at an article that was posted."""
    print(article.message_id, article.newsgroups, len(await article.message.read()))


async def thumbnail(file):
    """Look at a file that was uploaded, by FTP, HTTP or whatever comes next."""
    print(file.account, file.path, len(await file.read()))


class NoSpam(Policy):
    """Refuse a sender."""

    async def mail(self, facts):
        """Say why, or nothing."""
        return Reject("Not from you") if facts.sender == "spam@example.net" else None


async def hello(request):
    """Answer a request."""
    return html("<p>Hello.")


@command("weather", "[TOWN]", "tell the weather")
async def weather(shell, words):
    """Do what the command does."""
    shell.terminal.say(f"Rain in {' '.join(words) or 'London'}.")


def application(environ, start_response):
    """Answer as a WSGI application, in a thread."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello from a thread."]


directory = InMemoryUsernamePasswordDatabaseDontUse(bob=b"hunter2")


class Beat(Service):
    """A service of one's own."""


async def main(reactor):
    """Compose, run, and stop."""
    site = Site(memory=True)  # or Site("/srv/example"), or Site(settings=load(path))
    site.on_mail(archive)
    site.on_article(index)
    site.on_upload(thumbnail)
    site.policies.add(NoSpam())  # services=("smtp", "submission"), report_only=True
    site.http.add("GET", "/hello", hello)
    site.http.mount("/pages/", File(os.path.dirname(__file__)))  # any resource of twisted.web
    site.http.mount("/app/", application)
    site.rpc["add"] = lambda a, b: a + b
    site.shell_commands.add(weather)
    site.authenticator.add(directory)
    services = smtp(LOOPBACK, recipients=500), imap(LOOPBACK), http(LOOPBACK), telnet(LOOPBACK)
    daemon = compose(site, *services, Beat())
    daemon.startService()  # in a .tac: daemon.setServiceParent(application)
    await site.when_open()
    for name in ("smtp", "imap", "http", "telnet"):
        service = daemon.getServiceNamed(name)
        print(name, service.port, service.url, service.endpoint)
    await use(daemon)
    await daemon.stopService()  # each session ends what it does, and is told goodbye


async def use(daemon):
    """Do something while the daemon runs; a test puts its own here."""


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
