import os

import pytest

from pipeline.orchestration.prefect_setup import spare_loopback

HERE = "127.0.0.1,localhost,::1"


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any proxy; what is set in it is forgotten after the test."""
    for name in ("http", "https", "all", "no"):
        for each in (f"{name}_proxy", f"{name}_PROXY".upper()):
            monkeypatch.setenv(each, "")
            monkeypatch.delenv(each)
    return monkeypatch


@pytest.mark.parametrize(
    ("before", "upper", "lower"),
    [
        ({}, HERE, HERE),
        ({"NO_PROXY": "intra.net"}, f"intra.net,{HERE}", f"intra.net,{HERE}"),
        ({"no_proxy": ".corp,localhost"}, ".corp,localhost,127.0.0.1,::1", ".corp,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "a", "no_proxy": "b"}, f"a,{HERE}", f"b,{HERE}"),
        ({"NO_PROXY": "*"}, "*", None),
    ],
)  # fmt: skip
def test_this_machine_is_never_asked_through_a_proxy(proxies, before, upper, lower):
    proxies.setenv("HTTP_PROXY", "http://proxy:3128")
    for name, value in before.items():
        proxies.setenv(name, value)
    spare_loopback()
    spare_loopback()  # a second time changes nothing
    assert os.environ.get("NO_PROXY") == upper
    assert os.environ.get("no_proxy") == lower


def test_without_a_proxy_the_environment_stays_as_it_is(proxies):
    before = dict(os.environ)
    spare_loopback()
    assert dict(os.environ) == before
