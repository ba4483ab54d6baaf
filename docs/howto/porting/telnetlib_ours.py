"""A word with a shell, with netsuite."""

from netsuite import blocking


def converse(url, user, password):
    """Return where one begins, and which of two things is said of the mail."""
    with blocking.telnet(url, credentials=(user, password), timeout=20) as telnet:
        telnet.write_line("pwd")
        where = telnet.expect([r"\n(/\S*)\r"])
        telnet.write_line("mail list")
        found = telnet.expect(["There is nothing", "Question"])
        telnet.write_line("quit")
        telnet.read_all()
    return where.match[1], found.index
