"""Each exit code of the contract, with its one line and no traceback."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

FILES = {
    "empty.csv": "",
    "header.csv": "text,label\n",
    "one.csv": "text,label\nfine,positive\ngood,positive\n",
    "no_label.csv": "text,colour\nit is a fine day,red\nnot a fine day,blue\n",
    "tie.csv": "text,label,sentiment\na,1,1\nb,0,0\n",
    "two_texts.csv": "text,review,label\na,b,1\nc,d,0\n",
    "words.csv": "text,label\na,spam\nb,ham\n",
    "latin.csv": b"text,label\ncaf\xe9,1\nno,0\n",
    "ragged.csv": "text,label\na,1\nb,0,0,0\n",
    "ones.csv": "text,label\na,1\nb,1\n",
    "fine.csv": "text,label\na,1\nb,0\n",
    "not_a_model": "hello",
    "neutral.csv": "text,label\ngood,neutral\n",
    "two.csv": "text,label\n" + "".join(f"word{n} is here,{n % 2}\n" for n in range(40)),
}

CASES = {
    "missing file": (3, ["train", "nowhere.csv"], "no such file: nowhere.csv"),
    "missing glob": (3, ["train", "*.parquet"], "no such file: *.parquet"),
    "empty file": (3, ["train", "empty.csv"], "empty.csv: no rows"),
    "no rows": (3, ["train", "header.csv"], "header.csv: no rows"),
    "one class": (3, ["train", "one.csv"], "one.csv: only positive reviews (n=2)"),
    "one value": (3, ["train", "ones.csv"], "holds only 1; give the other kind, too"),
    "no label": (3, ["train", "no_label.csv"], "--label-column"),
    "two labels": (3, ["train", "tie.csv"], '"label" and "sentiment"'),
    "two texts": (3, ["train", "two_texts.csv"], "--text-column"),
    "odd labels": (3, ["train", "words.csv"], "spam, ham"),
    "one class named": (2, ["train", "fine.csv", "--classes", "neg"], "name at least two classes"),
    "class named twice": (2, ["train", "fine.csv", "--classes", "a,A"], "name each class once"),
    "classes both ways": (
        2,
        ["train", "fine.csv", "--classes", "all", "--positive", "1"],
        "--classes cannot be combined with --positive, --negative and --neutral",
    ),
    "encoding": (3, ["train", "latin.csv"], "--encoding"),
    "ragged": (3, ["train", "ragged.csv"], "row 2"),
    "unknown column": (2, ["train", "fine.csv", "--label-column", "x"], '"x"'),
    "wrong option": (2, ["train", "--colour"], "No such option"),
    "wrong value": (2, ["train", "--hidden", "many"], "--hidden"),
    "wrong command": (2, ["trian"], "trian"),
    "text and file": (2, ["predict", "fine", "-i", "fine.csv"], "not both"),
    "missing model": (4, ["predict", "fine", "-m", "nowhere"], "nowhere: no such model"),
    "not a model": (4, ["predict", "fine", "-m", "not_a_model"], "not a sentiment model"),
    "damaged model": (4, ["info", "damaged"], "damaged: damaged model"),
    "bad rows": (3, ["evaluate", "ragged.csv", "-m", "model"], "row 2"),
    "one word each": (3, ["train", "fine.csv"], "1 positive, 1 negative; give more"),
    "diverging": (
        2,
        ["train", "two.csv", "--hidden", "8,8", "--learning-rate", "1e30"],
        "--learning-rate",
    ),
    "not a number": (2, ["train", "two.csv", "--learning-rate", "nan"], "not finite"),
    "all neutral": (3, ["evaluate", "neutral.csv", "-m", "model"], "no reviews left"),
    "unwritable": (2, ["train", "fine.csv", "-o", "/proc/m"], "cannot write there"),
    "format": (2, ["predict", "fine", "-m", "model", "-o", "out.yaml"], ".jsonl"),
    "two formats": (2, ["predict", "fine", "-m", "model", "--json", "--format", "csv"], "--json"),
    "no such slice": (
        2,
        ["evaluate", "fine.csv", "-m", "model", "--slice", "x"],
        '"text", "label"',
    ),
    "no such gate": (2, ["evaluate", "fine.csv", "-m", "model", "--fail-under", "x=1"], "macro_f1"),
    "gate in percent": (2, ["evaluate", "--fail-under", "accuracy=90"], "accuracy=0.9"),
    "half a gate": (2, ["evaluate", "--fail-under", "slice:a:mcc=0"], "slice:domain=hotel"),
    "nobody's slice": (
        2,
        ["evaluate", "fine.csv", "-m", "model", "--fail-under", "slice:label=7:mcc=0.5"],
        'no review has label "7"; there are "0", "1"',
    ),
    "rate in percent": (2, ["probe", "--fail-under", "time=60"], "negation=0.75"),
    "rate not asked for": (
        2,
        ["probe", "-m", "model", "--capability", "time", "--fail-under", "names=0.5"],
        'no metric "names"; one of time, overall',
    ),
    "no such capability": (2, ["probe", "--capability", "irony"], "negation-at-end"),
    "no predictions": (3, ["compare", "fine.csv", "fine.csv", "fine.csv"], '"text", "label"'),
    "resuming nothing": (2, ["train", "fine.csv", "--resume"], "--checkpoint DIR"),
    "no folder for it": (2, ["train", "fine.csv", "--checkpoint", "one.csv"], "File exists"),
    "no folder": (2, ["train", "fine.csv", "-o", "no/where"], "no such folder"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained):
    path = tmp_path_factory.mktemp("codes")
    for name, content in FILES.items():
        (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    shutil.copy(trained, path / "model")
    damaged = bytearray(trained.read_bytes())
    damaged[-1] ^= 1
    (path / "damaged").write_bytes(damaged)
    return path


@pytest.mark.parametrize("name", CASES)
def test_an_error_is_one_line_and_its_exit_code(run, folder, name):
    code, arguments, message = CASES[name]
    done = run(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    *_, last = done.stderr.splitlines()
    assert last.startswith("error: ")
    assert message in last
    assert "Traceback" not in done.stderr


def test_debug_shows_where_it_happened(run, folder):
    done = run("train", "empty.csv", "--debug", cwd=folder)
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1] == "error: empty.csv: no rows"


def test_what_nobody_foresaw_is_still_one_line(run, folder):
    code = (
        "import sentiment.cli.models as m\n"
        "def broken(path): raise ZeroDivisionError('oh')\n"
        "m.load_model = broken\n"
        "import sys; sys.argv[1:] = ['info', 'model']\n"
        "from sentiment.cli import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "error: unexpected ZeroDivisionError: oh (--debug shows where)\n"


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("told", "code", "said"), [("SIGINT", 130, "error: interrupted\n"), ("SIGTERM", 143, "")]
)
def test_a_signal_that_comes_in_disguise_is_known(folder, told, code, said):
    """As it may where it comes while a class is made, or in the midst of an import."""
    program = (
        "import os, signal, sys, time\n"
        "import sentiment.cli.models as m\n"
        "def stopped(path):\n"
        "    try:\n"
        f"        os.kill(os.getpid(), signal.{told})\n"
        "        time.sleep(60)\n"
        "    except BaseException:\n"
        "        pass\n"
        "    raise TypeError('expected a message argument')\n"
        "m.load_model = stopped\n"
        "sys.argv[1:] = ['info', 'model']\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sentiment.cli import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_is_130(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiment", "predict", "-m", "model"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write("fine\n")
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "error: interrupted\n")
    assert time.monotonic() - started < 5


def test_without_arguments_the_help_is_shown(run):
    done = run()
    assert done.returncode == 2
    assert "Commands:" in done.stderr
