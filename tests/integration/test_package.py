"""The built package holds all that the code reads of itself."""

import subprocess
import sys
import zipfile
from pathlib import Path

from foundation.paths import CODE_PACKAGES
from tests.support.project import ROOT


def test_a_wheel_holds_every_file_of_the_packages(tmp_path: Path):
    tracked = subprocess.run(
        ["git", "ls-files", *CODE_PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")

    assert "forecasting/reporting/report.html.j2" in tracked
    assert set(tracked) <= set(zipfile.ZipFile(wheel).namelist())
