import json

import pytest

from pipeline.versioning.dvc_output import cause, changes, sent, without_our_repro

OURS = {"pid": 7, "cmd": "/a/dvc --wait-for-lock repro --single-item train"}
THEIRS = {"pid": 8, "cmd": "/a/dvc push"}


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("ERROR: failed to transfer 'a' - cut off\nERROR: failed to push - 1 file", "cut off"),
        ("ERROR: unexpected error - no endpoint\n\nHaving any troubles? Ask us!", "no endpoint"),
        ("a warning\nfatal: no such thing\nerror: so what\n", "no such thing"),
        (
            "ERROR: 'x' is busy, blocked by:\n  (PID 7): dvc push\n\nIf not, ...",
            "by: (PID 7): dvc push",
        ),
        (
            "'./dvc.yaml' validation failed.\n\nnothing given, in stages -> one\n  14   one:\n",
            "'./dvc.yaml' validation failed. nothing given, in stages -> one",
        ),
        ("", "no message"),
    ],
)
def test_the_cause_of_a_failure_is_what_was_complained_of_first(printed: str, reason: str):
    assert cause(printed).endswith(reason)


def test_what_others_use_stays_noted_and_what_a_repro_of_ours_used_does_not():
    noted = {"write": {"a": OURS, "b": THEIRS}, "read": {"c": [OURS, THEIRS], "d": [OURS]}}
    left = without_our_repro(json.dumps(noted))
    assert json.loads(left) == {"write": {"b": THEIRS}, "read": {"c": [THEIRS]}}


@pytest.mark.parametrize("torn", ["", '{"write": {"a": {"pid": 7'])
def test_notes_that_a_crash_tore_are_known(torn: str):
    assert without_our_repro(torn) is None


def test_each_kind_of_change_is_told_apart():
    report = [
        {"changed deps": {"a.csv": "modified", "params.yaml": {"train": "new", "seed": "deleted"}}},
        {"changed outs": {"b": "deleted"}},
        "changed command",
    ]
    assert [(c.what, c.name, c.state, c.parameters) for c in changes(report)] == [
        ("input", "a.csv", "modified", ()),
        ("parameters", "params.yaml", "", ("train", "seed")),
        ("output", "b", "deleted", ()),
        ("note", "changed command", "", ()),
    ]


def test_what_was_sent_is_the_end_of_a_sentence():
    assert sent("a warning\n2 files pushed.") == "2 files pushed"
