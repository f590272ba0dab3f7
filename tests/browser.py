"""A headless Chromium driven over a pipe by the Chrome DevTools Protocol, without a package."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Debian, Ubuntu, macOS; $CHROMIUM takes precedence.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
    "--blink-settings=primaryPointerType=4,availablePointerTypes=4",  # a mouse, as at a desk
)  # fmt: skip

_KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "Tab": 9, "Enter": 13, "Space": 32}
_TEXTS = {"Enter": "\r", "Space": " "}
_SHIFT = 8
_PATIENCE = 30  # seconds, generous for a busy machine

# The browser reads commands from descriptor 3 and writes answers and events to descriptor 4.
_START = """
import fcntl, os, sys
apart = [fcntl.fcntl(int(name), fcntl.F_DUPFD, 10) for name in sys.argv[1:3]]
for number, descriptor in enumerate(apart, start=3):
    os.dup2(descriptor, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


class Browser:
    """A browser with one page, and the events on it.

    Attributes:
        events: the events so far, each with its `method` and `params`.
    """

    def __init__(self, path: str) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self._commands = os.pipe()
        answers, from_browser = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_browser), str(from_browser),
             path, *_FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._answers = os.fdopen(answers, "rb")
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, page: Path | str) -> None:
        """Open a file or a URL and wait until it has loaded."""
        self.events.clear()
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def run(self, script: str) -> Any:
        """Run JavaScript on the page; return its value, or that of its promise."""
        done = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, script: str) -> Any:
        """Repeat JavaScript until its value is true; return that value."""
        ends = time.monotonic() + _PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < ends, f"never true: {script}"
            time.sleep(0.02)
        return value

    def wait_for(self, method: str) -> dict[str, Any]:
        """Wait for the next event of a kind; remove it and return its params."""
        while True:
            for number, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(number)["params"]
            self.events.append(self._receive())

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key in the focused element."""
        text = {"text": _TEXTS[key]} if key in _TEXTS else {}
        name = {"Space": " "}.get(key, key)
        for what in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=what, key=name, code=key, **text,
                      windowsVirtualKeyCode=_KEYS[key], modifiers=_SHIFT * shift)  # fmt: skip

    def write(self, text: str) -> None:
        """Type a text into the focused element."""
        self.call("Input.insertText", text=text)

    def point(self, x: float, y: float) -> None:
        """Move the mouse to a position."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def choose(self, field: str, file: Path) -> None:
        """Choose a file in the input field with this selector."""
        page = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=page, selector=field)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def drop(self, file: Path, x: float, y: float) -> None:
        """Drop a file at a position."""
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for what in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=what, x=x, y=y, data=data)

    def downloads(self, folder: Path) -> None:
        """Save downloads in a folder without asking."""
        self.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def screen(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Set the size of the screen and the preferred color scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 500)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Write a screenshot of the whole page as PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def printed(self, path: Path) -> None:
        """Print the page to a PDF file."""
        taken = self.call("Page.printToPDF", preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def problems(self) -> list[str]:
        """Return what the console shows: errors, warnings, policy violations."""
        self.run("0")  # earlier events arrive before this answer
        shown = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [json.dumps(event) for event in self.events if event.get("method") in shown]

    def requests(self) -> list[str]:
        """Return the requested URLs, including the page itself."""
        self.run("0")
        asked = (e for e in self.events if e.get("method") == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in asked]

    def close(self) -> None:
        """Close the browser."""
        os.close(self._commands)
        self._answers.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            more = os.read(self._answers.fileno(), 1 << 16)
            assert more, "the browser ended"
            self._rest += more
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)
