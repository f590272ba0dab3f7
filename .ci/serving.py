"""Print what serving needs of the packages in pyproject.toml: the image goes without TensorFlow."""

import re
import tomllib
from pathlib import Path

NEEDED = {"click", "numpy"}  # tests/serving/test_image.py looks whether it is all

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
needed = [each for each in project["dependencies"] if re.match(r"[\w-]+", each)[0] in NEEDED]
extras = project["optional-dependencies"]
print(*needed, *extras["serve"], *extras["excel"], sep="\n")
