from foundation.metrics_schema import Scores
from foundation.score_table import Group, rmse_table, score_table
from tests.support.scores import scores_content


def scores(oil=1.0, **changes):
    return Scores.model_validate(scores_content(oil) | changes)


def test_scores_stand_beside_the_baselines_and_the_run_before():
    assert rmse_table(scores(), scores(1.5)).records() == [
        {"RMSE": "oil", "model": "1", "run before": "1.5", "repeat last": "2", "ridge": "3",
         "skill (MSE)": "0.5"},
        {"RMSE": "all, standardised", "model": "0.1", "run before": "0.15", "repeat last": "0.2",
         "ridge": "0.3", "skill (MSE)": "undefined"},
    ]  # fmt: skip


def test_a_first_run_has_no_column_for_one_before():
    assert rmse_table(scores()).header == (
        "RMSE", "model", "repeat last", "ridge", "skill (MSE)",
    )  # fmt: skip


def test_a_target_that_the_run_before_did_not_have_has_no_number_there():
    other = scores_content()
    other["targets"] = []
    assert [row[2] for row in rmse_table(scores(), Scores.model_validate(other)).rows] == [
        "-",
        "0.1",
    ]


def test_a_table_holds_any_groups_by_name_and_says_who_wins():
    groups = [
        Group("shop a", {"model": 1.5, "drift": 2.0}, 0.25),
        Group("shop b", {"model": 3.0, "drift": 2.0}, -0.5),
        Group("shop c", {"model": 2.0, "drift": 2.0}, 0.0),
        Group("shop d", {"model": None, "drift": 2.0}, None),
    ]
    found = score_table(groups, error="mae", skill="mae")
    assert found.header == ("MAE", "model", "drift", "skill (MAE)")
    assert found.rows[0] == ("shop a", "1.5", "2", "0.25")
    assert found.rows[3] == ("shop d", "undefined", "2", "undefined")
    assert found.wins == (True, False, False, False)
