"""`make test` is over and something failed: whatever waits for real processes gets one more look, alone and by name.

A browser, a broker or a database that shares two cores with other tests can miss a patience of minutes. A rule cannot:
only the folders below are eligible, only a few tests at once, and a test that passes alone is still named at the end, for
somebody to mend. With nothing recorded, or anything else among the failures, the verdict stays what it was.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).parents[1]
PROCESSES: Final = ("tests/app/", "tests/crash/", "tests/e2e/", "tests/gateway/", "tests/ingest/", "tests/notify/")
NIGHTS: Final = "tests/simulators/test_shelf_real.py"
AT_MOST: Final = 5  # more than that is no coincidence


def eligible(failed: Sequence[str]) -> bool:
    """Whether these failures, by their ids, may be looked at once more."""
    return 0 < len(failed) <= AT_MOST and all("::" in one and one.startswith((*PROCESSES, NIGHTS)) for one in failed)


def failures(cache: Path) -> list[str]:
    """The ids of what failed since the cache was cleared."""
    try:
        return sorted(json.loads((cache / "v/cache/lastfailed").read_bytes()))
    except FileNotFoundError:
        return []


def main(failed: Sequence[str]) -> int:
    """The exit code of the run."""
    if not eligible(failed):
        return 1
    _say("failed while others ran beside them; once more, alone:", failed)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *failed], check=False
    ).returncode
    if code == 0:
        _say("PASSED ONLY ALONE, to be mended:", failed)
    return code


def _say(what: str, names: Iterable[str]) -> None:
    print(f"\n{what}", *names, sep="\n  ", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(failures(TOP / ".pytest_cache")))
