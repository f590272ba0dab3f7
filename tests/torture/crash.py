"""Runs killed with SIGKILL at lines that write, or anywhere: what is found there afterwards.

What a run writes must be what was there before, or whole and new; the next run must leave nothing
of the one that was killed; and no process may outlive it. A small share of all tries no training:
`resume` does.
"""

import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sentiment.datasets.cache import is_here, part_file
from sentiment.datasets.catalog import CATALOG
from tests.datasets.site import UCI, File, Site, serving, zip_of
from tests.torture.forked import Ended, Program
from tests.torture.outcome import Outcome
from tests.torture.samples import share_of, write_model, write_reviews

TITLE = "Killed while writing"
AT_LINES, ANYWHERE = 80, 20
SMALL = 0.05

_FILES = ("sentiment/files.py",)
_YELP = "sentiment labelled sentences/yelp_labelled.txt"
_UCI = CATALOG["uci"]


@dataclass
class Command:
    """What is run, and what it writes.

    Attributes:
        name: how it is called.
        arguments: of the command line.
        folder: where it writes; nothing else is there.
        target: below the folder: a file; or the folder of a set, which is read as one is.
        watch: the modules that write, beside the one that replaces files.
        every: after each such many cases it is run again, to see that nothing stays.
        before: what is in the folder before each case, file by file.
    """

    name: str
    arguments: tuple[str | Path, ...]
    folder: Path
    target: str
    watch: tuple[str, ...]
    every: int = 1
    before: Mapping[str, bytes] = field(default_factory=dict)

    def reset(self) -> None:
        """Put the folder back to how it was before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, content in self.before.items():
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def there(self) -> dict[str, bytes]:
        """Give all that is in the folder."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}

    def seen(self) -> dict[str, bytes]:
        """Give what a reader finds at the target."""
        if self.target != _UCI.name:
            return {self.target: (self.folder / self.target).read_bytes()}
        if not is_here(self.folder, _UCI):
            return {}
        return {
            f"{_UCI.name}/{part}.csv": part_file(self.folder, _UCI, part).read_bytes()
            for part in _UCI.parts
        }


def run(share: float) -> Iterator[Outcome]:
    """Kill each command that writes."""
    with TemporaryDirectory() as name, serving() as site:
        folder = Path(name)
        environment = {
            "SENTIMENT_CACHE": str(folder / "get"), "SENTIMENT_MIRROR": site.url, "no_proxy": "*",
        }  # fmt: skip
        with Program(**environment) as program:
            for command in _commands(folder, site, program, share):
                yield from _tried(command, program, share)


def _commands(folder: Path, site: Site, program: Program, share: float) -> Iterator[Command]:
    many = write_reviews(folder / "many.csv", 6_000, seed=1)
    model = write_model(folder / "model")
    old = {"m": write_model(folder / "other", seed=1).read_bytes()}
    if share >= SMALL:
        place = folder / "train"
        train = ("train", write_reviews(folder / "few.csv", 60), "-o", place / "m", "--force")
        train += ("--features", "500", "--epochs", "1", "--no-refit", "--hidden", "", "-q")
        yield Command("train", train, place, "m", (), 5, old)
    place = folder / "predict"
    predict = ("predict", "-i", many, "-m", model, "-o", place / "out.csv", "--force")
    predict += ("--workers", "2")
    watch = ("sentiment/cli/answering.py", "sentiment/reviews/writers.py")
    yield Command("predict -o", predict, place, "out.csv", watch, 1, {"out.csv": b"old\n"})
    place = folder / "calibrate"
    calibrate = ("calibrate", many, "-m", model, "--goal", "coverage=0.5", "-o", place / "m")
    yield Command("calibrate", (*calibrate, "--force", "-q"), place, "m", (), 1, old)
    yield _get(folder / "get" / "datasets", site, program)


def _get(place: Path, site: Site, program: Program) -> Command:
    """A set that is here, and has changed since."""
    get = ("datasets", "get", "uci", "--force", "-q")
    (download,) = _UCI.downloads
    address = f"/uci/{download.file_name}"
    site.files[address] = File(zip_of(UCI))
    program.run(*get)
    modules = ("download", "cache")
    watch = tuple(f"sentiment/datasets/{module}.py" for module in modules)
    command = Command("datasets get", get, place, _UCI.name, watch)
    command.before = command.there()
    site.files[address] = File(zip_of(UCI | {_YELP: UCI[_YELP] * 3}))
    return command


def _tried(command: Command, program: Program, share: float) -> Iterator[Outcome]:
    command.reset()
    old = command.seen()
    # Most lines that write are about rows; every other case dies where files are made and renamed.
    watched = [(modules, program.run(*command.arguments, watch=modules))
               for modules in (_FILES, (*_FILES, *command.watch))]  # fmt: skip
    whole = watched[-1][1]
    new, after = command.seen(), command.there()
    settled = Outcome(f"{command.name}: nothing of a killed run is there after the next")
    settled.check(not whole.code and old != new, f"undisturbed: {whole}")
    draw = random.Random(command.name)

    def killed(outcome: Outcome, case: str, ended: Ended) -> None:
        seen = command.seen()
        holds = seen in (old, new) and not ended.orphans
        outcome.check(holds, f"{case}: {sorted(command.there())}, {ended}")
        if outcome.cases % command.every == 0:
            again = program.run(*command.arguments)
            settled.check(command.there() == after, f"{case}: {sorted(command.there())}, {again}")

    outcome = Outcome(f"{command.name}, killed at a line that writes: old or whole")
    for number in range(share_of(AT_LINES, share)):
        modules, counted = watched[number % 2]
        line = draw.randint(1, counted.lines)
        command.reset()
        ended = program.run(*command.arguments, watch=modules, line=line)
        killed(outcome, f"line {line} of {counted.lines}", ended)
        if not ended.killed:
            outcome.failures.append(f"line {line} was not reached: {ended}")
    yield outcome
    outcome = Outcome(f"{command.name}, killed anywhere: old or whole")
    for _ in range(share_of(ANYWHERE, share)):
        seconds = draw.uniform(0, whole.seconds)
        command.reset()
        killed(outcome, f"{seconds:.3f} s", program.run(*command.arguments, seconds=seconds))
    yield outcome
    yield settled
