"""The map in CONTRIBUTING: who may import whom; and what a light command must not load."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sentiment"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAP = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
# From the table there: each module or package → what it may import of the project.
ROWS = dict(re.findall(r"^\| `(\w+)(?:\.py|/)` \|.*\| ?([^|]*?) \|$", MAP, re.MULTILINE))
FREE = {name for name, imported in ROWS.items() if imported == "free"}
ALLOWED = {
    name: set(re.findall(r"\w+", imported)) - {"free"}
    for name, imported in ROWS.items()
    if imported != "everything"
}
HEAVY = {"tensorflow", "keras", "sklearn", "pandas", "scipy", "pyarrow", "matplotlib", "jinja2"}
HEAVY |= {"ray", "pyspark", "optuna"}
# Classes of Keras layers; imported in functions.
OF_KERAS = {"training/convolutions.py", "training/layers.py"}
# The baseline of the report; imported in a function.
OF_SKLEARN = {"evaluation/baseline.py"}


def imports(tree: ast.AST) -> set[str]:
    """Every module named in an import below a node."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module)
    return names


def top_level(tree: ast.Module) -> set[str]:
    """Modules imported when the module is, not inside a function."""
    return {
        name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imports(node)
    }


def test_the_map_has_every_module_and_package():
    found = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES}
    assert ROWS.keys() == found - {"__init__", "__main__"}


@pytest.mark.parametrize(("command", "most"), [("predict", 15), ("train", 25)])
def test_the_reading_order_is_short_and_names_modules_that_exist(command, most):
    (item,) = re.findall(
        rf"^- `sentiment {command} .*?(?=\n\n|\n- )", MAP, re.MULTILINE | re.DOTALL
    )
    folder, names = "", re.findall(r"`([\w/]+\.py)`", item)
    for name in names:
        folder = name.rpartition("/")[0] or folder
        assert (PACKAGE / folder / name.rpartition("/")[2]).is_file(), name
    assert 10 < len(names) <= most


def test_a_module_imports_only_what_its_package_may():
    assert not [offence for path in MODULES for offence in offences(path)]


def offences(path: Path) -> Iterator[str]:
    """What a module imports that it must not."""
    name = str(path.relative_to(PACKAGE))
    package = path.relative_to(PACKAGE).with_suffix("").parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = {each.split(".")[1] for each in imports(tree) if each.startswith("sentiment.")}
    others = {each.split(".")[0] for each in imports(tree)}
    forbidden = others & {"benchmarks", "tests", "tools"}  # no wheel has them
    if package in ALLOWED:
        forbidden |= ours - ALLOWED[package] - FREE - {package}
        forbidden |= others & {"click"}
    if package not in {"cli", "__main__"}:
        forbidden |= ours & {"cli"}
    if package != "training":
        forbidden |= others & {"keras", "tensorflow"}
    if package != "cluster":
        forbidden |= others & {"ray"}
    if (
        package != "estimator" and name not in OF_KERAS
    ):  # the package imports it only where its class is asked for
        forbidden |= top_level(tree) & HEAVY
        forbidden |= others & {"sklearn"} if name not in OF_SKLEARN else set()
    yield from (f"{name}: {each}" for each in sorted(forbidden))


def test_no_module_imports_itself_by_way_of_others():
    graphlib.TopologicalSorter({name_of(path): needs(path) for path in MODULES}).prepare()


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def needs(path: Path) -> set[str]:
    """The project's modules that have to be imported before this one; no type checker's names."""
    found = {
        module
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    }
    return found & {name_of(path) for path in MODULES} - {name_of(path), "sentiment"}


LIGHT = {
    "import": "import sentiment, sentiment.cli",
    "help": "from sentiment.cli import main; main(['--help'])",
    "predict": "from sentiment.cli import main; main(['predict', 'good', '-m', {model!r}])",
    "general": "from sentiment.cli import main; main(['predict', 'good', '-m', 'general'])",
}
# Of the standard library, what takes a share of a short answer.
SLOW = {"csv", "tempfile", "tomllib", "random"}


@pytest.mark.parametrize("name", LIGHT)
def test_light_commands_load_nothing_heavy(name, trained):
    code = LIGHT[name].format(model=str(trained))
    report = f"{code}\nimport sys; print('LOADED', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split("LOADED")[1].split())
    assert not {module.split(".")[0] for module in loaded} & (HEAVY | SLOW | {"uvicorn"})
    assert not {module for module in loaded if module.startswith("sentiment.datasets")}


def test_only_the_command_line_prints_or_exits():
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"print", "exit", "sys.exit"}, path
