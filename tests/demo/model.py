"""The DS-CNN, its folded form, LoRA layers and the file formats (torch side)."""
import json
import os
import struct

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

CHANNELS = 32
BLOCKS = 4
CLASSES = 10


def conv(cin, cout, kernel, stride=1, padding=0, groups=1, bias=True):
    """nn.Conv2d with the argument order used here."""
    return nn.Conv2d(cin, cout, kernel, stride, padding, groups=groups, bias=bias)


class Separable(nn.Module):
    """Depthwise 3x3 and pointwise 1x1, each followed by (BatchNorm and) ReLU."""

    def __init__(self, channels, folded):
        super().__init__()
        self.dw = conv(channels, channels, 3, 1, 1, channels, bias=folded)
        self.pw = conv(channels, channels, 1, bias=folded)
        self.dw_bn = nn.Identity() if folded else nn.BatchNorm2d(channels)
        self.pw_bn = nn.Identity() if folded else nn.BatchNorm2d(channels)

    def forward(self, x):
        x = torch.relu(self.dw_bn(self.dw(x)))
        return torch.relu(self.pw_bn(self.pw(x)))


class DsCnn(nn.Module):
    """Input [N, 49, 10, 1] (NHWC); output logits [N, 10]."""

    def __init__(self, folded=False):
        super().__init__()
        self.conv1 = conv(1, CHANNELS, (10, 4), 2, (5, 1), bias=folded)
        self.conv1_bn = nn.Identity() if folded else nn.BatchNorm2d(CHANNELS)
        for i in range(1, BLOCKS + 1):
            setattr(self, f"block{i}", Separable(CHANNELS, folded))
        self.drop = nn.Dropout(0.0 if folded else 0.2)
        self.head = nn.Linear(CHANNELS, CLASSES)

    def forward(self, x):
        x = x.permute(0, 3, 1, 2)
        x = torch.relu(self.conv1_bn(self.conv1(x)))
        for i in range(1, BLOCKS + 1):
            x = getattr(self, f"block{i}")(x)
        return self.head(self.drop(x.mean(dim=(2, 3))))


def fold(model):
    """The same network with every BatchNorm folded into the conv before it."""
    target = DsCnn(folded=True)
    modules = dict(model.named_modules())
    state = {}
    for name, module in modules.items():
        if isinstance(module, nn.Conv2d):
            bn = modules[name + "_bn"]
            gain = bn.weight / torch.sqrt(bn.running_var + bn.eps)
            state[name + ".weight"] = module.weight * gain[:, None, None, None]
            state[name + ".bias"] = bn.bias - bn.running_mean * gain
        elif isinstance(module, nn.Linear):
            state[name + ".weight"], state[name + ".bias"] = module.weight, module.bias
    target.load_state_dict(state)
    return target.eval()


# ---- LoRA -----------------------------------------------------------------

class Lora(nn.Module):
    """base(x) + alpha / r * B(A(x)) as peft builds it for Conv2d and Linear."""

    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base_layer = base
        self.scaling = alpha / rank
        if isinstance(base, nn.Conv2d):
            self.lora_A = nn.Conv2d(base.in_channels, rank, base.kernel_size,
                                    base.stride, base.padding, bias=False)
            self.lora_B = nn.Conv2d(rank, base.out_channels, 1, bias=False)
        else:
            self.lora_A = nn.Linear(base.in_features, rank, bias=False)
            self.lora_B = nn.Linear(rank, base.out_features, bias=False)
        nn.init.kaiming_uniform_(self.lora_A.weight, a=5 ** 0.5)
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x):
        return self.base_layer(x) + self.scaling * self.lora_B(self.lora_A(x))


def add_lora(model, targets, rank, alpha):
    """Wraps the modules whose name ends with a target; freezes all else."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for name, module in list(model.named_modules()):
        if any(name == t or name.endswith("." + t) for t in targets):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, Lora(module, rank, alpha))
    return model


def adapter_tensors(model):
    """Trained tensors under the names peft gives them."""
    return {"base_model.model." + name: p.detach().numpy()
            for name, p in model.named_parameters() if p.requires_grad}


# ---- files ----------------------------------------------------------------

def adapter_config(base, targets, rank, alpha, dropout, bias):
    """adapter_config.json with the fields and order (sorted) peft writes."""
    return {
        "alpha_pattern": {}, "auto_mapping": None, "base_model_name_or_path": base,
        "bias": bias, "corda_config": None, "eva_config": None, "exclude_modules": None,
        "fan_in_fan_out": False, "inference_mode": True, "init_lora_weights": True,
        "layer_replication": None, "layers_pattern": None, "layers_to_transform": None,
        "loftq_config": {}, "lora_alpha": alpha, "lora_bias": False,
        "lora_dropout": dropout, "megatron_config": None,
        "megatron_core": "megatron.core", "modules_to_save": None, "peft_type": "LORA",
        "r": rank, "rank_pattern": {}, "revision": None, "target_modules": targets,
        "task_type": None, "trainable_token_indices": None, "use_dora": False,
        "use_rslora": False}


def write_safetensors(path, tensors):
    """float32 tensors, names sorted, header padded with spaces to 8 bytes."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(tensors):
        size = tensors[name].size * 4
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            out.write(np.ascontiguousarray(tensors[name], "<f4").tobytes())


def write_adapter(folder, config, tensors):
    """A peft adapter folder."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "adapter_config.json"), "w") as out:
        json.dump(config, out, indent=2, sort_keys=True)
    write_safetensors(os.path.join(folder, "adapter_model.safetensors"), tensors)


def conv_node(name, module, source, result):
    """Conv with bias; initializers keep the PyTorch parameter names."""
    (top, left), group = module.padding, module.groups
    return helper.make_node(
        "Conv", [source, name + ".weight", name + ".bias"], [result], name=name,
        dilations=[1, 1], group=group, kernel_shape=list(module.kernel_size),
        pads=[top, left, top, left], strides=list(module.stride))


def write_onnx(path, model):
    """The folded network with Transpose in front and Softmax at the end."""
    nodes = [helper.make_node("Transpose", ["input"], ["nchw"], name="transpose",
                              perm=[0, 3, 1, 2])]
    last = "nchw"
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            nodes.append(conv_node(name, module, last, name + ".out"))
            nodes.append(helper.make_node("Relu", [name + ".out"], [name + ".relu"],
                                          name=name + ".relu"))
            last = name + ".relu"
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["pool"], name="pool"),
        helper.make_node("Flatten", ["pool"], ["flat"], name="flatten", axis=1),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["logits"],
                         name="head", alpha=1.0, beta=1.0, transB=1),
        helper.make_node("Softmax", ["logits"], ["output"], name="softmax", axis=1)]
    weights = [numpy_helper.from_array(p.detach().numpy(), n)
               for n, p in model.named_parameters()]
    graph = helper.make_graph(
        nodes, "kws_demo",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 49, 10, 1])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, CLASSES])],
        weights)
    proto = helper.make_model(graph, producer_name="kws_demo",
                              opset_imports=[helper.make_opsetid("", 13)])
    proto.ir_version = 7
    onnx.checker.check_model(proto, full_check=True)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    onnx.save(proto, path)
