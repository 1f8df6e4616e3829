"""Puts the built web console and guard phone into the wheel and the sdist. An editable install never needs Node."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebConsole(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `web/` into `api/static/` when that is missing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Called by hatchling before it collects files."""
        top = Path(self.root)
        pages = (top / "api/static/index.html", top / "api/static/guard/index.html")
        if version == "editable" or all(page.exists() for page in pages):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "the web console is not built and there is no npm: run `deploy/setup/prepare demo`, or install Node 20"
            )
        for command in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
            subprocess.run([npm, *command], cwd=top / "web", check=True)
