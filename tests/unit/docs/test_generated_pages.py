from pathlib import Path

import pytest

from docs.generate.markdown import BEGIN, END, between_marks, table
from docs.generate.pages import PAGES
from docs.generate.parameters import parameters_page
from docs.generate.picture import picture
from tests.support.project import ROOT


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name):
    written = (ROOT / name).read_text("utf-8")
    assert written == PAGES[name](), f"{name} is not current. Run: make docs"


@pytest.fixture
def root(tmp_path):
    """A folder with the files that pages are made from, to change."""
    for name in ("params.yaml", "dvc.yaml", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))


def row(page: str, name: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in line.strip("|").split(" | ")][1:]


def test_a_parameter_has_its_limits_its_default_and_the_meaning_that_params_yaml_gives(root):
    change(root / "params.yaml", "lookback: 24 ", "lookback: 168 ")

    page = parameters_page(root)

    assert row(page, "windowing.lookback") == [
        "integer, > 0, < 2^31", "`168`", "rows a forecast reads"
    ]  # fmt: skip
    assert row(page, "ingest.gaps")[:2] == ["`error`, `skip` or `interpolate`", "`error`"]
    assert "2024-01-01" in row(page, "split.test_from")[0]
    assert row(page, "split.test_from")[0].endswith("· or `null`")


def test_a_mark_of_a_comment_inside_a_value_is_not_taken_for_a_comment(root):
    change(root / "params.yaml", 'separator: "," ', 'separator: "#" ')

    assert row(parameters_page(root), "ingest.separator")[1:] == [
        '`"#"`',
        'of the cells of a CSV; "\\t" for a tab',
    ]


def test_the_sections_name_the_stages_that_read_them(root):
    change(
        root / "dvc.yaml", "      - ingest\n      - windowing\n    outs", "      - seed\n    outs"
    )

    page = parameters_page(root)

    assert (
        "## windowing\n\nRead by `predict`, `calibrate`, `evaluate`, `refit`, `forecast`.\n" in page
    )
    assert (
        "## seed\n\nRead by `windowing`, `train`, `predict`, `evaluate`, `refit`, `forecast`.\n"
        in page
    )


def test_the_picture_shows_the_storeys_of_the_contracts_and_the_files_between_stages(root):
    change(root / "pyproject.toml", '"verification", "runs",', '"verification | studies", "runs",')

    drawn = picture(root)

    assert "pipeline.verification & pipeline.studies --> pipeline.runs" in drawn
    assert "  stages --> forecasting\n" in drawn
    assert "  pipeline --> foundation\n" in drawn
    assert "pipeline --> forecasting" not in drawn
    assert "windowing --> data_windows_parquet\n" in drawn
    assert "data_windows_parquet --> split\n" in drawn


def test_a_bar_in_a_cell_does_not_end_the_cell():
    assert table(["a"], [["x | y"]]) == "| a |\n| --- |\n| x \\| y |"


def test_what_stands_between_the_marks_is_replaced_and_nothing_else():
    assert between_marks(f"a{BEGIN}old{END}b", "new") == f"a{BEGIN}\n\nnew\n\n{END}b"
    for page in ("a", f"a{END}b{BEGIN}", f"{BEGIN}{END}{END}"):
        with pytest.raises(ValueError, match="once each"):
            between_marks(page, "new")
