"""docs/reference/command-line.md: what `--help` says, without colours and boxes, 80 columns wide."""

from typing import Any

import typer.main

from docs.generate.markdown import WRITTEN, code_block
from pipeline.cli.main import app

NAME = "exactcast"
COLUMNS = 80
INTRODUCTION = f"""# The command line

{WRITTEN}

`make run`, `make verify` and `make serve` start the same commands; they pass on `ARGS="..."`. With the environment active
(`. .venv/bin/activate`) a command is `{NAME} COMMAND`. Without it, it is `.venv/bin/{NAME} COMMAND`. [Exit codes](exit-codes.md) and
[environment variables](environment-variables.md) have pages of their own; `-S` takes the names of [parameters](parameters.md)."""


def command_line_page() -> str:
    """Render the help of every command."""
    group: Any = typer.main.get_command(app)
    sections = [
        f"## {NAME} {name}\n\n{code_block(_help(command, f'{NAME} {name}'), language='text')}"
        for name, command in sorted(group.commands.items())
        if not command.hidden
    ]
    return "\n\n".join([INTRODUCTION, *sections]) + "\n"


def _help(command: Any, name: str) -> str:
    command.rich_markup_mode = None  # plain text, whatever the terminal can show
    context = command.context_class(
        command, info_name=name, terminal_width=COLUMNS, max_content_width=COLUMNS
    )
    return str(command.get_help(context))
