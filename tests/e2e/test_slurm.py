#!/usr/bin/env python3
"""Experiments and trainings under a Slurm of two nodes, started here."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import slurm_cluster
from harness import PROGRAM, TINY_BACKBONE, ProgramTest, environment, read_json, read_safetensors

EXPERIMENT = {
    "title": "On a cluster",
    "data": {"name": "shapes", "height": 48, "width": 48,
             "train": {"split": "train", "size": 8}, "val": {"split": "val", "size": 6}},
    "train": {"iterations": 30, "batch": 2, "lr": 0.05, "momentum": 0.9, "log_every": 10,
              "check_samples": 2, "threads": 1, "checkpoint_every": 5},
    "model": {"name": "fcn32s", "backbone": dict(TINY_BACKBONE, dropout=0)},
    "runs": [{"name": "first"}, {"name": "diverges", "train": {"lr": 1e11}},
             {"name": "from first", "init": "first"}, {"name": "too", "init": "first", "seed": 2},
             {"name": "from diverges", "init": "diverges"}]}


def weights(folder, run):
    return read_safetensors(os.path.join(folder, run, "last.safetensors"))[0]


@unittest.skipIf(slurm_cluster.why_not(), "no Slurm can be started here: " + slurm_cluster.why_not())
class SlurmTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="seglab-slurm-")
        cls.cluster = slurm_cluster.Cluster(cls.place)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()
        shutil.rmtree(cls.place, ignore_errors=True)

    def environment(self):
        """The nodes have made-up names, which are no addresses."""
        return dict(environment(), SLURM_CONF=self.cluster.config, MASTER_ADDR="127.0.0.1")

    def call(self, *command):
        """A program of the cluster, or ours under it. What Slurm sets here goes with the jobs."""
        done = subprocess.run(command, env=self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def submit(self, content, *more):
        """@return the experiment's folder, and the jobs' numbers by what is said of them"""
        done = self.call(PROGRAM, "run", self.write("exp.json", content), "--out",
                         self.path("runs"), "--launcher", "slurm", *more)
        print(done.stdout)
        return self.path("runs", "exp"), re.findall(r"^  job (\d+)", done.stdout, re.M)

    def transcript(self):
        states = self.cluster.states()
        print("".join("%s: %s, exit %s\n" % (name, *state) for name, state in states.items()))
        return states

    def wait_for(self, true, seconds=120):
        until = time.monotonic() + seconds
        while not true():
            self.assertLess(time.monotonic(), until, self.cluster.logs())
            time.sleep(0.05)

    def test_arrays_with_dependencies_and_a_failed_task(self):
        folder, jobs = self.submit(EXPERIMENT)
        self.assertEqual(len(jobs), 4, "none to wait for, after first, after diverges, the report")
        self.cluster.wait_until_empty()
        states = self.transcript()
        expected = {jobs[0] + "_0": "COMPLETED", jobs[0] + "_1": "FAILED",
                    jobs[1] + "_0": "COMPLETED", jobs[1] + "_1": "COMPLETED",
                    jobs[2] + "_0": "FAILED", jobs[3]: "FAILED"}
        self.assertEqual({name: states[name][0] for name in expected}, expected)
        result = read_json(os.path.join(folder, "result.json"))
        self.assertEqual([run["name"] for run in result["runs"]], ["first", "from first", "too"])
        self.assertEqual([(run["name"], run["state"]) for run in result["unfinished"]],
                         [("diverges", "failed"), ("from diverges", "left out")])
        with open(os.path.join(folder, "slurm", jobs[3] + ".log"), encoding="utf-8") as file:
            self.assertIn("failed: diverges: ", file.read(), "the report's job prints the table")
        self.succeed("run", self.write("exp.json", dict(EXPERIMENT, runs=EXPERIMENT["runs"][:1])),
                     "--out", self.path("alone"))
        # A node's one core and all cores here: the same weights to rounding, and the same rows.
        again = self.call(PROGRAM, "run", self.write("exp.json", EXPERIMENT), "--out",
                          self.path("runs"), "--launcher", "slurm")
        self.assertIn("nothing is left to be made", again.stdout)

    def long(self):
        # No checkpoint in between: what a task goes on from it has saved when it was told.
        train = dict(EXPERIMENT["train"], iterations=1500, lr=0.001, log_every=50,
                     checkpoint_every=0)
        return dict(EXPERIMENT, train=train, runs=[{"name": "long"}])

    def test_a_task_that_is_queued_again_goes_on(self):
        for how in ("requeue", "notice", "notice to two processes"):
            with self.subTest(how):
                more = ("--nproc", "2") if "two" in how else ()
                folder, jobs = self.submit(self.long(), *more)
                task, log = jobs[0] + "_0", os.path.join(folder, "long", "metrics.jsonl")
                self.wait_for(lambda: os.path.exists(log) and os.path.getsize(log) > 100)
                if how == "requeue":
                    self.call("scontrol", "requeue", task)
                else:  # what Slurm does two minutes before a task's time is over
                    self.call("scancel", "--batch", "--signal=USR1", task)
                # Two minutes pass before Slurm starts it again, unless it is told to.
                self.wait_for(lambda: self.cluster.states()[task][0] == "PENDING")
                self.call("scontrol", "update", "jobid=" + task, "starttime=now")
                self.cluster.wait_until_empty()
                self.assertEqual(self.transcript()[task][0], "COMPLETED")
                with open(glob.glob(os.path.join(folder, "slurm", task + ".log"))[0],
                          encoding="utf-8") as file:
                    text = file.read()
                self.assertEqual(text.count("task " + task), 2, text)
                self.assertIn("goes on at iteration", text)
                with open(log, encoding="utf-8") as file:
                    self.assertEqual(sum("loss" in line for line in file), 30, "nothing twice")
                shutil.rmtree(folder)

    def test_srun_trains_over_two_nodes(self):
        content = {key: EXPERIMENT[key] for key in ("model", "data", "train")}
        content["train"] = dict(content["train"], iterations=10)
        path = self.write("train.json", content)
        done = self.call("srun", "--nodes=2", "--ntasks=2", PROGRAM, "train", "--config", path,
                         "--out", self.path("two"))
        self.assertIn("2 processes that share each batch of 2", done.stderr)
        unknown = subprocess.run(["srun", "--nodes=2", "--ntasks=2", PROGRAM, "train", "--config",
                                  path, "--out", self.path("lost")],
                                 env=dict(environment(), SLURM_CONF=self.cluster.config),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 universal_newlines=True, timeout=60)
        self.assertIn("to be met at \"one\", which has no address here", unknown.stderr)
        self.succeed("train", "--config", path, "--out", self.path("one"))
        one, two = (read_json(self.path(name, "result.json"))["metrics"] for name in ("one", "two"))
        self.assertAlmostEqual(one["mean_iou"], two["mean_iou"], delta=1e-3)

    def test_runs_of_two_processes(self):
        content = dict(EXPERIMENT, runs=[{"name": "first"}, {"name": "from first", "init": "first"}])
        folder, jobs = self.submit(content, "--nproc", "2", "--sbatch=--time=10 --nodes=2")
        self.cluster.wait_until_empty()
        states = self.transcript()
        self.assertEqual({states[name][0] for name in (jobs[0] + "_0", jobs[1] + "_0", jobs[2])},
                         {"COMPLETED"})
        with open(os.path.join(folder, "slurm", jobs[1] + "_0.log"), encoding="utf-8") as file:
            self.assertIn("2 processes that share each batch of 2", file.read())
        self.assertEqual(len(read_json(os.path.join(folder, "result.json"))["runs"]), 2)

    def test_what_sbatch_refuses_is_said(self):
        bad = subprocess.run([PROGRAM, "run", self.write("exp.json", self.long()), "--out",
                              self.path("runs"), "--launcher", "slurm", "--sbatch=--partition=none"],
                             env=self.environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("sbatch refuses the job", bad.stderr.splitlines()[-1])
        self.assertIn("none", bad.stderr.splitlines()[-1] + bad.stderr)


if __name__ == "__main__":
    unittest.main()
