"""Whether runs can report to Prefect from here: the proxy, the settings, the server, its database.

Prefect's import reads its settings and takes a second, so it is imported only where it is needed.
`python -m pipeline.orchestration.prefect_setup` looks at everything, for `exactcast doctor`.
"""

import json
import os
import sys
import tomllib
from contextlib import redirect_stderr
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.errors import SetupError

if TYPE_CHECKING:
    from sqlalchemy import URL

HERE = ("127.0.0.1", "localhost", "::1")


def spare_loopback() -> None:
    """Keep requests to this machine away from a proxy, in this process and in those it starts."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return
    from urllib.request import getproxies_environment  # takes as long as all else at the start

    if not getproxies_environment():
        return  # with a variable set, macOS would no longer read the proxies of the system
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        spared = (os.environ.get(name) or os.environ.get(other) or "").split(",")
        if spared != ["*"]:
            os.environ[name] = ",".join(dict.fromkeys([*filter(None, spared), *HERE]))


def load_settings() -> None:
    """Load Prefect's settings, as any import of Prefect does.

    Raises:
        SetupError: They cannot be read, or a value is not valid.
    """
    profiles = _profiles_file()
    try:
        if profiles.exists():
            tomllib.loads(profiles.read_text(encoding="utf-8")).get("profiles", {}).items()
    except (ValueError, AttributeError, OSError) as broken:
        raise SetupError(
            f"Prefect's profiles cannot be read from {profiles}: {broken}. Correct the file, or "
            "delete it: without it Prefect uses its defaults."
        ) from None
    try:
        with redirect_stderr(StringIO()) as said:  # Prefect prints what it raises, too
            import_module("prefect.context")
    except ValueError as invalid:  # of pydantic, or of its settings' files
        raise SetupError(
            f"A setting of Prefect is not valid: {_first_problem(invalid)}. Correct it in the "
            f"environment (PREFECT_...), {profiles}, prefect.toml or .env."
        ) from None
    sys.stderr.write(said.getvalue())


def _profiles_file() -> Path:
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect")
    return Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").expanduser()


def _first_problem(invalid: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(invalid, ValidationError):
        return str(invalid)
    first = invalid.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}, found {first['input']!r}"


def newer_database() -> SetupError:
    """Return the error of a database that a newer Prefect made."""
    from prefect import __version__

    return SetupError(
        f"A newer Prefect than {__version__} made the database {_place(_database())}, so no server "
        "starts with it here. Name another database: export "
        "PREFECT_SERVER_DATABASE_CONNECTION_URL=sqlite+aiosqlite:///$HOME/.prefect/exactcast.db"
    )


def check_database() -> None:
    """Refuse a database with which no server can start.

    Raises:
        SetupError: It cannot be read, or a newer Prefect made it.
    """
    import asyncio

    from alembic.script import ScriptDirectory
    from prefect.server.database import provide_database_interface
    from prefect.server.database.alembic_commands import alembic_config
    from sqlalchemy.exc import DBAPIError

    url = _database()
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return  # the server makes it; a look would make it, too
    scripts = ScriptDirectory.from_config(alembic_config())
    scripts.version_locations = [str(provide_database_interface().orm.versions_dir)]
    known = {script.revision for script in scripts.walk_revisions()}
    try:
        found = asyncio.run(_revisions())
    except (DBAPIError, OSError) as broken:
        reason = getattr(broken, "orig", None) or broken
        raise SetupError(
            f"Prefect's database {_place(url)} cannot be read: {reason}. Correct that, or name another "
            "one: PREFECT_SERVER_DATABASE_CONNECTION_URL."
        ) from None
    if not found <= known:
        raise newer_database()


async def _revisions() -> set[str]:
    """Read which migrations a database has; none where it is empty."""
    from prefect.server.database import provide_database_interface
    from sqlalchemy import inspect, text

    engine = await provide_database_interface().engine()
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda raw: inspect(raw).has_table("alembic_version")):
            return set()
        found = await connection.execute(text("SELECT version_num FROM alembic_version"))
        return set(found.scalars())


def _database() -> "URL":
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
    from sqlalchemy import make_url

    return make_url(str(PREFECT_API_DATABASE_CONNECTION_URL.value()))


def _place(url: "URL") -> str:
    """Write where a database is: its file, or its address without the password."""
    file = url.database if url.get_backend_name() == "sqlite" else None
    return file or url.render_as_string()


def look() -> str:
    """Return a sentence that says that a run can report to Prefect, and where.

    Raises:
        SetupError: It cannot.
    """
    load_settings()
    from pipeline.orchestration.server import check_answers, configured_server

    if (url := configured_server()) is not None:
        check_answers(url)
        return f"answers at {url}"
    try:
        import_module("prefect.server.api.server")
    except Exception as broken:  # whatever a package of another version raises
        raise SetupError(
            f"Prefect's server cannot be imported: {type(broken).__name__}: {broken}. Run make setup."
        ) from None
    check_database()
    return "can be started"


def main() -> None:
    """Print what `look` finds, as JSON: whether all is well, and the sentence."""
    try:
        found = (True, look())
    except SetupError as wrong:
        found = (False, str(wrong))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
