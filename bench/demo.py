"""The demo: how soon its page answers, and how much memory its server takes after a minute."""

import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from rich.console import Console

from bench.rig import ROOT
from ingest.ports import free_port


def run(seconds: int = 60) -> None:
    """Print start-up time and resident memory."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "app", "demo", "--port", str(port), "--data", f"{temp}/demo"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            process_group=0,
        )
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=1).read()
                    break
                except OSError:
                    time.sleep(0.05)
            ready = time.perf_counter() - began
            time.sleep(seconds)
            status = Path(f"/proc/{child.pid}/status").read_text()
            resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
        finally:
            child.terminate()
            child.wait(30)
    Console().print(f"demo: page answers after {ready:.1f} s; server {resident:.0f} MB after {seconds} s")
