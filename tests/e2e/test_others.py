#!/usr/bin/env python3
"""Weight files of others' trainings: keys, prefixes, copies, objects beside them, other formats."""

import argparse
import collections
import json
import os
import struct
import unittest

from harness import (ProgramTest, floats, read_bytes, read_safetensors, safetensors,
                     shared_folder, trained_network)
from torch_file import Call, Tensor, foreign, legacy_pth, zip_pth

# One that `inspect` knows by its names.
MODEL = {"name": "fcn8s", "backbone": {"name": "resnet18", "width": 0.0625}}


def behind(prefix, items):
    return collections.OrderedDict((prefix + name, item) for name, item in items.items())


class Others(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """The weights of a small network, and the masks that it makes."""
        cls.shared = shared_folder()
        cls.checkpoint = os.path.join(trained_network(cls.shared, MODEL), "last.safetensors")
        tensors, cls.metadata = read_safetensors(cls.checkpoint)
        cls.weights = {name: (tensor[1], list(floats(tensor)))
                       for name, tensor in tensors.items() if tensor[0] == "F32"}
        cls.labels = os.path.join(cls.shared, "labels.json")
        with open(cls.labels, "w", encoding="utf-8") as file:
            json.dump({"names": ["class %d" % i for i in range(11)]}, file)

    def tensors(self, add=0.0):
        return collections.OrderedDict(
            (name, Tensor(shape, [value + add for value in values]))
            for name, (shape, values) in self.weights.items())

    def convert(self, content, *more, name="others.pth"):
        """A file made into a checkpoint of the network; its tensors, and what was said."""
        path, out = self.write(name, content), self.path("out.safetensors")
        result = self.succeed("weights", "convert", path, out, "--as", json.dumps(MODEL),
                              "--labels", self.labels, "--preprocessing", "imagenet", *more)
        tensors, _ = read_safetensors(out)
        return {name: (tensor[1], list(floats(tensor))) for name, tensor in tensors.items()}, result

    def inspect(self, content, *more, name="others.pth"):
        path = self.write(name, content)
        return json.loads(self.succeed("weights", "inspect", path, "--json", *more).out)

    def refuse(self, content, *says, name="others.pth"):
        path = self.write(name, content)
        self.fail_with(1, "weights", "convert", path, self.path("o.safetensors"), "--as",
                       json.dumps(MODEL), "--labels", self.labels, "--preprocessing", "imagenet",
                       says=[path, *says])

    # Keys and prefixes

    def test_one_key_or_prefix_is_taken_off_and_said(self):
        plain = self.tensors()
        beside = {"epoch": 3, "optimizer": {"state": {0: {"m": Tensor([2], [1, 2])}}}}
        cases = {"": plain,
                 "model_state.": dict(beside, model_state=plain),
                 "state_dict_ema.": dict(beside, state_dict_ema=plain),
                 "some_key.": dict(beside, some_key=plain),
                 "module.": behind("module.", plain),
                 "_orig_mod.": behind("_orig_mod.", plain),
                 "model.": behind("model.", plain),
                 "module.model.": behind("module.model.", plain),
                 "state_dict.module.": dict(beside, state_dict=behind("module.", plain)),
                 "model._orig_mod.module.": {"model": behind("_orig_mod.module.", plain)}}
        for prefix, saved in cases.items():
            for pack in (zip_pth, legacy_pth):
                found, result = self.convert(pack(saved))
                self.assertEqual(found, self.weights, prefix)
                if prefix:
                    self.assertIn('"%s" is taken off' % prefix, result.err)
                place = self.inspect(pack(saved))["place"]
                self.assertEqual(place["prefix"], prefix)
            if isinstance(saved, collections.OrderedDict):
                flat = safetensors({name: (tensor.shape, tensor.values)
                                    for name, tensor in saved.items()})
                self.assertEqual(self.convert(flat, name="o.safetensors")[0], self.weights, prefix)
        text = self.succeed("weights", "inspect", self.write("x.pth", zip_pth(
            cases["model_state."]))).out
        self.assertIn('"model_state." is taken off', text)

    def test_wrappers_within_the_names(self):
        wrapped = collections.OrderedDict(
            (name.replace("layer1.", "layer1.module."), tensor)
            for name, tensor in self.tensors().items())
        found, result = self.convert(zip_pth(wrapped))
        self.assertEqual(found, self.weights)
        self.assertIn("module.", result.err)

    def test_two_parts_are_not_one(self):
        parts = {"encoder": {}, "decoder": {}}
        for name, tensor in self.tensors().items():
            parts["encoder" if name.startswith("backbone") else "decoder"][name] = tensor
        self.refuse(zip_pth(parts), "missing", "encoder.")

    def test_moving_averages_by_choice(self):
        saved = {"model": self.tensors(), "model_ema": self.tensors(1.0), "epoch": 1}
        found, result = self.convert(zip_pth(saved))
        self.assertEqual(found, self.weights)
        self.assertIn('"model_ema"', result.err)
        found, _ = self.convert(zip_pth(saved), "--key", "model_ema")
        self.assertNotEqual(found, self.weights)
        self.assertEqual(self.inspect(zip_pth(saved), "--key", "model_ema")["place"]["prefix"],
                         "model_ema.")
        self.assertEqual(self.inspect(zip_pth(saved))["place"]["others"], ["model_ema"])
        path = self.write("two.pth", zip_pth({"a": self.tensors(), "b": self.tensors()}))
        convert = ("weights", "convert", path, self.path("o.safetensors"), "--as",
                   json.dumps(MODEL), "--labels", self.labels, "--preprocessing", "imagenet")
        self.fail_with(1, *convert, says=['"a"', '"b"', "--key"])
        self.fail_with(1, *convert, "--key", "c", says=['unknown key "c"'])
        self.succeed(*convert, "--key", "b")

    def test_init_takes_them_too(self):
        path = self.write("ema.pth", zip_pth({"net": behind("module.", self.tensors()),
                                              "net_ema": self.tensors(0.5)}))
        for init in (path, {"from": path, "key": "net_ema"}):
            config = self.write("c.json", {
                "model": MODEL, "init": init, "seed": 1,
                "data": {"name": "shapes", "height": 32, "width": 40, "train": {"size": 4},
                         "val": {"split": "val", "size": 2}},
                "train": {"iterations": 1, "batch": 2}})
            out = self.path("run%d" % isinstance(init, dict))
            self.assertIn("is taken off", self.succeed("train", "--config", config, "--out",
                                                       out).err)
        self.assertNotEqual(read_bytes(self.path("run0", "last.safetensors")),
                            read_bytes(self.path("run1", "last.safetensors")))

    # Objects beside the weights

    def test_objects_beside_the_weights_are_left_alone(self):
        config = foreign("my.training.Config")()
        config.rate, config.parts = 0.1, [foreign("my.training.Part")()]
        items = foreign("my.training.Box", dict)(a=1)
        trap = self.path("trap")
        beside = {"args": argparse.Namespace(lr=1), "config": config, "box": items,
                  "spectrum": Tensor([1], [0.0, 0.0], "ComplexFloat"),
                  "made": Call("my.training.make", 1), "hook": Call("posix.system", "touch " + trap),
                  "numbers": {1, 2}, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}}
        found, _ = self.convert(zip_pth(dict(beside, state_dict=self.tensors())))
        self.assertEqual(found, self.weights)
        del beside["spectrum"], beside["made"], beside["hook"]
        found, _ = self.convert(legacy_pth(dict(beside, model=self.tensors())))
        self.assertEqual(found, self.weights)
        flat = dict(self.tensors(), config=config, args=argparse.Namespace(lr=1))
        self.assertEqual(self.convert(zip_pth(flat))[0], self.weights)
        self.assertFalse(os.path.exists(trap))

    def test_weights_that_depend_on_objects_are_refused(self):
        network = foreign("my.nets.Net")()
        network.state = self.tensors()
        self.refuse(zip_pth(network), "my.nets.Net", "state_dict()")
        self.refuse(zip_pth({"model": network, "epoch": 1}), '"model"', "my.nets.Net")
        some = self.tensors()
        some["score_fr.bias"] = Call("my.nets.rebuild", some["score_fr.bias"])
        self.refuse(zip_pth({"state_dict": some}), '"score_fr.bias"', "my.nets.rebuild")

    # What is no weight file of these

    def test_torchscript_is_recognised_and_read(self):
        kind = foreign("__torch__.net.Module")

        def module(items):
            made = kind()
            made.__dict__.update(items)
            return made

        def tree_of(items):
            inner = {}
            for name, tensor in items.items():
                first, _, rest = name.partition(".")
                if rest:
                    inner.setdefault(first, {})[rest] = tensor
                else:
                    inner[first] = tensor
            return module({name: tree_of(item) if isinstance(item, dict) else item
                           for name, item in inner.items()})

        script = zip_pth(tree_of(self.tensors()), [("constants.pkl", b"\x80\x02).")])
        self.assertEqual(self.inspect(script)["format"], "torchscript")
        self.assertEqual(self.convert(script)[0], self.weights)
        self.refuse(zip_pth(module({}), [("constants.pkl", b"\x80\x02).")]), "TorchScript")

    def test_others_are_named(self):
        self.refuse(b"\x08\x07\x12\x07pytorch\x1a\x041.13", "ONNX")
        self.refuse(b"\x08\xa0\x1f\x12\x19snap_iter_4000.caffemodel", "solverstate")
        self.refuse('name: "VGG"\nlayer {\n}\n', "prototxt")
        self.refuse("  <!DOCTYPE html><html></html>", "web page")
        self.refuse("net.pth".encode().ljust(257, b"\0") + b"ustar\0" + bytes(400), "tar", "net.pth")
        self.refuse(b"sys_info".ljust(257, b"\0") + b"ustar\0" + bytes(400), "before 2017")
        self.refuse('{"weight_map": {"a": "b"}}', "several files")

    # Numbers, sizes, descriptions

    def test_weights_that_are_not_finite(self):
        for value in (float("nan"), float("inf")):
            weights = self.tensors()
            weights["score_fr.weight"].values[3] = value
            self.refuse(zip_pth(weights), "score_fr.weight", "not finite", "1 of the")
        bad = dict(self.weights)
        bad["score_fr.bias"] = (bad["score_fr.bias"][0], [float("nan")] * 11)
        path = self.write("nan.safetensors", safetensors(bad, self.metadata))
        self.fail_with(1, "eval", "--checkpoint", path, "--dataset", "shapes", says=[
            path, "11 of the 11", "score_fr.bias"])

    def test_a_checkpoints_description_is_not_trusted(self):
        keys = json.dumps(dict({"name": "fcn8s"}, **{"k%d" % i: 1 for i in range(60000)}))
        huge = json.dumps({"name": "fcn8s", "backbone": {"name": "vgg16", "width": 4}})
        deep = "[" * 30000
        for model in ("5", "[]", "null", '{"name": []}', keys, huge, deep):
            path = self.write("c%d.safetensors" % len(model),
                              safetensors(self.weights, dict(self.metadata, model=model)))
            self.will_fail_with(1, "eval", "--checkpoint", path, "--dataset", "shapes", says=path)
            if model not in (huge, keys):
                self.will_fail_with(1, "weights", "inspect", path, says=path)


if __name__ == "__main__":
    unittest.main()
