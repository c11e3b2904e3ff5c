"""What is said of a table's dialect, with the parameters that follow."""

from forecasting.inspection.dialect import Dialect
from forecasting.inspection.findings import (
    CERTAIN,
    LIKELY,
    OPEN,
    PROBLEM,
    Finding,
    Setting,
    counted,
    listed,
)

MARKS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'", " ": "a space"}


def describe_separator(dialect: Dialect) -> Finding:
    """Say which mark separates the cells, or ask where several do."""
    marks = [dialect.separator, *dialect.others]
    found = " or ".join(MARKS.get(mark, repr(mark)) for mark in marks)
    reason = (
        f"{dialect.fitting:,} of {counted(dialect.judged, 'line')} have {dialect.n_cells} cells"
    )
    if dialect.others:
        choices = tuple({"separator": mark} for mark in marks)
        return Finding("separator", found, OPEN, reason, choices=choices)
    sure = LIKELY if dialect.fitting < dialect.judged else CERTAIN
    settings: dict[str, Setting] = {"separator": dialect.separator}
    return Finding("separator", found, sure, reason, settings)


def describe_lines(dialect: Dialect) -> list[Finding]:
    """Say which lines are no rows: those above the header, units, comments and a footer."""
    if not dialect.header:
        reason = (
            "line 1 holds values; write a line with the names of the columns above it"
            if dialect.first_row == 0
            else "no line above the rows has as many cells as they have"
        )
        return [Finding("header", "there is no line of names", PROBLEM, reason)]
    findings = []
    if dialect.skip_rows:
        sure = CERTAIN if dialect.sure_header else LIKELY
        found = f"line {dialect.skip_rows + 1}: {listed(dialect.header)}"
        reason = f"{counted(dialect.skip_rows, 'line')} above it"
        findings.append(Finding("header", found, sure, reason, {"skip_rows": dialect.skip_rows}))
    if dialect.units:
        found = "; ".join(listed(row) for row in dialect.units[:3])
        reason = f"{counted(len(dialect.units), 'row')} under the header without values"
        findings.append(Finding("units", found, LIKELY, reason, {"units_rows": len(dialect.units)}))
    if dialect.comment is not None:
        found = f"lines that begin with {dialect.comment!r}"
        reason = f"{counted(dialect.n_comments, 'line')} seen below the header"
        findings.append(Finding("comments", found, LIKELY, reason, {"comment": dialect.comment}))
    if dialect.footer:
        found = f"{counted(len(dialect.footer), 'line')} at the end: {dialect.footer[0][:40]!r}"
        reason = "not like the rows above"
        findings.append(
            Finding("footer", found, LIKELY, reason, {"skip_footer": len(dialect.footer)})
        )
    return findings
