"""Requests over many connections at once, from another process: wrk, or a loader of our own.

Our own is Python and takes more of the machine than wrk (`apt install wrk`): figures of one do not
compare with figures of the other.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_SCRIPT = """
wrk.method = "POST"
wrk.path = "/predict"
wrk.headers["Content-Type"] = "application/json"
local bodies, at = {%s}, 0
request = function() at = at %% #bodies + 1; return wrk.format(nil, nil, nil, bodies[at]) end
done = function(summary, latency, requests)
  local failed = summary.errors
  local form = '{"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "errors": %%d}'
  print(string.format(form, summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of it.

    Attributes:
        requests: that were answered.
        seconds: how long it took.
        p50, p99: milliseconds that half of the requests took at the most, and 99 of 100.
        errors: requests that were not answered with 200.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def load(port: int, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send bodies to /predict, over and over."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if wrk := shutil.which("wrk"):
            script = folder / "load.lua"
            script.write_bytes((_SCRIPT % ", ".join(map(_lua, bodies))).encode())
            command = [
                wrk, "--threads", "1", "--connections", connections, "--duration",
                f"{seconds:.0f}s", "--script", script, f"http://127.0.0.1:{port}/predict",
            ]  # fmt: skip
        else:
            (folder / "bodies.json").write_text(json.dumps([body.decode() for body in bodies]))
            command = [sys.executable, __file__, port, connections, seconds, folder / "bodies.json"]
        done = subprocess.run(
            list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True
        )
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def _lua(body: bytes) -> str:
    return "[==[" + body.decode() + "]==]"


async def _run(port: int, connections: int, seconds: float, bodies: list[str]) -> Load:
    """Load without wrk."""
    requests = [
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in bodies
    ]
    times: list[float] = []
    errors = 0
    begin = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (sent := time.perf_counter()) < begin + seconds:
            number += 1
            writer.write(requests[number % len(requests)])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            errors += b" 200 " not in head[:20]
            times.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*map(client, range(connections)))
    taken = time.perf_counter() - begin
    p50, p99 = 1e3 * np.percentile(times, [50, 99])
    return Load(len(times), taken, p50, p99, errors)


if __name__ == "__main__":
    port, connections, seconds, path = sys.argv[1:]
    bodies = json.loads(Path(path).read_text())
    print(json.dumps(vars(asyncio.run(_run(int(port), int(connections), float(seconds), bodies)))))
