from foundation.record_schema import Record, Surroundings
from pipeline.runs.record import changed_surroundings
from pipeline.verification.diagnosis import UNDECLARED, reasons
from pipeline.verification.recorded import Output
from pipeline.versioning.checkout import Checkout
from tests.support.project import ROOT

HERE = {
    "any_packages": False,
    "packages": {"keras": "3.15.1", "ruff": "1"},
    "python": "3.11.7",
    "processor": {"model": "A", "class": "x86-64-v4"},
    "threads": {"cores": 2, "usable": 2},
    "variables": {},
}


def output(stage, verdict="different"):
    return Output(stage, "path", "a", "b", verdict)


def around(**changes):
    return Surroundings.model_validate(HERE | changes)


def record(**changes):
    states = {"train": "ran", "evaluate": "ran"}
    return Record(surroundings=around(**changes), states=states)


def told(outputs, record):
    return reasons(Checkout(ROOT), outputs, record, around())


def test_there_is_no_reason_where_nothing_differs():
    assert told([output("train", "identical")], None) == []


def test_the_first_stage_that_differs_is_named():
    found = told([output("split", "identical"), output("train"), output("evaluate")], record())
    first = "The first stage that differs is 'train'; what comes after it reads its outputs."
    assert found == [first, UNDECLARED]


def test_every_difference_of_the_surroundings_is_told_but_not_of_tools():
    before = record(
        packages={"keras": "3.14.0", "ruff": "2"},
        processor={"model": "B", "class": "x86-64-v3"},
        variables={"TZ": "UTC"},
        any_packages=True,
    )
    assert told([output("train")], before)[1:] == [
        "any_packages: True -> False",
        "packages: keras 3.14.0 -> 3.15.1",
        "processor: class x86-64-v3 -> x86-64-v4, model B -> A",
        "variables: TZ UTC -> none",
    ]


def test_a_stage_that_did_not_run_in_the_recorded_run_is_named():
    restored = record().model_copy(update={"states": {"train": "restored from DVC's run cache"}})
    assert (
        "'train' did not run in that run (restored from DVC's run cache), so the record does not "
        "say where its outputs were made."
    ) in told([output("train")], restored)


def test_without_a_record_that_is_said():
    (_, said, *_) = told([output("train")], None)
    assert said == (
        "There is no record of this commit, so its packages, processor and threads are not known."
    )


def test_a_record_that_cannot_be_read_is_none():
    assert told([output("train")], Record()) == told([output("train")], None)


def test_surroundings_are_compared_with_all_their_packages_where_none_are_chosen():
    changes = changed_surroundings(around(), around(packages={"keras": "3.15.1"}))
    assert changes == {"packages": ["ruff 1 -> none"]}
