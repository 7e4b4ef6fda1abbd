#!/usr/bin/env python3
"""Several processes that train one network: the same result as one, and what happens when one is lost."""

import json
import os
import shutil
import signal
import struct
import subprocess
import time
import unittest

from harness import (PROGRAM, TINY_BACKBONE, ProgramTest, environment, read_json, read_safetensors,
                     seglab, shared_folder)

PLAIN = dict(TINY_BACKBONE, dropout=0)
NORMED = dict(TINY_BACKBONE, name="vgg11_bn", dropout=0)


def config(backbone=None, **train):
    return {"model": {"name": "fcn16s", "backbone": backbone or PLAIN},
            "data": {"name": "shapes", "height": 48, "width": 64, "train": {"size": 40},
                     "val": {"split": "val", "size": 7}},
            "train": dict({"iterations": 12, "batch": 6, "lr": 0.02, "momentum": 0.9, "log_every": 4,
                           "eval_every": 6, "check_samples": 2, "threads": 1}, **train)}


def weights(folder):
    tensors, _ = read_safetensors(os.path.join(folder, "last.safetensors"))
    return {name: struct.unpack("<%df" % (len(data) // 4), data)
            for name, (kind, _, data) in tensors.items()
            if kind == "F32" and not name.startswith("optimizer") and "num_batches" not in name}


def farthest(a, b):
    """The largest difference of two networks' weights, as part of the largest of each tensor.
    Biases before batch norm have no gradient but rounding, and are left out."""
    assert a.keys() == b.keys()
    tensors = [name for name in a if max(map(abs, a[name])) > 1e-5]
    assert len(tensors) > len(a) / 2
    return max(max(abs(x - y) for x, y in zip(a[name], b[name])) / max(map(abs, a[name]))
               for name in tensors)


class ParallelTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = shared_folder()

    def train(self, name, content, *more, code=0):
        path, out = self.write(name + ".json", content), self.path(name)
        result = self.seglab("train", "--config", path, "--out", out, *more)
        self.assertEqual(result.code, code, str(result))
        return out

    def metrics(self, out):
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def same(self, one, many, bound):
        self.assertLess(farthest(weights(one), weights(many)), bound)
        ours, theirs = self.metrics(one), self.metrics(many)
        self.assertEqual([line["iteration"] for line in ours], [line["iteration"] for line in theirs])
        for a, b in zip(ours, theirs):
            for key in ("loss", "mean_iou", "pixel_acc"):
                if key in a:
                    self.assertAlmostEqual(a[key], b[key], delta=0.01 * abs(a[key]) + 1e-6, msg=key)

    def test_two_and_three_equal_one(self):
        one = self.train("one", config())
        for count in (2, 3):
            self.same(one, self.train("of%d" % count, config(), "--nproc", count), 1e-4)

    def test_uneven_shares_and_passes(self):
        content = config(batch=5, accumulate=2, iterations=6)
        self.same(self.train("one", content), self.train("three", content, "--nproc", 3), 1e-4)

    def test_batch_norm_over_all_processes(self):
        content = config(NORMED, sync_bn=True, iterations=8, eval_every=4)
        one = self.train("one", content)
        self.same(one, self.train("three", content, "--nproc", 3), 5e-3)
        alone = self.train("alone", config(NORMED, iterations=8, eval_every=4), "--nproc", 3)
        self.assertGreater(farthest(weights(one), weights(alone)), 5e-3, "each took its own statistics")

    def test_averages_and_an_early_end(self):
        content = config(NORMED, sync_bn=True, iterations=12, eval_every=2, ema=0.9,
                         optimizer={"name": "adamw", "eps": 1e-3}, lr=0.002, checkpoint_every=1,
                         early_stopping={"patience": 2, "min_delta": 1})
        del content["train"]["momentum"]
        one, many = self.train("one", content), self.train("many", content, "--nproc", 2)
        for out in (one, many):  # no score is better than the first one by 1
            self.assertEqual(read_json(os.path.join(out, "result.json"))["iterations"], 6)
        self.same(one, many, 5e-2)

    def test_each_image_is_scored_once_and_in_order(self):
        one, many = self.train("one", config()), self.train("many", config(), "--nproc", 3)
        names = []
        for out in (one, many):
            with open(os.path.join(out, "images.jsonl"), encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
            names.append([line["name"] for line in lines])
            self.assertEqual(sum(sum(line["truth"]) for line in lines),
                             sum(sum(row) for row in
                                 read_json(os.path.join(out, "result.json"))["metrics"]["confusion"]))
        self.assertEqual(len(names[0]), 7)
        self.assertEqual(names[0], names[1])

    def test_a_lost_process_ends_the_others_and_any_number_goes_on(self):
        # Small steps: rounding is not blown up over so many.
        content = config(iterations=400, lr=0.001, momentum=0.5, checkpoint_every=5, log_every=5,
                         eval_every=0)
        path, out = self.write("long.json", content), self.path("long")
        command = [PROGRAM, "train", "--config", path, "--out", out]
        started = subprocess.Popen(command + ["--nproc", "3"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment(), universal_newlines=True)
        log = os.path.join(out, "metrics.jsonl")
        self.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 200)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(started.pid)],
                                  stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
        self.assertEqual(len(children), 3)
        os.kill(int(children[1]), signal.SIGKILL)
        begun = time.monotonic()
        _, err = started.communicate(timeout=60)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertNotEqual(started.returncode, 0)
        errors = [line for line in err.splitlines() if line.startswith("seglab: error: ")]
        self.assertTrue(any("was ended by signal 9" in line for line in errors), err)
        for line in errors:
            self.assertRegex(line, "was ended by signal 9|another process is gone")
        for pid in children:
            self.assertFalse(os.path.exists("/proc/%s" % pid), "process %s lives on" % pid)
        # With other numbers of processes, to the end that an undisturbed one comes to.
        undisturbed = self.train("undisturbed", content)
        for count in (1, 3):
            copy = self.path("of%d" % count)
            shutil.copytree(out, copy)
            again = self.seglab("train", "--config", path, "--out", copy, "--nproc", count)
            self.assertEqual(again.code, 0, str(again))
            self.assertIn("goes on at iteration", again.err)
            self.assertLess(farthest(weights(undisturbed), weights(copy)), 0.02)

    def test_a_lost_process_is_no_failure_of_the_run(self):
        content = config(iterations=400, lr=0.001, checkpoint_every=5, log_every=5, eval_every=0)
        content["runs"] = [{"name": "long"}]
        command = [PROGRAM, "run", self.write("lost.json", content), "--out", self.path("runs"),
                   "--nproc", "2"]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(), universal_newlines=True)
        folder = self.path("runs", "lost", "long")
        log = os.path.join(folder, "metrics.jsonl")
        self.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 200)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(started.pid)],
                                  stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
        os.kill(int(children[1]), signal.SIGKILL)
        _, err = started.communicate(timeout=60)
        self.assertNotEqual(started.returncode, 0)
        self.assertNotIn("internal error", err)
        self.assertFalse(os.path.exists(os.path.join(folder, "failed.json")), err)

    def test_a_stop_is_saved_by_all(self):
        content = config(iterations=4000, lr=0.001, log_every=5, eval_every=40)
        path, out = self.write("stopped.json", content), self.path("stopped")
        command = [PROGRAM, "train", "--config", path, "--out", out, "--nproc", "2"]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(), universal_newlines=True)
        log = os.path.join(out, "metrics.jsonl")
        self.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 200)
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=60)
        self.assertEqual(started.returncode, 128 + signal.SIGINT, err)
        self.assertNotIn("another process is gone", err)
        self.assertTrue(os.path.exists(os.path.join(out, "last.safetensors")), err)

    def wait_until(self, true):
        until = time.monotonic() + 120
        while not true():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def test_mistakes(self):
        path = self.write("c.json", config(batch=2))
        self.fail_with(2, "train", "--config", path, "--out", self.path("a"), "--nproc", "none",
                       says="--nproc")
        result = self.seglab("train", "--config", path, "--out", self.path("b"), "--nproc", 3)
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("a batch of 2 cannot be shared by 3 processes", result.err)
        twice = self.seglab("run", self.path("none.json"), "--nproc", 3)
        self.assertEqual((twice.code, twice.err.count("seglab: error")), (1, 1), str(twice))
        missing = self.seglab("train", "--config", path, "--out", self.path("c"),
                              env={"WORLD_SIZE": "2"})
        self.assertEqual(missing.code, 1, str(missing))
        self.assertIn("RANK: is not set", missing.err)


if __name__ == "__main__":
    unittest.main()
