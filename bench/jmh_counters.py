"""Prints what the benchmarks counted in a run of JMH.

Reads the CSV file that JMH writes with -rf csv.
Prints a line for each counter: method:counter, the values of the parameters, the rate a second.
"""

import argparse
import csv
import sys


def counters(rows):
    """Yields name, parameters and rate of each counter; a row without a colon is the benchmark itself."""
    for row in rows:
        benchmark, colon, counter = row["Benchmark"].partition(":")
        if colon:
            name = benchmark.rpartition(".")[2] + ":" + counter
            parameters = [value for column, value in row.items() if column.startswith("Param") and value]
            yield name, parameters, float(row["Score"])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", help="the file of JMH")
    arguments = parser.parse_args()
    with open(arguments.csv, newline="", encoding="utf-8") as file:
        found = list(counters(csv.DictReader(file)))
    if not found:
        sys.exit(f"{arguments.csv} has no counters: no benchmark ran, or it failed")
    for name, parameters, rate in found:
        print(name, *parameters, f"{rate:.1f}")


if __name__ == "__main__":
    main()
