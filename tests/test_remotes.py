"""Data, models, the run cache and experiments on their way to another machine and back."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.project import Project
from tests.toy import OUTPUTS, run

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip


class Gate:
    """A way to the server that can be cut: it lets so many connections through, then none.

    Attributes:
        port: Where it listens.
        passes: How many more connections it lets through.
        silent: Leave the others without an answer instead of closing them.
    """

    def __init__(self, target: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._target = target
        self._waiting: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        self.passes, self.silent = 10_000, False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                here, _ = self._listener.accept()
                if self.passes > 0:
                    self.passes -= 1
                    there = socket.create_connection(("127.0.0.1", self._target))
                    for source, sink in ((here, there), (there, here)):
                        threading.Thread(target=_carry, args=(source, sink), daemon=True).start()
                elif self.silent:
                    self._waiting.append(here)
                else:
                    here.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._waiting:
            connection.close()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with source, suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def gate_to_s3() -> Iterator[Gate]:
    """An S3 server with one bucket, behind a gate."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    gate = Gate(int(port))
    try:
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1"
        )
        client.create_bucket(Bucket="store")
        client.close()
        yield gate
    finally:
        gate.close()
        server.stop()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with gate_to_s3() as gate:
        yield gate


def with_remote(project: Project, url: str, **options: str) -> Project:
    """Give a project a DVC remote, and a git remote in a folder beside it."""
    project.dvc("remote", "add", "--default", "store", url)
    for name, value in options.items():
        project.dvc("remote", "modify", "store", name, value)
    project.commit("a remote")
    project.call("git", "init", "--quiet", "--bare", "--initial-branch=main", "../shared.git")
    project.git("remote", "add", "origin", "../shared.git")
    project.git("push", "--quiet", "origin", "main")
    return project


def on_s3(project: Project, gate: Gate) -> Project:
    quickly = {"read_timeout": "1", "connect_timeout": "1"}
    return with_remote(
        project, "s3://store/exactcast", endpointurl=f"http://127.0.0.1:{gate.port}", **quickly
    )


def clone_of(project: Project, folder: Path) -> Project:
    project.call("git", "clone", "--quiet", "../shared.git", str(folder))
    return Project(folder)


def test_through_s3_another_machine_has_the_run_restores_it_and_proves_it(
    toy_copy: Project, s3: Gate, tmp_path: Path
):
    first = on_s3(toy_copy, s3)
    made = run(first, "--push", "-S", "seed=3", "--name", "shared")
    assert made["experiment"] == "shared"

    second = clone_of(first, tmp_path / "another machine")
    second.dvc("pull", "--quiet", "--run-cache")
    restored = run(second, "-S", "seed=3")
    assert set(restored["states"].values()) == {"restored from DVC's run cache"}
    assert [second.read(path) for path in OUTPUTS] == [first.read(path) for path in OUTPUTS]
    second.git("restore", ".")

    second.dvc("exp", "pull", "--quiet", "origin", "shared")
    assert "identical: all 4 outputs of shared" in second.exactcast("verify", "shared")


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param(False, id="refused"),
        pytest.param(True, id="stalled", marks=pytest.mark.slow),  # the client tries for minutes
    ],
)
def test_a_transfer_that_breaks_off_is_one_sentence_and_can_be_repeated(
    toy_copy: Project, s3: Gate, tmp_path: Path, silent: bool
):
    first = on_s3(toy_copy, s3)
    s3.passes, s3.silent = 2, silent  # it begins, and is cut
    failed = first.attempt(
        "python", "-m", "pipeline.cli", "run", "--offline", "--push", "-S", "seed=3"
    )
    assert failed.returncode == 1
    last = failed.stdout.strip().splitlines()[-1]
    assert last.startswith("error: The run is finished and kept here, but not sent: dvc push ")
    assert last.endswith("Mend the remote, then send it with exactcast run --push.")
    assert "Traceback" not in failed.stdout
    made = [first.read(path) for path in OUTPUTS]

    s3.passes = 10_000
    assert set(run(first, "--push")["states"].values()) == {"up to date"}
    assert [first.read(path) for path in OUTPUTS] == made
    second = clone_of(first, tmp_path / "another machine")
    (name,) = json.loads(first.exactcast("runs", "--json"))[-1:]
    second.dvc("exp", "pull", "--quiet", "origin", name["name"])
    second.dvc("exp", "apply", name["name"])
    second.dvc("pull", "--quiet")
    assert [second.read(path) for path in OUTPUTS] == made


def test_a_remote_that_is_not_there_leaves_the_run_kept(toy_copy: Project, tmp_path: Path):
    first = with_remote(toy_copy, str(tmp_path / "folder"))
    (tmp_path / "folder").write_text("a file where the remote's folder would be")
    failed = first.attempt(
        "python", "-m", "pipeline.cli", "run", "--offline", "--push", "-S", "seed=3"
    )
    assert failed.returncode == 1
    assert "but not sent: dvc push --run-cache failed" in failed.stdout.splitlines()[-1]
    assert json.loads(first.dvc("status", "--json")) == {}


def test_a_torn_file_in_a_remote_is_never_taken_for_a_result(toy_copy: Project, tmp_path: Path):
    first = with_remote(toy_copy, str(tmp_path / "folder"))
    run(first, "--push", "-S", "seed=3", "--name", "shared")
    stored = [path for path in (tmp_path / "folder").rglob("*") if path.is_file()]
    raw = first.read("data/raw/mine.csv")
    (torn,) = [path for path in stored if path.read_bytes() == raw]
    torn.chmod(0o644)
    torn.write_bytes(raw[:-3])

    shutil.rmtree(first.root / ".dvc/cache")
    said = first.attempt("python", "-m", "pipeline.cli", "verify", "shared")
    assert said.returncode in (1, 3)
    assert "mine.csv" in said.stdout
    assert "identical: all" not in said.stdout
