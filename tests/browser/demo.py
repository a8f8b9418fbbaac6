"""The program under test: `shikaku demo` on free ports, from its start to its clean end, and what lies in its folder.

Not here: the browser; what the pages mean.
"""

import csv
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import urllib.request

READY_SECONDS = 60
STOP_SECONDS = 20
PORTS = ["--port", "0", "--machine-port", "0", "--kiosk-port", "0"]


class Server:
    """The program, its two addresses (pages and kiosk) and its patients.

    Without a nation unless `people` says how many: they would come in between the steps.
    """

    def __init__(self, program, data, people=0, settings=""):
        self.data = pathlib.Path(data)
        self.data.mkdir(parents=True, exist_ok=True)
        said = self.data.with_name(self.data.name + ".toml")
        said.write_text(settings, encoding="utf-8")
        command = [program, "--config", said, "demo", "--data", data, *PORTS, "--people", str(people)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.base = None
        self.kiosk = None
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.match(r"ready (http://127\.0\.0\.1:\d+/)", line)
            if found and self.base is None:
                self.base = found[1]
                self.ready.set()
        self.ready.set()

    def wait_ready(self):
        self.ready.wait(READY_SECONDS)
        if self.base is None:
            self.kill()
            tail = "\n".join(self.lines[-40:])
            sys.exit(f"no line `ready http://127.0.0.1:PORT/` within {READY_SECONDS} s; the program said:\n{tail}")
        # Both files are there before the line `ready`.
        self.kiosk = (self.data / "kiosk.txt").read_text(encoding="utf-8").strip().rstrip("/") + "/"
        with (self.data / "test-patients.csv").open(encoding="utf-8-sig", newline="") as table:
            self.patients = {row["id"].partition("-")[0]: row for row in csv.DictReader(table)}

    def patient(self, short):
        """The row of a patient by the first part of its id, such as P001."""
        if short not in self.patients:
            sys.exit(f"there is no patient {short} in test-patients.csv; mend pages.txt")
        return self.patients[short]

    def card_file(self, short):
        return self.data / self.patient(short)["card_file"]

    def tap(self, short, **answers):
        """A patient at the kiosk, by the vendor's script door; what it answers."""
        row = self.patient(short)
        wish = {"card": pathlib.Path(row["card_file"]).stem, "pin": row["pin"], **answers}
        headers = {"content-type": "application/json", "shikaku-script": "1"}
        request = urllib.request.Request(self.kiosk + "script/tap", json.dumps(wish).encode(), headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)

    def faces(self):
        """The results in the clinic's folder."""
        return {path.name for path in (self.data / "OQS" / "face").glob("OQSsiquc01res_face_*.xml")}

    def stop(self):
        """Ends the server as Ctrl-C does; its exit code, or None when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
