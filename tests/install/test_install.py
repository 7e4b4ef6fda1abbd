#!/usr/bin/env python3
"""Seglab as a library: installed, found by another project, linked, and right.

usage: test_install.py PROGRAM BUILD_FOLDER CMAKE [argument of CMake's configure step...]
"""

import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM, BUILD, CMAKE, *CONFIGURE = sys.argv[1:]

os.environ["SEGLAB_PROGRAM"] = PROGRAM
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from harness import TINY_BACKBONE, ProgramTest, png_indices, read_bytes

NETWORK = {"name": "fcn8s", "backbone": TINY_BACKBONE}
DATA = {"name": "shapes", "height": 48, "width": 56, "train": {"size": 16},
        "val": {"split": "val", "size": 2}}
LINE = re.compile(r"(.+): (\d+) pixels, largest score (\S+)")


def with_prefix(prefix, arguments):
    """CMake's arguments, with one more folder to look for packages in."""
    word = "-DCMAKE_PREFIX_PATH="
    others = [a[len(word):] for a in arguments if a.startswith(word) and len(a) > len(word)]
    return [a for a in arguments if not a.startswith(word)] + [word + ";".join([prefix] + others)]


class Install(ProgramTest):
    def call(self, *command):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, timeout=600)
        self.assertEqual(done.returncode, 0, "%s\n%s" % (" ".join(command), done.stdout))
        return done.stdout

    def build_example(self):
        """Installs the library into a new prefix, builds the example with it; the program."""
        prefix, build = self.path("prefix"), self.path("build")
        self.call(CMAKE, "--install", BUILD, "--prefix", prefix)
        self.check_prefix(prefix)
        self.call(CMAKE, "-S", os.path.join(ROOT, "examples", "predict"), "-B", build,
                  *with_prefix(prefix, CONFIGURE))
        self.call(CMAKE, "--build", build)
        return os.path.join(build, "predict")

    def check_prefix(self, prefix):
        installed = os.path.join(prefix, "bin", "seglab")
        self.assertIn("seglab", self.call(installed, "--version"))
        headers = os.path.join(prefix, "include", "seglab")
        self.assertTrue(os.path.isfile(os.path.join(headers, "models", "registry.h")))
        for folder, _, files in os.walk(prefix):
            for name in files:
                self.assertFalse(name.startswith("test_"), os.path.join(folder, name))
                if name.endswith(".cmake"):
                    text = read_bytes(os.path.join(folder, name)).decode()
                    for word in (ROOT, BUILD, "-Werror", "-fsanitize", "-Wall"):
                        self.assertNotIn(word, text, name)

    def test_the_example_says_what_the_program_says(self):
        config = self.write("config.json", {
            "model": NETWORK, "data": DATA, "seed": 1,
            "train": {"iterations": 20, "batch": 4, "lr": 0.01}})
        run = self.path("run")
        self.succeed("train", "--config", config, "--out", run)
        self.succeed("data", "export", "--dataset", "shapes", "--split", "val", "--set",
                     "height=48", "--set", "width=56", "--set", "size=1", "--out",
                     self.path("data"))
        (name,) = os.listdir(self.path("data", "images"))
        image = self.path("data", "images", name)
        self.succeed("predict", "--checkpoint", run, "--out", self.path("masks"), image)
        pixels = [i for row in png_indices(read_bytes(self.path("masks", name))) for i in row]
        self.assertEqual(len(pixels), 48 * 56)

        program = self.build_example()
        text = self.call(program, run, image)
        found = [LINE.fullmatch(line).groups() for line in text.splitlines()]
        self.assertEqual([int(count) for _, count, _ in found],
                         [pixels.count(i) for i in range(len(found))])
        self.assertEqual(found[0][0], "background")
        best = [float(score) for _, _, score in found]
        self.assertGreater(len(set(best)), 1, text)
        winners = {i for i in range(len(found)) if pixels.count(i)}
        self.assertIn(best.index(max(best)), winners)
        # A network that the caller names, and the weights of a file.
        spec = self.write("network.json", NETWORK)
        checkpoint = os.path.join(run, "last.safetensors")
        self.assertEqual(self.call(program, checkpoint, image, spec),
                         self.call(program, checkpoint, image))
        self.check_error(program, image)

    def check_error(self, program, image):
        done = subprocess.run([program, self.path("nowhere"), image], stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(self.path("nowhere"), done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
