"""Questions by XML-RPC, with netsuite."""

from netsuite import blocking
from netsuite.http.xmlrpc.values import Call, Fault


def ask(url):
    """Return what methods there are, the words of one, a fault, and two answers of one request."""
    with blocking.http(url) as http:
        server = http.xmlrpc("/RPC2")
        names = server.call("system.listMethods")
        words = server.call("system.methodHelp", "system.listMethods")
        try:
            server.call("no.such")
        except Fault as fault:
            code = fault.code
        help_and_names = [
            Call("system.methodHelp", ("system.listMethods",)),
            Call("system.listMethods", ()),
        ]
        return names, words, code, server.multicall(help_and_names)
