import re

import jinja2
import pytest

from forecasting.reporting.html import render_report
from foundation.score_table import Group, score_table

MISSING = "Gaps: 7.0% of the values are missing."


def page(target="oil", leaked=True, missing=None, plots=None, skill=0.25, intervals=None):
    groups = [Group(target, {"model": 1.5, "repeat_last": 2.0}, skill)]
    return render_report(
        verdict="The verdict.",
        leak="The leak.",
        leaked=leaked,
        notes=[missing] if missing else [],
        windows={"train": 80, "validation": 0, "test": 20, "left_out": 3},
        scored="test",
        epoch="Weights: of epoch 87 of 100.",
        tables={"Mean absolute error": score_table(groups, error="mae", skill="mae")},
        intervals=intervals or [],
        params={"seed": 42, "model": {"layers": [{"units": 50}]}, "train": {"clipnorm": None}},
        plots=plots or {},
    ).decode()


def test_the_page_needs_nothing_but_itself():
    text = page(plots={"Training": b"\x89PNG"})

    assert not re.search(r"http|//|<script|<link|@import|url\(", text.replace("&#", ""))
    assert 'src="data:image/png;base64,iVBORw=="' in text


def test_the_page_shows_verdict_leak_windows_kept_epoch_and_scores():
    text = page()

    for part in ("The verdict.", "The leak.", "Weights: of epoch 87 of 100."):
        assert part in text
    assert "Windows: 80 train, 20 test, 3 left out." in text
    assert 'class="leak"' in text
    assert "<h2>Mean absolute error</h2>" in text
    assert "<th>MAE</th><th>model</th><th>repeat last</th><th>skill (MAE)</th>" in text
    assert re.findall(r"<t[dh][^>]*>(oil|[\d.]+)</t", text)[:4] == ["oil", "1.5", "2", "0.25"]


def test_every_number_has_the_label_of_its_column_for_narrow_screens():
    assert re.findall(r'data-label="([^"]+)">([\d.]+)', page()) == [
        ("model", "1.5"), ("repeat last", "2"), ("skill (MAE)", "0.25"),
    ]  # fmt: skip


def test_the_page_tells_of_missing_values_and_of_seasons_only_where_there_is_something_to_tell():
    assert f'<p class="note">{MISSING}</p>' in page(missing=MISSING)
    assert 'class="note"' not in page()


def test_the_page_lists_parameters_by_their_dotted_names():
    text = page()

    assert '<tr><th scope="row">model.layers.0.units</th><td>50</td></tr>' in text
    assert '<tr><th scope="row">train.clipnorm</th><td>null</td></tr>' in text


def test_an_honest_page_does_not_warn_of_a_leak():
    assert 'class="leak"' not in page(leaked=False)


@pytest.mark.parametrize(
    ("skill", "shown"),
    [(0.25, '"win"'), (0.0, '"lose"'), (-1.0, '"lose"'), (None, '"lose"')],
)
def test_the_page_shows_who_wins(skill, shown):
    assert f'class={shown} data-label="skill (MAE)"' in page(skill=skill)


def test_names_of_targets_cannot_break_the_page():
    text = page(target='<b>&"oil')

    assert "<b>" not in text
    assert "&lt;b&gt;&amp;&#34;oil" in text


def test_a_name_that_the_page_does_not_know_is_an_error_and_not_an_empty_place(
    monkeypatch, tmp_path
):
    template = tmp_path / "report.html.j2"
    template.write_text("{{ verdcit }}")
    monkeypatch.setattr("forecasting.reporting.html.PAGE", template)

    with pytest.raises(jinja2.UndefinedError, match="verdcit"):
        page()


def test_the_same_content_is_the_same_page():
    assert page() == page()
