"""The main job in PyTorch, independently written: the same data, model, batches of 64, AdamW and 500 rounds.

    python test/reference-runs/labs.py torch glorot he lecun

trains all twelve assays together and each alone, seeds 1 to 3, and prints the mean AUROC of the test split for each kind of
initial values. Needs numpy and torch; one thread.
"""
import pathlib
import sys

import numpy as np
import torch

torch.set_num_threads(1)
DATA = pathlib.Path(__file__).parents[2] / "examples" / "drug-discovery" / "data"
SEEDS, ROUNDS, BATCH = (1, 2, 3), 500, 64


def load(lab):
    arrays = np.load(DATA / f"lab-{lab}.npz")
    tasks = [key[6:] for key in arrays.files if key.startswith("train_") and key != "train_fingerprints"]
    column = lambda split, task: torch.tensor(arrays[f"{split}_{task}"].astype("f4")).reshape(-1)
    return {
        split: (torch.tensor(arrays[f"{split}_fingerprints"].astype("f4")), {task: column(split, task) for task in tasks})
        for split in ("train", "test")
    }


LABS = {lab: load(lab) for lab in "abcd"}


def auroc(scores, labels):
    known = labels >= 0
    scores, labels = scores[known].numpy(), labels[known].numpy()
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    ones, zeros = (labels == 1).sum(), (labels == 0).sum()
    return (ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros)


def start(layer, kind):
    if kind == "torch":
        return
    inputs, outputs = layer.weight.shape[1], layer.weight.shape[0]
    bound = {"glorot": (6 / (inputs + outputs)) ** 0.5, "lecun": (3 / inputs) ** 0.5, "he": (6 / inputs) ** 0.5}[kind]
    torch.nn.init.uniform_(layer.weight, -bound, bound)
    torch.nn.init.zeros_(layer.bias)


def train(seed, groups, kind):
    """`groups`: lab -> assays. Returns the AUROC of each assay."""
    torch.manual_seed(seed)
    layers = [torch.nn.Linear(1024, 128), torch.nn.Linear(128, 64)]
    relu_dropout = lambda: (torch.nn.ReLU(), torch.nn.Dropout(0.3))
    trunk = torch.nn.Sequential(layers[0], *relu_dropout(), layers[1], *relu_dropout())
    heads = {task: torch.nn.Linear(64, 1) for tasks in groups.values() for task in tasks}
    for layer in (*layers, *heads.values()):
        start(layer, kind)
    parameters = [p for module in (trunk, *heads.values()) for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)
    chance = {lab: np.random.RandomState(seed * 7 + i) for i, lab in enumerate(groups)}
    waiting = {lab: [] for lab in groups}
    for _ in range(ROUNDS):
        optimizer.zero_grad()
        loss = 0
        for lab, tasks in groups.items():
            inputs, labels = LABS[lab]["train"]
            while len(waiting[lab]) < BATCH:
                waiting[lab] += list(chance[lab].permutation(len(inputs)))
            rows, waiting[lab] = torch.tensor(waiting[lab][:BATCH]), waiting[lab][BATCH:]
            hidden = trunk(inputs[rows])
            for task in tasks:
                wanted = labels[task][rows]
                known = wanted >= 0
                if known.any():
                    logits = heads[task](hidden)[:, 0][known]
                    loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[known])
        loss.backward()
        optimizer.step()
    trunk.eval()
    with torch.no_grad():
        return {
            task: auroc(heads[task](trunk(LABS[lab]["test"][0]))[:, 0], LABS[lab]["test"][1][task])
            for lab, tasks in groups.items()
            for task in tasks
        }


ASSAYS = {lab: list(LABS[lab]["train"][1]) for lab in LABS}
for kind in sys.argv[1:] or ["torch"]:
    together = [np.mean(list(train(seed, ASSAYS, kind).values())) for seed in SEEDS]
    alone = [
        np.mean([train(seed, {lab: [task]}, kind)[task] for lab, tasks in ASSAYS.items() for task in tasks]) for seed in SEEDS
    ]
    gain = np.mean(together) - np.mean(alone)
    print(f"{kind}: alone {np.round(alone, 3)}, together {np.round(together, 3)}, gain {gain:+.3f}", flush=True)
