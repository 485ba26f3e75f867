#!/usr/bin/env python3
"""Recomputes the float accuracies from the committed files alone.

Reads base/*.onnx, adapters/*/ and test/*; runs the graph with numpy; prints the
table and compares it with demo.json. Exit status 1 when they differ.
Needs python3-numpy and python3-onnx. Shares no code with train.py.
"""
import json
import os
import struct
import sys

import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = ["clean", "accent", "factory"]


def path(*parts):
    """A path below this folder."""
    return os.path.join(HERE, *parts)


def read_safetensors(name):
    """{tensor name: float32 array}."""
    raw = open(name, "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8:8 + length]), raw[8 + length:]
    header.pop("__metadata__")
    return {k: np.frombuffer(body[v["data_offsets"][0]:v["data_offsets"][1]],
                             "<f4").reshape(v["shape"]) for k, v in header.items()}


def merge(weights, folder):
    """Base weights with the adapter of `folder` merged in."""
    config = json.load(open(os.path.join(folder, "adapter_config.json")))
    tensors = read_safetensors(os.path.join(folder, "adapter_model.safetensors"))
    merged, scaling = dict(weights), config["lora_alpha"] / config["r"]
    for key, value in tensors.items():
        name = key[len("base_model.model."):]
        if name.endswith(".bias"):
            merged[name] = value
        elif name.endswith(".lora_B.weight"):
            module = name[:-len(".lora_B.weight")]
            down = tensors[key.replace("lora_B", "lora_A")]
            delta = value.reshape(len(value), -1) @ down.reshape(len(down), -1)
            old = weights[module + ".weight"]
            merged[module + ".weight"] = old + scaling * delta.reshape(old.shape)
    return merged


def conv(x, weight, bias, a):
    """Grouped 2-D convolution, NCHW."""
    top, left, bottom, right = a["pads"]
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    view = np.lib.stride_tricks.sliding_window_view(x, a["kernel_shape"], (2, 3))
    view = view[:, :, ::a["strides"][0], ::a["strides"][1]]
    if a["group"] == 1:
        out = np.einsum("nchwij,ocij->nohw", view, weight, optimize=True)
    else:
        out = np.einsum("nchwij,cij->nchw", view, weight[:, 0], optimize=True)
    return out + bias[None, :, None, None]


def run(graph, weights, x):
    """Executes the few operators of the demo graph on a batch."""
    values = dict(weights, input=x)
    for node in graph.node:
        a = {t.name: onnx.helper.get_attribute_value(t) for t in node.attribute}
        v = [values[name] for name in node.input]
        if node.op_type == "Transpose":
            out = v[0].transpose(a["perm"])
        elif node.op_type == "Conv":
            out = conv(*v, a)
        elif node.op_type == "Relu":
            out = np.maximum(v[0], 0)
        elif node.op_type == "GlobalAveragePool":
            out = v[0].mean(axis=(2, 3), keepdims=True)
        elif node.op_type == "Flatten":
            out = v[0].reshape(len(v[0]), -1)
        elif node.op_type == "Gemm":
            out = v[0] @ v[1].T + v[2]
        elif node.op_type == "Softmax":
            power = np.exp(v[0] - v[0].max(axis=1, keepdims=True))
            out = power / power.sum(axis=1, keepdims=True)
        else:
            raise ValueError("operator " + node.op_type)
        values[node.output[0]] = out
    return values[graph.output[0].name]


def load_test(info, domain):
    """Dequantised samples and their classes."""
    q = np.fromfile(path("test", domain + ".bin"), np.int8)
    x = (q.astype(np.float32) - info["zero_point"]) * np.float32(info["scale"])
    lines = open(path("test", domain + ".csv")).read().split()
    labels = np.array([int(line.rsplit(",", 1)[1]) for line in lines])
    return x.reshape([-1] + info["input_shape"][1:]), labels


def main():
    """Prints the table; 0 when it agrees with demo.json."""
    info = json.load(open(path("demo.json")))
    graph = onnx.load(path(*info["base"].split("/"))).graph
    base = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    models = {"base": base}
    for name, entry in info["adapters"].items():
        models[name] = merge(base, path(*entry["path"].split("/")))
    tests = {d: load_test(info, d) for d in DOMAINS}
    worst = 0.0
    print(f"{'':16}" + "".join(f"{d:>10}" for d in DOMAINS))
    for name, weights in models.items():
        got = [100.0 * np.mean(run(graph, weights, x).argmax(1) == y)
               for x, y in (tests[d] for d in DOMAINS)]
        print(f"{name:16}" + "".join(f"{v:10.2f}" for v in got))
        worst = max([worst] + [abs(v - info["float_accuracy"][name][d])
                               for v, d in zip(got, DOMAINS)])
    agree = worst < 0.01
    print("agrees with demo.json" if agree else f"DIFFERS from demo.json by {worst:.2f}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
