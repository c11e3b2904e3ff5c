"""Where the runs of a study run: one after the other here, or in the processes of a Dask cluster."""

import re
import secrets
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from foundation.errors import ParamsError, WorkerLostError
from pipeline.studies.worker import Answer, Tell, run_in_child

LOCAL = re.compile(r"local:(?P<n>[1-9]\d{0,2})")
DEFAULT = "local:2"


class Cluster(Protocol):
    """What runs children.

    Attributes:
        slots: How many at a time.
    """

    slots: int

    def run(self, root: str, order: str, *, key: str, tell: Tell) -> Answer:
        """Run one child and wait for its answer; called from as many threads as there are slots.

        Raises:
            WorkerLostError: What carried it out died.
        """

    def stop(self) -> None:
        """End every child that runs, and start no other."""


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """Hold a cluster while the block lasts.

    Args:
        address: `local:1` for children of this process, `local:N` for N workers on this machine.

    Raises:
        ParamsError: It is not such an address.
    """
    found = LOCAL.fullmatch(address)
    if found is None:
        raise ParamsError(
            f"--cluster {address} is not understood. Write local:N, N being how many runs there are at a "
            f"time on this machine, such as {DEFAULT}."
        )
    if (n := int(found["n"])) == 1:
        yield _Here()
    else:
        with _dask(n) as cluster:
            yield cluster


class _Here:
    """No cluster: a child of this process at a time."""

    slots = 1

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def run(self, root: str, order: str, *, key: str, tell: Tell) -> Answer:
        """Run one child."""
        if self._stopped.is_set():
            return {"stopped": True}
        return run_in_child(root, order, tell, self._stopped.is_set)

    def stop(self) -> None:
        """End it."""
        self._stopped.set()


SETTINGS: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,  # who asked for the run decides about another try
    "distributed.scheduler.work-stealing": True,
    "distributed.worker.daemon": True,
    "distributed.worker.memory.terminate": False,  # what takes memory is the child
    "distributed.admin.low-level-log-length": 0,
    "distributed.scheduler.http.routes": [],  # nobody looks at them on a page
    "distributed.worker.http.routes": [],
}


@contextmanager
def _dask(n_workers: int) -> Iterator["_Dask"]:
    """Start workers as processes that listen on loopback, to who has the keys of this very cluster."""
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with tempfile.TemporaryDirectory() as folder, dask.config.set(SETTINGS):
        security = Security.temporary()
        with (
            LocalCluster(
                n_workers=n_workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                protocol="tls://", security=security, dashboard_address="127.0.0.1:0", memory_limit=None,
                local_directory=folder, silence_logs="CRITICAL",
                scheduler_kwargs={"dashboard": False},
            ) as local,
            Client(local, security=security) as client,
        ):  # fmt: skip
            yield _Dask(client, n_workers)


class _Dask:
    """The workers of a Dask cluster."""

    def __init__(self, client: Any, slots: int) -> None:
        from distributed import Event

        self.slots = slots
        self._client = client
        self._stop_name = f"exactcast-stop-{secrets.token_hex(8)}"
        self._stop_event = Event(self._stop_name, client=client)
        self._stopped = threading.Event()

    def run(self, root: str, order: str, *, key: str, tell: Tell) -> Answer:
        """Run one child on any worker that is free."""
        from distributed import KilledWorker

        if self._stopped.is_set():
            return {"stopped": True}
        unique = f"{key}-{secrets.token_hex(4)}"  # of each try, so that no result of another one is taken
        self._client.subscribe_topic(unique, lambda event: tell(event[1]))
        future = self._client.submit(
            run_on_worker, root, order, unique, self._stop_name, key=unique, pure=False, retries=0
        )
        try:
            answer: Answer = future.result()
        except KilledWorker:
            if self._stopped.is_set():
                return {"stopped": True}
            raise WorkerLostError("the worker that carried it out died") from None
        finally:
            future.release()
            self._client.unsubscribe_topic(unique)
        return answer

    def stop(self) -> None:
        """Tell the workers to end their children."""
        self._stopped.set()
        self._stop_event.set()


def run_on_worker(root: str, order: str, topic: str, stop_name: str) -> Answer:
    """Run one child in a Dask worker; what it says goes to a topic, and an event ends it."""
    from distributed import Event, get_client, get_worker

    worker, stop = get_worker(), Event(stop_name, client=get_client())

    def tell(said: Mapping[str, Any]) -> None:
        worker.log_event(topic, dict(said))

    def stopped() -> bool:
        try:
            return bool(stop.is_set())
        except Exception:  # whatever way the connection broke: nobody waits for the run any more
            return True

    return run_in_child(root, order, tell, stopped)
