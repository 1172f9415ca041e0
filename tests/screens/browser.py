"""Chromium at exact CSS widths, through its DevTools protocol (python3-websocket).

A window's own size cannot be smaller than about 500 pixels: `--window-size=360` lays out wider and crops. So the device's metrics are
set instead. Nothing but files and data URLs may be loaded; what else a page asks for is kept in `remote`.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request

import websocket

FLAGS = ["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
         "--remote-allow-origins=*", "--force-color-profile=srgb", "--font-render-hinting=none"]


class Browser:
    """One Chromium, ended with the `with` block."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="fieldpost-chromium.")
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 or os.environ.get("CI") else []
        self.process = subprocess.Popen(["chromium", *FLAGS, *sandbox, "--user-data-dir=" + self.profile, "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line)
            if found:
                break
        else:
            raise RuntimeError("Chromium does not start")
        pages = json.load(urllib.request.urlopen("http://127.0.0.1:%s/json/list" % found.group(1)))
        page = next(page for page in pages if page["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60)
        self.count = 0
        self.events = []
        self.call("Page.enable")
        self.call("Network.enable")
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **params):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.count:
                if "error" in message:
                    raise RuntimeError("%s: %s" % (method, message["error"]))
                return message["result"]
            self.events.append(message)

    def wait(self, event):
        while not any(message.get("method") == event for message in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def open(self, path, width, scheme="light"):
        """Lays out a file at so many CSS pixels; returns what it asked for from elsewhere."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1.5, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait("Page.loadEventFired")
        urls = [message["params"]["request"]["url"] for message in self.events
                if message.get("method") == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("file:", "data:", "about:"))]

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    def size(self):
        return self.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")

    def shot(self, out, start=0, end=None):
        """The whole page, or the part between two heights, as PNG."""
        width, height = self.size()
        clip = {"x": 0, "y": start, "width": width, "height": min(end or height, height) - start, "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        with open(out, "wb") as file:
            file.write(base64.b64decode(data))
