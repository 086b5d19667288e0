"""Turns single bytes over in the files of the store and of the bus, and asks for the export each time.

A store holds everything and is made again from its facts; a bus holds what was collected and nobody has read yet. A fault
that is named is right, and so is the export of a clean run (the byte lay in free room, or in what is made again). An
export that differs without a word is wrong: told with file and place, and counted. What an error says helps is done:
the files are moved away, and the next run makes them again.
"""

import pathlib
import random
import shutil
import subprocess
import sys

shihyo, work, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
right = (work / "right").read_bytes()
randomly = random.Random(1)


def run(city, *words):
    words = [shihyo, "--config", str(city / "config"), *words]
    return subprocess.run(words, capture_output=True, timeout=120, check=False)


def export(city):
    out = b""
    for on in ("FY2019", "2020-11-30", "FY2021"):
        done = run(city, "report", "--format", "json", "--rollups", "--on", on)
        if done.returncode != 0:
            return None, done.stderr.decode(errors="replace")
        out += done.stdout
    return out, ""


def collected():
    """A city that was polled once, and whose bus nobody has read."""
    city = work / "collected"
    shutil.rmtree(city, ignore_errors=True)
    shutil.copytree("config", city / "config")
    done = run(city, "collect", "--once")
    assert done.returncode == 0, done.stderr
    return city


def wrong(text):
    global silent
    silent += 1
    print(f"WRONG: {text}", file=sys.stderr)


named = harmless = silent = 0
unread = collected()
for n in range(count):
    city, of = work / "flip", ("store-0.db", "bus.db")[n % 2]
    shutil.rmtree(city, ignore_errors=True)
    shutil.copytree(work / "clean" if of == "store-0.db" else unread, city)
    file = city / "data" / of
    # What was committed lies in the file itself once nobody has it open.
    data = bytearray(file.read_bytes())
    at = randomly.randrange(len(data))
    data[at] ^= 1 << randomly.randrange(8)
    file.write_bytes(data)
    done = run(city, *(("rebuild",) if of == "store-0.db" else ("aggregate", "--once")))
    got, why = (None, done.stderr.decode(errors="replace")) if done.returncode else export(city)
    if got == right:
        harmless += 1
    elif got is not None:
        wrong(f"byte {at} of {of} turned over: another export, and no word")
    elif str(file) not in why or "move" not in why:
        wrong(f"byte {at} of {of} turned over: the error names no file or no remedy: {why[-500:]}")
    else:
        named += 1
        (city / "away").mkdir()
        for gone in (city / "data").glob("store-*" if of == "store-0.db" else "*"):
            gone.rename(city / "away" / gone.name)
        done = run(city, "run", "--once")
        if done.returncode or export(city)[0] != right:
            wrong(f"byte {at} of {of} turned over: the remedy does not help: {done.stderr[-500:]}")
print(f"{count} bytes turned over: {named} named, {harmless} harmless, {silent} wrong", file=sys.stderr)
sys.exit(1 if silent else 0)
