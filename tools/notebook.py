"""Run docs/notebook.ipynb again and keep its outputs: `python -m tools.notebook`.

It needs nbclient and ipykernel, which are among the packages for development.
"""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def executed(path: Path = NOTEBOOK) -> Any:
    """Return the notebook with the outputs that its cells have now, run at the top of the project.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(ROOT)}}
    client = NotebookClient(notebook, timeout=300, coalesce_streams=True, resources=place)
    client.execute()
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel}
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {}  # times
        cell.id = f"cell-{number}"
    return notebook


def main() -> None:
    """Write the notebook."""
    import nbformat

    nbformat.write(executed(), NOTEBOOK)
    print(f"wrote {NOTEBOOK.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
