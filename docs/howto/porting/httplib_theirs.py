"""A page of a site, with http.client and urllib of the standard library (httplib and urllib2)."""

import base64
import http.client
import urllib.request


def publish(host, port, user, password, page):
    """Store a page and fetch it; return the statuses, its type, what came, and no page's."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection = http.client.HTTPConnection(host, port, timeout=20)
    headers = {"Authorization": f"Basic {login}", "Content-Type": "text/plain"}
    connection.request("PUT", f"/~{user}/page.txt", page, headers)
    response = connection.getresponse()
    stored = response.status
    response.read()
    connection.request("GET", "/none")
    response = connection.getresponse()
    none = response.status, response.reason
    response.read()
    connection.close()
    with urllib.request.urlopen(f"http://{host}:{port}/~{user}/page.txt", timeout=20) as response:
        return stored, response.headers.get_content_type(), response.read(), none
