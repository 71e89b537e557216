"""Eager PyTorch: one training step of a multilayer perceptron (ReLU, mean squared error, Adam) on one fixed batch."""

import argparse

import torch
from torch import nn

from timing import report, seconds_per_call

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--widths", type=int, nargs="+", required=True, help="inputs, hidden layers, outputs")
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--calls", type=int, default=500)
parser.add_argument("--budget", type=float, default=5.0, help="seconds")
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(1)
layers = []
for inputs, outputs in zip(options.widths, options.widths[1:]):
    layers += [nn.Linear(inputs, outputs), nn.ReLU()]
network = nn.Sequential(*layers[:-1])
optimiser = torch.optim.Adam(network.parameters(), lr=5e-4)
x, y = torch.randn(options.batch, options.widths[0]), torch.randn(options.batch, options.widths[-1])


def step():
    optimiser.zero_grad(set_to_none=True)
    nn.functional.mse_loss(network(x), y).backward()
    optimiser.step()


report(seconds_per_call(step, options.calls, warm_up=20, budget_seconds=options.budget))
