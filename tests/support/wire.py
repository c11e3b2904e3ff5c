"""A wire to a server, through which a test can let only so many bytes, and then none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal


class Wire:
    """It listens on loopback and passes on what it hears, both ways.

    Attributes:
        port: Where it listens.
        then: What becomes of a connection once the bytes are spent.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._left: float = float("inf")
        self.port: int = self._listening.getsockname()[1]
        self.then: Literal["cut", "silent"] = "cut"

    def allow(self, n_bytes: float, then: Literal["cut", "silent"] = "cut") -> None:
        self._left, self.then = n_bytes, then

    def listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # the other direction was cut
            while content := source.recv(4096):
                self._left -= len(content)
                if self._left >= 0:
                    sink.sendall(content)
                elif self.then == "cut":
                    break
            for each in (source, sink):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for each in (self._listening, *self._open):
            each.close()


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Lay a wire to a port of loopback until the block ends."""
    wire = Wire(port)
    thread = threading.Thread(target=wire.listen, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join()
