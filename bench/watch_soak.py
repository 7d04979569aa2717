"""Watches a long run on a standalone cluster of this machine, to see whether anything grows.

Reads the run's metrics.jsonl, Spark's web interface, /proc, and what jps, jcmd and du print.
Prints a table. At round 50, 240, 430 and so on to 1,000 it has a row for the driver and for each executor.
Ends with an error if the job ends before the last row, or if no round ends within --patience seconds.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import time
import urllib.request

COMMAND_SECONDS = 120
WEB_SECONDS = 10


class SoakError(Exception):
    """The soak cannot be watched any longer."""


class Job:
    """A process, recognised by when it started, because another may get its number."""

    def __init__(self, pid):
        self.pid = pid
        self.started = start_time(pid)

    def is_running(self):
        return self.started is not None and start_time(self.pid) == self.started


def start_time(pid):
    """When a process started, in ticks since the machine did; None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            state, *fields = stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else fields[18]


def run(*command, check=True):
    """What a command prints."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=check, timeout=COMMAND_SECONDS
        ).stdout
    except subprocess.CalledProcessError as error:
        raise SoakError(f"{' '.join(command)} failed: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SoakError(f"{' '.join(command)}: {error}") from error


def get(url):
    """The JSON at a URL of this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=WEB_SECONDS) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise SoakError(f"{url}: {error}") from error


def count_rounds(metrics):
    """How many rounds a metrics.jsonl has; none if there is no such file yet."""
    try:
        with open(metrics, encoding="utf-8") as lines:
            return sum('"event":"round"' in line for line in lines)
    except FileNotFoundError:
        return 0


def wait_for_round(wanted, metrics, job, patience):
    """Waits until a number of rounds have ended, and says how many have."""
    most, deadline = 0, time.monotonic() + patience
    while True:
        running = job.is_running()  # before the rounds are counted, so that none is missed
        rounds = count_rounds(metrics)
        if rounds >= wanted:
            return rounds
        if not running:
            raise SoakError(f"the job ended after {rounds} rounds, before round {wanted}")
        if rounds > most:
            most, deadline = rounds, time.monotonic() + patience
        if time.monotonic() > deadline:
            raise SoakError(f"no round has ended for {patience:g} s after round {rounds}")
        time.sleep(1)


def processes(application, save_path):
    """Process id and class name of the executors, which have the application's id, and of the driver."""
    for line in run("jps", "-lm").splitlines():
        pid, name, arguments = (line + "  ").split(" ", 2)
        if application in arguments or save_path in arguments:
            yield pid, name.rpartition(".")[2]


def live_heap(pid):
    """The bytes of all objects after a full collection."""
    run("jcmd", pid, "GC.run")
    return int(run("jcmd", pid, "GC.class_histogram", "-all").split()[-1])


def process_cells(pid):
    """Live heap and resident memory in MB, threads, file handles."""
    heap = live_heap(pid) / 1e6
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
            status = dict(line.split(":", 1) for line in lines)
        handles = len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError) as error:
        raise SoakError(f"process {pid} ended while it was looked at") from error
    resident = int(status["VmRSS"].split()[0]) / 1000
    return f"{heap:.1f}", f"{resident:.0f}", status["Threads"].strip(), str(handles)


def block_megabytes(web):
    """What the blocks of all block managers take, by the driver's gauges."""
    gauges = get(web + "/metrics/json")["gauges"]
    for name, gauge in gauges.items():
        if name.endswith("BlockManager.memory.memUsed_MB"):
            return gauge["value"]
    raise SoakError(f"{web}/metrics/json has no BlockManager.memory.memUsed_MB")


def file_megabytes(work):
    """What the folders and logs of the worker processes take on disk."""
    paths = glob.glob(work + "/worker*")
    if not paths:
        raise SoakError(f"{work} has no folders of worker processes")
    sizes = run("du", "-sbc", *paths, check=False)  # it also fails where a file is deleted meanwhile
    return int(sizes.splitlines()[-1].split()[0]) / 1e6


def rows(work, web):
    """Class name and cells of each process at this moment."""
    blocks, files = block_megabytes(web), file_megabytes(work)
    application = get(web + "/api/v1/applications")[0]["id"]
    found = sorted(processes(application, work + "/run"), key=lambda process: process[1])
    if not found:
        raise SoakError(f"jps shows no process of {application}")
    for pid, name in found:
        yield name, *process_cells(pid), f"{blocks:.0f}", f"{files:.1f}"


def watch(arguments):
    job = Job(arguments.job)
    metrics = arguments.work + "/run/metrics.jsonl"
    print("| rounds | process | live heap MB | resident MB | threads | file handles | blocks MB "
          "| files of the executors MB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for wanted in range(arguments.first, arguments.last + 1, arguments.every):
        rounds = wait_for_round(wanted, metrics, job, arguments.patience)
        try:
            for cells in rows(arguments.work, arguments.web):
                print("|", " | ".join([str(rounds), *cells]), "|", flush=True)
        except SoakError as error:
            if job.is_running():
                raise
            raise SoakError(f"the job ended while it was looked at, after {rounds} rounds ({error})") from error


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", help="folder with run/, the run's save path, and worker1/ and so on")
    parser.add_argument("job", type=int, help="process id of the job")
    parser.add_argument("--web", default="http://127.0.0.1:14040", help="Spark's web interface (%(default)s)")
    parser.add_argument("--first", type=int, default=50, help="round of the first rows (%(default)s)")
    parser.add_argument("--every", type=int, default=190, help="rounds between rows (%(default)s)")
    parser.add_argument("--last", type=int, default=1000, help="round after which there are no rows (%(default)s)")
    parser.add_argument("--patience", type=float, default=600, help="seconds that a round may take (%(default)s)")
    arguments = parser.parse_args()
    try:
        watch(arguments)
    except SoakError as error:
        sys.exit(f"watch_soak.py: {error}")


if __name__ == "__main__":
    main()
