"""Who may import whom, and what a light command must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sentiment"
MODULES = sorted(PACKAGE.rglob("*.py"))
# What each package may import of the project; `digests`, `errors`, `files`, `lazy`, `missing`,
# `spill`, `suggesting` and the version are free to all.
FREE = {"digests", "errors", "files", "lazy", "missing", "spill", "suggesting"}
ALLOWED = {
    "reviews": {"reviews"},
    "datasets": {"datasets", "reviews"},
    "features": {"features"},
    "model": {"features", "model"},
    "texts.py": set(),
    "loaded.py": {"general", "model", "texts"},
    "estimator.py": {"loaded", "model", "reviews", "texts", "training"},
    "general.py": set(),
    "worker.py": set(),
    "scoring.py": {"model", "worker"},
    "memory.py": set(),
    "missing.py": set(),
    "spill.py": set(),
    "training": {"features", "memory", "model", "reviews", "training", "worker"},
    "export": {"export", "features", "model", "training"},
    "evaluation": {"evaluation", "features", "model", "reviews"},
    "probing.py": {"model"},
    "cluster": {"cluster", "evaluation", "features", "loaded", "model", "reviews"},
    "serving": {"model", "reviews", "serving"},
}
HEAVY = {"tensorflow", "keras", "sklearn", "pandas", "scipy", "pyarrow", "matplotlib", "jinja2"}
HEAVY |= {"ray", "pyspark"}


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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_package_may(path):
    package = path.relative_to(PACKAGE).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = {name.split(".")[1] for name in imports(tree) if name.startswith("sentiment.")}
    others = {name.split(".")[0] for name in imports(tree)}
    assert not others & {"benchmarks", "tests", "tools"}, "no wheel has them"
    if package in ALLOWED:
        assert ours <= ALLOWED[package] | FREE
        assert "click" not in others
    if package not in {"cli", "__main__.py"}:
        assert "cli" not in ours
    if package != "training":
        assert not others & {"keras", "tensorflow"}
    if package != "cluster":
        assert "ray" not in others
    if package != "estimator.py":  # the package imports it only where its class is asked for
        assert not top_level(tree) & HEAVY
        assert "sklearn" not in others


LIGHT = {
    "import": "import sentiment, sentiment.cli",
    "help": "from sentiment.cli import group; group.main(['--help'], standalone_mode=False)",
    "predict": "from sentiment.cli import group; "
    "group.main(['predict', 'good', '-m', {model!r}], standalone_mode=False)",
}


@pytest.mark.parametrize("name", LIGHT)
def test_light_commands_load_nothing_heavy(name, trained):
    code = LIGHT[name].format(model=str(trained))
    report = f"{code}\nimport sys; print('LOADED', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    loaded = {module.split(".")[0] for module in done.stdout.split("LOADED")[1].split()}
    assert not loaded & (HEAVY | {"uvicorn"})


def test_only_the_command_line_prints_or_exits():
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"print", "exit", "sys.exit"}, path
