#!/usr/bin/env python3
"""The launcher on systems that this machine is not, with stand-ins for what it calls.

usage: test_launcher.py LAUNCHER
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

LAUNCHER = os.path.abspath(sys.argv[1])

# All that a system has besides the stand-ins: no apt-get, no compiler, no readlink -f to rely on.
TOOLS = ("awk bash cat chmod cp dirname env flock getconf grep mkdir nproc readlink rm sed sh tail tee "
         "touch").split()

SYSTEM_TORCH = any(os.path.exists(os.path.join(prefix, folder, "Torch", "TorchConfig.cmake"))
                   for prefix in ("/usr/local", "/usr", "/opt/homebrew")
                   for folder in ("", "share/cmake", "lib/cmake"))

PROGRAM_PACKAGES = """libtorch-dev libopenblas0-openmp libopencv-dev nlohmann-json3-dev
libboost-program-options-dev libpng-dev libjpeg-dev zlib1g-dev libxxhash-dev libhwy-dev liblinear-dev
libdnnl-dev ocl-icd-opencl-dev libssl-dev libgloo-dev""".split()

CMAKE = """#!/bin/sh
case $1 in
  --build) mkdir -p "$2/apps"; printf '#!/bin/sh\\necho "program $*"\\n' > "$2/apps/seglab"
           chmod +x "$2/apps/seglab" ;;
  *) echo "${CMAKE_PREFIX_PATH-none}" >> "$CALLS/cmake"; touch "$4/build.ninja"
     if [ -e "$CALLS/complaint" ]; then cat "$CALLS/complaint"; exit 1; fi ;;
esac
"""
DPKG_QUERY = """#!/bin/sh
shift 3
for package; do
  while IFS== read -r name version; do
    if [ "$name" = "$package" ]; then echo "installed:$name=$version"; fi
  done < "$CALLS/installed"
done
"""
APT_GET = """#!/bin/sh
while [ "$1" != update ] && [ "$1" != install ]; do shift; done
echo "$*" >> "$CALLS/apt-get"
if [ "$1" = install ]; then shift 2; for package; do echo "$package=1" >> "$CALLS/installed"; done; fi
if [ "$1" = update ] && [ -e "$CALLS/lists" ]; then cp "$CALLS/lists" "$CALLS/candidates"; fi
"""
APT_CACHE = """#!/bin/sh
shift
for package; do
  echo "$package" >> "$CALLS/apt-cache"
  while IFS== read -r name version; do
    if [ "$name" = "$package" ]; then
      printf '%s:\\n  Installed: (none)\\n  Candidate: %s\\n  Version table:\\n' "$name" "$version"
    fi
  done < "$CALLS/candidates"
done
"""


class Launcher(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="seglab-launcher-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.bin = self.path("bin")
        for folder in ("bin", "calls", "build", "home"):
            os.mkdir(self.path(folder))
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                os.symlink(found, os.path.join(self.bin, tool))
        self.program("cmake", CMAKE)
        self.program("ninja", "#!/bin/sh\n")
        self.program("c++", "#!/bin/sh\n")
        self.program("sudo", '#!/bin/sh\nif [ "$1" = -n ]; then shift; fi\nexec "$@"\n')

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, path, text):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self, *parts):
        try:
            with open(self.path(*parts), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def program(self, name, text, folder="bin"):
        path = self.write(os.path.join(folder, name), text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def system_with_apt(self, torch, installed=(), lists=True, others=PROGRAM_PACKAGES):
        """apt has `others` and, unless None, libtorch-dev in version `torch`."""
        self.program("dpkg-query", DPKG_QUERY)
        self.program("apt-get", APT_GET)
        self.program("apt-cache", APT_CACHE)
        self.write("calls/installed", "".join(name + "\n" for name in installed))
        versions = "".join(name + "=1\n" for name in others if name != "libtorch-dev")
        if torch:
            versions += "libtorch-dev=" + torch + "\n"
        self.write("calls/candidates", versions if lists else "")
        self.write("calls/lists", versions)

    def python_with_torch(self, folder, version="2.7.0"):
        """A python3 in folder/bin with a PyTorch that cannot be imported; its prefix for CMake."""
        site = self.path(folder, "site")
        self.write(os.path.join(folder, "site/torch/__init__.py"), "raise SystemExit('imported')\n")
        prefix = os.path.join(site, "torch", "share", "cmake")
        self.torch_package(prefix, version)
        self.program("python3", "#!/bin/sh\nPYTHONPATH='%s' exec '%s' \"$@\"\n" %
                     (site, sys.executable), os.path.join(folder, "bin"))
        return prefix

    def torch_package(self, prefix, version):
        self.write(os.path.join(prefix, "Torch/TorchConfig.cmake"), "")
        self.write(os.path.join(prefix, "Torch/TorchConfigVersion.cmake"),
                   'set(PACKAGE_VERSION "%s")\n' % version)

    def run_launcher(self, *args, launcher=LAUNCHER, code=0, cwd=None, **environment):
        everything = dict({"PATH": self.bin, "CALLS": self.path("calls"), "HOME": self.path("home"),
                           "SEGLAB_BUILD_DIR": self.path("build")}, **environment)
        done = subprocess.run([launcher] + list(args), env=everything, cwd=cwd or self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code == 0:
            self.assertEqual(done.stdout, "program " + " ".join(args) + "\n", done.stderr)
        return done.stderr

    def installed(self):
        """What apt-get was told to install, all calls together."""
        lines = [line.split() for line in self.read("calls", "apt-get").splitlines()]
        return [name for line in lines if line[0] == "install" for name in line[2:]]

    def prefixes(self):
        return self.read("calls", "cmake").splitlines()

    def test_debian_installs_its_own_torch(self):
        self.python_with_torch("venv")  # active, but no reason to do without the package
        for lists in (True, False):
            self.system_with_apt("1.13.1+dfsg-4", lists=lists)
            self.run_launcher("models", VIRTUAL_ENV=self.path("venv"))
            self.assertEqual(self.installed(), PROGRAM_PACKAGES)
            self.assertEqual(self.prefixes(), ["none"])
            shutil.rmtree(self.path("build"))
            os.remove(self.path("calls", "apt-get"))
            os.remove(self.path("calls", "cmake"))

    def test_where_all_is_there_nothing_is_asked(self):
        self.system_with_apt("1.13.1", [name + "=2.6.0+dfsg-7" for name in PROGRAM_PACKAGES])
        self.python_with_torch("venv")
        self.run_launcher("models", VIRTUAL_ENV=self.path("venv"))
        self.assertEqual(self.read("calls", "apt-get") + self.read("calls", "apt-cache"), "")
        self.assertEqual(self.prefixes(), ["none"])

    def test_a_wheel_stands_in_for_a_package_that_is_not_there(self):
        prefix = self.python_with_torch("venv")
        for torch in (None, "1.8.1-5"):
            self.system_with_apt(torch)
            said = self.run_launcher("models", VIRTUAL_ENV=self.path("venv"), CMAKE_PREFIX_PATH="/x")
            self.assertEqual(self.installed(), PROGRAM_PACKAGES[1:])
            self.assertEqual(self.prefixes(), [prefix + ":/x"])
            lines = [line for line in said.splitlines() if prefix in line]
            self.assertEqual(lines, ["seglab: the system has no LibTorch >= 1.13, taking PyTorch's: "
                                     + prefix])
            # Known from now on, whether active or not.
            os.remove(self.path("calls", "apt-cache"))
            again = self.run_launcher("models", CMAKE_PREFIX_PATH="/x")
            self.assertNotIn(prefix, again)
            self.assertEqual(self.read("calls", "apt-cache"), "")
            self.assertEqual(len(self.prefixes()), 1)
            shutil.rmtree(self.path("build"))
            os.remove(self.path("calls", "apt-get"))
            os.remove(self.path("calls", "cmake"))

    def test_an_old_package_is_no_torch(self):
        prefix = self.python_with_torch("venv")
        self.system_with_apt("1.8.1-5", [name + "=1.8.1-5" for name in PROGRAM_PACKAGES])
        self.run_launcher("models", VIRTUAL_ENV=self.path("venv"))
        self.assertEqual(self.prefixes(), [prefix])
        self.assertEqual(self.read("calls", "apt-get"), "")

    def test_without_any_the_shortest_way_is_said(self):
        self.python_with_torch("old", "1.12.1")
        for torch in (None, "1.8.1-5"):
            self.system_with_apt(torch)
            said = self.run_launcher("models", code=1, VIRTUAL_ENV=self.path("old"))
            for words in ("LibTorch >= 1.13", "python3 -m venv", "pip install torch", "conda install",
                          "python3-venv"):
                self.assertIn(words, said)
            self.assertEqual(self.installed(), [])
            self.assertEqual(self.prefixes(), [])

    def test_optional_packages_may_be_missing(self):
        others = [name for name in PROGRAM_PACKAGES if name != "libdnnl-dev"]
        self.system_with_apt("2.6.0", others=others)
        self.assertIn("no package libdnnl-dev", self.run_launcher("models"))
        self.assertEqual(self.installed(), others)

    @unittest.skipIf(SYSTEM_TORCH, "CMake finds a LibTorch here")
    def test_where_nothing_may_be_installed_a_wheel_will_do(self):
        prefix = self.python_with_torch("venv")
        self.system_with_apt("1.13.1")
        self.run_launcher("models", VIRTUAL_ENV=self.path("venv"), SEGLAB_NO_INSTALL="1")
        self.assertEqual(self.read("calls", "apt-get"), "")
        self.assertEqual(self.prefixes(), [prefix])

    @unittest.skipIf(SYSTEM_TORCH, "CMake finds a LibTorch here")
    def test_systems_without_apt(self):
        prefix = self.python_with_torch("conda")
        self.program("dnf", "#!/bin/sh\ntouch \"$CALLS/dnf\"\n")
        self.run_launcher("models", CONDA_PREFIX=self.path("conda"))
        self.assertEqual(self.prefixes(), [prefix])
        self.write("calls/complaint", "CMake Error at x\n  seglab needs what is not here:\n")
        said = self.run_launcher("models", code=1, SEGLAB_CMAKE_ARGS="-DX=1")
        self.assertIn("dnf install cmake", said)
        os.remove(os.path.join(self.bin, "ninja"))
        said = self.run_launcher("models", code=1)
        for words in ("dnf install cmake", "python3 -m venv", "ninja was not found"):
            self.assertIn(words, said)
        self.assertFalse(os.path.exists(self.path("calls", "dnf")))
        os.remove(os.path.join(self.bin, "dnf"))
        self.assertIn("needed: CMake", self.run_launcher("models", code=1))

    @unittest.skipIf(SYSTEM_TORCH, "CMake finds a LibTorch here")
    def test_a_conda_package_without_python(self):
        self.torch_package(self.path("conda/share/cmake"), "2.5.1")
        self.run_launcher("models", CONDA_PREFIX=self.path("conda"))
        self.assertEqual(self.prefixes(), [self.path("conda/share/cmake")])

    def test_a_torch_that_is_named_wins(self):
        self.python_with_torch("venv")
        self.torch_package(self.path("mine/share/cmake"), "2.0.0")
        self.system_with_apt(None)
        self.run_launcher("models", VIRTUAL_ENV=self.path("venv"),
                          CMAKE_PREFIX_PATH="/x:" + self.path("mine"))
        self.assertEqual(self.prefixes(), ["/x:" + self.path("mine")])

    @unittest.skipIf(SYSTEM_TORCH, "CMake finds a LibTorch here")
    def test_a_wheel_for_gpus_needs_their_toolkit(self):
        self.python_with_torch("venv")
        self.write("calls/complaint", "CMake Error at x\n  Your installed Caffe2 version uses CUDA but "
                   "I cannot find the CUDA libraries.\n")
        said = self.run_launcher("models", code=1, VIRTUAL_ENV=self.path("venv"))
        self.assertIn("CUDA toolkit", said)

    def test_it_is_found_through_links(self):
        home = os.path.realpath(self.path("real home"))
        os.mkdir(home)
        shutil.copy(LAUNCHER, home)
        os.symlink("../real home/seglab", self.path("bin/first"))
        os.symlink("bin/first", self.path("second"))
        self.run_launcher("models", launcher="./second", CDPATH=self.folder)
        self.assertEqual(self.read("build", "configured").splitlines()[0], home)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
