#!/usr/bin/env python3
"""Runs of which some fail: the others are finished, the report says which and why."""

import json
import os
import subprocess
import time
import unittest

from harness import (PROGRAM, TINY_BACKBONE, ProgramTest, environment, mask_png, read_json,
                     rgb_png)

SWEEP = {
    "title": "Some fail",
    "baseline": "steady [lr=0.01]",
    "data": {"name": "shapes", "height": 48, "width": 48,
             "train": {"split": "train", "size": 8}, "val": {"split": "val", "size": 6}},
    "train": {"iterations": 6, "batch": 2, "log_every": 2, "check_samples": 2},
    "model": {"name": "fcn32s", "backbone": TINY_BACKBONE},
    "runs": [{"name": "steady", "train": {"momentum": 0.9}}],
    "sweep": {"train.lr": [0.01, 1e11, 0.02]}}


class SweepTest(ProgramTest):
    def sweep(self, content=None, name="sweep.json", *more):
        return self.seglab("run", self.write(name, content or SWEEP), "--out", self.path("runs"),
                           *more, cwd=self.folder)

    def result(self, name="sweep"):
        return read_json(self.path("runs", name, "result.json"))

    def test_a_diverging_run_stops_no_other(self):
        found = self.sweep()
        self.assertEqual(found.code, 1, str(found))
        last = found.err.splitlines()[-1]
        self.assertIn("1 run failed, the others are finished: steady [lr=100000000000.0]: ", last)
        self.assertIn("--retry", last)
        self.assertIn("failed: steady [lr=100000000000.0]: ", found.out)
        self.assertIn("apart", found.out.replace("beats", "apart"), "compared with the baseline")
        result = self.result()
        self.assertEqual([run["name"] for run in result["runs"]],
                         ["steady [lr=0.01]", "steady [lr=0.02]"])
        self.assertEqual([run["state"] for run in result["unfinished"]], ["failed"])
        self.assertEqual([pair["first"] for pair in result["certainty"]["pairs"]],
                         ["steady [lr=0.01]"])
        with open(self.path("runs", "sweep", "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("failed: steady [lr=100000000000.0]", page)
        self.assertIn("How sure", page)

        # Not again unasked; all that is finished stays.
        again = self.sweep()
        self.assertEqual(again.code, 1, str(again))
        self.assertIn("failed, tried again with --retry", again.err)
        self.assertNotIn("100000000000.0]: failed: ", again.err, "it was not tried")
        retried = self.sweep(None, "sweep.json", "--retry")
        self.assertEqual(retried.code, 1, str(retried))
        self.assertIn("100000000000.0]: failed: ", retried.err)

    def test_what_starts_from_a_failed_run_is_left_out(self):
        content = {key: value for key, value in SWEEP.items() if key not in ("sweep", "baseline")}
        content["runs"] = [{"name": "A", "train": {"lr": 1e11}}, {"name": "B", "init": "A"},
                           {"name": "C", "init": "B"}, {"name": "D", "train": {"lr": 0.01}}]
        found = self.sweep(content, "chain.json")
        self.assertEqual(found.code, 1, str(found))
        result = self.result("chain")
        self.assertEqual([run["name"] for run in result["runs"]], ["D"])
        self.assertEqual([(run["name"], run["state"]) for run in result["unfinished"]],
                         [("A", "failed"), ("B", "left out"), ("C", "left out")])
        self.assertIn("starts from A", result["unfinished"][1]["reason"])

    def test_a_broken_picture_that_only_one_run_reads(self):
        for folder in ("good", "bad"):
            self.write(os.path.join(folder, "classes.json"), {"names": ["sky", "road"]})
            for i in range(6):
                for kind, content in (("images", rgb_png(40, 36)),
                                      ("masks", mask_png([[i % 2] * 40] * 36))):
                    # The last picture, which the checks before do not look at.
                    broken = folder == "bad" and kind == "images" and i == 5
                    self.write(os.path.join(folder, kind, "%02d.png" % i),
                               content[:-20] if broken else content)
        data = {"name": "folder", "train": {"split": ""}, "val": {"split": ""}}
        content = {"title": "Pictures", "model": SWEEP["model"],
                   "train": dict(SWEEP["train"], lr=0.01),
                   "runs": [{"name": name, "data": dict(data, root=self.path(name))}
                            for name in ("bad", "good")]}
        found = self.sweep(content, "photos.json")
        self.assertEqual(found.code, 1, str(found))
        self.assertIn("failed", found.err, str(found))
        result = self.result("photos")
        self.assertEqual([run["name"] for run in result["runs"]], ["good"])
        self.assertIn("05.png", result["unfinished"][0]["reason"])

    def test_a_report_at_half_time(self):
        content = json.loads(json.dumps(SWEEP))
        content["sweep"] = {"train.lr": [0.01, 0.011, 0.012, 0.013]}
        experiment = self.write("half.json", content)
        folder = self.path("runs", "half")
        with subprocess.Popen([PROGRAM, "run", experiment, "--out", self.path("runs")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=environment()) as program:
            while program.poll() is None and not os.path.exists(os.path.join(folder,
                                                                             "report.html")):
                time.sleep(0.01)
            program.kill()
        done = self.succeed("report", folder)
        runs = len(self.result("half")["runs"])
        self.assertGreaterEqual(runs, 1)
        if runs < 4:  # else it was quicker than us
            self.assertIn("%d of 4 runs are finished, %d to come" % (runs, 4 - runs), done.out)
        self.succeed("run", experiment, "--out", self.path("runs"))
        self.assertEqual(len(self.result("half")["runs"]), 4)
        self.assertNotIn("unfinished", self.result("half"))

    def test_a_hopeless_run_is_given_up(self):
        content = {key: value for key, value in SWEEP.items() if key not in ("sweep", "baseline")}
        content["train"] = dict(SWEEP["train"], lr=0.01, eval_every=2,
                                give_up={"after": 4, "below": 0.99})
        found = self.sweep(content, "hopeless.json")
        self.assertEqual(found.code, 1, str(found))
        self.assertIn("iteration 4 is below", found.err.splitlines()[-1])
        content["train"]["eval_every"] = 0
        self.fail_with(1, "run", self.write("x.json", content), "--out", self.path("runs"),
                       says=["give_up", "eval_every"])

    def test_own_pictures_to_predictions(self):
        for i in range(6):
            self.write("mine/pics/%02d.png" % i, rgb_png(70, 66, (40 * (i % 2), 90, 200)))
            self.write("mine/labels/%02d_mask.png" % i, mask_png([[255 * (x > 30) for x in range(70)]
                                                                  ] * 66))
        found = self.succeed("init", self.path("mine"), "--out", self.path("mine.json"))
        self.assertIn("6 pictures with masks", found.out)
        self.assertIn("background and object", found.out)
        self.fail_with(1, "init", self.path("mine"), "--out", self.path("mine.json"),
                       says=["is there already"])
        small = ("--set", "train.iterations=4", "--set",
                 "model.backbone=" + json.dumps(TINY_BACKBONE))
        plan = self.succeed("run", self.path("mine.json"), "--out", self.path("plan"), *small,
                            "--dry-run")
        self.assertRegex(plan.err, r"FCN-8s: 4 steps of [0-9.]+ s, .* images scored")
        self.assertRegex(plan.err, r"in all about .* of memory, .* of checkpoints")
        run = self.seglab("run", self.path("mine.json"), "--out", self.path("runs"), *small)
        self.assertEqual(run.code, 0, str(run))
        self.succeed("predict", "--checkpoint", self.path("runs", "mine", "FCN-8s"), "--out",
                     self.path("out"), self.path("mine", "pics", "00.png"))
        self.assertTrue(os.listdir(self.path("out")))
        self.fail_with(1, "init", self.path("nowhere"), says=["nowhere", "no such folder"])

    def test_a_training_has_a_report(self):
        run = dict({key: SWEEP[key] for key in ("data", "model")},
                   train=dict(SWEEP["train"], lr=0.01))
        folder = self.path("training")
        self.succeed("train", "--config", self.write("run.json", run), "--out", folder)
        before = read_json(os.path.join(folder, "result.json"))
        os.remove(os.path.join(folder, "report.html"))
        done = self.succeed("report", folder)
        self.assertIn("mean IU", done.out)
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
            self.assertIn("How sure", file.read())
        self.assertEqual(read_json(os.path.join(folder, "result.json")), before)

    def test_the_baseline_must_be_a_row(self):
        content = dict(SWEEP, baseline="steadi")
        self.fail_with(1, "run", self.write("x.json", content), "--out", self.path("runs"),
                       says=["baseline", "steadi", "steady"])


if __name__ == "__main__":
    unittest.main()
