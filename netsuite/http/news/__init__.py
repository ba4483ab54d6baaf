"""The newsgroups over HTTP: lists, articles, their exact octets, their parts, feeds."""

from __future__ import annotations

from netsuite.http.news.site import NewsSite

__all__ = ["NewsSite"]
