#!/usr/bin/env python3
"""Every command on every page is one that the program takes; those of three pages are run whole.

A command of ```sh blocks is typed as it stands, in a folder without the data it names. It may say that these
are not there (status 1), but not that it knows no such command, option or key. Pages of RUN start from
nothing: their files are written, their commands run one after the other, shortened, and must work.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("SEGLAB_PROGRAM", "")

# What is shorter where a page's own trainings would take minutes.
SHORT = ["--set", "train.iterations=2", "--set", "train.batch=2", "--set", "train.check_samples=2",
         "--set", "data.train.size=8", "--set", "data.val.size=4"]
SHORT_RUNS = {
    "table2": [setting for run in ("VGG-11", "FCN-32s-fixed", "FCN-32s", "FCN-16s", "FCN-8s")
               for setting in ("--set", "runs.%s.train.iterations=2" % run)] + [
        "--set", "train.check_samples=2", "--set", "data.val.size=4",
        "--set", "runs.VGG-11.data.val.size=4"],
    "backbones": [setting for run in ("classifier", "FCN-8s")
                  for setting in ("--set", "runs.%s.train.iterations=2" % run)] + [
        "--set", "train.check_samples=2", "--set", "data.val.size=4",
        "--set", "runs.classifier.data.val.size=4"],
}
# Pages that start from nothing, with the names of the JSON that stands on them.
RUN = {"docs/ablation.md": ["skips.json"], "docs/table2.md": [], "docs/backbones.md": ["trunks.json"]}
UNKNOWN = r"unknown (key|option|value|model|data set|action)"
MISSING = (r"(?i)no such|not there|is missing|missing:|cannot be read|does not exist|no picture|no file|"
           r"not found|not a folder|unknown experiment or file \"\S+\.json\"")
# Not the program's, or measured elsewhere.
LEFT_OUT = {"test": "is the launcher's", "bench": "takes minutes; e2e/bench runs it"}


def pages():
    docs = os.path.join(ROOT, "docs")
    found = ["README.md"] + sorted("docs/" + name for name in os.listdir(docs)
                                   if name.endswith(".md"))
    return found


def text_of(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def blocks(text, kind):
    return re.findall(r"^```%s\n(.*?)^```" % kind, text, re.S | re.M)


def commands(text):
    """The words of each ./seglab command, without comments: of blocks, and of text set off by four blanks."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"^( *\$ | +)", "", line)
        if line.startswith("./seglab "):
            found.append(shlex.split(line, comments=True)[1:])
    return found


def shortened(words):
    if words[0] not in ("run", "train") or "--dry-run" in words or "--data-root" in words:
        return words  # those with data of others end where these are missing
    return words + SHORT_RUNS.get(words[1], SHORT)


def call(words, folder):
    done = subprocess.run([PROGRAM] + words, cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, errors="replace",
                          timeout=600, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, TERM="dumb", OMP_WAIT_POLICY="passive"))
    return done.returncode, done.stdout


class PagesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="seglab-docs-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_every_command_is_one(self):
        found = [(page, words) for page in pages() for words in commands(text_of(page))
                 if words[0] not in LEFT_OUT and page not in RUN]
        self.assertGreater(len(found), 25)

        def typed(case):
            folder = tempfile.mkdtemp(dir=self.folder)
            return case, call(shortened(case[1]), folder)
        with ThreadPoolExecutor(2) as pool:
            for (page, words), (code, said) in pool.map(typed, found):
                with self.subTest(page=page, command=" ".join(words)):
                    self.assertIn(code, (0, 1), said)
                    if code == 1:  # for want of what the page names, and for nothing else
                        self.assertRegex(said, MISSING)
                    self.assertNotRegex(said, UNKNOWN)

    def test_links_lead_somewhere(self):
        results = os.path.join(ROOT, "docs", "results")
        everything = pages() + ["docs/results/" + name for name in sorted(os.listdir(results))
                                if name.endswith(".md")]
        for page in everything:
            for link in re.findall(r"\]\(([^)#\s]+)", text_of(page)):
                if "://" not in link:
                    path = os.path.join(ROOT, os.path.dirname(page), link)
                    with self.subTest(page=page, link=link):
                        self.assertTrue(os.path.exists(path))

    def test_pages_from_nothing_to_a_report(self):
        for page, names in RUN.items():
            folder = tempfile.mkdtemp(dir=self.folder)
            text = text_of(page)
            files = blocks(text, "json")
            self.assertEqual(len(files), len(names), page)
            for name, content in zip(names, files):
                json.loads(content)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(content)
            reports = 0
            for words in commands(text):
                with self.subTest(page=page, command=" ".join(words)):
                    code, said = call(shortened(words), folder)
                    needs = [word for word in words if re.search(r"CamVid|VOC201|^weights/|weights=", word)]
                    self.assertIn(code, (0, 1) if needs else (0,), said)
                    if code == 1:
                        self.assertRegex(said, MISSING)
                    self.assertNotRegex(said, UNKNOWN)
                    if code == 0 and words[0] == "run" and "--dry-run" not in words:
                        self.assertIn("report: ", said)
                        reports += 1
            self.assertGreater(reports, 0, page)
            shutil.rmtree(folder)


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("SEGLAB_PROGRAM must name the program")
    unittest.main()
