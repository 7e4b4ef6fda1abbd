#!/usr/bin/env python3
"""The page of an experiment in a browser: it is clicked, at two widths, light and dark."""

import json
import os
import struct
import unittest

from browser import CHROMIUM, Browser
from harness import TINY_BACKBONE, ProgramTest, read_bytes, read_json, seglab, shared_folder

ABLATION = {
    "title": "Rate and decay",
    "description": "Two factors crossed.",
    "baseline": "FCN-32s [lr=0.01, weight_decay=0]",
    "data": {"name": "shapes", "height": 48, "width": 64,
             "train": {"split": "train", "size": 16}, "val": {"split": "val", "size": 24}},
    "train": {"iterations": 6, "batch": 4, "log_every": 2, "eval_every": 3, "check_samples": 2,
              "schedule": "poly"},
    "eval": {"boundary_f1": 0.02},
    "model": {"name": "fcn32s", "backbone": TINY_BACKBONE},
    "runs": [{"name": "FCN-32s"}],
    "sweep": {"train.lr": [0.01, 0.05, 0.1], "train.weight_decay": [0, 0.001]}}


def scalars(path):
    """The records of a TensorBoard event file, without its library: {tag: [(step, value)]}."""
    def varint(data, at):
        number = shift = 0
        while True:
            byte = data[at]
            number |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return number, at

    def fields(data):
        at = 0
        while at < len(data):
            key, at = varint(data, at)
            if key & 7 == 0:
                value, at = varint(data, at)
            elif key & 7 == 1:
                value, at = struct.unpack_from("<d", data, at)[0], at + 8
            elif key & 7 == 5:
                value, at = struct.unpack_from("<f", data, at)[0], at + 4
            else:
                size, at = varint(data, at)
                value, at = data[at:at + size], at + size
            yield key >> 3, value

    data, at, found, first = read_bytes(path), 0, {}, True
    while at < len(data):
        size = struct.unpack_from("<Q", data, at)[0]
        event = dict(fields(data[at + 12:at + 12 + size]))
        at += 16 + size
        if first:
            assert event[3] == b"brain.Event:2", event
            first = False
            continue
        for _, value in fields(event[5]):
            one = dict(fields(value))
            found.setdefault(one[1].decode(), []).append((event[2], one[2]))
    return found


class ReportTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = shared_folder()
        cls.out = os.path.join(cls.shared, "runs")
        path = os.path.join(cls.shared, "ablation.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(ABLATION, file)
        made = seglab("run", path, "--out", cls.out, "--tensorboard", "--csv")
        if made.code != 0:
            raise RuntimeError(str(made))
        cls.folder_of = os.path.join(cls.out, "ablation")
        cls.page_path = os.path.join(cls.folder_of, "report.html")

    def test_files_beside_the_page(self):
        result = read_json(os.path.join(self.folder_of, "result.json"))
        run = os.path.join(self.folder_of, result["runs"][0]["folder"])
        self.assertEqual(result["runs"][0]["factors"],
                         [["run", "FCN-32s"], ["lr", "0.01"], ["weight_decay", "0"], ["evaluation", ""]])
        with open(os.path.join(self.folder_of, "images.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[0], "run,group,seed,image,pixel_acc,mean_iou")
        self.assertEqual(len(lines), 1 + 6 * 24)
        with open(os.path.join(run, "metrics.csv"), encoding="utf-8") as file:
            rows = file.read().splitlines()
        self.assertEqual(len(rows), 1 + 3 + 2)
        found = scalars(os.path.join(run, "events.out.tfevents.seglab"))
        self.assertEqual([step for step, _ in found["train/loss"]], [2, 4, 6])
        self.assertEqual([step for step, _ in found["val/mean_iou"]], [3, 6])
        logged = [json.loads(line) for line in
                  read_bytes(os.path.join(run, "metrics.jsonl")).decode().splitlines()]
        losses = [line["loss"] for line in logged if "loss" in line]
        for (_, value), loss in zip(found["train/loss"], losses):
            self.assertAlmostEqual(value, loss, 5)
        os.remove(os.path.join(run, "metrics.csv"))
        self.succeed("report", self.folder_of, "--csv")
        with open(os.path.join(run, "metrics.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines(), rows)
        self.assertGreaterEqual(result["runs"][0]["metrics"]["boundary_f1"]["mean"], 0)

    @unittest.skipUnless(CHROMIUM, "there is no Chromium here")
    def test_the_page_in_a_browser(self):
        with Browser(self.folder) as browser:
            for width, height in ((1280, 800), (390, 844)):
                for dark in (False, True):
                    with self.subTest(width=width, dark=dark):
                        self.look_at(browser.page(self.page_path, width, height, dark), dark)
            self.without_scripts(browser.page(self.page_path, 390, 844, scripts=False))

    def look_at(self, page, dark):
        self.assertEqual(page.complaints(), [])
        # Nothing sticks out: what is wide is scrolled by itself.
        self.assertLessEqual(page.js("document.documentElement.scrollWidth"), page.js("innerWidth"))
        ground = page.js("getComputedStyle(document.body).backgroundColor")
        self.assertEqual(ground, "rgb(21, 24, 28)" if dark else "rgb(255, 255, 255)")
        # Headline and pictures are in view at once.
        bottom = page.js("document.querySelector('.typical img:last-of-type')"
                         ".getBoundingClientRect().bottom")
        self.assertLess(bottom, page.js("innerHeight"))
        self.assertEqual(page.js("document.querySelectorAll('.typical img').length"), 3)
        self.assertIn("mean IU", page.js("document.querySelector('.headline').textContent"))
        # Two factors are crossed: three rates down, two decays across.
        self.assertEqual(page.js("document.querySelectorAll('.pivot tbody tr').length"), 3)
        self.assertEqual(page.js("document.querySelectorAll('.pivot tbody td').length"), 6)
        # No two lines of a plot bear one label.
        labels = page.js("[...document.querySelectorAll('#curves figure')].map(f => "
                         "[...f.querySelectorAll('text.label')].map(t => t.textContent))")
        self.assertGreaterEqual(len(labels), 3)
        for of_plot in labels:
            self.assertEqual(len(of_plot), len(set(of_plot)), of_plot)
        self.sort(page)
        self.view(page)
        self.assertEqual(page.complaints(), [])

    def sort(self, page):
        """Every column, by its values and not by its texts."""
        rows = {run["group"]: run for run in
                read_json(os.path.join(self.folder_of, "result.json"))["runs"]}
        names = "[...document.querySelectorAll('.results tbody th')].map(th => th.textContent)"
        heads = page.js("[...document.querySelectorAll('.results thead th')].map(th => th.textContent)")
        values = {"mean IU": lambda run: run["metrics"]["mean_iou"],
                  "pixel acc.": lambda run: run["metrics"]["pixel_acc"],
                  "parameters": lambda run: run["parameters"],
                  "training": lambda run: run["train_seconds"]}
        for head, value in values.items():
            button = ".results thead th:nth-child(%d) button" % (heads.index(head) + 1)
            for down in (True, False):
                page.click(button)
                shown = [round(value(rows[name]), 3) for name in page.js(names)]
                self.assertEqual(shown, sorted(shown, reverse=down), head)
        page.click(".results thead th:nth-child(1) button")
        self.assertEqual(page.js(names), sorted(rows))

    def view(self, page):
        title = "document.querySelector('#viewer .title').textContent"
        shown = "document.querySelectorAll('#viewer .stage img').length"
        self.assertFalse(page.js("document.querySelector('#viewer').open"))
        page.click("table.pictures tbody tr:not(.caption) .view", 2)  # the first run's
        self.assertTrue(page.js("document.querySelector('#viewer').open"))
        first = page.js(title)
        self.assertIn("0.01", first)
        self.assertIn("mean IU", first)
        page.press("t")
        self.assertIn("truth", page.js(title))
        page.press("0")
        self.assertIn("image", page.js(title))
        self.assertEqual(page.js(shown), 1)
        page.press("2")
        second = page.js(title)
        self.assertNotEqual(second, first)
        page.press("ArrowRight")
        self.assertNotEqual(page.js(title).split(" · ")[0], second.split(" · ")[0])
        page.press("ArrowLeft")
        self.assertEqual(page.js(title), second)
        # Errors alone, and over the image.
        errors = "getComputedStyle(document.querySelector('#viewer .stage .errors')).display"
        self.assertEqual(page.js(errors), "none")
        page.press("e")
        self.assertEqual(page.js(errors), "block")
        page.press("e")
        page.press("o")
        self.assertEqual(page.js(shown), 3)
        page.press("o")
        page.click("#viewer .strip button", 0)
        self.assertIn("image", page.js(title))
        page.click("#viewer [data-do=close]")
        self.assertFalse(page.js("document.querySelector('#viewer').open"))

    def without_scripts(self, page):
        """The page is whole."""
        document = page.call("DOM.getDocument")["root"]["nodeId"]

        def count(selector):
            return len(page.call("DOM.querySelectorAll", nodeId=document,
                                 selector=selector)["nodeIds"])
        self.assertGreater(count("table.pictures .view img"), 20)
        self.assertEqual(count("th button"), 0)
        self.assertEqual(count("#mark-errors"), 1)


if __name__ == "__main__":
    unittest.main()
