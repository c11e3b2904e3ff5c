import ast
import re

import pytest

from foundation.errors import DataError
from tests.support.project import ROOT

READ = ("forecasting/data", "stages/storage")  # what reads and checks tables
CHANGE = re.compile(r"(set|correct|raise|with|out of|to) ingest\.", re.IGNORECASE)


def test_the_message_of_a_data_error_is_the_problem_and_the_way_out():
    error = DataError("Row 3 is empty.", "Repair the table.")
    assert str(error) == "Row 3 is empty. Repair the table."
    assert (error.problem, error.way_out) == ("Row 3 is empty.", "Repair the table.")
    assert str(DataError("Row 3 is empty.")) == "Row 3 is empty."


def problems(source):
    """The literal text of the first argument of every DataError in a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DataError":
            pieces = [part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            yield "".join(str(piece.value) for piece in pieces)


@pytest.mark.parametrize("folder", READ)
def test_no_problem_of_a_table_says_which_parameter_to_change(folder):
    """A newer table is read by the parameters of the model: there, the way out is another one."""
    found = [text for path in (ROOT / folder).rglob("*.py") for text in problems(path.read_text())]
    assert len(found) > 10
    assert [text for text in found if CHANGE.search(text)] == []
