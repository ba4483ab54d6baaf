"""A daemon of six services, with seven things of its own."""

from twisted.application.service import Application
from netsuite.compose import Policy, Reject, Site, command, compose, ftp, http, imap, nntp, smtp, telnet, text

site = Site()
site.on_mail(lambda envelope, message: print("mail from", envelope.sender))
site.on_upload(lambda file: print("uploaded", file.name))
site.on_article(lambda article: print("posted", *article.newsgroups))
site.rpc["add"] = lambda a, b: a + b


@site.http.route("GET", "/hello")
async def hello(request):
    return text("Hello.")


@site.shell_commands.add
@command("weather", "", "tell the weather")
async def weather(shell, words):
    shell.terminal.say("Rain.")


@site.policies.add
class NoSpam(Policy):
    async def mail(self, facts):
        return Reject("Not from you") if facts.sender == "spam@example.net" else None


application = Application("example")
compose(site, smtp(), imap(), http(), ftp(), nntp(), telnet()).setServiceParent(application)
