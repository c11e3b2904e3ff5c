from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

from foundation.errors import ServerSilentError, SetupError
from pipeline.orchestration.server import check_answers, started_server
from pipeline.versioning.checkout import Checkout
from tests.support.prefect_server import stub_server
from tests.support.quick import free_port

FLOWS = "/api/flows/filter"  # what is asked first
PAGE = (200, "<html>Prefect</html>")


def test_a_server_that_answers_is_accepted():
    with stub_server({FLOWS: (200, "[]")}) as address:
        check_answers(f"{address}/api")


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_asks_for_a_password_is_told_with_the_setting_that_holds_it(status):
    with stub_server({FLOWS: (status, "{}")}) as address, pytest.raises(SetupError) as refused:
        check_answers(f"{address}/api")
    assert str(refused.value) == (
        f"The Prefect server at {address}/api rejects the credentials ({status}). Set "
        "PREFECT_API_AUTH_STRING to the server's user:password (for Prefect Cloud "
        "PREFECT_API_KEY), or run with --no-prefect."
    )


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("page", [PAGE, (404, "{}"), (405, "")])
def test_an_address_without_api_is_told_with_the_one_that_answers(slash, page):
    with (
        stub_server({"/flows/filter": page, "/api/health": (200, "true")}) as address,
        pytest.raises(SetupError) as refused,
    ):
        check_answers(address + slash)
    assert str(refused.value) == (
        f"PREFECT_API_URL or the Prefect profile names {address}{slash}, which is not Prefect's API; "
        f"it answers at {address}/api: set PREFECT_API_URL={address}/api"
    )


@pytest.mark.parametrize("page", [PAGE, (404, "no"), (200, '{"hello": 1}')])
def test_what_is_no_prefect_at_all_is_told_with_what_an_address_looks_like(page):
    with stub_server({FLOWS: page}) as address, pytest.raises(SetupError) as refused:
        check_answers(f"{address}/api")
    assert str(refused.value) == (
        f"PREFECT_API_URL or the Prefect profile names {address}/api, which is not Prefect's API; its "
        "address ends in /api, such as http://127.0.0.1:4200/api"
    )


def test_a_server_that_fails_is_told_with_its_status():
    with stub_server({FLOWS: (500, "")}) as address, pytest.raises(SetupError, match=r"\(500\)"):
        check_answers(f"{address}/api")


@pytest.mark.parametrize("address", ["http://127.0.0.1:{}/api", "127.0.0.1:{}"])
def test_where_nothing_answers_the_address_is_told(address):
    url = address.format(free_port())
    with pytest.raises(ServerSilentError) as refused:
        check_answers(url)
    assert str(refused.value).startswith(f"No Prefect server answers at {url}, which ")


def test_the_page_of_a_server_on_another_port_asks_its_own_api(tmp_path: Path):
    with started_server(Checkout(tmp_path), page=True) as url:
        settings = httpx.get(f"{url.removesuffix('/api')}/ui-settings").json()
    assert settings["api_url"] == url


def test_a_server_with_a_password_is_used_with_it_and_refused_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "somebody:secret")
    with (
        pytest.raises(SetupError, match="PREFECT_API_AUTH_STRING"),
        started_server(Checkout(tmp_path)),
    ):
        pass
    with (
        temporary_settings({PREFECT_API_AUTH_STRING: "somebody:secret"}),
        started_server(Checkout(tmp_path)) as url,
    ):
        check_answers(url)


def test_a_server_that_cannot_start_says_why(tmp_path: Path):
    with stub_server({}) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(SetupError) as refused, started_server(Checkout(tmp_path), port=port):
            pass
    assert f"did not start on 127.0.0.1:{port}: " in str(refused.value)
    assert "address already in use" in str(refused.value)
    assert "address already in use" in (tmp_path / ".dvc/tmp/exactcast/server.log").read_text()
