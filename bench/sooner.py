"""Prints how much sooner K workers end than serial SGD, from the metrics.jsonl of their runs.

Time is computing plus overhead. Computing is the windows that follow each other, times the measured time of a window of
so many lanes on one core. Overhead is the number of rounds, times what a round costs besides its windows.
Serial SGD computes until the end of its best epoch by validation and has no overhead.

Workers that take turns on a few cores have the same windows and rounds as workers on cores of their own.
"""

import argparse
import json
import math
import sys


def read_events(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def parse_times(text):
    """{lanes: milliseconds} from "10:37.8,20:70.9"."""
    return {int(lanes): float(ms) for lanes, ms in (pair.split(":") for pair in text.split(","))}


def window_time(times, lanes):
    """Milliseconds of a window of so many lanes; between two measured numbers of lanes by a straight line."""
    if lanes in times:
        return times[lanes]
    below = max((n for n in times if n < lanes), default=None)
    above = min((n for n in times if n > lanes), default=None)
    if below is None or above is None:
        sys.exit(f"there is no measured time of a window of about {lanes} lanes")
    share = (lanes - below) / (above - below)
    return times[below] + share * (times[above] - times[below])


def row(path, workers, lanes, window, times, overhead_ms, serial_seconds):
    """A row of the table: K, lanes, windows in sequence, rounds, seconds, perplexities, how much sooner."""
    events = read_events(path)
    rounds = [e for e in events if e["event"] == "round"]
    epochs = [e for e in events if e["event"] == "epoch"]
    windows = sum(math.ceil(r["tokens"] / (lanes * window)) for r in rounds)
    most = math.ceil(lanes / workers)
    computing = windows * window_time(times, most) / 1000
    overhead = len(rounds) * overhead_ms / 1000
    test = next((e["perplexity"] for e in events if e["event"] == "test"), float("nan"))
    cells = [
        workers,
        most,
        f"{windows:,}",
        f"{len(rounds):,}",
        f"{computing:.0f} + {overhead:.0f}",
        len(epochs),
        f"{epochs[-1]['valid_perplexity']:.1f}",
        f"{test:.1f}",
        f"{serial_seconds / (computing + overhead):.1f}",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs", nargs="+", metavar="K:LANES:MS:FILE", help="workers, lanes in all, overhead of a round in ms, metrics.jsonl"
    )
    parser.add_argument("--window", type=int, default=20, help="time steps of a window (default: 20)")
    parser.add_argument(
        "--times", type=parse_times, required=True, help="ms of a window on one core: lanes:ms,lanes:ms,…"
    )
    parser.add_argument(
        "--serial", default="20:13938", help="lanes and windows of serial SGD until its best epoch (default: %(default)s)"
    )
    arguments = parser.parse_args()
    lanes, windows = map(int, arguments.serial.split(":"))
    serial_seconds = windows * window_time(arguments.times, lanes) / 1000
    print("| K | lanes each | windows in sequence | rounds | computing + overhead, s | epochs | valid | test | sooner |")
    print("|---|---|---|---|---|---|---|---|---|")
    for run in arguments.runs:
        k, all_lanes, overhead_ms, path = run.split(":", 3)
        print(row(path, int(k), int(all_lanes), arguments.window, arguments.times, float(overhead_ms), serial_seconds))


if __name__ == "__main__":
    main()
