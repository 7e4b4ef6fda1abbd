#!/usr/bin/env python3
"""Checks the rules of the house that a compiler does not check.

usage: scripts/layers.py [ROOT]      one line per violation, exit 1 where there is one
       scripts/layers.py --self-test   proves that every rule catches what it forbids

Rules: a room (src/<room>, apps) includes only itself and the rooms named in ROOMS; a library of
LIBRARIES only where it is allowed; includes are written from src/, never with `../`; headers begin
with #pragma once; what is installed includes no test_*.h, which are not; every .cpp of src/ but
tests has its header beside it, save those of HEADLESS; no file of src/ and apps/ is longer than
MAX_LINES; every .cpp is named in its CMakeLists.txt; CMake never globs.
"""

import pathlib
import re
import sys
import tempfile

# room -> the rooms it may include besides itself; bottom to top.
ROOMS = {
    "base": "",
    "metrics": "base",
    "crf": "base",
    "tensor": "base",
    "parallel": "tensor base",
    "regions": "tensor base",
    "data": "regions tensor base",
    "losses": "tensor base",
    "nn": "parallel tensor base",
    "models": "nn regions tensor base",
    "profile": "models nn tensor base",
    "weights": "models nn data tensor base",
    "inference": "parallel profile models nn crf metrics data tensor base",
    "train": "parallel inference weights models regions losses metrics data nn tensor base",
    "bench": "parallel train inference profile models regions losses crf metrics data nn tensor base",
    "report": "metrics data tensor base",
}
ROOMS["experiment"] = " ".join(ROOMS)
ROOMS["apps"] = " ".join(ROOMS)

# library -> (what its headers look like, the rooms that may include them).
LIBRARIES = {
    "LibTorch": (r"(torch|ATen|c10)/", set(ROOMS) - {"base", "metrics", "crf", "report"}),
    "OpenCV": (r"(opencv2|opencv)/|opencv2?\.h", {"data", "regions"}),
    "liblinear": (r"linear\.h$", {"regions"}),
    "Boost.Program_options": (r"boost/program_options", {"apps"}),
}

# Sources that another header declares.
HEADLESS = {
    "src/base/json_reader.cpp",  # of json.h, which is read with the type that it reads
    "src/tensor/safetensors.cpp",  # of tensor_file.h, which is its own format
    "src/bench/bench_network.cpp",  # of bench.h, the benchmarks of networks
    "src/bench/bench_pixels.cpp",  # and those of all else
    "src/models/backbones/registry.cpp",  # the rows of backbone.h, which every backbone includes
}

MAX_LINES = 450

# What concerns the whole house: folders with C++ and CMake files outside src/ and apps/.
OUTSIDE = ("tests", "benchmark", "examples")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Checker:
    def __init__(self, root):
        self.root = root
        self.violations = []

    def add(self, path, line, text):
        self.violations.append(f"{path.relative_to(self.root).as_posix()}:{line}: {text}")

    def check(self):
        for path in self.files("src", "apps", suffixes={".h", ".cpp"}):
            self.check_source(path)
        for path in self.files("src", suffixes={".cpp"}):
            self.check_header(path)
        for path in self.files("src", "apps", *OUTSIDE, suffixes={".cpp"}):
            self.check_named(path)
        cmake = self.files("src", "apps", *OUTSIDE, "fuzz", "third_party", "cmake",
                           suffixes={".txt", ".cmake"})
        for path in [self.root / "CMakeLists.txt", *cmake]:
            if path.suffix == ".cmake" or path.name == "CMakeLists.txt":
                self.check_no_glob(path)
        return self.violations

    def files(self, *folders, suffixes):
        return sorted(path for folder in folders for path in (self.root / folder).rglob("*")
                      if path.suffix in suffixes and path.is_file())

    def check_source(self, path):
        parts = path.relative_to(self.root).parts
        room = parts[1] if parts[0] == "src" else "apps"
        if room not in ROOMS:
            self.add(path, 1, f"room '{room}' is not in ROOMS of scripts/layers.py")
            return
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            self.add(path, len(lines), f"{len(lines)} lines, more than {MAX_LINES}: split the file")
        if path.suffix == ".h" and "#pragma once" not in lines:
            self.add(path, 1, "a header without #pragma once")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                self.check_include(path, number, room, quoted=match[1] == '"', name=match[2])

    def check_include(self, path, number, room, quoted, name):
        for library, (pattern, rooms) in LIBRARIES.items():
            if re.match(pattern, name) and room not in rooms:
                self.add(path, number, f"{room} must not include {library} (<{name}>)")
                return
        if "../" in name:
            self.add(path, number, f'"{name}": write the path from src/')
            return
        if is_test_header(name) and not (path.stem.endswith("_test") or is_test_header(path.name)):
            self.add(path, number, f'only tests may include "{name}", which is not installed')
            return
        target = name.split("/")[0] if "/" in name else None
        if room == "apps" and quoted and target is None:
            return  # A neighbour in apps/, which is not below src/.
        if target in ROOMS:
            if not quoted:
                self.add(path, number, f'<{name}>: write "{name}"')
            if target != room and target not in ROOMS[room].split():
                self.add(path, number, f'{room} must not include {target} ("{name}")')
        elif quoted:
            self.add(path, number, f'"{name}" is in no room: write the path from src/, '
                                   "or <> for what is not ours")

    def check_header(self, path):
        name = path.relative_to(self.root).as_posix()
        if path.stem.endswith("_test") or path.stem == "main" or name in HEADLESS:
            return
        if not path.with_suffix(".h").is_file():
            self.add(path, 1, f"no {path.stem}.h beside it: a source has its own header")

    def check_named(self, path):
        for folder in path.parents:
            lists = folder / "CMakeLists.txt"
            if lists.is_file():
                name = path.relative_to(folder).as_posix()
                if name not in re.split(r"[\s()\"]+", "\n".join(code_lines(lists))):
                    self.add(path, 1, f"no target of {lists.relative_to(self.root)} builds it")
                return
            if folder == self.root:
                break
        self.add(path, 1, "no CMakeLists.txt in its folder or above")

    def check_no_glob(self, path):
        for number, line in enumerate(code_lines(path), 1):
            if re.search(r"\bfile\s*\(\s*GLOB", line, re.IGNORECASE):
                self.add(path, number, "file(GLOB: name the files")


def is_test_header(name):
    """True of "base/test_folder.h"."""
    return name.split("/")[-1].startswith("test_") and name.endswith(".h")


def code_lines(path):
    """The lines of a CMake file without their comments."""
    return [line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines()]


def self_test():
    clean = {
        "CMakeLists.txt": "add_subdirectory(src/base)  # never file(GLOB\n",
        "src/base/CMakeLists.txt": "add(NAME base\n  SOURCES log.cpp log_test.cpp)\n",
        "src/base/log.h": "// Log.\n#pragma once\n#include <string>\n",
        "src/base/log.cpp": '#include "base/log.h"\n#include <nlohmann/json.hpp>\n'
                            + "//\n" * (MAX_LINES - 2),
        "src/base/log_test.cpp": '#include "base/test_log.h"\n',
        "src/base/test_log.h": '#pragma once\n#include "base/test_folder.h"\n',
        "src/data/CMakeLists.txt": "add(SOURCES voc.cpp sub/deep.cpp sub/voc.cpp)\n",
        "src/data/voc.h": "#pragma once\n",
        "src/data/voc.cpp": '#include "base/log.h"\n#include <opencv2/core.hpp>\n'
                            "#include <torch/torch.h>\n",
        "src/data/sub/deep.cpp": '#include "data/voc.h"\n// #include "train/loop.h"\n',
        "src/data/sub/deep.h": "#pragma once\n",
        "src/inference/predictor.h": '#pragma once\n#include "models/model.h"\n'
                                     '#include "crf/lattice.h"\n',
        "src/models/CMakeLists.txt": "add(backbones/registry.cpp)\n",
        "src/models/backbones/registry.cpp": "",
        "src/models/model.h": '#pragma once\n#include "nn/aspp.h"\n'
                              "#include <ATen/core/Tensor.h>\n",
        "apps/CMakeLists.txt": "add(main.cpp)\n",
        "src/report/page.h": '#pragma once\n#include "data/labels.h"\n',
        "src/experiment/plan.h": '#pragma once\n#include "report/page.h"\n'
                                 '#include "profile/trace.h"\n',
        "apps/main.cpp": '#include "commands.h"\n#include "experiment/run.h"\n'
                         "#include <boost/program_options.hpp>\n",
    }
    # (a file that replaces or joins the clean tree, its text, the one line that must be reported)
    cases = [
        ("src/models/model.h", '#pragma once\n#include "data/voc.h"\n',
         'src/models/model.h:2: models must not include data ("data/voc.h")'),
        ("src/models/model.h", '#pragma once\n#include "losses/dice.h"\n',
         'src/models/model.h:2: models must not include losses ("losses/dice.h")'),
        ("src/models/model.h", '#pragma once\n#include "crf/lattice.h"\n',
         'src/models/model.h:2: models must not include crf ("crf/lattice.h")'),
        ("src/profile/trace.h", '#pragma once\n#include "weights/load.h"\n',
         'src/profile/trace.h:2: profile must not include weights ("weights/load.h")'),
        ("src/weights/load.h", '#pragma once\n#include "inference/predictor.h"\n',
         'src/weights/load.h:2: weights must not include inference ("inference/predictor.h")'),
        ("src/inference/predictor.h", '#pragma once\n#include "train/loop.h"\n',
         'src/inference/predictor.h:2: inference must not include train ("train/loop.h")'),
        ("src/train/loop.h", '#pragma once\n#include "report/page.h"\n',
         'src/train/loop.h:2: train must not include report ("report/page.h")'),
        ("src/report/page.h", '#pragma once\n#include "models/model.h"\n',
         'src/report/page.h:2: report must not include models ("models/model.h")'),
        ("src/experiment/plan.h", '#pragma once\n#include "apps/commands.h"\n',
         'src/experiment/plan.h:2: experiment must not include apps ("apps/commands.h")'),
        ("src/base/log.h", '#pragma once\n\n#include "tensor/shape.h"\n',
         'src/base/log.h:3: base must not include tensor ("tensor/shape.h")'),
        ("src/base/log.h", "#pragma once\n  #  include <ATen/core/Tensor.h>\n",
         "src/base/log.h:2: base must not include LibTorch (<ATen/core/Tensor.h>)"),
        ("src/base/log.h", '#pragma once\n#include "torch/torch.h"\n',
         "src/base/log.h:2: base must not include LibTorch (<torch/torch.h>)"),
        ("src/metrics/scores.h", "#pragma once\n#include <c10/core/Device.h>\n",
         "src/metrics/scores.h:2: metrics must not include LibTorch (<c10/core/Device.h>)"),
        ("src/crf/lattice.h", "#pragma once\n#include <torch/torch.h>\n",
         "src/crf/lattice.h:2: crf must not include LibTorch (<torch/torch.h>)"),
        ("src/report/page.h", "#pragma once\n#include <ATen/core/Tensor.h>\n",
         "src/report/page.h:2: report must not include LibTorch (<ATen/core/Tensor.h>)"),
        ("src/inference/predictor.h", "#pragma once\n#include <opencv2/core.hpp>\n",
         "src/inference/predictor.h:2: inference must not include OpenCV (<opencv2/core.hpp>)"),
        ("src/metrics/scores.h", "#pragma once\n#include <opencv2/core.hpp>\n",
         "src/metrics/scores.h:2: metrics must not include OpenCV (<opencv2/core.hpp>)"),
        ("src/experiment/report.h", "#pragma once\n#include <opencv2/imgcodecs.hpp>\n",
         "src/experiment/report.h:2: experiment must not include OpenCV (<opencv2/imgcodecs.hpp>)"),
        ("apps/commands.h", "#pragma once\n#include <opencv2/core.hpp>\n",
         "apps/commands.h:2: apps must not include OpenCV (<opencv2/core.hpp>)"),
        ("src/models/model.h", "#pragma once\n#include <linear.h>\n",
         "src/models/model.h:2: models must not include liblinear (<linear.h>)"),
        ("src/experiment/run.h", "#pragma once\n#include <boost/program_options/parsers.hpp>\n",
         "src/experiment/run.h:2: experiment must not include Boost.Program_options "
         "(<boost/program_options/parsers.hpp>)"),
        ("src/data/voc.h", '#pragma once\n#include "../base/log.h"\n',
         'src/data/voc.h:2: "../base/log.h": write the path from src/'),
        ("src/data/voc.h", '#pragma once\n#include "masks.h"\n',
         'src/data/voc.h:2: "masks.h" is in no room: write the path from src/, '
         "or <> for what is not ours"),
        ("src/data/voc.h", "#pragma once\n#include <base/log.h>\n",
         'src/data/voc.h:2: <base/log.h>: write "base/log.h"'),
        ("src/base/log.h", '#pragma once\n#include "base/test_log.h"\n',
         'src/base/log.h:2: only tests may include "base/test_log.h", which is not installed'),
        ("src/base/log.cpp", '#include "base/test_log.h"\n',
         'src/base/log.cpp:1: only tests may include "base/test_log.h", which is not installed'),
        ("src/data/voc.h", "#include <string>\n",
         "src/data/voc.h:1: a header without #pragma once"),
        ("src/data/voc.h", "#pragma once\n" + "//\n" * MAX_LINES,
         f"src/data/voc.h:{MAX_LINES + 1}: {MAX_LINES + 1} lines, more than {MAX_LINES}: "
         "split the file"),
        ("src/attic/old.h", "#pragma once\n",
         "src/attic/old.h:1: room 'attic' is not in ROOMS of scripts/layers.py"),
        ("src/base/orphan_test.cpp", "",
         "src/base/orphan_test.cpp:1: no target of src/base/CMakeLists.txt builds it"),
        ("examples/predict/main.cpp", "",
         "examples/predict/main.cpp:1: no target of CMakeLists.txt builds it"),
        ("src/base/main.cpp", "",
         "src/base/main.cpp:1: no target of src/base/CMakeLists.txt builds it"),
        ("src/data/sub/voc.cpp", "",
         "src/data/sub/voc.cpp:1: no voc.h beside it: a source has its own header"),
        ("src/base/CMakeLists.txt", "add(SOURCES log_test.cpp)  # log.cpp\n",
         "src/base/log.cpp:1: no target of src/base/CMakeLists.txt builds it"),
        ("tests/golden.cpp", "", "tests/golden.cpp:1: no target of CMakeLists.txt builds it"),
        ("src/base/CMakeLists.txt", "file(GLOB x *.cpp)\nadd(log.cpp log_test.cpp)\n",
         "src/base/CMakeLists.txt:1: file(GLOB: name the files"),
        ("cmake/Room.cmake", "\nFile ( glob_recurse x *.cpp)\n",
         "cmake/Room.cmake:2: file(GLOB: name the files"),
    ]
    failures = 0
    for name, text, expected in [(None, None, None), *cases]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, content in {**clean, **({name: text} if name else {})}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content, encoding="utf-8")
            found = Checker(root).check()
        if found != ([expected] if expected else []):
            failures += 1
            print(f"self-test: {name or 'the clean tree'}\n  expected {expected}\n  found {found}")
    print(f"self-test: {len(cases) + 1} trees, {failures} failed")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parent.parent
    root = root.resolve()
    if not (root / "src").is_dir():
        print(f"layers.py: {root} has no folder src", file=sys.stderr)
        return 2
    violations = Checker(root).check()
    print("\n".join(violations) if violations else "layers.py: no violation")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
