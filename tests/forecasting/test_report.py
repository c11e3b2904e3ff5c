import re

import pytest

from forecasting.report import leak_sentence, render_report, verdict

SCORES = {"mse": 4.0, "rmse": 2.0, "mae": 1.5, "r2": None}


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


def test_a_leak_is_named_with_its_share():
    assert leak_sentence(0.875).startswith("Leak: 87.5% of the tested rows also lie in training")


def test_an_honest_split_is_said_to_be_one():
    assert leak_sentence(0) == (
        "No tested row lies in a training window: this is a forecast's score."
    )


def page(feature="oil", leak=0.5, skill=0.25, plots=None):
    both = {"overall": SCORES, "by_target": {feature: SCORES}}
    metrics = board(skill, **{feature: skill}) | {
        "verdict": "The verdict.",
        "leak": {"share": leak, "sentence": "The leak."},
        "windows": {"train": 80, "test": 20},
        "scores": {name: {"raw": both, "standardised": both} for name in ("model", "repeat_last")},
    }
    params = {"seed": 42, "train": {"layers": [{"units": 50}], "clipnorm": None}}
    return render_report(scores=metrics, params=params, plots=plots or {}).decode()


def test_the_page_needs_nothing_but_itself():
    text = page(plots={"Training": b"\x89PNG"})

    assert not re.search(r"http|//|<script|<link|@import|url\(", text.replace("&#", ""))
    assert 'src="data:image/png;base64,iVBORw=="' in text


def test_the_page_shows_verdict_leak_windows_and_scores():
    text = page()

    assert all(part in text for part in ("The verdict.", "The leak.", "80 train", "20 test"))
    assert text.count("<td>2</td>") == 1  # the baseline's rmse; an overall one would mix units
    assert 'class="leak"' in text


def test_the_page_lists_parameters_by_their_dotted_names():
    text = page()

    assert "<tr><td>train.layers.0.units</td><td>50</td></tr>" in text
    assert "<tr><td>train.clipnorm</td><td>null</td></tr>" in text


def test_an_honest_page_does_not_warn_of_a_leak():
    assert 'class="leak"' not in page(leak=0)


@pytest.mark.parametrize(
    ("skill", "shown"),
    [
        (0.25, 'class="win">0.25<'),
        (-1.0, 'class="lose">-1<'),
        (float("nan"), 'class="lose">undefined<'),
    ],
)
def test_the_page_shows_who_wins(skill, shown):
    assert shown in page(skill=skill)


def test_names_of_features_cannot_break_the_page():
    text = page(feature='<b>&"oil')

    assert "<b>" not in text
    assert "&lt;b&gt;&amp;&#34;oil" in text


def test_the_same_content_is_the_same_page():
    assert page() == page()
