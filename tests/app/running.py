"""A process of ours for a test: started, read, stopped, and seen to leave nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]


class Running:
    """`python -m app …`."""

    def __init__(self, log: Path, *words: str, **env: str) -> None:
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "app", *words],
                cwd=ROOT,
                env=os.environ | env | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.log.read_text()

    def await_text(self, pattern: str, patience: float = 60, every: float = 0.1) -> str:
        until = time.monotonic() + patience
        while True:
            found = re.search(pattern, self.text())
            if found is not None:
                return found[1] if found.groups() else found[0]
            if time.monotonic() > until or self.child.poll() is not None:
                raise AssertionError(f"{pattern!r} did not come:\n{self.text()[-3000:]}")
            time.sleep(every)

    def stop(self, how: signal.Signals = signal.SIGTERM, patience: float = 20) -> int:
        if self.child.poll() is None:
            self.child.send_signal(how)
        try:
            return self.child.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()  # or its end is told as an unraisable error of whichever test runs next
            raise

    def family(self) -> list[int]:
        """Pids of all that this process has started, and what they have."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
        found, queue = [], [self.child.pid]
        while queue:
            one = queue.pop()
            below = [pid for pid, parent in parents.items() if parent == one]
            found += below
            queue += below
        return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Page:
    """A signed-in page of the API."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.base = url.rstrip("/") + "/api/v1"
        self.client = httpx2.Client(headers={"X-Watchroom": "1"}, timeout=30)
        self.me = self.post("/session", login=login, password=password)

    def get(self, path: str) -> dict:  # type: ignore[type-arg]
        answer = self.client.get(self.base + path)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def post(self, path: str, **body: object) -> dict:  # type: ignore[type-arg]
        answer = self.client.post(self.base + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def until(self, path: str, seen: object, patience: float = 30) -> dict:  # type: ignore[type-arg]
        end = time.monotonic() + patience
        while True:
            answer = self.get(path)
            if seen(answer):  # type: ignore[operator]
                return answer
            assert time.monotonic() < end, f"{path}: not within {patience} s: {str(answer)[:1500]}"
            time.sleep(0.2)
