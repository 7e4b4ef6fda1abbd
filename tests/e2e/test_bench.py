#!/usr/bin/env python3
"""seglab bench: each benchmark ends, says what it found, and refuses what it has no use for."""

import json
import unittest

from harness import TINY_BACKBONE, ProgramTest, read_json

FEW = ("--warm-up", 1, "--repeats", 2)
MODEL = json.dumps({"name": "fcn32s", "backbone": TINY_BACKBONE})
BENCHMARKS = {
    "inference": ("--model", MODEL, "--height", 40, "--width", 48),
    "train": ("--model", MODEL, "--height", 40, "--width", 48, "--batch", 2, "--classes", 3),
    "data": ("--dataset", "shapes", "--set", "size=4", "--set", "height=32", "--set", "width=32",
             "--transforms", "[{\"name\": \"flip\"}]", "--threads", 1),
    "crf": ("--height", 40, "--width", 48, "--classes", 3, "--set", "iterations=2"),
    "proposals": ("--height", 48, "--width", 64, "--set", "width=64"),
    "metrics": ("--pixels", 10000, "--classes", 5),
}


class Bench(ProgramTest):
    def test_each(self):
        for kind, options in BENCHMARKS.items():
            with self.subTest(kind=kind):
                file = self.path(kind + ".json")
                said = self.succeed("bench", kind, *options, *FEW, "--json", file).out
                self.assertIn("median", said)
                found = read_json(file)
                self.assertEqual(found["kind"], kind)
                self.assertEqual(found["repeats"], 2)
                seconds = found["seconds"]
                self.assertTrue(0 < seconds["fastest"] <= seconds["median"] <= seconds["slowest"])
                self.assertAlmostEqual(found["items_per_second"] * seconds["median"],
                                       found["items"])
                self.assertEqual("floor" in found, kind not in ("data", "proposals"))
                self.assertIn("LibTorch", found["runtime"])

    def test_refuses(self):
        self.fail_with(2, "bench", says=["argument"])
        self.fail_with(2, "bench", "inferense", says=["inferense", "inference"])
        self.fail_with(2, "bench", "metrics", "--height", 40, says=["no --height", "--pixels"])
        self.fail_with(2, "bench", "inference", "--height", 5, says=["--height", "32"])
        self.fail_with(2, "bench", "data", *FEW, says=["--dataset"])
        self.fail_with(2, "bench", "train", "--model", "rcnn", says=["proposals"])
        self.fail_with(2, "bench", "crf", "--seconds", "-1", says=["--seconds"])


if __name__ == "__main__":
    unittest.main()
