"""Files of torch.save by hand, without PyTorch. Standard library only.

What is a Tensor becomes one; everything else is pickled as Python does it. Classes and functions
that only a training has are made with `foreign`.
"""

import collections
import io
import pickle
import struct
import sys
import types
import zipfile


def foreign(path, base=object):
    """A class "package.module.Name" that a pickle refers to by that name."""
    module, name = path.rsplit(".", 1)
    made = type(name, (base,), {"__module__": module})
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(".".join(parts[:i + 1])))
    setattr(sys.modules[module], name, made)
    return made


def _function(path):
    module, name = path.rsplit(".", 1)

    def function(*arguments):
        raise RuntimeError("%s was called" % path)
    function.__module__, function.__qualname__, function.__name__ = module, name, name
    foreign(module + ".x")
    setattr(sys.modules[module], name, function)
    return function


_REBUILD = _function("torch._utils._rebuild_tensor_v2")
_STORAGES = {kind: foreign("torch.%sStorage" % kind) for kind in ("Float", "ComplexFloat")}


class _Id:
    """Stands for a storage until the pickler asks for its id."""

    def __init__(self, key, kind, count):
        self.id = ("storage", _STORAGES[kind], key, "cpu", count)


class Call:
    """What a call of the function "package.module.name" makes."""

    def __init__(self, path, *arguments):
        self.made = _function(path), arguments

    def __reduce__(self):
        return self.made


class Tensor:
    def __init__(self, shape, values, kind="Float"):
        self.shape, self.values, self.kind = list(shape), values, kind


class _Pickler(pickle.Pickler):
    def __init__(self, file, storages, view):
        super().__init__(file, protocol=2)
        self.storages, self.view = storages, view

    def persistent_id(self, value):
        return value.id + self.view if isinstance(value, _Id) else None

    def reducer_override(self, value):
        if not isinstance(value, Tensor):
            return NotImplemented
        key = str(len(self.storages))
        self.storages.append(struct.pack("<%df" % len(value.values), *value.values))
        strides, step = [], 1
        for side in reversed(value.shape):
            strides.insert(0, step)
            step *= side
        storage = _Id(key, value.kind, step)
        return _REBUILD, (storage, 0, tuple(value.shape), tuple(strides), False,
                          collections.OrderedDict())


def _dump(value, storages, view=()):
    file = io.BytesIO()
    _Pickler(file, storages, view).dump(value)
    return file.getvalue()


def zip_pth(value, more=()):
    """The bytes of torch.save(value), in the ZIP format. more: (name, bytes) of other entries."""
    storages, file = [], io.BytesIO()
    data = _dump(value, storages)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", b"3\n")
        for key, content in enumerate(storages):
            archive.writestr("archive/data/%d" % key, content)
        for name, content in more:
            archive.writestr("archive/" + name, content)
    return file.getvalue()


def legacy_pth(value):
    """The same in the format before."""
    storages = []
    data = _dump(value, storages, (None,))
    head = [0x1950a86a20f9469cfc6c, 1001, {"little_endian": True}]
    text = b"".join(pickle.dumps(part, protocol=2) for part in head) + data
    text += pickle.dumps([str(key) for key in range(len(storages))], protocol=2)
    return text + b"".join(struct.pack("<q", len(content) // 4) + content for content in storages)
