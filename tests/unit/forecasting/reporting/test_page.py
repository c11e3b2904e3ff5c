"""The report as a person sees it: on a phone, on a screen in light and dark, and on paper."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.reporting.html import render_report
from forecasting.reporting.plots import loss_plot
from foundation.score_table import Group, score_table
from tests.support.browser import Browser, browser

TARGETS = [f"transformer_{number:02}_{'x' * 25}" for number in range(30)]  # 40 characters
BASELINES = ("repeat_last", "seasonal_naive", "training_mean", "ridge", "drift", "window_average")
HEADINGS = ("Root mean squared", "Mean squared", "Mean absolute", "Parameters")
SMALLEST_RATIO = 4.5  # of the lightness of text and paper: WCAG 2.2, 1.4.3

PARTS_OUT_OF_VIEW = """
const wrong = [], width = document.documentElement.clientWidth;
for (const each of document.querySelectorAll("h1, h2, p, th, td, img")) {
    const range = document.createRange();
    range.selectNodeContents(each);
    for (const box of [each.getBoundingClientRect(), ...range.getClientRects()])
        if (box.left < 0 || box.right > width + 0.5) wrong.push(each.outerHTML.slice(0, 80));
    if (each.clientWidth && each.scrollWidth > each.clientWidth) wrong.push(each.textContent);
}
return wrong;
"""
TEXTS_WITH_COLORS = """
const paper = getComputedStyle(document.body).backgroundColor;
return [...document.querySelectorAll("h1, h2, p, small, th, td")]
    .map(each => [each.textContent, getComputedStyle(each).color, paper]);
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A report of many targets with long names, huge errors and undefined ones."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_bytes(report())
    with browser() as started:
        started.open(file.as_uri(), "The verdict.")
        yield started


def report() -> bytes:
    huge = dict.fromkeys(("model", *BASELINES), 1.234e18) | {"ridge": None}
    zero = huge | {"ridge": 0.0}
    names = [*TARGETS, "all, standardised"]
    tables = {
        f"{kind} error": score_table(
            [Group(name, errors, None) for name in names], error=error, skill=error
        )
        for kind, error, errors in zip(
            HEADINGS[:3], ("rmse", "mse", "mae"), (huge, huge, zero), strict=True
        )
    }
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "loss": [3.0, 2.0, 1.0],
            "val_loss": [3.0, 1.0, 2.0],
            "kept": [0, 1, 0],
        }
    )
    sections = {
        "seed": 42,
        "seed_of_the_split": 7,
        "ingest": {"targets": TARGETS},
        "train": {"layers": [{"z" * 60: "z" * 60}]},
    }
    return render_report(
        verdict="The verdict.",
        leak="The leak. " * 20,
        leaked=True,
        notes=["The gaps. " * 20, "The season. " * 20],
        windows={"train": 80, "validation": 0, "test": 20, "left_out": 3},
        scored="test",
        epoch="Weights: of epoch 2 of 3.",
        tables=tables,
        intervals=[
            {"target": target, "nominal": "80 %", "all steps": "79.9%"}
            | {f"step {step}": "81.2%" for step in (1, 7, 13, 18, 24)}
            | {"mean width, first to last step": "1.234 to 5.678"}
            for target in TARGETS
        ],
        params=sections,
        plots={"Training": loss_plot(history)},
    )


def look(page: Browser, *, width: int = 1280, scheme: str = "light", medium: str = "") -> None:
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False},
    )
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": medium, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )


@pytest.mark.parametrize("width", [320, 390, 768, 990, 1000, 1280])
def test_nothing_is_out_of_view(page: Browser, width: int):
    look(page, width=width)
    assert page.driver.execute_script("return document.scrollingElement.scrollWidth") == width
    assert page.driver.execute_script(PARTS_OUT_OF_VIEW) == []


def test_on_a_phone_every_number_has_its_label(page: Browser):
    look(page, width=390)
    labels = page.driver.execute_script(
        "return [...document.querySelector('.scores tbody tr').querySelectorAll('td')]"
        ".map(cell => getComputedStyle(cell, '::before').content)"
    )
    header = "return document.querySelector('.scores thead').offsetHeight"
    assert page.driver.execute_script(header) == 0
    spoken = [name.replace("_", " ") for name in ("model", *BASELINES)]
    assert labels == [f'"{name}"' for name in (*spoken, "skill (RMSE)")]


def test_a_long_value_leaves_room_for_the_names_of_parameters(page: Browser):
    look(page)
    name, value = page.driver.execute_script(
        "return [...document.querySelectorAll('.parameters tr:first-child > *')]"
        ".map(cell => cell.offsetWidth)"
    )
    assert name == pytest.approx(value, abs=1)


@pytest.mark.parametrize(
    ("scheme", "medium", "is_dark"),
    [("light", "", False), ("dark", "", True), ("light", "print", False), ("dark", "print", False)],
)
def test_every_text_stands_out_from_its_paper(
    page: Browser, scheme: str, medium: str, is_dark: bool
):
    look(page, scheme=scheme, medium=medium)
    texts = page.driver.execute_script(TEXTS_WITH_COLORS)
    assert {lightness(paper) < 0.1 for _, _, paper in texts} == {is_dark}
    assert [text for text, ink, paper in texts if ratio(ink, paper) < SMALLEST_RATIO] == []


def lightness(color: str) -> float:
    """The relative luminance of WCAG 2.2."""
    shares = np.array(re.findall(r"[\d.]+", color)[:3], dtype=float) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def ratio(one: str, other: str) -> float:
    dark, light = sorted([lightness(one), lightness(other)])
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_of_black_and_white_is_the_one_that_wcag_states():
    assert ratio("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert ratio("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)


def test_in_the_dark_a_plot_keeps_its_white_paper(page: Browser):
    look(page, scheme="dark")
    paper = page.driver.execute_script(
        "return getComputedStyle(document.querySelector('img')).backgroundColor"
    )
    assert paper == "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def printed(page: Browser, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The report printed on A4 and on shorter paper, which ends each page elsewhere."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils)")
    look(page, scheme="dark")
    files = [tmp_path_factory.mktemp("printed") / f"{eighths}.pdf" for eighths in range(12)]
    for eighths, file in enumerate(files):
        paper = {"paperWidth": 8.27, "paperHeight": 11.69 - eighths / 8}  # inches
        pdf = page.driver.execute_cdp_cmd("Page.printToPDF", paper)
        file.write_bytes(base64.b64decode(pdf["data"]))
    return files


def text(printed: Path, form: str) -> str:
    command = ["pdftotext", form, str(printed), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def sheets(printed: list[Path]) -> list[list[str]]:
    """The lines of every printed page."""
    pages = [page for file in printed for page in text(file, "-layout").strip("\f").split("\f")]
    return [[line.strip() for line in page.split("\n") if line.strip()] for page in pages]


def test_nothing_is_cut_off_on_paper(printed: list[Path]):
    words = re.findall(r'<word xMin="([\d.-]+)" .*? xMax="([\d.]+)"', text(printed[0], "-bbox"))
    left, right = np.array(words, dtype=float).T
    assert len(words) > 30 * 8 * 3  # the numbers alone
    assert left.min() > 42 and right.max() < 595 - 42  # points: 15 mm of an A4 page stay free


def test_on_paper_every_number_is_there_under_its_header(sheets: list[list[str]]):
    tables = [sheet for sheet in sheets if any("e+" in line for line in sheet)]
    assert len(tables) > 3 * 12
    for sheet in tables:
        header = " ".join(line for line in sheet if not line.startswith("transformer_"))
        for name in ("model", "last", "naive", "mean", "ridge", "drift", "skill"):
            assert name in header
    undefined = sum(line.count("undefined") for sheet in sheets for line in sheet)
    assert undefined == 12 * 31 * (2 + 2 + 1)  # ridge's RMSE and MSE; every skill


def test_on_paper_a_heading_stays_with_two_rows(sheets: list[list[str]]):
    found = 0
    for sheet in sheets:
        for number, line in enumerate(sheet):
            if line.startswith(HEADINGS):
                rows = [row for row in sheet[number:] if row.startswith(("transformer_", "seed"))]
                assert len(rows) >= 2, sheet
                found += 1
    assert found == 4 * 12


def test_on_paper_no_row_is_torn(sheets: list[list[str]]):
    named = [sum("'transformer_" in line for line in sheet) for sheet in sheets]
    assert set(named) == {0, 30}  # the row of ingest.targets has a line for each
