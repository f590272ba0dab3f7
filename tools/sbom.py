"""Write sbom.json, a CycloneDX list of what an installation holds, with the bundled models.

`make sbom` gives it the list of everything in an environment, which has packages for development,
too: those that the wheel requires are kept, and those that these require.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sentiment.general import FAST, NAME, bundled

LICENSES = {NAME: "Apache-2.0 AND MIT", FAST: "MIT"}  # sentiment/general-NOTICE.txt
TARGET = Path("sbom.json")


def required(name: str) -> set[str]:
    """Return the canonical names of the packages that one requires here, and of what these do."""
    found: set[str] = set()
    waiting = [(name, "")]
    while waiting:
        package, extra = waiting.pop()
        try:
            lines = requires(package) or []
        except PackageNotFoundError:  # of a marker that holds, and yet not installed
            continue
        for each in map(Requirement, lines):
            if each.marker is not None and not each.marker.evaluate({"extra": extra}):
                continue
            if (needed := canonicalize_name(each.name)) not in found:
                found.add(needed)
                waiting += [(needed, wanted) for wanted in ("", *each.extras)]
    return found


def kept(document: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return a CycloneDX document with only the components of these names."""
    wanted = set(names)
    components = [
        each for each in document["components"] if canonicalize_name(each["name"]) in wanted
    ]
    root = document["metadata"]["component"]["bom-ref"]
    known = {root, *(each["bom-ref"] for each in components)}
    graph = [
        each | {"dependsOn": [ref for ref in each.get("dependsOn", []) if ref in known]}
        for each in document.get("dependencies", [])
        if each["ref"] in known
    ]
    return document | {"components": components, "dependencies": graph}


def models() -> list[dict[str, Any]]:
    """Return the bundled models as components, with hash and licence."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model-{name}",
            "name": f"sentiment/{path.name}",
            "hashes": [
                {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
            ],
            "licenses": [{"expression": LICENSES[name]}],
        }
        for name, path in bundled().items()
    ]


def main() -> None:
    """Run the program named, cyclonedx-py, on this environment, and write the list."""
    command = [sys.argv[1], "environment", "--output-reproducible", "--pyproject", "pyproject.toml",
               sys.executable]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    document = kept(json.loads(done.stdout), required("sentiment"))
    document["components"] += models()
    TARGET.write_text(f"{json.dumps(document, indent=2)}\n", encoding="utf-8")
    print(f"wrote {TARGET}: {len(document['components'])} components")


if __name__ == "__main__":
    main()
