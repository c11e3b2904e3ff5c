import pytest

from forecasting.reporting.verdict import leak_sentence, verdict


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
