from pathlib import Path

import pytest

from foundation.errors import ParamsError
from pipeline.studies.trials import (
    MOST,
    Range,
    grid,
    read_choices,
    read_plan_file,
    sobol,
    split_values,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("25,50,100", ["25", "50", "100"]),
        ("[24, 168],auto", ["[24, 168]", "auto"]),
        ("{patience: 5, min_delta: 0.0},null", ["{patience: 5, min_delta: 0.0}", "null"]),
        ("\",\",';,'", ['","', "';,'"]),
        ("adam", ["adam"]),
    ],
)
def test_values_are_cut_at_commas_outside_brackets_and_quotes(text, values):
    assert split_values(text) == values


def test_a_grid_lists_every_combination_and_the_last_parameter_changes_first():
    choices = read_choices(["units=25,50", "seed=1,2,3"])
    assert grid(choices) == [
        ["units=25", "seed=1"], ["units=25", "seed=2"], ["units=25", "seed=3"],
        ["units=50", "seed=1"], ["units=50", "seed=2"], ["units=50", "seed=3"],
    ]  # fmt: skip


def test_bounds_of_whole_numbers_give_whole_numbers():
    choices = read_choices(["units=16..19", "rate=log:1e-4..1e-2", "clip=0.5..1.5"])
    units, rate, clip = choices.values()
    assert [units.at(share) for share in (0, 0.24, 0.25, 0.99)] == ["16", "16", "17", "19"]
    assert [rate.at(share) for share in (0, 0.5)] == ["0.0001", "0.001"]
    assert clip.at(0.25) == "0.75"


def test_whole_numbers_over_powers_of_ten_stay_whole():
    assert Range(1, 100, log=True, whole=True).at(0.5) == "10"


def test_a_sobol_plan_puts_one_of_four_points_into_each_quarter_of_every_parameter():
    trials = sobol(read_choices(["units=0..3", "loss=a,b,c,d"]), 4)
    assert sorted(trial[0] for trial in trials) == [f"units={n}" for n in range(4)]
    assert sorted(trial[1] for trial in trials) == [f"loss={name}" for name in "abcd"]


def test_a_longer_sobol_plan_begins_with_the_shorter_one_and_another_seed_gives_another():
    choices = read_choices(["rate=0.0..1.0"])
    assert sobol(choices, 3) == sobol(choices, 8)[:3]
    assert sobol(choices, 8) != sobol(choices, 8, seed=1)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["units"], "-S units is not understood"),
        (["seed=1", "seed=2"], "-S seed is given twice"),
        (["seed=1,,2"], "a value is empty"),
        (["rate=2..1"], "the first bound should be less"),
        (["rate=log:0..1"], "both bounds should be greater than 0"),
        (["rate=1e..2"], "the bounds should be numbers"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(overrides, sentence):
    with pytest.raises(ParamsError, match=sentence):
        read_choices(overrides)


def test_a_grid_of_bounds_names_the_option_that_draws():
    with pytest.raises(ParamsError, match="add --sobol N"):
        grid(read_choices(["rate=1..2"]))


def test_more_trials_than_anybody_runs_are_refused():
    values = ",".join(map(str, range(101)))
    with pytest.raises(ParamsError, match="more than 10,000 combinations"):
        grid(read_choices([f"a={values}", f"b={values}"]))
    with pytest.raises(ParamsError, match="from 1 to 10,000 trials, found 10,001"):
        sobol(read_choices(["a=1,2"]), MOST + 1)


def plan_file(folder: Path, text: str) -> Path:
    path = folder / "first.yaml"
    path.write_text(text)
    return path


def test_a_plan_file_holds_a_grid(tmp_path):
    path = plan_file(
        tmp_path, "grid:\n  train.optimizer.learning_rate: [0.001, 3.0e-4]\n  train.loss: [mse]\n"
    )
    assert read_plan_file(path).overrides() == [
        ["train.optimizer.learning_rate=0.001", "train.loss=mse"],
        ["train.optimizer.learning_rate=0.0003", "train.loss=mse"],
    ]


def test_a_plan_file_holds_trials_or_a_sobol_sequence(tmp_path):
    trials = plan_file(tmp_path, "trials: [{seed: 1, evaluate.season: [24, 168]}, {seed: 2}]")
    assert read_plan_file(trials).overrides() == [
        ["seed=1", "evaluate.season=[24, 168]"], ["seed=2"],
    ]  # fmt: skip
    drawn = plan_file(
        tmp_path, "sobol: {trials: 4, seed: 3, parameters: {seed: {low: 0, high: 3}}}"
    )
    assert sorted(read_plan_file(drawn).overrides()) == [[f"seed={n}"] for n in range(4)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("grid: {seed: [1]}\ntrials: [{seed: 2}]", "one of grid, sobol and trials"),
        ("grid: {seed: 1}", "grid.seed: input should be a valid list, found 1"),
        ("grids: {}", "grids: extra inputs are not permitted"),
        ("- 1", "input should be a valid dictionary"),
        ("sobol: {trials: 2, parameters: {rate: {low: 1, high: 0}}}", "rate: the first bound"),
    ],
)
def test_a_plan_file_that_is_not_understood_is_refused_with_its_path(tmp_path, text, sentence):
    path = plan_file(tmp_path, text)
    with pytest.raises(ParamsError, match=sentence):
        read_plan_file(path).overrides()


def test_a_plan_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ParamsError, match="does not exist"):
        read_plan_file(tmp_path / "none.yaml")
