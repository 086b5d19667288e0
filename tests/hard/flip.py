"""Turns single bytes over in the files of the store and of the bus, and asks for the export each time.

A fault that is named is right, and so is the export of a clean run (the byte lay in free room, or in what is made again). An
export that differs without a word is wrong: told with file and place, and counted.
"""

import pathlib
import random
import shutil
import subprocess
import sys

shihyo, work, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
right = (work / "right").read_bytes()
randomly = random.Random(1)


def export(city):
    out = b""
    for on in ("FY2019", "2020-11-30", "FY2021"):
        words = [shihyo, "--config", str(city / "config"), "report", "--format", "json", "--rollups", "--on", on]
        done = subprocess.run(words, capture_output=True, timeout=120, check=False)
        if done.returncode != 0:
            return None, done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        out += done.stdout
    return out, []


named = harmless = silent = 0
for n in range(count):
    city = work / "flip"
    shutil.rmtree(city, ignore_errors=True)
    shutil.copytree(work / "clean", city)
    file = city / "data" / ("store-0.db" if n % 2 else "bus.db")
    # What was committed lies in the file itself once nobody has it open.
    data = bytearray(file.read_bytes())
    at = randomly.randrange(len(data))
    data[at] ^= 1 << randomly.randrange(8)
    file.write_bytes(data)
    words = [shihyo, "--config", str(city / "config"), "rebuild"]
    rebuilt = subprocess.run(words, capture_output=True, timeout=120, check=False)
    got, why = export(city)
    if rebuilt.returncode != 0 or got is None:
        named += 1
    elif got == right:
        harmless += 1
    else:
        silent += 1
        print(f"WRONG: byte {at} of {file.name} turned over: another export, and no word", file=sys.stderr)
print(f"{count} bytes turned over: {named} named, {harmless} harmless, {silent} used silently", file=sys.stderr)
sys.exit(1 if silent else 0)
