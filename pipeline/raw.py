"""The raw table: whether DVC or git keeps it, so that others can have the same bytes."""

import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from forecasting.errors import DataError
from pipeline.graph import Graph


def untracked_sources(root: Path, graph: Graph) -> list[str]:
    """Name the files a run reads that neither a stage makes nor DVC nor git keeps."""
    sources = graph.sources()
    known = _in_git(root, sources)
    return [path for path in sources if path not in known and not _in_dvc(root, path)]


def check_present(root: Path, graph: Graph) -> None:
    """Refuse to start without a file that a run reads.

    Raises:
        DataError: It is not there; the message tells how to get it.
    """
    for path in graph.sources():
        if not (root / path).exists():
            if _in_dvc(root, path):
                mend = f"Fetch it: dvc pull {path}"
            elif _is_table(path):
                mend = f"Put the table there and `dvc add {path}`, or name another with ingest.raw."
            else:
                mend = f"Restore it: git checkout -- {path}"
            raise DataError(f"{path}, which the run reads, does not exist. {mend}")


def tracking_advice(path: str) -> str:
    """Say in a sentence why an untracked file matters, and what to do."""
    mend = f"dvc add {path} && git add {path}.dvc" if _is_table(path) else f"git add {path}"
    return (
        f"{path} is kept neither by DVC nor by git, so nobody else can reproduce this run: {mend}"
    )


def _is_table(path: str) -> bool:
    return path.endswith((".csv", ".parquet"))


def _in_git(root: Path, paths: list[str]) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(listed.stdout.split("\0"))


def _in_dvc(root: Path, path: str) -> bool:
    """Tell whether the path, or a folder it lies in, has a `.dvc` file that names it."""
    for place in [Path(path), *Path(path).parents]:
        pointer = root / f"{place}.dvc"
        if place.name and pointer.is_file():
            outs = (YAML(typ="safe").load(pointer) or {}).get("outs", [])
            return any(out.get("path") == place.name for out in outs)
    return False
