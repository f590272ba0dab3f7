"""Which model answers: several by name, and their replacement while requests are answered.

A request keeps the model that it began with. A changed file is loaded and tried in a thread; only
then does one assignment, between two requests, put it in the place of the old one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from starlette.exceptions import HTTPException
from starlette.types import Scope

from sentiment.errors import ModelError, SentimentError, hint
from sentiment.labels import LabelSet
from sentiment.serving.requests import query_fields
from sentiment.serving.service import Service
from sentiment.values import visible

_SHOWN = 64  # characters of a name that is unknown
POLL = 1.0  # seconds between two looks at the files

T = TypeVar("T")

# What tells that a file was changed: device, inode, size, and time of the last change in ns.
_Stamp = tuple[int, int, int, int] | None


class Models:
    """The services of a process by name.

    Attributes:
        default: the first, which answers requests that name none.
    """

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = dict(services)
        self.default = next(iter(self._services.values()))

    @property
    def names(self) -> list[str]:
        """The names that requests may use, the default first."""
        return [*self._services]

    @property
    def services(self) -> list[Service]:
        """Those that answer now, the default first."""
        return [*self._services.values()]

    def asked(self, scope: Scope, *, alone: bool = True) -> Service:
        """Return the service that the query of a request names by `model=`; note it in the scope.

        Args:
            scope: of the request.
            alone: whether this is the only parameter of the path.

        Raises:
            HTTPException: there is none of that name, or the query is invalid.
        """
        query = scope["query_string"]
        scope["service"] = found = self._named(query, alone) if query else self.default
        return found

    def _named(self, query: bytes, alone: bool) -> Service:
        fields = query_fields(query)
        named = [value for name, value in fields if name == "model"]
        if others := [name for name, _ in fields if name != "model" and alone]:
            raise HTTPException(422, f'no parameter "{visible(others[0])}"; there is model')
        if len(named) > 1:
            raise HTTPException(422, '"model" is given twice')
        if not any(named):  # an empty one means the default
            return self.default
        (name,) = named
        if name not in self._services:
            shown, there = name[:_SHOWN], ", ".join(self._services)
            near = hint(shown, self._services)
            raise HTTPException(404, f'no model "{visible(shown)}"{near}; there is {there}')
        return self._services[name]

    def check(self, name: str, service: Service) -> None:
        """Raise ModelError if a service has other classes, which its clients do not expect."""
        new, old = service.labels, self._services[name].labels
        if new != old:
            raise ModelError(
                f"the new model answers {_listed(new)}, the old one {_listed(old)}; start the "
                "service again to take it"
            )

    def put(self, name: str, service: Service) -> None:
        """Let another service answer requests from now on, and go on with the counts."""
        service.counts = self._services[name].counts
        services = {**self._services, name: service}
        self._services, self.default = services, next(iter(services.values()))


def _listed(labels: LabelSet) -> str:
    return ", ".join(map(visible, labels.names))


class Source(NamedTuple):
    """Where a model comes from.

    Attributes:
        name: of the model.
        files: that are read to load it.
        load: loads and checks it; raises SentimentError if it is damaged or does not fit.
    """

    name: str
    files: tuple[Path, ...]
    load: Callable[[], Service]

    def stamps(self) -> tuple[_Stamp, ...]:
        """Return what tells that the files were changed; None for a file that is missing."""
        return tuple(map(_stamp, self.files))


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class Reloader:
    """Loads models again, when asked to or when their files change.

    Whatever is wrong with a new one, it is said in one line, and the old one stays.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        tell: Callable[[str], None],
        warn: Callable[[str], None],
        also: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """Note what the files are like; load the models after this.

        Args:
            sources: of the models.
            tell: receives a line for each model that is taken.
            warn: receives a line for each that is refused.
            also: what else is read again by `ask`, by name; it raises SentimentError where it keeps
                the old state.
        """
        self._sources = sources
        self._tell = tell
        self._warn = warn
        self._also = also or {}
        self._taken = {source.name: source.stamps() for source in sources}
        self._last = dict(self._taken)
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1)  # with several, memory of each would stay in use

    def start(self, models: Models, *, poll: float | None = None) -> None:
        """Begin, within the event loop; with `poll` look at the files so often, in seconds."""
        self._task = asyncio.create_task(self._run(models, poll))

    def ask(self) -> None:
        """Have everything loaded again; from the thread of the event loop."""
        self._asked.set()

    async def _run(self, models: Models, poll: float | None) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(poll):
                    await self._asked.wait()
            if self._asked.is_set():
                self._asked.clear()
                for name, read in self._also.items():
                    if await self._try(f"the {name} stay as they were", read):
                        self._tell(f"the {name} were read again")
                changed = list(self._sources)
            else:
                changed = await self._in_thread(self.settled)
            for source in changed:
                await self._replace(models, source)

    def settled(self) -> list[Source]:
        """Return the sources that have changed, but not since the last look."""
        found = []  # what still changes is being written
        for source in self._sources:
            now = source.stamps()
            if now == self._last[source.name] != self._taken[source.name]:
                found.append(source)
            self._last[source.name] = now
        return found

    async def _replace(self, models: Models, source: Source) -> None:
        # Before it is read: what changes while it is read is a change.
        self._taken[source.name] = await self._in_thread(source.stamps)

        def load() -> Service:
            service = source.load()
            models.check(source.name, service)
            service.check()
            return service

        if service := await self._try(f"{source.name} stays as it was", load):
            models.put(source.name, service)
            self._tell(f"{source.name} was loaded again from {source.files[0]}")

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _try(self, otherwise: str, read: Callable[[], T]) -> T | None:
        """Call a function in a thread; warn if it fails, for whatever reason, and return None."""
        try:
            return await self._in_thread(read)
        except SentimentError as error:
            self._warn(f"{otherwise}: {error}")
        except Exception as error:  # a service does not end because of a file
            self._warn(f"{otherwise}: unexpected {type(error).__name__}: {error}")
        return None
