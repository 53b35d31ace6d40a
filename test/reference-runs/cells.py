"""The model of examples/cells in PyTorch, on its own: one shared layer of 128 units, a softmax classifier and a box
regressor, L = 1 · cross-entropy + 2 · mean squared error, Adam 0.0003 (ε 1e-7, as TensorFlow has it), batches of 32 drawn
without replacement, 320 rounds, Glorot-uniform kernels and zero biases. Shares nothing with the project but the data.

    python cells.py ../../examples/cells/data      prints accuracy and mean IoU on the test split for ten seeds

The figures in test/examples.test.ts come from torch 2.x on a CPU.
"""

import gzip
import sys

import numpy as np
import torch

RECORD = 1 + 3072
ROUNDS, BATCH, LAMBDA, RATE = 320, 32, (1.0, 2.0), 0.0003


def read(folder, *names):
    records = np.concatenate(
        [np.frombuffer(gzip.open(f"{folder}/{n}.bin.gz").read(), np.uint8).reshape(-1, RECORD) for n in names]
    )
    boxes = np.concatenate([np.fromfile(f"{folder}/{n}_boxes.f32", "<f4").reshape(-1, 4) for n in names])
    return (
        torch.tensor(records[:, 1:].astype(np.float32) / 255),
        torch.tensor(records[:, 0].astype(np.int64)),
        torch.tensor(boxes),
    )


def dense(inputs, outputs):
    layer = torch.nn.Linear(inputs, outputs)
    torch.nn.init.xavier_uniform_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return layer


def iou(a, b):
    size_a, size_b = a[:, 2:].clamp(min=0), b[:, 2:].clamp(min=0)
    low = torch.maximum(a[:, :2] - size_a / 2, b[:, :2] - size_b / 2)
    high = torch.minimum(a[:, :2] + size_a / 2, b[:, :2] + size_b / 2)
    shared = (high - low).clamp(min=0).prod(1)
    return (shared / (size_a.prod(1) + size_b.prod(1) - shared)).mean().item()


def run(seed, train, test):
    torch.manual_seed(seed)
    x, label, box = train
    trunk, classifier, detector = dense(3072, 128), dense(128, 3), dense(128, 4)
    modules = torch.nn.ModuleList([trunk, classifier, detector])
    optimizer = torch.optim.Adam(modules.parameters(), lr=RATE, eps=1e-7)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(ROUNDS):
        while len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(x))])
        rows, order = order[:BATCH], order[BATCH:]
        hidden = torch.relu(trunk(x[rows]))
        loss = LAMBDA[0] * torch.nn.functional.cross_entropy(classifier(hidden), label[rows])
        loss = loss + LAMBDA[1] * torch.nn.functional.mse_loss(detector(hidden), box[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        x, label, box = test
        hidden = torch.relu(trunk(x))
        accuracy = (classifier(hidden).argmax(1) == label).float().mean().item()
        return accuracy, iou(detector(hidden), box)


if __name__ == "__main__":
    folder = sys.argv[1]
    train = read(folder, "data_batch_1", "data_batch_2")
    test = read(folder, "test_batch")
    found = [run(seed, train, test) for seed in range(1, 11)]
    for seed, (accuracy, overlap) in enumerate(found, 1):
        print(f"seed {seed}: accuracy {accuracy:.4f}, iou {overlap:.4f}")
    for name, values in zip(("accuracy", "iou"), np.array(found).T):
        print(f"{name}: mean {values.mean():.4f}, sd {values.std(ddof=1):.4f}, {values.min():.4f} to {values.max():.4f}")
