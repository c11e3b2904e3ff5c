"""What Prefect adds to a run, with a server up and without one, and how soon a schedule starts.

The graph has six stages that take no time, so that nothing else varies; each run makes all of them.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.rows import Row, print_rows, seconds
from bench.turns import user_environment
from tests.support.prefect_server import Server, real_server
from tests.support.quick import Quick, quick_project, until

COPIES = ("copy-1", "copy-2", "copy-3")
COPY = "  {name}: {{cmd: cp raw {name}, deps: [raw], outs: [{name}]}}\n"
AHEAD = timedelta(seconds=30)  # of a schedule's time, when the run is asked for


def six_stages(folder: Path) -> Quick:
    """Make the project: three quick stages, and three more that the last one reads from."""
    project = quick_project(folder)
    graph = project.root / "dvc.yaml"
    copies = "".join(COPY.format(name=name) for name in COPIES)
    read = f"deps: [model, stage.py, {', '.join(COPIES)}]"
    graph.write_text(graph.read_text().replace("deps: [model, stage.py]", read) + copies)
    with (project.root / ".gitignore").open("a") as ignored:
        ignored.writelines(f"/{name}\n" for name in COPIES)
    project.commit("six stages")
    return project


def run(project: Quick, *arguments: str, **environment: str) -> float:
    """Run every stage; return the seconds."""
    raw = project.root / "raw"
    raw.write_text(f"{raw.read_text()}.")
    begun = time.perf_counter()
    done = project.attempt("python", "-m", "pipeline", "run", *arguments, **environment)
    if "6 of 6 stages ran" not in done.stdout:
        raise RuntimeError(f"The run was not whole:\n{done.stdout}")
    return time.perf_counter() - begun


def measure(project: Quick, server: Server, *, rounds: int) -> list[Row]:
    """Time runs in turn: unwatched, watched by a server that is up, with one of their own."""
    first = run(project)
    unwatched, added, added_alone = [], [], []
    for _ in range(rounds):
        unwatched.append(run(project, "--no-prefect"))
        added.append(run(project, **server.environment) - unwatched[-1])
        added_alone.append(run(project) - unwatched[-1])
    once = first - min(unwatched)
    return [
        Row("`exactcast run --no-prefect`, six stages that do nothing", "", seconds(unwatched)),
        Row("what Prefect adds to it, with a server up", "under 5 s", seconds(added)),
        Row("what Prefect adds to it, without one", "under 20 s", seconds(added_alone)),
        Row("the same, the first time, when it makes its database", "", seconds([once])),
    ]


def from_schedule_to_stage(server: Server, *, rounds: int) -> Row:
    """Time from the moment that a schedule names to the start of the first stage."""
    waits = []
    for _ in range(rounds):
        moment = datetime.now(UTC) + AHEAD
        asked = server.ask_for(at=moment)
        server.ended(asked, seconds=300)
        waits.append((server.first_task(asked) - moment).total_seconds())
    return Row("from the time of a schedule to its first stage", "", seconds(waits))


@contextmanager
def served(project: Quick, server: Server) -> Iterator[None]:
    """Serve the project's deployment until the block ends."""
    started = project.start("serve", **server.environment)
    try:
        started.says("watch it at")
        until(lambda: server.serves("train"), started.said)
        yield
    finally:
        started.end_all()


def main() -> None:
    """Measure in a temporary copy, with a temporary server and home."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    rounds = 1 if parser.parse_args().quick else 3
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        kept = {k: v for k, v in user_environment().items() if not k.startswith("PREFECT_")}
        os.environ.clear()
        os.environ.update(kept | {"PREFECT_HOME": str(place / "own"), "DO_NOT_TRACK": "1"})
        project = six_stages(place)
        with real_server(place) as server:
            rows = measure(project, server, rounds=rounds)
            project.commit("what the schedule starts from")
            with served(project, server):
                rows.append(from_schedule_to_stage(server, rounds=rounds))
    print_rows(rows)


if __name__ == "__main__":
    main()
