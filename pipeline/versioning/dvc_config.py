"""DVC's settings, read from its files as DVC reads them, without the half second that it takes to start.

tests/integration/test_dvc_config.py compares what is read with what DVC says.
"""

import os
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from configobj import ConfigObj, ConfigObjError
from platformdirs import site_config_dir, user_config_dir

from foundation.errors import SetupError

LOCAL_CONFIG = Path(".dvc/config.local")
APP = ("dvc", "iterative")  # by which the system's folders are found
NAMED = re.compile(r'\s*(remote|machine|db)\s*"(.*)"\s*')
URL = re.compile(r"\w+://")
PATHS = re.compile(
    r"cache\.dir|machine\..+\.(startup_script|setup_script)|remote\..+\.(url|credentialpath|configpath"
    r"|keyfile|cert_path|key_path|gdrive_user_credentials_file|gdrive_service_account_json_file_path)"
)


def read_settings(root: Path) -> dict[str, str]:
    """Read the settings that hold in a checkout, with every path absolute.

    Args:
        root: The folder that holds `.dvc`.

    Returns:
        By `section.option`, or `remote.NAME.option`, in the order of the files: the system's, the
        user's, the project's, the one that git ignores. A later file wins.

    Raises:
        SetupError: A file is not as DVC writes it.
    """
    settings: dict[str, str] = {}
    for file in config_files(root):
        if file.is_file():
            settings |= {name: _absolute(file, name, value) for name, value in _read(file)}
    return settings


def config_files(root: Path) -> list[Path]:
    """List the files that DVC reads its settings from, whether they exist or not; the last one wins."""
    system = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or site_config_dir(*APP)
    user = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or user_config_dir(*APP)
    project = root.resolve()  # as DVC sees its working directory
    return [
        Path(system, "config"),
        Path(user, "config"),
        project / ".dvc/config",
        project / LOCAL_CONFIG,
    ]


def config_bytes(settings: Mapping[str, str]) -> bytes:
    """Return the content of a file that holds settings, named as `read_settings` names them."""
    content = ConfigObj(interpolation=False, encoding="utf-8")
    for key, value in sorted(settings.items()):
        section, _, option = key.rpartition(".")
        kind, dot, name = section.partition(".")
        content.setdefault(f'{kind} "{name}"' if dot else section, {})[option] = value
    written = BytesIO()
    content.write(written)
    return written.getvalue()


def _read(file: Path) -> Iterator[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8") as lines:
            content: Mapping[str, Any] = ConfigObj(lines).dict()
    except (ConfigObjError, UnicodeDecodeError) as broken:
        raise SetupError(
            f"{file}, which holds settings of DVC, cannot be read: {broken}. Correct the file."
        ) from None
    for header, options in content.items():
        if isinstance(options, Mapping):
            named = NAMED.fullmatch(header)
            section = ".".join(named.groups()) if named else header
            yield from (
                (f"{section}.{name}".lower(), _text(value)) for name, value in options.items()
            )


def _text(value: str | list[str]) -> str:
    """Return a value as one text: configobj reads `cache.type` as a list, and DVC splits a text itself."""
    return value if isinstance(value, str) else ",".join(value)


def _absolute(file: Path, name: str, value: str) -> str:
    """Resolve a path as DVC does, from the folder of the file that it is written in."""
    if not PATHS.fullmatch(name) or URL.match(value):
        return value
    expanded = os.path.expanduser(value)  # noqa: PTH111  as a text, which DVC keeps as it is
    return os.path.abspath(file.parent / expanded)  # noqa: PTH100  a link in it is not followed
