"""Puts the manual pages into the wheel, as `sentiment man` writes them."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):  # type: ignore[type-arg]  # of the builder's configuration
    """pip and pipx install them where `man` looks; a build of an editable wheel has none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the pages, and name them to the builder."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory()
        run = [sys.executable, "-m", "sentiment", "man", "-q", self._folder.name]
        subprocess.run(run, cwd=self.root, check=True)
        for page in sorted(Path(self._folder.name, "man1").iterdir()):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete what was written."""
        if version != "editable":
            self._folder.cleanup()
