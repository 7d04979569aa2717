"""Prints how long the rounds of a run took.

Reads a run's metrics.jsonl. The first three rounds are left out, because they warm up.
Prints the median milliseconds of each part of a round, a line each. The last line is the overhead of all rounds:
the share of the time in which not even the slowest worker computed.
With --row it prints the medians as one row of a table, with "all else" before the whole round.
A row also leaves out the last round, which may have fewer windows than the others.
"""

import argparse
import json
import statistics
import sys

WARM_UP = 3
PARTS = "broadcast", "compute", "combine", "total"


def read_rounds(path):
    """The rounds among the events of a metrics.jsonl, in their order."""
    rounds = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
            except ValueError as error:
                sys.exit(f"{path}: line {number} is not JSON: {error}")
            if event.get("event") == "round":
                rounds.append(event)
    return rounds


def medians(rounds):
    """Median milliseconds of each part."""
    return {part: statistics.median(r[part + "_ms"] for r in rounds) for part in PARTS}


def overhead(rounds):
    """The share of all rounds' time that is not the slowest worker's computing."""
    return 1 - sum(r["compute_ms"] for r in rounds) / sum(r["total_ms"] for r in rounds)


def print_list(rounds):
    for part, milliseconds in medians(rounds).items():
        print(part, "ms, median of rounds:", milliseconds)
    print(f"overhead, (total - slowest compute) / total: {100 * overhead(rounds):.1f} %")


def print_row(rounds, first_cells):
    ms = medians(rounds)
    rest = ms["total"] - ms["compute"] - ms["broadcast"] - ms["combine"]
    times = ms["compute"], ms["broadcast"], ms["combine"], rest, ms["total"]
    print("|", " | ".join([*first_cells, *(f"{time:.0f}" for time in times)]), "|")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("metrics", help="the metrics.jsonl of a run")
    parser.add_argument("--row", nargs="+", metavar="CELL", help="print a row that begins with these cells")
    arguments = parser.parse_args()
    rounds = read_rounds(arguments.metrics)
    kept = rounds[WARM_UP : -1 if arguments.row else None]
    if not kept:
        sys.exit(f"{arguments.metrics} has only {len(rounds)} rounds: too few for a median after the warm-up")
    if arguments.row:
        print_row(kept, arguments.row)
    else:
        print_list(kept)


if __name__ == "__main__":
    main()
