#!/usr/bin/env python3
"""What a report says of certainty, beside SciPy on the same counts: the paired permutation test, the
bootstrap interval, Welch's test over seeds.

usage: test_statistics.py PROGRAM        exit 77: there is no SciPy
"""

import json
import os
import random
import subprocess
import sys
import tempfile

try:
    import numpy
    from scipy import stats
except ImportError:
    print("skipped: python3-scipy is not installed")
    sys.exit(77)

CLASSES = 4


def counts(images, skill, seed):
    """Of each image, pixels of each true class, predicted as it, and both."""
    easy, own = random.Random(1), random.Random(seed)
    lines = []
    for _ in range(images):
        truth = [easy.randrange(50, 300) for _ in range(CLASSES)]
        ease = easy.uniform(-0.15, 0.15)
        hit = [int(t * min(max(skill + ease + own.uniform(-0.1, 0.1), 0), 1)) for t in truth]
        missed = [t - h for t, h in zip(truth, hit)]
        lines.append([truth, [h + m for h, m in zip(hit, missed[1:] + missed[:1])], hit])
    return numpy.array(lines)


def mean_iou(rows):
    """@param rows  (images, 3, CLASSES)"""
    truth, predicted, hit = rows.sum(0)
    return (hit / (truth + predicted - hit)).mean()


def write(folder, runs):
    """An experiment's folder with these runs: group, counts."""
    listed = []
    for number, (group, found) in enumerate(runs):
        name = f"run{number}"
        os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, name, "images.jsonl"), "w", encoding="utf-8") as file:
            for i, (truth, predicted, hit) in enumerate(found.tolist()):
                json.dump({"name": str(i), "truth": truth, "predicted": predicted, "hit": hit}, file)
                file.write("\n")
        listed.append({"name": f"{group} [seed={number}]", "group": group, "folder": name,
                       "metrics": {"mean_iou": mean_iou(found), "absent_policy": "union",
                                   "images": len(found)}})
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as file:
        json.dump({"name": "x", "columns": ["mean_iou"], "runs": listed}, file)


def report(program, runs):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, runs)
        subprocess.run([program, "report", folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            return json.load(file)["certainty"]


def scipy_permutation(a, b):
    both = numpy.concatenate([a, b])

    def difference(first, second):
        return mean_iou(both[second.astype(int)]) - mean_iou(both[first.astype(int)])

    images = numpy.arange(len(a))
    return stats.permutation_test((images, images + len(a)), difference, vectorized=False,
                                  permutation_type="samples", n_resamples=numpy.inf).pvalue


def scipy_interval(found):
    images = numpy.arange(len(found))
    return stats.bootstrap((images,), lambda which: mean_iou(found[which.astype(int)]),
                           vectorized=False, n_resamples=4000, method="BCa",
                           random_state=1).confidence_interval


def check(name, ours, theirs, bound):
    print(f"{name}: {ours:.6g}, SciPy {theirs:.6g}")
    if not abs(ours - theirs) <= bound:
        raise SystemExit(f"{name}: {ours} and {theirs} are further apart than {bound}")


def main():
    program = sys.argv[1]
    # 2^10 ways to exchange: both go through all of them.
    for skill in (0.7, 0.73, 0.8):
        a, b = counts(10, 0.7, 2), counts(10, skill, 3)
        pair = report(program, [("A", a), ("B", b)])["pairs"][0]
        check("difference", pair["difference"]["value"], 100 * (mean_iou(b) - mean_iou(a)), 1e-9)
        check("p", pair["p"], scipy_permutation(a, b), 1e-12)
        if not pair["exact"]:
            raise SystemExit("10 images are few enough for all ways")
    found = counts(60, 0.7, 4)
    row = report(program, [("A", found)])["rows"][0]["mean_iou"]
    low, high = scipy_interval(found)
    check("lower end", row["low"], 100 * low, 0.25)
    check("upper end", row["high"], 100 * high, 0.25)
    seeds = [("A", counts(10, 0.7, seed)) for seed in (5, 6, 7)]
    seeds += [("B", counts(10, 0.72, seed)) for seed in (8, 9, 10, 11)]
    pair = report(program, seeds)["pairs"][0]
    scores = {group: [mean_iou(found) for name, found in seeds if name == group] for group in "AB"}
    check("p over seeds", pair["p_seeds"],
          stats.ttest_ind(scores["A"], scores["B"], equal_var=False).pvalue, 1e-9)


if __name__ == "__main__":
    main()
