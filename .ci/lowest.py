"""Print the lowest version that pyproject.toml allows of each package: what `test-lowest` tries."""

import re
import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
packages = {*project["dependencies"], *chain(*project["optional-dependencies"].values())}
print(*sorted(re.sub(r">=([\d.]+).*", r"==\1", package) for package in packages))
