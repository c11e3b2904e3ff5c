from forecasting.reporting.remarks import epoch_sentence, gaps_sentence


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
