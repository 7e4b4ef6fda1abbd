#!/usr/bin/env python3
"""The region network as a user meets it: fitted, evaluated, used, killed and gone on with."""

import glob
import json
import os
import signal
import subprocess
import time
import unittest

from harness import (PROGRAM, RGB, TINY_BACKBONE, ProgramTest, environment, floats, png,
                     png_indices, read_bytes, read_json, read_safetensors, seglab, shared_folder)

MODEL = {"name": "rcnn", "backbone": TINY_BACKBONE, "crop": {"side": 32, "context": 4},
         "proposals": {"width": 0, "min_side": 8, "max_regions": 20}}
DATA = {"name": "shapes", "height": 64, "width": 72, "train": {"size": 12},
        "val": {"split": "val", "size": 3}}
FIT = {"fit": {"min_object": 6, "mining": {"passes": 3}, "threshold": {"goal": "mean_iou"}}}


def state(path):
    """Tensors of a checkpoint, and its metadata without what time tells."""
    tensors, metadata = read_safetensors(path)
    metadata = dict(metadata, state={key: value for key, value in json.loads(
        metadata["state"]).items() if key != "seconds"})
    return tensors, metadata


class Rcnn(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = shared_folder()
        cls.config = os.path.join(cls.shared, "config.json")
        with open(cls.config, "w", encoding="utf-8") as file:
            json.dump({"model": MODEL, "data": DATA, "train": FIT}, file)
        cls.network = os.path.join(cls.shared, "run")
        cls.fitted = seglab("train", "--config", cls.config, "--out", cls.network)
        if cls.fitted.code != 0:
            raise RuntimeError(str(cls.fitted))

    def test_is_fitted_and_scored(self):
        tensors, _ = read_safetensors(os.path.join(self.network, "last.safetensors"))
        weights = floats(tensors["svm_weight"])
        self.assertEqual(tensors["svm_weight"][1], [10, 2 * 256])
        self.assertGreater(max(abs(weight) for weight in weights), 0)
        lines = [json.loads(line) for line in
                 read_bytes(os.path.join(self.network, "metrics.jsonl")).splitlines()]
        self.assertEqual(len(lines), 10)
        trained = [line for line in lines if line["trained"]]
        self.assertGreater(len(trained), 3)
        for line in trained:
            self.assertGreater(line["positives"], 0)
            self.assertGreater(line["objective"], 0)
        for line in lines:
            if not line["trained"]:  # said clearly, the others are trained
                self.assertIn(line["class"], self.fitted.err)
        out = self.path("scores.json")
        self.succeed("eval", "--checkpoint", self.network, "--dataset", "shapes", "--split", "val",
                     "--set", "height=64", "--set", "width=72", "--set", "size=3", "--json", out)
        self.assertEqual(read_json(out)["images"], 3)

    def test_the_same_seed_gives_the_same_bits(self):
        again = self.path("again")
        self.succeed("train", "--config", self.config, "--out", again)
        self.assertEqual(state(os.path.join(again, "last.safetensors")),
                         state(os.path.join(self.network, "last.safetensors")))

    def test_a_killed_fit_keeps_its_features(self):
        out = self.path("killed")
        process = subprocess.Popen([PROGRAM, "train", "--config", self.config, "--out", out],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment())
        pattern = os.path.join(out, "features", "*.safetensors")
        deadline = time.time() + 120
        while process.poll() is None and len(glob.glob(pattern)) < 5 and time.time() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = {path: os.stat(path).st_mtime_ns for path in glob.glob(pattern)}
        self.assertGreaterEqual(len(before), 5)
        self.succeed("train", "--config", self.config, "--out", out)
        self.assertEqual(before, {path: os.stat(path).st_mtime_ns for path in before})
        self.assertEqual(state(os.path.join(out, "last.safetensors")),
                         state(os.path.join(self.network, "last.safetensors")))

    def test_a_damaged_cache_is_made_anew(self):
        out = self.path("damaged")
        self.succeed("train", "--config", self.config, "--out", out)
        for name in ("last.safetensors", "result.json"):
            if os.path.exists(os.path.join(out, name)):
                os.remove(os.path.join(out, name))
        files = sorted(glob.glob(os.path.join(out, "features", "*")))
        features = next(path for path in files if path.endswith(".safetensors"))
        regions = next(path for path in files if path.endswith(".regions"))
        for path in (features, regions):
            content = read_bytes(path)
            with open(path, "wb") as file:
                file.write(content[:len(content) // 2])
        again = self.succeed("train", "--config", self.config, "--out", out)
        for path in (features, regions):
            self.assertIn(os.path.basename(path), again.err)
        self.assertEqual(state(os.path.join(out, "last.safetensors")),
                         state(os.path.join(self.network, "last.safetensors")))

    def test_predicts_any_image(self):
        pictures = {"flat.png": png(40, 30, [bytes((90, 120, 30)) * 40] * 30, color=RGB),
                    "small.png": png(3, 2, [bytes(range(9))] * 2, color=RGB)}
        paths = [self.write(name, content) for name, content in pictures.items()]
        out = self.path("masks")
        self.succeed("predict", "--checkpoint", self.network, "--out", out, *paths)
        for name, size in (("flat", (40, 30)), ("small", (3, 2))):
            rows = png_indices(read_bytes(os.path.join(out, name + ".png")))
            self.assertEqual((len(rows[0]), len(rows)), size)

    def test_mistakes(self):
        def config(**changes):
            name = "mistake%d.json" % len(os.listdir(self.folder))
            return self.write(name, dict({"model": MODEL, "data": DATA, "train": FIT}, **changes))

        cases = [
            ({"train": {"iterations": 5}}, "is fitted to features, not descended"),
            ({"model": {"name": "fcn32s", "backbone": TINY_BACKBONE},
              "train": dict(FIT, iterations=1)}, "is for networks that are fitted"),
            ({"model": dict(MODEL, backbone="mobilenet_v2")}, "this backbone has no fc6"),
            ({"model": dict(MODEL, features="mask")}, "features"),
            ({"model": dict(MODEL, crop={"side": 8, "context": 4})}, "model.crop.side"),
            ({"train": {"fit": {"threshold": {"goal": "best"}}}}, "threshold.goal"),
        ]
        for changes, says in cases:
            self.will_fail_with(1, "train", "--config", config(**changes), "--out",
                                self.path("nowhere"), says=says, long=True)


if __name__ == "__main__":
    unittest.main()
