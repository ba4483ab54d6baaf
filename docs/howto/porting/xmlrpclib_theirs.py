"""Questions by XML-RPC, with xmlrpc.client of the standard library (xmlrpclib)."""

import xmlrpc.client


def ask(host, port):
    """Return what methods there are, the words of one, a fault, and two answers of one request."""
    with xmlrpc.client.ServerProxy(f"http://{host}:{port}/RPC2") as server:
        names = server.system.listMethods()
        words = server.system.methodHelp("system.listMethods")
        try:
            server.no.such()
        except xmlrpc.client.Fault as fault:
            code = fault.faultCode
        several = xmlrpc.client.MultiCall(server)
        several.system.methodHelp("system.listMethods")
        several.system.listMethods()
        return names, words, code, list(several())
