#!/usr/bin/env python3
"""Boundary F1 against SciPy's distance transform on the predictions that a run keeps.

test_boundary.py SEGLAB; exit status 77: skipped.
"""

import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from scipy import ndimage
except ImportError:
    print("skipped: this python3 has no SciPy")
    sys.exit(77)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import png_indices, read_bytes, read_json  # noqa: E402

TOLERANCE = 0.03
CONFIG = {"model": {"name": "fcn8s", "backbone": {"name": "vgg11_bn", "width": 0.125, "fc6_kernel": 3}},
          "data": {"name": "shapes", "height": 48, "width": 64, "train": {"size": 200},
                   "val": {"split": "val", "size": 12}},
          "train": {"iterations": 400, "batch": 8, "lr": 0.02, "momentum": 0.9, "check_samples": 2},
          "eval": {"boundary_f1": TOLERANCE}}


def boundary(of_class):
    """Pixels with another value above, below or beside them."""
    found = np.zeros_like(of_class)
    rows, columns = of_class[1:] != of_class[:-1], of_class[:, 1:] != of_class[:, :-1]
    found[1:] |= rows
    found[:-1] |= rows
    found[:, 1:] |= columns
    found[:, :-1] |= columns
    return found


def f1(truth, said, known, reach, label):
    """known: pixels with a label; in void the truth counts near these, a prediction where it is right."""
    a, b = boundary(said == label), boundary(truth == label)
    b &= ndimage.distance_transform_edt(~known) <= reach if not known.all() else True
    a &= known | (ndimage.distance_transform_edt(~boundary(truth == label)) <= reach)
    if not a.any() and not b.any():
        return 1.0
    if not a.any() or not b.any():  # the other one alone tells
        near = ndimage.distance_transform_edt(~boundary((truth if a.any() else said) == label))
        return float((near[a if a.any() else b] <= reach).mean())
    precision = (ndimage.distance_transform_edt(~boundary(truth == label))[a] <= reach).mean()
    recall = (ndimage.distance_transform_edt(~boundary(said == label))[b] <= reach).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        config, out = os.path.join(folder, "config.json"), os.path.join(folder, "run")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(CONFIG, file)
        subprocess.run([program, "train", "--config", config, "--out", out], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        score = read_json(os.path.join(out, "result.json"))["metrics"]["boundary_f1"]
        pictures = os.path.join(out, "pictures")
        images, by_class = [], {}
        for kept in read_json(os.path.join(pictures, "kept.json")):
            truth = np.array(png_indices(read_bytes(os.path.join(pictures, kept["truth"]))))
            said = np.array(png_indices(read_bytes(os.path.join(pictures, kept["prediction"]))))
            known = truth != 255
            if not known.all():  # void becomes what is nearest; ties may fall otherwise
                nearest = ndimage.distance_transform_cdt(~known, "taxicab", return_distances=False,
                                                         return_indices=True)
                filled = truth[tuple(nearest)]
            else:
                filled = truth
            reach = TOLERANCE * np.hypot(*truth.shape)
            classes = set(truth[known]) | set(said[known])
            scores = []
            for label in sorted(classes):
                in_both = label in set(truth[known]) and label in set(said[known])
                scores.append(f1(filled, said, known, reach, label) if in_both else 0.0)
                by_class.setdefault(label, []).append(scores[-1])
            images.append(np.mean(scores))
        mean = float(np.mean(images))
        print("boundary F1: ours %.6f, SciPy's distances %.6f" % (score["mean"], mean))
        assert mean > 0.05, "the network has learnt too little for a test"
        assert abs(score["mean"] - mean) < 0.005, (score["mean"], mean)
        for label, values in by_class.items():
            assert abs(score["per_class"][label] - np.mean(values)) < 0.02, label


if __name__ == "__main__":
    main(sys.argv[1])
