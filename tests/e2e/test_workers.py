#!/usr/bin/env python3
"""Several processes that divide an experiment's runs, and some of them killed."""

import glob
import json
import os
import random
import signal
import subprocess
import time
import unittest

from harness import PROGRAM, TINY_BACKBONE, ProgramTest, environment, read_json, read_safetensors

SWEEP = {
    "title": "Divided",
    "data": {"name": "shapes", "height": 48, "width": 48,
             "train": {"split": "train", "size": 8}, "val": {"split": "val", "size": 6}},
    "train": {"iterations": 40, "batch": 2, "log_every": 10, "check_samples": 2, "threads": 1,
              "checkpoint_every": 5},
    "model": {"name": "fcn32s", "backbone": TINY_BACKBONE},
    "runs": [{"name": "first", "train": {"momentum": 0.9}},
             {"name": "second", "init": "first", "train": {"momentum": 0.9}}],
    "sweep": {"train.lr": [0.05, 0.06, 0.07, 0.08], "seed": [1, 2, 3]}}


def rows(folder):
    """The table: names and scores."""
    result = read_json(os.path.join(folder, "result.json"))
    return sorted((run["name"], json.dumps(run["metrics"])) for run in result["runs"])


def weights(folder):
    """Of all runs, as bytes."""
    return {run: read_safetensors(os.path.join(folder, run, "last.safetensors"))[0]
            for run in os.listdir(folder)
            if os.path.exists(os.path.join(folder, run, "last.safetensors"))}


class WorkersTest(ProgramTest):
    def command(self, content, out, *more):
        return [PROGRAM, "run", self.write("divided.json", content), "--out", self.path(out)] + \
            list(more)

    def succeed_quietly(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment(), universal_newlines=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_killed_ten_times(self):
        alone = self.succeed_quietly(self.command(SWEEP, "alone"))
        command = self.command(SWEEP, "divided")
        folder = self.path("divided", "divided")
        chance, kills, workers = random.Random(14), 0, []

        def start():
            workers.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            env=environment(), universal_newlines=True))

        for _ in range(3):
            start()
        while kills < 10:
            time.sleep(chance.uniform(0.3, 1.2))
            victim = chance.choice(workers[-3:])
            if victim.poll() is None:
                victim.send_signal(signal.SIGKILL)
                victim.communicate()
                kills += 1
                workers.remove(victim)
                start()
            elif all(worker.poll() is not None for worker in workers):
                break
        for worker in workers:
            _, err = worker.communicate(timeout=600)
            self.assertEqual(worker.returncode, 0, err)
        print("killed %d times" % kills)
        self.assertGreaterEqual(kills, 1, "the work was done before")
        self.assertEqual(rows(folder), rows(self.path("alone", "divided")))
        self.assertEqual(len(rows(folder)), 24)
        self.assertEqual(weights(folder), weights(self.path("alone", "divided")), "bit for bit")
        for run in glob.glob(os.path.join(glob.escape(folder), "*", "metrics.jsonl")):
            with open(run, encoding="utf-8") as file:
                made = [json.loads(line)["iteration"] for line in file if "loss" in line]
            self.assertEqual(made, [10, 20, 30, 40], run)
            with open(os.path.join(os.path.dirname(run), "log.txt"), encoding="utf-8") as file:
                self.assertLessEqual(file.read().count("done in"), 1, run)
        left = [name for name in glob.glob(os.path.join(glob.escape(folder), "**"), recursive=True)
                if os.path.basename(name).startswith(("claim.", "report.1", "lock"))]
        self.assertEqual(left, [], "what the dead left is tidied up")
        self.assertEqual(self.table(alone.stdout), self.table(self.seglab(*command[1:]).out))

    def table(self, text):
        """Without the times."""
        return [line.split()[:1] + [word for word in line.split() if "." in word][:4]
                for line in text.splitlines() if line.strip().startswith(("first", "second"))]

    def test_workers(self):
        content = dict(SWEEP, sweep={"train.lr": [0.05, 0.06]})
        found = self.succeed_quietly(self.command(content, "runs", "--workers", "3"))
        self.assertEqual(found.stdout.count("mean IU  f.w. IU"), 1, "one table: " + found.stdout)
        self.assertRegex(found.stderr, r"\n\[[123]\] ")
        self.assertEqual(len(rows(self.path("runs", "divided"))), 4)
        # All is there: nothing is made again.
        again = self.succeed_quietly(self.command(content, "runs", "--workers", "2"))
        self.assertNotIn("training", again.stderr.split("report:")[0].replace("pre-training", ""))
        self.assertEqual(self.table(again.stdout), self.table(found.stdout))

    def test_a_mistake_and_a_failure(self):
        content = dict(SWEEP, sweep={"train.lr": [0.05, 1e11]})
        found = self.seglab(*self.command(content, "runs", "--workers", "2")[1:])
        self.assertEqual(found.code, 1, str(found))
        self.assertIn("1 run failed, 1 that start from it are left out", found.err.splitlines()[-1])
        self.assertEqual(len(rows(self.path("runs", "divided"))), 2)
        again = self.seglab(*self.command(content, "runs", "--workers", "2", "--retry")[1:])
        self.assertEqual(again.code, 1, "it fails again: " + str(again))
        self.assertIn("failed: the loss is no longer finite", again.err)
        wrong = dict(content, model={"name": "fcn32", "backbone": TINY_BACKBONE})
        mistake = self.seglab(*self.command(wrong, "other", "--workers", "2")[1:])
        self.assertEqual(mistake.code, 1, str(mistake))
        self.assertEqual(mistake.err.count("seglab: error"), 1, mistake.err)
        self.assertIn("did you mean \"fcn32s\"", mistake.err)

    def test_stopped_workers_go_on(self):
        command = self.command(SWEEP, "runs", "--workers", "2")
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(), universal_newlines=True)
        while not glob.glob(self.path("runs", "divided", "*", "metrics.jsonl")):
            time.sleep(0.02)
        started.terminate()
        _, err = started.communicate(timeout=60)
        self.assertEqual(started.returncode, 128 + signal.SIGTERM, err)
        left = [name for name in glob.glob(self.path("runs", "divided", "*", "*"))
                if os.path.basename(name).startswith("claim.")]
        self.assertEqual(left, [])

    def test_one_run_and_a_report(self):
        content = dict(SWEEP, sweep={"train.lr": [0.05, 0.06]})
        self.succeed_quietly(self.command(content, "runs", "--only", "first [lr=0.05]"))
        half = self.succeed_quietly(self.command(content, "runs", "--report"))
        self.assertIn("1 of 4 runs are finished, 3 to come", half.stdout)
        early = self.seglab(*self.command(content, "runs", "--only", "second [lr=0.06]")[1:])
        self.assertEqual(early.code, 1, str(early))
        self.assertIn("second [lr=0.06]: starts from first [lr=0.06], which is not finished",
                      early.err.splitlines()[-1])
        self.assertNotIn("second [lr=0.05]", early.err, "the plan of the one run")
        self.fail_with(2, *self.command(content, "runs", "--workers", "0")[1:], says="--workers")
        self.fail_with(2, *self.command(content, "runs", "--workers", "2", "--nproc", "2")[1:],
                       says=["--workers", "--nproc"])
        self.fail_with(2, *self.command(content, "runs", "--launcher", "slrm")[1:],
                       says="did you mean \"slurm\"")


if __name__ == "__main__":
    unittest.main()
