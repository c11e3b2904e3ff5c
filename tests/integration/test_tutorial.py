"""The commands of docs/tutorial.md, typed in their order on tables of one's own."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.prefect_server import Server
from tests.support.project import ROOT, Project

BLOCKS = re.compile(r"^## (\d+)\..*?$|^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("exactcast serve", "s3://", "dvc import-db")  # other tests serve, import and push
ROWS = 400


def blocks() -> list[tuple[int, str, str]]:
    """List the blocks of code: section, language, text."""
    section, found = 0, []
    for number, language, text in BLOCKS.findall((ROOT / "docs/tutorial.md").read_text("utf-8")):
        section = int(number) if number else section
        if text:
            found.append((section, language, text))
    return found


def put_tables(home: Path) -> None:
    """Write the tables that the tutorial copies: one series, and three of unlike levels."""
    days = np.arange(ROWS)
    noise = np.random.default_rng(4).normal(size=ROWS)
    wave = 10 + np.sin(2 * np.pi * days / 24) + noise / 10
    hours = pd.date_range("2025-03-01", periods=ROWS, freq="h")
    pd.DataFrame({"date": hours, "flow": wave}).to_csv(home / "station.csv", index=False)
    dates = pd.date_range("2024-01-01", periods=ROWS, freq="D")
    stores = [
        pd.DataFrame({"date": dates, "store": name, "sales": level * wave})
        for name, level in (("north", 10), ("south", 100), ("west", 1000))
    ]
    pd.concat(stores).to_csv(home / "sales.csv", index=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    put_tables(folder)
    return folder


@pytest.mark.slow
def test_every_command_of_the_tutorial_does_what_is_said(
    project: Project, home: Path, server: Server
):
    project.exactcast("run", **server.environment)  # section 1: what `make run` does in .venv
    printed: dict[int, str] = {}
    for section, language, text in blocks():
        if section == 1 or any(words in text for words in ELSEWHERE):
            continue
        command = ["python", "-I", "-c", text]
        if language == "sh":  # the program of this checkout, not of the one that is installed
            command = ["sh", "-euc", f'exactcast() {{ python -m pipeline "$@"; }}\n{text}']
        said = project.call(*command, HOME=str(home), **server.environment)
        printed[section] = printed.get(section, "") + said
    assert "wins on" in printed[3] or "loses" in printed[3]
    assert re.search(r"No tested row lies in a training window", printed[3])
    assert all(
        f"kept as    the experiment {name}\n" in printed[5] for name in ("small", "long", "honest")
    )
    assert "small -> long" in printed[6]
    assert printed[7].count("identical: all ") == 2
    assert "2025-03-17 16:00:00" in printed[8]  # 400 hours after the first row
    assert "data/raw/sales.csv, 3 series, 1200 rows x 1 " in printed[10]
    assert "data/raw/demo.csv, 50 series" in printed[12]
    assert "kept as    the experiment without-price\n" in printed[12]
    assert re.search(r"^2025-01-06 +\d+\.\d+$", printed[12], re.MULTILINE)  # the seventh day ahead
    assert len(pd.read_parquet(project.root / "reports/scores_by_series.parquet")) > 3


def test_the_blocks_of_the_tutorial_are_found():
    assert [section for section, language, _ in blocks() if language == "python"] == [8, 12]
    assert {section for section, _, _ in blocks()} == {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}
    assert sum(any(words in text for words in ELSEWHERE) for _, _, text in blocks()) == 5
