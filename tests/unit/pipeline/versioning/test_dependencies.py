from pathlib import Path

import pytest

from pipeline.versioning.dependencies import code_of, is_code


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "stages/__init__.py": "",
        "stages/train.py": "import numpy\nfrom forecasting.page import render\n",
        "stages/split.py": "from forecasting.words import said\n",
        "forecasting/__init__.py": "",
        "forecasting/page.py": 'TEMPLATE = Path(__file__).with_name("page.html.j2")\n',
        "forecasting/words.py": '"""Words, not in page.html.j2 but here."""\n',
        "forecasting/page.html.j2": "<p>",
        "forecasting/unused.txt": "",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_a_stage_declares_what_it_imports_and_the_files_that_those_modules_name(project: Path):
    assert code_of("stages.train", project) == [
        "forecasting/__init__.py", "forecasting/page.html.j2", "forecasting/page.py",
        "stages/__init__.py", "stages/train.py",
    ]  # fmt: skip


def test_a_file_belongs_only_to_the_module_that_names_it(project: Path):
    assert code_of("stages.split", project) == [
        "forecasting/__init__.py", "forecasting/words.py", "stages/__init__.py", "stages/split.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("forecasting/reporting/report.html.j2", True),
        ("stages/train.py", True),
        ("make.py", True),
        ("requirements.lock", True),
        ("data/raw/stages.csv", False),
        ("forecasting_notes.csv", False),
        ("models/model.keras", False),
        ("dvc.lock", False),
    ],
)
def test_code_is_what_lies_in_the_packages_and_what_is_python(path: str, expected: bool):
    assert is_code(path) is expected
