#!/usr/bin/env python3
"""What every bench prints alike: machine, load, medians with ranges, tables.

    bench.py COMMAND [WORDS]    runs a bench that is no Python program, with machine and load around what it prints
"""

import atexit
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def machine():
    """Processor, cores and memory in one line."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return f"{len(os.sched_getaffinity(0))} cores {model}, {memory:.0f} GiB"


def _ticks():
    """Ticks of all processors: those that another machine took, and all."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[7], sum(fields)


def begin():
    """Prints the machine and its load, and at the end the load then."""
    before = _ticks()
    # What runs below prints these lines not again.
    os.environ["SHIHYO_BENCH_WATCHED"] = "1"
    print(f"machine: {machine()}\nload before: {os.getloadavg()[0]:.2f}\n", flush=True)

    def end():
        stolen, all_ticks = (now - then for now, then in zip(_ticks(), before))
        print(f"load after: {os.getloadavg()[0]:.2f}\nstolen: {100 * stolen / max(all_ticks, 1):.1f} %", flush=True)

    atexit.register(end)


def spread(values, digits=1, unit=""):
    """The median, and from the least to the most."""
    shown = f"{statistics.median(values):.{digits}f}{unit}"
    return shown if len(values) == 1 else f"{shown} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def aim(text, met, value):
    """The cell of an aim; a missed one is listed with its value at the end of docs/BENCHMARKS.md."""
    return f"{text}: met" if met else f"{text}: missed ({value})"


def table(name, columns, rows):
    """Prints a table that `tests/bench/all` puts into docs/BENCHMARKS.md."""
    print(f"<!-- table {name} -->")
    for cells in [columns, ["---"] * len(columns), *rows]:
        print("|" + "|".join("---" if cell == "---" else f" {cell} " for cell in cells) + "|")
    print(flush=True)


def say(text):
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def fail(text):
    """Ends the bench: a figure beside a wrong answer says nothing."""
    sys.exit(f"{sys.argv[0]}: {text}")


def need(package, tool):
    """Finds a tool, or installs its Debian package where that is allowed."""
    if not shutil.which(tool) and os.getuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *words], check=False, stdout=sys.stderr, env=environment)
    if not shutil.which(tool):
        fail(f"'{tool}' is missing; on Debian, as root: apt-get install {package}")


def cargo(*words):
    """Runs cargo, and gives its target folder."""
    # Where OpenSSL's headers are installed, its own build (2 minutes) is not needed.
    if subprocess.run(["pkg-config", "--exists", "openssl >= 3.0"], check=False).returncode == 0:
        os.environ.setdefault("OPENSSL_NO_VENDOR", "1")
    subprocess.run(["cargo", *words], cwd=ROOT, check=True, stdout=sys.stderr)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    found = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True)
    return pathlib.Path(json.loads(found.stdout)["target_directory"])


def cost(command, out, core=None, **options):
    """Runs a command with its output in a file: seconds of wall, seconds of processor, MB at its peak."""
    pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    with open(out, "wb") as file:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=file, preexec_fn=pin, **options)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        fail(f"{command[0]} ended with {child.returncode}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


if __name__ == "__main__":
    begin()
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
