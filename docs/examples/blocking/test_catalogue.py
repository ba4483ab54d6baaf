"""The catalogue: an upload, one that goes on, and a server that does not want it just now."""

import ftplib

import catalogue
import pytest

pytestmark = pytest.mark.netsuite(services=["ftp"], accounts=["shop"])
LOGIN = "shop", "secret"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "catalogue.csv"
    path.write_bytes(b"7,teapot\r\n" * 1000)
    return path


def test_it_arrives(netsuite, path):
    catalogue.publish(path, netsuite.ftp.address, LOGIN)
    assert netsuite.files("shop").wait("catalogue.csv") == path.read_bytes()


def test_it_goes_on_where_it_stopped(netsuite, path):
    netsuite.files("shop")["catalogue.csv"] = path.read_bytes()[:4321]
    catalogue.publish(path, netsuite.ftp.address, LOGIN)
    assert netsuite.files("shop")["catalogue.csv"] == path.read_bytes()
    assert "REST 4321" in netsuite.ftp.transcripts[-1].said("C")


def test_it_is_tried_again(netsuite, path):
    with netsuite.ftp.refusing("STOR", 450, times=1), netsuite.ftp.drop(at="SIZE", times=1):
        catalogue.publish(path, netsuite.ftp.address, LOGIN)
    assert netsuite.files("shop")["catalogue.csv"] == path.read_bytes()


def test_but_not_for_ever(netsuite, path):
    with netsuite.ftp.refusing("STOR", 450, times=3), pytest.raises(ftplib.error_temp):
        catalogue.publish(path, netsuite.ftp.address, LOGIN)
