"""A server of S3's protocol in a thread of this process, and new buckets in it."""

from __future__ import annotations

import atexit
import itertools
import os
from functools import cache
from typing import Final
from unittest.mock import patch

#: Whom the server lets in: anybody.
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "nothing"}
_numbers = itertools.count(1)


@cache
def endpoint() -> str:
    """Start the server; return its URL."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def bucket() -> str:
    """Make a bucket; return the URL of an object store in it."""
    import boto3

    name = f"bucket-{next(_numbers)}"
    with patch.dict(os.environ, CREDENTIALS):
        client = boto3.session.Session().client(
            "s3", endpoint_url=endpoint(), region_name="us-east-1"
        )
        client.create_bucket(Bucket=name)
    return f"s3://{name}/mail?endpoint={endpoint()}&region=us-east-1"
