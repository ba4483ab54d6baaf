"""A page of a site, with netsuite."""

from netsuite import blocking


def publish(url, user, password, page):
    """Store a page and fetch it; return the statuses, its type, what came, and no page's."""
    with blocking.http(url, credentials=(user, password), timeout=20) as http:
        stored = http.send("PUT", f"/~{user}/page.txt", page).status
        response = http.get("/none")
        none = response.status, response.reason
    with blocking.http(url) as http:
        response = http.get(f"/~{user}/page.txt")
        kind = response.fields.get("content-type").partition(";")[0]
        return stored, kind, response.body.whole(), none
