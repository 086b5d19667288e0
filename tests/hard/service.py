"""A running service on a disk that fails or fills up, on a file that another process holds, and under a clock that jumps.

It must say why it waits, go on serving, and go on by itself; the export in the end is that of a clean run. Called by
tests/hard/run; needs root for a tmpfs, and libfaketime for the clock.
"""

import contextlib
import glob
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

shihyo, work = sys.argv[1], pathlib.Path(sys.argv[2])
right = (work / "right").read_bytes()
ON = ("FY2019", "2020-11-30", "FY2021")
PATIENCE = 60
failed = 0


def wrong(text):
    global failed
    failed = 1
    print(f"WRONG: {text}", file=sys.stderr)


class City:
    """A copy of the shipped configuration that is polled every second, with its data beside it."""

    def __init__(self, name):
        self.folder = work / name
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree("config", self.folder / "config")
        for file in (self.folder / "config" / "sources.d").glob("*.toml"):
            lines = file.read_text().splitlines()
            file.write_text("\n".join('interval = "1s"' if line.startswith("interval = ") else line for line in lines) + "\n")
        self.data = self.folder / "data"
        self.data.mkdir()
        self.port = None
        self.log = self.folder / "log"

    def words(self, *words):
        return [shihyo, "--config", str(self.folder / "config"), *words]

    def export(self):
        out = b""
        for on in ON:
            words = self.words("report", "--format", "json", "--rollups", "--on", on)
            done = subprocess.run(words, capture_output=True, timeout=120, check=False)
            if done.returncode != 0:
                return done.stderr
            out += done.stdout
        return out

    def correct(self, value):
        """Gives the last figure of a flow another value."""
        file = self.folder / "config" / "mihon" / "registers.csv"
        rows = file.read_text().splitlines()
        header = next(row for row in rows if row.startswith("指標,")).split(",")
        at = max(n for n, row in enumerate(rows) if row.startswith("オープンデータのダウンロード数,"))
        cells = rows[at].split(",")
        cells[header.index("値")] = str(value)
        rows[at] = ",".join(cells)
        file.write_text("\n".join(rows) + "\n")
        # At rest: a file that has just changed is not read yet.
        earlier = file.stat().st_mtime - 10
        os.utime(file, (earlier, earlier))

    @contextlib.contextmanager
    def running(self, under=(), **environment):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        listen = {"SHIHYO__HTTP__LISTEN": f"127.0.0.1:{self.port}", "SHIHYO__LOG__LEVEL": "warn"}
        with self.log.open("wb") as log:
            process = subprocess.Popen([*under, *self.words("run")], stderr=log, env=os.environ | listen | environment)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    wrong("it does not end when it is told to")
                    process.kill()
                    process.wait()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return None, ""
        finally:
            connection.close()

    def last_word(self):
        return self.log.read_text(errors="replace").strip()[-600:]


def until(what, process=None):
    """What `what` gives, once that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        if process is not None and process.poll() is not None:
            return None
        time.sleep(0.2)
    return None


def full():
    """2 MiB, and a file of others that leaves too little of it: it waits, says so, and goes on when there is room."""
    named = {"bus": 0, "store": 0}
    for left in (150, 200, 250, 300, 400, 500, 650, 800, 1000):
        city = City("full")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", city.data], check=False).returncode:
            print("NOT TRIED: a full disk needs root on a machine that lets it mount a tmpfs", file=sys.stderr)
            if not os.environ.get("SHARE"):
                wrong("a full disk was not tried")
            return
        try:
            filler = city.data / "filler"
            filler.write_bytes(bytes(2048 * 1024 - left * 1024))
            with city.running() as process:
                told = until(lambda: "no room" in city.get("/readyz")[1], process)
                if process.poll() is not None:
                    # Too little to begin with: it ends, and names it.
                    if "no room" not in city.last_word() and "database or disk is full" not in city.last_word():
                        wrong(f"{left} KiB: it ended with: {city.last_word()}")
                elif told:
                    time.sleep(1)
                    said = city.get("/readyz")[1]
                    named["bus"] += "the bus" in said
                    named["store"] += "the store" in said
                    page = city.get("/")[0]
                    if page != 200:
                        wrong(f"{left} KiB: the page is {page} while the disk is full")
                    if 'shihyo_ready 0' not in city.get("/metrics")[1]:
                        wrong(f"{left} KiB: the metrics do not tell of the full disk")
                filler.unlink()
                subprocess.run(["mount", "-o", "remount,size=32m", city.data], check=True)
                if process.poll() is None:
                    if not until(lambda: city.get("/readyz")[0] == 200, process):
                        wrong(f"{left} KiB: not ready although there is room: {city.get('/readyz')}, {city.last_word()}")
                    if not until(lambda: city.export() == right, process):
                        wrong(f"{left} KiB: another export after there is room: {city.last_word()}")
            again = subprocess.run(city.words("run", "--once"), capture_output=True, timeout=120, check=False)
            if again.returncode or city.export() != right:
                wrong(f"{left} KiB: another export after a restart: {again.stderr[-300:]}")
        finally:
            subprocess.run(["umount", city.data], check=True)
    print(f"a full disk under a running service: {named}", file=sys.stderr)
    if not named["bus"] or not named["store"]:
        wrong("the bus and the store were not both full once: the test tries too little")


def disk():
    """The Nth write or flush of a running service fails once: it goes on by itself, or ends and names it."""
    steps = [int(word) for word in os.environ.get("STEPS", "2 5 9").split()]
    ended = alive = missed = 0
    for call in ("fdatasync,fsync", "pwrite64"):
        for error in ("EIO", "ENOSPC"):
            for n in steps:
                what, city = f"{error} at the {n}th {call} of a running service", City("disk")
                trace = city.folder / "trace"
                inject = f"inject={call}:error={error}:when={n}"
                strace = ["strace", "-D", "-f", "-qq", "-o", str(trace), "-e", f"trace={call}", "-e", inject]
                with city.running(under=strace) as process:
                    done = until(lambda: city.export() == right, process)
                    if done:
                        alive += 1
                    elif process.poll() is None:
                        wrong(f"{what}: another export: {city.last_word()}")
                    elif process.returncode == 0 or str(city.data) not in city.last_word():
                        wrong(f"{what}: it ended with {process.returncode} and no name: {city.last_word()}")
                    else:
                        ended += 1
                missed += "INJECTED" not in trace.read_text(errors="replace")
                again = subprocess.run(city.words("run", "--once"), capture_output=True, timeout=120, check=False)
                if again.returncode or city.export() != right:
                    wrong(f"{what}: another export after a restart: {again.stderr[-300:]}")
    print(f"a failing disk under a running service: {alive} went on, {ended} ended by name, {missed} calls not reached", file=sys.stderr)


def two():
    """The second process on the same files is refused by name; the first does not notice."""
    city = City("two")
    with city.running() as process:
        if not until(lambda: city.get("/readyz")[0] == 200, process):
            wrong(f"two processes: {city.last_word()}")
        listen = os.environ | {"SHIHYO__HTTP__LISTEN": "127.0.0.1:0"}
        for words in (("run",), ("run", "--once"), ("aggregate",), ("rebuild",)):
            second = subprocess.run(city.words(*words), capture_output=True, timeout=60, check=False, env=listen)
            said = second.stderr.decode(errors="replace")
            if second.returncode == 0 or "is being written by another process" not in said:
                wrong(f"a second {words} ended with {second.returncode}: {said[-300:]}")
        if not until(lambda: city.export() == right, process):
            wrong("two processes: another export")


def clock():
    """A day back, and a day ahead: a source whose clock is behind stops and says so; nothing is lost."""
    faketime = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not faketime:
        wrong("the clock needs libfaketime; on Debian, as root: apt-get install faketime")
        return
    clean = City("clean-corrected")
    for value in (None, 4711, 4712):
        if value:
            clean.correct(value)
        subprocess.run(clean.words("run", "--once"), check=True, capture_output=True, timeout=120)
    expected = clean.export()
    city = City("clock")
    offset = city.folder / "offset"
    offset.write_text("+0")
    fake = {
        "LD_PRELOAD": faketime[0],
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with city.running(**fake) as process:
        if not until(lambda: city.export() == right, process):
            wrong(f"the clock stands right, and the export is another one: {city.last_word()}")
        offset.write_text("-1d")
        city.correct(4711)
        if not until(lambda: "clock" in city.last_word(), process):
            wrong(f"the clock was set back by a day, and nothing is said: {city.last_word()}")
        if city.export() != right:
            wrong("the clock was set back by a day, and something was collected")
        offset.write_text("+1d")
        if not until(lambda: city.export() != right, process):
            wrong(f"the clock is ahead by a day, and the correction is not collected: {city.last_word()}")
        offset.write_text("+0")
        city.correct(4712)
        said = len(city.log.read_text(errors="replace"))
        if not until(lambda: "clock" in city.log.read_text(errors="replace")[said:], process):
            wrong(f"the clock is a day behind what it was, and nothing is said: {city.last_word()}")
        offset.write_text("+2d")
        if not until(lambda: city.export() == expected, process):
            wrong(f"another export after the clock has jumped: {city.last_word()}")
        if process.poll() is not None:
            wrong(f"it ended when the clock jumped: {city.last_word()}")
    print("a clock that jumps by a day, back and ahead: told, and nothing lost", file=sys.stderr)


for part in sys.argv[3:] or ("disk", "full", "two", "clock"):
    {"disk": disk, "full": full, "two": two, "clock": clock}[part]()
sys.exit(failed)
