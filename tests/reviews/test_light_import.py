import subprocess
import sys

HEAVY = {"pyarrow", "pandas", "scipy", "sklearn", "tensorflow", "keras", "gzip", "bz2", "lzma"}


def test_reading_lines_needs_no_heavy_import():
    code = (
        "import sys; from sentiment.reviews.opening import open_source;"
        "list(open_source('-').batches());"
        "print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input="good\n", capture_output=True, text=True, check=True
    )
    assert set() == HEAVY & set(run.stdout.split())
