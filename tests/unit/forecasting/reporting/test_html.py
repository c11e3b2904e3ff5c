import re

import pytest

from forecasting.reporting.html import leak_sentence, render_report, score_rows, verdict

SCORES = {"mse": 4.0, "rmse": 2.0, "mae": 1.5, "r2": None}
MISSING = "Gaps: 7.0% of the values are missing."


def board(overall, **by_target):
    return {
        "skill": {"overall": overall, "by_target": by_target},
        "best_baseline": {
            "overall": "repeat_last",
            "by_target": dict.fromkeys(by_target, "seasonal_naive"),
        },
    }


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            board(0.25, a=0.5, b=0.1),
            "The model removes 25.0% of the squared error of the best baseline, repeat_last, and "
            "wins on every target.",
        ),
        (
            board(0.25, a=0.5, b=-0.1),
            "The model removes 25.0% of the squared error of the best baseline, repeat_last; it "
            "loses on b (seasonal_naive).",
        ),
        (
            board(-1.5, a=-2.0, b=-1.0),
            "The model loses to the baseline repeat_last: its squared error is 2.50 times as large; "
            "it loses on a (seasonal_naive), b (seasonal_naive).",
        ),
        (
            board(0.0, a=0.0),
            "The model is as good as the best baseline, repeat_last; it loses on a "
            "(seasonal_naive).",
        ),
        (
            board(float("nan"), a=float("nan")),
            "The model cannot beat the baseline repeat_last, which makes no error at all; it loses "
            "on a (seasonal_naive).",
        ),
    ],
)
def test_the_verdict_says_what_the_model_is_worth(found, sentence):
    assert verdict(found) == sentence


def test_a_verdict_over_many_targets_counts_those_that_are_lost():
    found = board(0.25, **{f"t{number}": 0.5 - number for number in range(7)})
    assert verdict(found).endswith("; it loses on 6 of 7 targets.")


def test_a_leak_is_named_with_its_share():
    assert leak_sentence(0.875).startswith("Leak: 87.5% of the tested rows also lie in training")


def test_an_honest_split_is_said_to_be_one():
    assert leak_sentence(0) == (
        "No tested row lies in a training window: this is a forecast's score."
    )


def errors_of(target, **errors):
    """The scores of forecasters that have the same error in everything; of the others, SCORES."""
    boards = {}
    for name in ("model", "repeat_last", *errors):
        each = SCORES | ({"mae": errors[name]} if name in errors else {})
        unit = {"overall": each, "by_target": {target: each}}
        boards[name] = {"raw": unit, "standardised": unit}
    return {"targets": [target], "scores": boards}


def page(target="oil", leak=0.5, missing=None, plots=None, **errors):
    scores = errors_of(target, **errors) | {
        "verdict": "The verdict.",
        "leak": {"share": leak, "sentence": "The leak."},
        "gaps": {"filled_share": 0.07, "left_out": 3, "sentence": missing},
        "season": {"rows": None, "sentence": None},
        "epoch": {"kept": 87, "of": 100, "sentence": "Weights: of epoch 87 of 100."},
        "windows": {"train": 80, "validation": 0, "test": 20, "left_out": 3},
    }
    params = {"seed": 42, "train": {"layers": [{"units": 50}], "clipnorm": None}}
    return render_report(scores=scores, params=params, plots=plots or {}).decode()


def test_the_page_needs_nothing_but_itself():
    text = page(plots={"Training": b"\x89PNG"})

    assert not re.search(r"http|//|<script|<link|@import|url\(", text.replace("&#", ""))
    assert 'src="data:image/png;base64,iVBORw=="' in text


def test_the_page_shows_verdict_leak_windows_kept_epoch_and_scores():
    text = page()

    for part in ("The verdict.", "The leak.", "Weights: of epoch 87 of 100."):
        assert part in text
    assert "Windows: 80 train, 20 test, 3 left out." in text
    assert text.count(">2</td>") == 2  # of model and baseline; an overall one would mix units
    assert 'class="leak"' in text


def test_the_page_tells_of_missing_values_and_of_seasons_only_where_there_is_something_to_tell():
    assert f'<p class="note">{MISSING}</p>' in page(missing=MISSING)
    assert 'class="note"' not in page()


def test_each_error_has_its_own_best_baseline_and_its_own_skill():
    scores = {
        "targets": ["oil"],
        "scores": {
            name: {"raw": {"by_target": {"oil": {"mae": mae, "mse": mse}}}}
            for name, mae, mse in (("model", 1.5, 4.0), ("drift", 2.0, 20.0), ("ridge", 3.0, 16.0))
        },
    }

    assert score_rows(scores, "raw", "mae") == [
        ("oil", {"model": 1.5, "drift": 2.0, "ridge": 3.0}, 0.25)  # 1 - 1.5 / 2
    ]
    assert score_rows(scores, "raw", "mse")[0].skill == 0.75  # 1 - 4 / 16


def test_standardised_errors_have_a_last_row_over_all_targets():
    scores = errors_of("oil", model=1.5, repeat_last=3.0)

    assert [row.target for row in score_rows(scores, "raw", "mae")] == ["oil"]
    assert [row[::2] for row in score_rows(scores, "standardised", "mae")] == [
        ("oil", 0.5),
        ("overall", 0.5),
    ]


def test_the_page_says_in_which_error_a_skill_is_measured():
    text = page()

    for error in ("RMSE", "MSE", "MAE"):
        assert f"<th>skill in {error}</th>" in text


def test_the_page_lists_parameters_by_their_dotted_names():
    text = page()

    assert '<tr><th scope="row">train.layers.0.units</th><td>50</td></tr>' in text
    assert '<tr><th scope="row">train.clipnorm</th><td>null</td></tr>' in text


def test_an_honest_page_does_not_warn_of_a_leak():
    assert 'class="leak"' not in page(leak=0)


@pytest.mark.parametrize(
    ("model", "baseline", "shown"),
    [
        (1.5, 2.0, 'class="win" data-label="skill in MAE">0.25<'),
        (4.0, 2.0, 'class="lose" data-label="skill in MAE">-1<'),
        (1.5, 0.0, 'class="lose" data-label="skill in MAE">undefined<'),
        (1.5, None, 'class="lose" data-label="skill in MAE">undefined<'),
        (None, 2.0, 'class="lose" data-label="skill in MAE">undefined<'),
        (float("nan"), 2.0, 'class="lose" data-label="skill in MAE">undefined<'),
    ],
)
def test_the_page_shows_who_wins(model, baseline, shown):
    assert shown in page(model=model, repeat_last=baseline)


def test_an_undefined_error_of_a_baseline_leaves_the_others_to_compare_with():
    scores = errors_of("oil", model=1.0, repeat_last=2.0, ridge=None)
    assert score_rows(scores, "raw", "mae")[0].skill == 0.5


def test_names_of_targets_cannot_break_the_page():
    text = page(target='<b>&"oil')

    assert "<b>" not in text
    assert "&lt;b&gt;&amp;&#34;oil" in text


def test_the_same_content_is_the_same_page():
    assert page() == page()
