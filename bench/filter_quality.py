#!/usr/bin/env python3
"""Measure how well perplexity tells good sentences from bad ones.

Three sets of sentences of the same number are scored with PtbScore: the test
part of a corpus, the same sentences with their words shuffled, and sentences
of another text.  The figure is the area under the ROC curve (AUC): how often a
sentence of the first set has a lower perplexity than one of another set.
0.5 is guessing, 1 is perfect.

Beside it stands an interpolated trigram model of the same training part
(Jelinek-Mercer: weights by the count of the history in buckets, found by
expectation maximisation on the validation part).  Both models have the same
vocabulary, and both ways to count unknown words are shown (--unknown of
PtbScore).

Needs Python 3 only.
"""

import argparse
import collections
import json
import math
import pathlib
import random
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sentences(path, least):
    with open(path, encoding="utf-8") as lines:
        return [words for words in (line.split() for line in lines) if len(words) >= least]


class Trigram:
    """p(w | u v) = Σ weight_i(bucket) · p_i, with p_0 = 1 / V."""

    def __init__(self, train, valid, vocabulary):
        self.vocabulary = vocabulary
        self.counts = [collections.Counter() for _ in range(4)]  # by length of the n-gram
        for words in train:
            ids = self.ids(words)
            for i in range(2, len(ids)):
                for n in range(1, 4):
                    self.counts[n][tuple(ids[i - n + 1:i + 1])] += 1
        self.histories = [collections.Counter() for _ in range(3)]
        for n in range(1, 4):
            for gram, count in self.counts[n].items():
                self.histories[n - 1][gram[:-1]] += count
        self.weights = [[0.1, 0.3, 0.3, 0.3] for _ in range(20)]
        held_out = [self.parts(ids, i) for ids in map(self.ids, valid) for i in range(2, len(ids))]
        for _ in range(15):
            sums = [[1e-3] * 4 for _ in self.weights]
            for bucket, parts in held_out:
                terms = [w * p for w, p in zip(self.weights[bucket], parts)]
                total = sum(terms)
                for i in range(4):
                    sums[bucket][i] += terms[i] / total
            self.weights = [[x / sum(row) for x in row] for row in sums]

    def ids(self, words):
        known = [word if word in self.vocabulary else "<unk>" for word in words]
        return ["<eos>", "<eos>"] + known + ["<eos>"]

    def parts(self, ids, i):
        parts = [1 / len(self.vocabulary)]
        for n in range(1, 4):
            gram = tuple(ids[i - n + 1:i + 1])
            history = self.histories[n - 1][gram[:-1]]
            parts.append(self.counts[n][gram] / history if history else 0)
        history = self.histories[2][tuple(ids[i - 2:i])]
        return min(19, int(math.log2(history + 1))), parts

    def perplexity(self, words, penalty=0.0):
        ids = self.ids(words)
        nats = penalty * ids.count("<unk>")
        for i in range(2, len(ids)):
            bucket, parts = self.parts(ids, i)
            nats -= math.log(sum(w * p for w, p in zip(self.weights[bucket], parts)))
        return math.exp(nats / (len(ids) - 2))


def auc(good, bad):
    """The share of pairs in which the good one is lower; ties count half."""
    marked = sorted([(x, 0) for x in good] + [(x, 1) for x in bad])
    rank_sum, i = 0.0, 0
    while i < len(marked):
        j = i
        while j < len(marked) and marked[j][0] == marked[i][0]:
            j += 1
        rank = (i + j + 1) / 2  # the mean of ranks i + 1 … j
        rank_sum += rank * sum(mark for _, mark in marked[i:j])
        i = j
    n = len(bad)
    return (rank_sum - n * (n + 1) / 2) / (n * len(good))


def score(model, sets, unknown):
    """The perplexity that PtbScore gives each sentence of each set."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with open(folder / "in.jsonl", "w", encoding="utf-8") as out:
            for name, texts in sets.items():
                for words in texts:
                    out.write(json.dumps({"set": name, "text": " ".join(words)}) + "\n")
        subprocess.run(
            [ROOT / "submit/score.sh", "--model-path", model, "--input", folder / "in.jsonl",
             "--output", folder / "out", "--unknown", unknown],
            check=True, stdout=subprocess.DEVNULL)
        scores = {name: [] for name in sets}
        for part in sorted((folder / "out").glob("part-*")):
            for line in part.read_text(encoding="utf-8").splitlines():
                document = json.loads(line)
                scores[document["set"]].append(document["perplexity"])
        return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="the save path of a run")
    parser.add_argument("--corpus", required=True, help="directory of the corpus it was trained on")
    parser.add_argument("--prefix", default="", help="ptb. if the files are ptb.train.txt …")
    parser.add_argument("--other", required=True, help="a file with sentences of another text")
    parser.add_argument("--least", type=int, default=5, help="words of a sentence, at least")
    arguments = parser.parse_args()
    corpus = pathlib.Path(arguments.corpus)
    train, valid, test = (
        sentences(corpus / f"{arguments.prefix}{part}.txt", arguments.least if part == "test" else 0)
        for part in ("train", "valid", "test"))
    vocabulary = set((pathlib.Path(arguments.model) / "model/vocabulary.txt").read_text("utf-8").split("\n"))
    shuffler = random.Random(1)
    shuffled = [shuffler.sample(words, len(words)) for words in test]
    other = sentences(arguments.other, arguments.least)[:len(test)]
    sets = {"test": test, "shuffled": shuffled, "other": other}
    trigram = Trigram(train, valid, vocabulary)
    scores = {
        "LSTM, unknown = count": score(arguments.model, sets, "count"),
        "LSTM, unknown = penalise": score(arguments.model, sets, "penalise"),
    }
    penalties = {"count": 0.0, "penalise": math.log(1_000_000 - len(vocabulary))}
    for name, penalty in penalties.items():
        scores[f"trigram, unknown = {name}"] = {
            of: [trigram.perplexity(words, penalty) for words in texts] for of, texts in sets.items()}
    print(f"{len(test)} sentences a set")
    print("| model | AUC, words shuffled | AUC, another text |")
    print("|---|---|---|")
    for name, found in scores.items():
        print(f"| {name} | {auc(found['test'], found['shuffled']):.4f} | {auc(found['test'], found['other']):.4f} |")


if __name__ == "__main__":
    main()
