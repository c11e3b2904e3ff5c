"""Data, models, the run cache and experiments on their way to another machine and back."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from foundation import processes
from foundation.errors import SetupError
from pipeline.runs.stage import RESTORED
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import newest_of
from pipeline.versioning.remotes import push
from tests.support.project import Project
from tests.support.quick import free_port
from tests.support.remotes import with_remote
from tests.support.toy import OUTPUTS, run
from tests.support.wire import wire_to

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}  # fmt: skip


@contextmanager
def s3_server() -> Iterator[str]:
    """An S3 server with one bucket; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    try:
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        client.create_bucket(Bucket="store")
        client.close()
        yield url
    finally:
        server.stop()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with s3_server() as url:
        yield url


def clone_of(project: Project, folder: Path) -> Project:
    project.call("git", "clone", "--quiet", "../shared.git", str(folder))
    return Project(folder)


def test_through_s3_another_machine_has_the_run_restores_it_and_proves_it(
    toy_copy: Project, s3: str, tmp_path: Path
):
    first = with_remote(toy_copy, "s3://store/exactcast", endpointurl=s3)
    made = run(first, "--push", "-S", "seed=3", "--name", "shared")
    assert made["experiment"] == "shared"

    second = clone_of(first, tmp_path / "another machine")
    second.dvc("pull", "--quiet")
    second.dvc("exp", "pull", "--quiet", "--run-cache", "origin", "shared")
    restored = run(second, "-S", "seed=3")
    # prepare is as in the commit; DVC cannot restore evaluate, whose metrics git keeps
    assert restored["states"] == {"prepare": "up to date", "train": RESTORED, "evaluate": "ran"}
    assert [second.read(path) for path in OUTPUTS] == [first.read(path) for path in OUTPUTS]
    second.git("restore", ".")

    assert "identical: all 5 outputs of shared" in second.exactcast("verify", "shared")


def test_a_run_that_is_sent_says_what_went_where(toy_copy: Project, tmp_path: Path):
    first = with_remote(toy_copy, str(tmp_path / "folder"))
    said = first.exactcast("run", "--no-prefect", "--push", "-S", "seed=3", "--name", "sent")
    (line,) = [line for line in said.splitlines() if line.startswith("push: ")]
    assert re.fullmatch(
        r"push: DVC remote store: \d+ files pushed; git remote origin: the experiment sent", line
    )


def test_a_transfer_that_is_cut_off_is_a_sentence_and_can_be_repeated(
    toy_copy: Project, s3: str, tmp_path: Path
):
    with wire_to(urlsplit(s3).port) as wire:
        address = f"http://127.0.0.1:{wire.port}"
        first = with_remote(toy_copy, "s3://store/exactcast", endpointurl=address)
        wire.allow(2000, "cut")
        sent = first.attempt(
            "python", "-m", "pipeline", "run", "--no-prefect", "--push", "-S", "seed=3", "--name", "sent"
        )  # fmt: skip
        assert sent.returncode == 1
        (said,) = [line for line in sent.stdout.splitlines() if line.startswith("error: ")]
        assert said.startswith("error: The run is finished and kept here, but not sent: dvc push")
        assert address in said
        assert "Traceback" not in sent.stdout
        wire.allow(float("inf"))
        run(first, "--push")

        second = clone_of(first, tmp_path / "second")
        wire.allow(2000, "cut")
        fetched = second.attempt(
            "python", "-m", "pipeline", "run", "--no-prefect", "--isolated", "-S", "seed=3"
        )
        assert fetched.returncode == 1
        assert fetched.stdout.splitlines()[-1].startswith("error: ")
        assert "Traceback" not in fetched.stdout
        assert not (second.root / "data/raw/mine.csv").exists()
        wire.allow(float("inf"))
        second.dvc("exp", "pull", "--quiet", "--run-cache", "origin", "sent")
        again = run(second, "--isolated", "-S", "seed=3")
        assert again["states"]["train"] == RESTORED
        assert again["different"] == []


def test_a_store_that_falls_silent_is_given_up_on_and_can_be_sent_to_again(
    toy_copy: Project, s3: str, monkeypatch
):
    monkeypatch.setattr(processes, "PATIENCE", 10.0)
    with wire_to(urlsplit(s3).port) as wire:
        address = f"http://127.0.0.1:{wire.port}"
        first = with_remote(toy_copy, "s3://store/exactcast", endpointurl=address)
        run(first, "-S", "seed=3", "--name", "sent")
        checkout = Checkout(first.root)
        kept = newest_of(checkout, first.git("rev-parse", "HEAD").strip())
        wire.allow(2000, "silent")
        with pytest.raises(SetupError, match=r"dvc push --run-cache did nothing for 10 seconds"):
            push(checkout, kept)
        wire.allow(float("inf"))
        said = push(checkout, kept)
        assert re.fullmatch(
            r"DVC remote store: (\d+ files? pushed|everything is up to date); "
            "git remote origin: the experiment sent",
            said,
        )


def test_a_store_that_refuses_is_a_sentence(toy_copy: Project, s3: str):
    first = with_remote(toy_copy, "s3://store/exactcast", endpointurl=s3)
    port = free_port()
    first.dvc("remote", "modify", "--local", "store", "endpointurl", f"http://127.0.0.1:{port}")
    refused = first.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "--push", "-S", "seed=3"
    )
    assert refused.returncode == 1
    assert f'Could not connect to the endpoint URL: "http://127.0.0.1:{port}/' in refused.stdout
    first.dvc("remote", "modify", "--local", "store", "endpointurl", s3)
    assert run(first, "--push")["different"] == []


def test_a_remote_that_is_not_there_leaves_the_run_kept(toy_copy: Project, tmp_path: Path):
    first = with_remote(toy_copy, str(tmp_path / "folder"))
    shutil.rmtree(tmp_path / "folder")
    (tmp_path / "folder").write_text("a file where the remote's folder would be")
    failed = first.attempt(
        "python", "-m", "pipeline", "run", "--no-prefect", "--push", "-S", "seed=3"
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
    said = first.attempt("python", "-m", "pipeline", "verify", "shared")
    assert said.returncode in (1, 3)
    assert "mine.csv" in said.stdout
    assert "identical: all" not in said.stdout
