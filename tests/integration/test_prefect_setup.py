"""What doctor finds out about Prefect: its settings, its database, its server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect_server import newer_database, stub_server
from tests.support.project import ROOT


def look(home: Path, **environment: str) -> tuple[bool, str]:
    """What doctor finds out about Prefect; nothing but that may be printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.orchestration.prefect_setup"], cwd=ROOT, capture_output=True, text=True,
        check=True, env=os.environ | {"PREFECT_HOME": str(home)} | environment,
    )  # fmt: skip
    assert done.stderr == ""
    well, text = json.loads(done.stdout)
    return well, text


def test_a_home_without_a_database_is_well_and_stays_empty(tmp_path: Path):
    (tmp_path / "home").mkdir()
    assert look(tmp_path / "home") == (True, "can be started")
    assert not (tmp_path / "home/prefect.db").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'active = "x', "Illegal character '\\n' (at line 1, column 12)"),
        (b'profiles = "mine"', "'str' object has no attribute 'items'"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_broken_profiles_are_one_sentence_that_names_the_file(tmp_path: Path, content, reason):
    profiles = tmp_path / "profiles.toml"
    profiles.write_bytes(content + b"\n")
    assert look(tmp_path) == (
        False,
        f"Prefect's profiles cannot be read from {profiles}: {reason}. Correct the file, or delete "
        "it: without it Prefect uses its defaults.",
    )


@pytest.mark.parametrize("where", ["profile", "environment"])
def test_a_setting_that_is_not_valid_is_one_sentence_that_names_it(tmp_path: Path, where):
    setting = {"PREFECT_CLIENT_MAX_RETRIES": "many"}
    profiles = tmp_path / "profiles.toml"
    if where == "profile":
        profiles.write_text('active = "x"\n[profiles.x]\nPREFECT_CLIENT_MAX_RETRIES = "many"\n')
    assert look(tmp_path, **(setting if where == "environment" else {})) == (
        False,
        "A setting of Prefect is not valid: max_retries: Input should be a valid integer, unable to "
        "parse string as an integer, found 'many'. Correct it in the environment (PREFECT_...), "
        f"{profiles}, prefect.toml or .env.",
    )


def test_the_database_of_a_newer_prefect_is_found(tmp_path: Path):
    database = newer_database(tmp_path / "home")
    well, text = look(tmp_path / "home")
    assert not well
    assert text == (
        f"A newer Prefect than 3.8.8 made the database {database}, so no server starts with it "
        "here. Name another database: export "
        "PREFECT_SERVER_DATABASE_CONNECTION_URL=sqlite+aiosqlite:///$HOME/.prefect/exactcast.db"
    )
    other = f"sqlite+aiosqlite:///{tmp_path}/exactcast.db"
    assert look(tmp_path / "home", PREFECT_SERVER_DATABASE_CONNECTION_URL=other)[0]


def test_a_database_that_cannot_be_read_is_told_with_the_reason(tmp_path: Path):
    (tmp_path / "prefect.db").write_bytes(b"anything but a database" * 100)
    assert look(tmp_path) == (
        False,
        f"Prefect's database {tmp_path}/prefect.db cannot be read: file is not a database. Correct "
        "that, or name another one: PREFECT_SERVER_DATABASE_CONNECTION_URL.",
    )


def test_the_server_that_is_configured_is_asked(tmp_path: Path):
    with stub_server({"/api/flows/filter": (200, "[]"), "/flows/filter": (401, "")}) as address:
        well = look(tmp_path, PREFECT_API_URL=f"{address}/api")
        refused = look(tmp_path, PREFECT_API_URL=address)
    assert well == (True, f"answers at {address}/api")
    assert not refused[0]
    assert "PREFECT_API_AUTH_STRING" in refused[1]
