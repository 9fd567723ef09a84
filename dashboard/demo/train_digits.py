"""Train the digits demo and export it: `python -m dashboard.demo.train_digits`.

Data: `sklearn.datasets.load_digits`, 1,797 images of 8x8 out of "Optical Recognition of Handwritten
Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0), enlarged to
32x32.  Sixty of each digit are never trained on.  Of the rest, eights, nines and fives are rare on
purpose (`TAIL`): what compression does to rare classes is one of the things to see.  Needs torch
2.13, onnxscript and scikit-learn, none of which Paredown depends on; minutes on two cores.  Writes
the images that the experiment uses too.  What the shipped file scored stands in PROVENANCE.md.
"""

# mypy: ignore-errors
from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import torch
from onnxscript.optimizer import fold_constants, remove_unused_nodes
from sklearn.datasets import load_digits
from torch.nn import functional

from dashboard.demo.digits_net import DigitsNet

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("digits_cnn.onnx.gz")
DATA = Path(__file__).with_name("digits.npz")
EPOCHS = 40
BATCH = 64
TESTED = 60  # of each digit
TAIL = {8: 13, 9: 14, 5: 33}  # images of a digit to train on; all that are left of the others
CALIBRATION = 192  # training images that are shipped too, without their labels


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images, test images `[n, 8, 8]` in 0..16, training labels, test labels."""
    data = load_digits()
    random = np.random.default_rng(0)
    train, test = [], []
    for digit in range(10):
        at = random.permutation(np.flatnonzero(data.target == digit))
        test.append(at[:TESTED])
        train.append(at[TESTED : TESTED + TAIL.get(digit, len(at))])
    order = [random.permutation(np.concatenate(part)) for part in (train, test)]
    images = data.images.astype(np.uint8)
    return *(images[o] for o in order), *(data.target[o].astype(np.uint8) for o in order)


def enlarged(images: np.ndarray) -> torch.Tensor:
    """`[n, 8, 8]` in 0..16 -> `[n, 1, 32, 32]` in 0..1."""
    small = torch.tensor(images, dtype=torch.float32)[:, None] / 16
    return functional.interpolate(small, size=32, mode="bilinear", align_corners=False)


def train(images: torch.Tensor, labels: torch.Tensor) -> DigitsNet:
    """Fit with AdamW, one cycle of the learning rate, shifts of up to three pixels."""
    torch.manual_seed(0)
    net = DigitsNet()
    steps = EPOCHS * (len(images) // BATCH + 1)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(images)).split(BATCH):
            right, down = torch.randint(-3, 4, (2,)).tolist()
            moved = torch.roll(images[chosen], (down, right), dims=(2, 3))
            loss = functional.cross_entropy(net(moved), labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def relative(trace: str) -> str:
    """Source lines of our own files only, with paths counted from the repository."""
    lines = trace.splitlines()
    kept = [i for i, row in enumerate(lines) if str(ROOT) in row]
    return "\n".join(
        row.replace(f"{ROOT}/", "") for i in kept for row in lines[i : i + 2] if row.strip()
    )


def export(net: DigitsNet) -> bytes:
    """The ONNX file, batch norms kept, its stack traces free of this machine's paths."""
    image = torch.zeros(2, 1, 32, 32)
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.export.export(net, (image,), dynamic_shapes={"image": {0: batch}})
    exported = torch.onnx.export(
        program, (), dynamo=True, opset_version=20, optimize=False, verbose=False,
        input_names=["image"], output_names=["scores"], dynamic_shapes={"image": {0: "batch"}},
    )  # fmt: skip
    # Not torch's own "optimize": it melts the batch norms, and they are worth seeing compiled.
    fold_constants(exported.model)
    remove_unused_nodes(exported.model)
    for node in exported.model.graph:
        for key, value in list(node.metadata_props.items()):
            if key.endswith("stack_trace"):
                node.metadata_props[key] = relative(value)
            elif str(ROOT) in value:
                node.metadata_props[key] = value.replace(f"{ROOT}/", "")
    for value in exported.model.graph.inputs:
        value.metadata_props.clear()
    return exported.model_proto.SerializeToString()


def main() -> None:
    """Train, say the accuracy, write the file."""
    train_images, test_images, train_labels, test_labels = digits()
    net = train(enlarged(train_images), torch.tensor(train_labels, dtype=torch.int64))
    truth = torch.tensor(test_labels, dtype=torch.int64)
    with torch.no_grad():
        hit = net(enlarged(test_images)).argmax(1) == truth
    right = int(hit.sum())
    of_each = " ".join(f"{d}:{float(hit[truth == d].float().mean()):.2f}" for d in range(10))
    weights = sum(p.numel() for p in net.state_dict().values())
    sys.stdout.write(
        f"test accuracy {right}/{len(truth)} = {right / len(truth):.4f}; {of_each}; "
        f"{weights} weights\n"
    )
    FILE.write_bytes(gzip.compress(export(net), mtime=0))
    np.savez_compressed(DATA, images=test_images, labels=test_labels,
                        calibration=train_images[:CALIBRATION])  # fmt: skip
    sys.stdout.write(f"{FILE.name}: {FILE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
