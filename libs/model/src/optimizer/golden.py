"""Prints the golden values of optimizer.test.ts. Needs torch and torch-optimizer; values in the test come from the versions printed."""

import math

import torch
import torch_optimizer

START = [0.4, -0.7, 0.25, 0.0]
f32 = lambda x: torch.tensor(x, dtype=torch.float32).double()


def gradient(step):
    """Of update `step` = 0, 1, ...: sin(0.7 step + 1.3 i) (1 + i / 2), rounded to float32."""
    return f32([math.sin(0.7 * step + 1.3 * i) * (1 + i / 2) for i in range(4)])


def run(name, make):
    theta = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([theta])
    for step in range(100):
        theta.grad = gradient(step)
        optimizer.step()
        if step + 1 in (1, 10, 100):
            print(name, step + 1, [round(x, 9) for x in theta.tolist()])


print("torch", torch.__version__)
run("sgd", lambda p: torch.optim.SGD(p, lr=0.01, weight_decay=0.1))
run("momentum", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9))
run("nesterov", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1))
run("adam", lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-7))
run("adamw", lambda p: torch.optim.AdamW(p, lr=0.01))
run("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.01, initial_accumulator_value=0.1))


def yogi(parameters):
    """torch-optimizer starts the mean m at 1e-6 like v; ours starts at 0, which moves a weight without gradient by nothing."""
    optimizer = torch_optimizer.Yogi(parameters, lr=0.01)
    for p in parameters:
        optimizer.state[p] = {"step": 0, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.full_like(p, 1e-6)}
    return optimizer


run("yogi", yogi)
