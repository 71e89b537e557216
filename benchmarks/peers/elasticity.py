"""PyTorch, nested autograd: gradient of the mean squared residual div sigma - f of plane-strain elasticity (lambda = 1, mu = 0.5)."""

import argparse
import math

import torch
from torch import nn

from timing import report, seconds_per_call

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--points", type=int, required=True)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--budget", type=float, default=2.0, help="seconds")
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(1)
LAMBDA, MU, Q, WIDTH = 1.0, 0.5, 4.0, 50


def force(x, y):
    """div sigma of u = (cos 2 pi x sin pi y, Q/4 y^4 sin pi x)."""
    pi, sin, cos = math.pi, torch.sin, torch.cos
    wave, shear = pi**2 * cos(2 * pi * x) * sin(pi * y), pi * Q * y**3 * cos(pi * x)
    bend, twist = Q * y**2 * sin(pi * x), pi**2 * cos(pi * y) * sin(2 * pi * x)
    fx = -LAMBDA * (4 * wave - shear) - MU * (wave - shear) - 8 * MU * wave
    fy = LAMBDA * (3 * bend - 2 * twist) - MU * (2 * twist + Q / 4 * pi**2 * y**4 * sin(pi * x)) + 6 * MU * bend
    return fx, fy


hidden = [layer for i in range(4) for layer in (nn.Linear(WIDTH if i else 2, WIDTH), nn.Tanh())]
network = nn.Sequential(*hidden, nn.Linear(WIDTH, 2))
parameters = list(network.parameters())
points = torch.rand(options.points, 2, requires_grad=True)
fx, fy = (f.detach() for f in force(points[:, 0], points[:, 1]))


def gradient_at_points(values):
    """Derivatives of each point's value along x and y: points do not mix, so the sum's gradient holds them all."""
    return torch.autograd.grad(values.sum(), points, create_graph=True)[0]


def step():
    u = network(points)
    du, dv = gradient_at_points(u[:, 0]), gradient_at_points(u[:, 1])
    (uxx, uxy), (_, uyy) = gradient_at_points(du[:, 0]).unbind(1), gradient_at_points(du[:, 1]).unbind(1)
    (vxx, vxy), (_, vyy) = gradient_at_points(dv[:, 0]).unbind(1), gradient_at_points(dv[:, 1]).unbind(1)
    rx = MU * (uxx + uyy) + (LAMBDA + MU) * (uxx + vxy) - fx
    ry = MU * (vxx + vyy) + (LAMBDA + MU) * (uxy + vyy) - fy
    torch.autograd.grad((rx**2).mean() + (ry**2).mean(), parameters, allow_unused=True)  # the last bias has no derivative


report(seconds_per_call(step, calls=500, warm_up=3, budget_seconds=options.budget))
