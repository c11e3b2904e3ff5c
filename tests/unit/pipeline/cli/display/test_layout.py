from pipeline.cli.display.layout import filled, screen_width, table, table_rows

ROWS = [
    ["RMSE", "model", "repeat last", "seasonal naive"],
    ["oil", "1.5", "20.25", "3"],
    ["all, standardised", "0.1", "undefined", "1.235e+09"],
]


def test_a_table_that_fits_is_one_line_for_each_row():
    whole = [
        "RMSE               model  repeat last  seasonal naive",
        "oil                  1.5        20.25               3",
        "all, standardised    0.1    undefined       1.235e+09",
    ]
    assert table(ROWS).splitlines() == whole
    assert table(ROWS, width=53).splitlines() == whole


def test_on_a_narrow_terminal_the_words_of_a_header_stand_above_each_other():
    assert table(ROWS, width=52).splitlines() == [
        "                             repeat   seasonal",
        "RMSE               model       last      naive",
        "oil                  1.5      20.25          3",
        "all, standardised    0.1  undefined  1.235e+09",
    ]


def test_a_name_that_leaves_no_room_stands_above_its_numbers_and_whole():
    assert table(ROWS, width=45).splitlines() == [
        "                repeat   seasonal",
        "RMSE  model       last      naive",
        "oil     1.5      20.25          3",
        "all, standardised",
        "        0.1  undefined  1.235e+09",
    ]
    assert table_rows(ROWS, width=45)[2].startswith("all, standardised\n")


def test_thirty_targets_with_names_of_forty_characters_fit_eighty_columns():
    names = [f"active_power_of_the_transformer_no_{n:05}" for n in range(30)]
    assert {len(name) for name in names} == {40}
    body = [[name, *["-1.235e+09"] * 5, "undefined"] for name in names]
    header = ["RMSE", "model", "repeat last", "ridge", "seasonal naive", "training mean", "skill"]
    lines = table([header, *body], width=80).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == 2 + 2 * 30
    assert [line for line in lines if line in names] == names


def test_a_sentence_breaks_at_spaces_and_never_in_a_word_or_path():
    text = "kept: reports/plots/forecast.png is well-made"
    assert filled(text, 16) == "kept:\nreports/plots/forecast.png\nis well-made"
    assert filled(text, 16, indent="  ").splitlines()[1] == "  reports/plots/forecast.png"
    assert filled(text, None) == text


def test_where_no_terminal_is_text_has_no_width(capsys):
    assert screen_width() is None
