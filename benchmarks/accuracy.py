"""How well the program classifies, beside its peers, on the same rows in the same run.

`make bench` runs this. It needs the real data sets (../shared/datasets) and prints a table.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATASETS = Path(__file__).resolve().parent.parent.parent / "shared" / "datasets"


def program(*args: str | Path) -> str:
    """Run the program as a user does, and return what it prints."""
    command = [sys.executable, "-m", "sentiment", *map(str, args)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ours(train: Path, test: Path) -> float:
    """Accuracy of the program with its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        program("train", train, "-o", model)
        return float(json.loads(program("evaluate", test, "-m", model, "--json"))["accuracy"])


def tfidf(train: Path, test: Path) -> float:
    """Accuracy of TF-IDF of 1- and 2-grams with logistic regression, scikit-learn's defaults."""
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    fitted, held = pd.read_parquet(train), pd.read_parquet(test)
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    return float(pipeline.fit(fitted.text, fitted.label).score(held.text, held.label))


def main() -> None:
    """Print the table."""
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real data sets are not here")
    train, test = DATASETS / "imdb" / "train.parquet", DATASETS / "imdb" / "test.parquet"
    print("IMDb, official split                       accuracy   time / ours")
    reference = None
    for name, run in (
        ("sentiment", ours),
        ("scikit-learn TF-IDF + logistic regression", tfidf),
    ):
        started = time.perf_counter()
        accuracy = run(train, test)
        seconds = time.perf_counter() - started
        reference = reference or seconds
        print(f"{name:<42} {accuracy:>8.2%} {seconds / reference:>12.2f}", flush=True)


if __name__ == "__main__":
    main()
