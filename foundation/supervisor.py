"""Run a command that may not outlive its starter: `python -m foundation.supervisor COMMAND...`.

The starter holds the other end of our standard input. When it closes, also because the starter was
killed, the whole process group ends: DVC ends no stage that it started, and an orphaned training
would go on to write outputs.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 5.0  # seconds between the polite and the other end


def main() -> None:
    """Run the command in our process group, and end as it ends."""
    # a handler, for an ignored signal would be ignored by the command as well
    signal.signal(signal.SIGTERM, lambda signum, frame: None)
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    raise SystemExit(process.wait())


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not sys.stdin.read: it holds a lock that our end needs
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
