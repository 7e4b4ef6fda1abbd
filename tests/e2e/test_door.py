#!/usr/bin/env python3
"""What a user did ends with 1 and one line, whichever library noticed; output that is lost too."""

import json
import os
import subprocess
import unittest

from harness import PROGRAM, ProgramTest, environment, read_bytes, rgb_png


class Door(ProgramTest):
    def test_paths_that_no_file_system_takes(self):
        os.symlink(self.path("b"), self.path("a"))
        os.symlink(self.path("a"), self.path("b"))
        for path in (self.path("a"), self.path("x" * 300), self.path("a", "b", "c")):
            for command in (("weights", "inspect", path), ("run", path),
                            ("predict", "--checkpoint", path, "--out", self.path("o"), "x.png"),
                            ("train", "--config", path, "--out", self.path("o")),
                            ("data", "doctor", "--dataset", "folder", "--data-root", path)):
                self.will_fail_with(1, *command)

    def test_too_many_threads(self):
        image = self.write("a.png", rgb_png(16, 16))
        self.will_fail_with(1, "score", "--truth", self.folder, "--predictions", self.folder,
                            "--threads", "1000000", says=["--threads", "1000000"])
        self.will_fail_with(1, "eval", "--checkpoint", image, "--dataset", "shapes", "--threads",
                            "1000000", says=["--threads", "1000000"])

    def test_output_that_cannot_be_written(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for command in ("'%s' models > /dev/full", "'%s' models >&-", "'%s' --help > /dev/full"):
            done = subprocess.run(["/bin/sh", "-c", command % PROGRAM], stderr=subprocess.PIPE,
                                  env=environment(), universal_newlines=True)
            self.assertEqual(done.returncode, 1, command + done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn("stdout: cannot be written", done.stderr)

    def test_a_closed_stdout_is_no_file(self):
        """What is opened next must not become the stream that is printed to."""
        path = self.write("x.json", json.dumps({"names": ["a"]}))
        before = read_bytes(path)
        subprocess.run(["/bin/sh", "-c", "'%s' weights inspect '%s' >&- 2>&- <&-" %
                        (PROGRAM, path)], env=environment())
        self.assertEqual(read_bytes(path), before)

    def test_settings_and_experiments_have_bounds(self):
        experiment = self.write("x.json", {"runs": [{"name": "A"}]})
        deep = "model" + ".a" * 30000
        self.will_fail_with(1, "run", experiment, "--dry-run", "--set", deep + "=1", says="steps")
        self.will_fail_with(1, "run", self.write("s.json", {
            "runs": [{"name": "A"}], "sweep": {deep: [1]}}), "--dry-run", says="steps")
        values = list(range(600))
        self.will_fail_with(1, "run", self.write("m.json", {
            "runs": [{"name": "A"}], "sweep": {"seed": values, "train.lr": values}}), "--dry-run",
            says=["360000 runs", "1000"])
        for i in range(26):
            self.write("b%d.json" % i, {"base": ["b%d.json" % (i + 1)] * 2})
        self.write("b26.json", {"runs": [{"name": "A"}]})
        self.will_fail_with(1, "run", self.path("b0.json"), "--dry-run", says="more than 100 files")
        self.will_fail_with(1, "run", self.write("k.json", {
            "k%d" % i: 1 for i in range(60000)}), "--dry-run", says="10000 keys")


if __name__ == "__main__":
    unittest.main()
