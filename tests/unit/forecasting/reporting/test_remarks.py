import numpy as np

from forecasting.reporting.remarks import epoch_sentence, gaps_sentence, series_sentence


def test_a_series_without_gaps_needs_no_sentence():
    assert gaps_sentence(filled_share=0.0, left_out=0) is None


def test_the_share_of_missing_values_and_the_windows_left_out_are_counted():
    assert gaps_sentence(filled_share=0.4995, left_out=488) == (
        "Gaps: 50.0% of the values are missing. They are filled from earlier values where a window "
        "reads them, and never predicted: 488 windows are left out."
    )


def test_the_epoch_whose_weights_were_kept_is_named_with_the_reason():
    assert epoch_sentence(kept=7, of=40, best=True) == (
        "Weights: of epoch 7 of 40, the lowest validation loss."
    )
    assert epoch_sentence(kept=40, of=40, best=False) == "Weights: of epoch 40 of 40, the last one."


def test_series_are_described_by_their_errors_and_the_names_at_both_ends():
    said = series_sentence(
        np.array([0.5, 1.0, 4.0]), of=9, won=2, best=["a", "b"], worst=["c"],
        untrained=["p", "q", "r", "s"], left_out=["x"],
    )  # fmt: skip

    assert said == (
        "Series: 3 of 9 are scored, and the model beats every baseline on 2. Its standardised squared "
        "error is 0.5 to 4 (median 1). Best: 'a', 'b'. Worst: 'c'. Without training windows, so without "
        "training mean and MASE: 4 ('p', 'q', 'r', ...). Left out, as no window fits: 1 ('x')."
    )


def test_one_series_is_the_best():
    said = series_sentence(
        np.array([0.5]), of=1, won=0, best=["a"], worst=[], untrained=[], left_out=[]
    )

    assert said.endswith("(median 0.5). Best: 'a'.")


def test_windows_that_would_read_a_missing_value_are_left_out_where_gaps_are_skipped():
    assert gaps_sentence(filled_share=0.125, left_out=7, skipped=True) == (
        "Gaps: 12.5% of the values are missing. No window reads or predicts them: 7 windows are left out."
    )
