#!/usr/bin/env python3
"""What CMake says of a LibTorch that will not do, with package files that are no LibTorch's.

usage: test_torch.py CMAKE [argument of CMake's configure step...]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CMAKE, *CONFIGURE = sys.argv[1:]

CONFIG = 'set(TORCH_FOUND TRUE)\nset(TORCH_LIBRARIES m)\nset(TORCH_CXX_FLAGS "%s")\n'


class Torch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="seglab-torch-")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def torch(self, version, flags=""):
        """A folder with a LibTorch's package file."""
        folder = os.path.join(self.folder, "torch-" + version, "Torch")
        os.makedirs(folder)
        with open(os.path.join(folder, "TorchConfig.cmake"), "w", encoding="utf-8") as file:
            file.write(CONFIG % flags)
        with open(os.path.join(folder, "TorchConfigVersion.cmake"), "w", encoding="utf-8") as file:
            file.write('set(PACKAGE_VERSION "%s")\n' % version)
        return folder

    def configure(self, *arguments):
        """Whether it went well, and what was said."""
        build = os.path.join(self.folder, "build")
        done = subprocess.run([CMAKE, "-S", ROOT, "-B", build] + CONFIGURE +
                              ["-DSEGLAB_TESTS=OFF"] + list(arguments), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, timeout=120)
        return done.returncode == 0, done.stdout

    def refused(self, *arguments):
        """The line that says why."""
        found, said = self.configure(*arguments)
        self.assertFalse(found, said)
        self.assertIn("pip install torch", said)
        self.assertIn("torch.utils.cmake_prefix_path", said)
        lines = [line.strip() for line in said.splitlines() if "LibTorch >= 1.13" in line]
        self.assertEqual(len(lines), 1, said)
        return lines[0]

    def test_old_ones_are_refused(self):
        old = self.torch("1.12.1")
        self.assertEqual(self.refused("-DTorch_DIR=" + old),
                         "LibTorch >= 1.13; 1.12.1 was found in %s, it is too old" % old)
        old_abi = self.torch("2.1.0", "-D_GLIBCXX_USE_CXX11_ABI=0")
        self.assertIn("old ABI", self.refused("-DTorch_DIR=" + old_abi))

    def test_none_is_said_to_be_missing(self):
        self.assertEqual(self.refused("-DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON"),
                         "LibTorch >= 1.13; none was found")
        self.configure("-UCMAKE_DISABLE_FIND_PACKAGE_Torch")

    def test_others_are_taken(self):
        for version in ("1.13.0", "2.10.1"):
            found, said = self.configure("-DTorch_DIR=" + self.torch(version))
            self.assertTrue(found, said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
