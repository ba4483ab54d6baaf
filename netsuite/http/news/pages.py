"""The pages of the newsgroups: plain HTML that loads nothing and reads well on any screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.http.commands import FieldPairs
from netsuite.http.listing import policy
from netsuite.http.news.parts import saved_name
from netsuite.http.news.prose import article_link, escaped, text_html
from netsuite.http.paths import quote_name
from netsuite.message.reading import author, first_address, type_name
from netsuite.message.structure import Part
from netsuite.message.words import decode_words
from netsuite.store.model import Described

NO_SUBJECT: Final = "(no subject)"
#: Of a page's links to earlier articles of the thread.
REFERENCES: Final = 5
#: Parts listed of one article.
PARTS: Final = 200

_STYLE: Final = """\
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1rem;
overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.1rem;margin:1.5rem 0 0}
nav,footer,.meta{font-size:.875rem;opacity:.8}
nav a,footer a{display:inline-block;padding:.25rem .75rem .25rem 0}
ul{list-style:none;padding:0;margin:1rem 0}
li{padding:.5rem 0;border-top:1px solid #8884}
li>a{font-weight:600;text-decoration:none}
li>a:hover{text-decoration:underline}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.125rem 1rem;margin:1rem 0}
dt{opacity:.7}
dd{margin:0}
pre{white-space:pre-wrap;font:.9375rem/1.5 ui-monospace,monospace;margin:1rem 0;
padding:1rem 0;border-top:1px solid #8884;border-bottom:1px solid #8884;unicode-bidi:plaintext}
.sig{opacity:.6}
.q1{color:#15799c}
.q2{color:#8a5a00}
.q3{color:#7b4fa3}
@media(prefers-color-scheme:dark){.q1{color:#6ec1e4}.q2{color:#e0a84e}.q3{color:#c39bea}}
"""
#: Nothing on a page runs, nothing is loaded, nobody frames it or has it send a form.
POLICY: Final = f"{policy(_STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
FIELDS: Final[FieldPairs] = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An article to show.

    Args:
        texts: of its text parts, decoded, in order.
        cut: whether there is more text than that.
        saved: the parts to save, with their numbers.
        older: the number of the article before it in the group, if there is one.
        newer: of the one behind it.
    """

    described: Described
    texts: Sequence[str]
    cut: bool
    saved: Sequence[tuple[str, Part]]
    older: int | None
    newer: int | None


def written(described: Described) -> datetime:
    """Return when an article says it was written; when it came, where it does not say."""
    if described.summary.sent is not None:
        try:
            return datetime.fromtimestamp(described.summary.sent, UTC)
        except (OverflowError, ValueError, OSError):
            pass
    return described.message.internal_date.astimezone(UTC)


def subject(described: Described) -> str:
    """Return an article's subject."""
    return described.summary.subject or NO_SUBJECT


def group_list(groups: Sequence[Newsgroup]) -> bytes:
    """Return the page of all groups."""
    rows = [
        f'<li><a href="./{quote_name(group.name)}/">{escaped(group.name)}</a>'
        f'<div class="meta">{_counted(group.count)}'
        f"{' · ' if group.description else ''}<bdi>{escaped(group.description)}</bdi></div></li>\n"
        for group in groups
    ]
    return _page("Newsgroups", [*_list(rows, "There are no newsgroups.")])


def group_page(
    group: Newsgroup, articles: Sequence[Described], *, older: int | None, newest: bool
) -> bytes:
    """Return a page of a group's articles.

    Args:
        group: which.
        articles: the newest first.
        older: what the next page begins before; None where it would be empty.
        newest: whether this is the first page.
    """
    rows = [
        f'<li><a href="./{each.message.uid}"><bdi>{escaped(subject(each))}</bdi></a>'
        f'<div class="meta"><bdi>{escaped(author(each.summary))}</bdi> · {_time(written(each))}'
        f" · no. {each.message.uid}</div></li>\n"
        for each in articles
    ]
    ways = ['<a href="../">All groups</a>', '<a href="./feed.atom">Feed</a>']
    turning = []
    if not newest:
        turning.append('<a href="./">Newest</a>')
    if older is not None:
        turning.append(f'<a href="./?before={older}" rel="next">Older articles</a>')
    about = f'<p class="meta">{_counted(group.count)}</p>\n'
    if group.description:
        about = f"<p><bdi>{escaped(group.description)}</bdi></p>\n{about}"
    feed = (
        '<link rel="alternate" type="application/atom+xml" href="./feed.atom" '
        f'title="{escaped(group.name)}">'
    )
    body = [about, *_list(rows, "There is nothing here."), f"<nav>{' '.join(turning)}</nav>\n"]
    return _page(group.name, body, ways=ways, head=feed)


def article_page(group: Newsgroup, shown: Shown) -> bytes:
    """Return an article's page."""
    number = shown.described.message.uid
    summary = shown.described.summary
    envelope = summary.envelope
    name = escaped(group.name)
    facts = [
        ("From", f"<bdi>{escaped(first_address(envelope.from_))}</bdi>"),
        ("Date", escaped(decode_words(envelope.date or b""))),
        ("Group", f'<a href="./">{name}</a>'),
    ]
    if summary.references:
        links = [
            f'<a href="{escaped(article_link(each, "../"))}">{escaped(each)}</a>'
            for each in summary.references[-REFERENCES:]
        ]
        facts.append(("In reply to", "<br>".join(links)))
    rows = [f"<dt>{label}</dt><dd>{value}</dd>\n" for label, value in facts if value]
    body = ["<dl>\n", *rows, "</dl>\n"]
    body += [f'<pre dir="auto">{text_html(text, "../")}</pre>\n' for text in shown.texts]
    if not shown.texts:
        body.append('<p class="meta">There is no text in it.</p>\n')
    if shown.cut:
        body.append('<p class="meta">There is more; the whole is in the article as it is.</p>\n')
    if shown.saved:
        body += ["<h2>Attachments</h2>\n<ul>\n", *_parts(number, shown.saved), "</ul>\n"]
    return _page(subject(shown.described), body, ways=_ways(shown), after=_raw(shown.described))


def _ways(shown: Shown) -> list[str]:
    ways = ['<a href="./">Back to the group</a>']
    if shown.older is not None:
        ways.append(f'<a href="./{shown.older}" rel="prev">Previous</a>')
    if shown.newer is not None:
        ways.append(f'<a href="./{shown.newer}" rel="next">Next</a>')
    return ways


def _raw(described: Described) -> str:
    message = described.message
    return (
        f'<footer><a href="./{message.uid}.eml">The article as it is</a> '
        f"({_octets(message.octets)})</footer>\n"
    )


def _parts(number: int, saved: Sequence[tuple[str, Part]]) -> Iterable[str]:
    for place, part in saved[:PARTS]:
        yield (
            f'<li><a href="./{number}/{place}" download>'
            f"<bdi>{escaped(saved_name(part, place))}</bdi></a>"
            f'<div class="meta">{escaped(type_name(part))} · {_octets(part.octets)}</div></li>\n'
        )
    if len(saved) > PARTS:
        yield f"<li>and {len(saved) - PARTS} more</li>\n"


def _list(rows: Sequence[str], nothing: str) -> Sequence[str]:
    return ["<ul>\n", *rows, "</ul>\n"] if rows else [f"<p>{nothing}</p>\n"]


def _counted(articles: int) -> str:
    return f"{articles:,} article{'' if articles == 1 else 's'}"


def _octets(octets: int) -> str:
    if octets < 1000:
        return f"{octets} octets"
    return f"{octets / 1000:,.0f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:,.1f} MB"


def _time(when: datetime) -> str:
    return f'<time datetime="{when:%Y-%m-%dT%H:%MZ}">{when:%Y-%m-%d %H:%M} UTC</time>'


def _page(
    title: str, body: Iterable[str], *, ways: Iterable[str] = (), head: str = "", after: str = ""
) -> bytes:
    said = escaped(title)
    leads = f"<nav>{' '.join(ways)}</nav>\n" if ways else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{said}</title>{head}<style>{_STYLE}</style></head>\n"
        f"<body>{leads}<main>\n<h1><bdi>{said}</bdi></h1>\n{''.join(body)}</main>\n"
        f"{after}</body></html>\n"
    ).encode()
