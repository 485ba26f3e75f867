#!/usr/bin/env python3
"""Trains the base network and its three adapters, and exports them.

usage: train.py WORK_DIR      (WORK_DIR/data.npz comes from make_data.sh)
"""
import copy
import hashlib
import json
import os
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

import features as ft
import model as net
import words as w

HERE = os.path.dirname(os.path.abspath(__file__))
BASE_FILE = "kws_demo.onnx"
DOMAINS = ["clean", "accent", "factory"]
BATCH = 100
BASE_EPOCHS, BASE_RATE = 25, 3e-3
ADAPTERS = {
    "accent-lora": dict(domain="accent", targets=["head", "pw"], rank=4, alpha=8,
                        epochs=20, rate=3e-3),
    "factory-lora": dict(domain="factory", targets=["conv1", "head", "pw"], rank=4,
                         alpha=8, epochs=20, rate=3e-3),
    "factory-bitfit": dict(domain="factory", targets=[], rank=4, alpha=8,
                           epochs=20, rate=3e-3),
}


def load(work):
    """Features as dequantised float tensors, labels and the info record."""
    raw = np.load(os.path.join(work, "data.npz"))
    info = json.loads(str(raw["info"]))
    data = {}
    for key in raw.files:
        if key.endswith("_x"):
            x = ft.dequantise(raw[key], info["scale"], info["zero_point"])
            data[key[:-2]] = (torch.from_numpy(x)[..., None],
                              torch.from_numpy(raw[key[:-2] + "_y"]))
    return data, info


def train(model, x, y, epochs, rate, seed):
    """Adam with one-cycle rate over the parameters that need a gradient."""
    generator = torch.Generator().manual_seed(seed)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, rate, weight_decay=1e-3)
    steps = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    for epoch in range(epochs):
        order, total = torch.randperm(len(x), generator=generator), 0.0
        for first in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[first:first + BATCH]
            loss = F.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 5 == 4:
            print(f"  epoch {epoch + 1} loss {total * BATCH / len(x):.3f}", flush=True)
    return model.eval()


def accuracy(model, x, y):
    """Percent right."""
    with torch.no_grad():
        return 100.0 * (model(x).argmax(1) == y).float().mean().item()


def train_base(data):
    """Base network on the clean domain, BatchNorm folded."""
    torch.manual_seed(1)
    model = train(net.DsCnn().train(), *data["clean_train"], BASE_EPOCHS, BASE_RATE, 1)
    folded = net.fold(model)
    x = data["clean_test"][0]
    with torch.no_grad():
        print("  folding error", (model(x) - folded(x)).abs().max().item())
    return folded


def train_adapter(base, data, seed, domain, targets, rank, alpha, epochs, rate):
    """A LoRA (targets given) or BitFit (none given) copy of the folded base."""
    torch.manual_seed(seed)
    model = net.add_lora(copy.deepcopy(base), targets, rank, alpha)
    if not targets:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.endswith(".bias"))
    return train(model, *data[domain + "_train"], epochs, rate, seed)


def export_adapter(name, model, targets, rank, alpha, **_):
    """Writes adapters/NAME."""
    config = net.adapter_config(BASE_FILE, targets, rank, alpha, 0.0,
                                "none" if targets else "all")
    net.write_adapter(os.path.join(HERE, "adapters", name), config,
                      net.adapter_tensors(model))


def committed(info, domain):
    """The committed int8 test split, dequantised."""
    path = os.path.join(HERE, "test", domain)
    q = np.fromfile(path + ".bin", np.int8).reshape(-1, ft.FRAMES, ft.COEFFS, 1)
    labels = [int(line.rsplit(",", 1)[1]) for line in open(path + ".csv")]
    x = ft.dequantise(q, info["scale"], info["zero_point"])
    return torch.from_numpy(x), torch.tensor(labels)


def table(models, splits):
    """{model: {domain: percent}}, two decimals."""
    return {name: {d: round(accuracy(m, *splits[d]), 2) for d in DOMAINS}
            for name, m in models.items()}


def write_info(info, models, data):
    """demo.json."""
    small = {d: committed(info, d) for d in DOMAINS}
    wide = {d: data[d + "_test"] for d in DOMAINS}
    onnx_bytes = open(os.path.join(HERE, "base", BASE_FILE), "rb").read()
    record = {
        "scale": info["scale"], "zero_point": info["zero_point"],
        "classes": w.CLASSES, "input_shape": [1, ft.FRAMES, ft.COEFFS, 1],
        "sample_bytes": ft.SAMPLE_BYTES,
        "samples": {d: len(small[d][1]) for d in DOMAINS},
        "base": "base/" + BASE_FILE,
        "base_sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "adapters": {n: {"path": "adapters/" + n, "domain": a["domain"]}
                     for n, a in ADAPTERS.items()},
        "feature_mean": info["feature_mean"], "feature_std": info["feature_std"],
        "float_accuracy": table(models, small),
        "float_accuracy_wide": table(models, wide),
        "wide_samples": {d: len(wide[d][1]) for d in DOMAINS}}
    with open(os.path.join(HERE, "demo.json"), "w") as out:
        out.write(json.dumps(record, indent=2) + "\n")
    return record


def main(work):
    """Everything, in a fixed order with fixed seeds."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    data, info = load(work)
    start = time.time()
    models = {"base": train_base(data)}
    net.write_onnx(os.path.join(HERE, "base", BASE_FILE), models["base"])
    print(f"base done, {time.time() - start:.0f} s")
    for seed, (name, plan) in enumerate(ADAPTERS.items(), 2):
        models[name] = train_adapter(models["base"], data, seed, **plan)
        export_adapter(name, models[name], **plan)
        print(f"{name} done, {time.time() - start:.0f} s")
    record = write_info(info, models, data)
    for key in ("float_accuracy", "float_accuracy_wide"):
        print(key)
        for name, row in record[key].items():
            print(f"  {name:16}", row)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
