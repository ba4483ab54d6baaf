"""What happens here of mail, news and files, and three things of our own."""

from netsuite.compose import Policy, Reject, command, text


async def on_mail(envelope, message):
    """Say what has come."""
    print(envelope.sender, envelope.recipients, (await message.email())["Subject"])


def on_upload(file):
    """Say what was uploaded, by whom, and whereto."""
    print(file.by, file.protocol, file.account, file.path)


class NoSpam(Policy):
    """Refuse a sender."""

    async def mail(self, facts):
        """Say why, or nothing."""
        return Reject("Not from you") if facts.sender == "spam@example.net" else None


async def hello(request):
    """Answer a request."""
    return text("Hello.")


@command("weather", "[TOWN]", "tell the weather")
async def weather(shell, words):
    """Do what the command does."""
    shell.terminal.say(f"Rain in {' '.join(words) or 'London'}.")


policies = [NoSpam()]
routes = {"GET /hello": hello}
rpc = {"add": lambda a, b: a + b}
shell_commands = [weather]
