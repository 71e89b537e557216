"""Eager PyTorch: one training step of a posterior network, or 10,000 draws from it.

A step is: gather a minibatch, forward, backward, clip the gradient norm to 5, Adam (learning rate 5e-4).
"""

import argparse

import torch

from networks import Flow
from timing import report, seconds_per_call

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("what", choices=["train", "sample"])
parser.add_argument("--flow", choices=["nsf", "maf"], required=True)
parser.add_argument("--dims", type=int, nargs=2, required=True, metavar=("THETA", "X"))
parser.add_argument("--batch", type=int, default=200)
parser.add_argument("--draws", type=int, default=10_000)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--calls", type=int, default=300)
parser.add_argument("--budget", type=float, default=10.0, help="seconds")
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(1)
theta, x = (torch.randn(max(10_000, options.batch), dim) for dim in options.dims)
flow = Flow(options.flow, theta, x)
optimiser = torch.optim.Adam(flow.parameters(), lr=5e-4)


def train():
    batch = torch.randint(len(theta), (options.batch,))
    optimiser.zero_grad(set_to_none=True)
    loss = -flow.log_prob(theta[batch], x[batch]).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    optimiser.step()


@torch.no_grad()
def sample():
    return flow.sample(options.draws, x[:1])


parameters = sum(p.numel() for p in flow.parameters())
call = train if options.what == "train" else sample
report(seconds_per_call(call, options.calls, warm_up=20 if options.what == "train" else 2, budget_seconds=options.budget), parameters=parameters)
