"""The two default networks of sbi 0.27 as eager PyTorch modules, written from the papers.

  Neural spline flow, coupling layers    Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
  Masked autoregressive flow             Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057
  Masked autoencoder (MADE)              Germain, Gregor, Murray & Larochelle 2015, arXiv:1502.03509

Each transform has forward(y, context) -> (z, log|dz/dy|), the direction of a density, and inverse(z, context) -> y, that of a draw.
Sizes are those of sbi: 5 transforms, 50 hidden units, 2 blocks, 10 bins, tails linear outside [-3, 3].
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

HIDDEN, BLOCKS, TRANSFORMS, BINS, TAIL_BOUND = 50, 2, 5, 10, 3.0
MIN_WIDTH = MIN_HEIGHT = MIN_DERIVATIVE = 1e-3


def knots(unnormalised, minimum):
    """Softmax bin sizes, at least `minimum` each, and the edges of the bins they tile [-B, B] with."""
    sizes = minimum + (1 - minimum * BINS) * F.softmax(unnormalised, dim=-1)
    edges = F.pad(torch.cumsum(sizes, dim=-1), (1, 0))
    edges = 2 * TAIL_BOUND * edges - TAIL_BOUND
    edges[..., 0], edges[..., -1] = -TAIL_BOUND, TAIL_BOUND
    return edges, edges[..., 1:] - edges[..., :-1]


def spline(x, widths, heights, derivatives, inverse=False):
    """Monotone rational-quadratic spline of each element (Durkan et al. 2019, eqs 4-8); the identity outside [-B, B]."""
    inside = (x >= -TAIL_BOUND) & (x <= TAIL_BOUND)
    y, log_derivative = x.clone(), torch.zeros_like(x)
    boundary = math.log(math.exp(1 - MIN_DERIVATIVE) - 1)  # softplus of it is 1 - MIN_DERIVATIVE: slope 1 joins the tails
    derivatives = F.pad(derivatives, (1, 1), value=boundary)[inside]
    xs, ws = knots(widths[inside], MIN_WIDTH)
    ys, hs = knots(heights[inside], MIN_HEIGHT)
    ds = MIN_DERIVATIVE + F.softplus(derivatives)

    u = x[inside].unsqueeze(-1)
    edges = ys if inverse else xs
    k = ((u >= edges).sum(-1, keepdim=True) - 1).clamp(0, BINS - 1)
    at = lambda values, index=k: values.gather(-1, index).squeeze(-1)
    x0, w, y0, h, d0, d1 = at(xs), at(ws), at(ys), at(hs), at(ds), at(ds, k + 1)
    u, s = u.squeeze(-1), h / w
    if inverse:
        c = (u - y0) * (d0 + d1 - 2 * s)
        a, b, c = h * (s - d0) + c, h * d0 - c, -s * (u - y0)
        t = 2 * c / (-b - torch.sqrt(b * b - 4 * a * c))
        out = t * w + x0
    else:
        t = (u - x0) / w
        out = y0 + h * (s * t * t + d0 * t * (1 - t)) / (s + (d0 + d1 - 2 * s) * t * (1 - t))
    bottom = s + (d0 + d1 - 2 * s) * t * (1 - t)
    top = s * s * (d1 * t * t + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2)
    log_slope = torch.log(top) - 2 * torch.log(bottom)
    y[inside] = out
    log_derivative[inside] = -log_slope if inverse else log_slope
    return y, log_derivative


class GatedBlock(nn.Module):
    """Pre-activation residual block of two layers; the context gates its output (GLU)."""

    def __init__(self, context):
        super().__init__()
        self.first, self.second, self.gate = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, HIDDEN), nn.Linear(context, HIDDEN)
        nn.init.uniform_(self.second.weight, -1e-3, 1e-3)
        nn.init.uniform_(self.second.bias, -1e-3, 1e-3)

    def forward(self, h, context):
        change = self.second(F.relu(self.first(F.relu(h))))
        return h + F.glu(torch.cat((change, self.gate(context)), dim=1), dim=1)


class ResidualNet(nn.Module):
    def __init__(self, inputs, outputs, context):
        super().__init__()
        self.initial = nn.Linear(inputs + context, HIDDEN)
        self.blocks = nn.ModuleList(GatedBlock(context) for _ in range(BLOCKS))
        self.final = nn.Linear(HIDDEN, outputs)

    def forward(self, x, context):
        h = self.initial(torch.cat((x, context), dim=1))
        for block in self.blocks:
            h = block(h, context)
        return self.final(h)


class SplineCoupling(nn.Module):
    """Half of the coordinates pass; the others go through a spline whose parameters are a network of the half and the context."""

    def __init__(self, dim, context, even):
        super().__init__()
        mask = torch.arange(dim) % 2 == (0 if even else 1)
        self.register_buffer("moved", torch.nonzero(mask).flatten())
        self.register_buffer("kept", torch.nonzero(~mask).flatten())
        self.conditioner = ResidualNet(len(self.kept), len(self.moved) * (3 * BINS - 1), context)

    def apply_spline(self, x, context, inverse):
        kept, moved = x[:, self.kept], x[:, self.moved]
        parameters = self.conditioner(kept, context).view(len(x), len(self.moved), 3 * BINS - 1)
        widths, heights = parameters[..., :BINS] / math.sqrt(HIDDEN), parameters[..., BINS : 2 * BINS] / math.sqrt(HIDDEN)
        moved, log_derivative = spline(moved, widths, heights, parameters[..., 2 * BINS :], inverse)
        out = torch.empty_like(x)
        out[:, self.kept], out[:, self.moved] = kept, moved
        return out, log_derivative.sum(1)

    def forward(self, y, context):
        return self.apply_spline(y, context, inverse=False)

    def inverse(self, z, context):
        return self.apply_spline(z, context, inverse=True)[0]


class LULinear(nn.Module):
    """z = L U y + b with L unit lower and U upper triangular, its diagonal softplus + 1e-3; starts as the identity."""

    def __init__(self, dim):
        super().__init__()
        count = dim * (dim - 1) // 2
        self.register_buffer("lower_index", torch.tril_indices(dim, dim, -1))
        self.register_buffer("upper_index", torch.triu_indices(dim, dim, 1))
        self.dim, self.bias = dim, nn.Parameter(torch.zeros(dim))
        self.lower, self.upper = nn.Parameter(torch.zeros(count)), nn.Parameter(torch.zeros(count))
        self.diagonal = nn.Parameter(torch.full((dim,), math.log(math.exp(1 - 1e-3) - 1)))

    def factors(self):
        lower, upper = torch.eye(self.dim), torch.zeros(self.dim, self.dim)
        lower[self.lower_index[0], self.lower_index[1]] = self.lower
        upper[self.upper_index[0], self.upper_index[1]] = self.upper
        diagonal = F.softplus(self.diagonal) + 1e-3
        upper[range(self.dim), range(self.dim)] = diagonal
        return lower, upper, diagonal

    def forward(self, y, context):
        lower, upper, diagonal = self.factors()
        return F.linear(F.linear(y, upper), lower, self.bias), torch.log(diagonal).sum().expand(len(y))

    def inverse(self, z, context):
        lower, upper, _ = self.factors()
        half = torch.linalg.solve_triangular(lower, (z - self.bias).T, upper=False, unitriangular=True)
        return torch.linalg.solve_triangular(upper, half, upper=True).T


class MaskedLinear(nn.Linear):
    """A linear layer whose output j sees input i only where degree_out[j] >= degree_in[i] (strictly greater if `strict`)."""

    def __init__(self, degree_in, degree_out, strict=False):
        super().__init__(len(degree_in), len(degree_out))
        mask = degree_out[:, None] > degree_in if strict else degree_out[:, None] >= degree_in
        self.register_buffer("mask", mask.float())

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


class MaskedAffine(nn.Module):
    """z_i = scale_i y_i + shift_i with scale and shift a MADE of y_<i and the context; scale = softplus(s) + 1e-3."""

    def __init__(self, dim, context):
        super().__init__()
        degree, hidden = torch.arange(1, dim + 1), torch.arange(HIDDEN) % max(1, dim - 1) + min(1, dim - 1)
        self.initial, self.context = MaskedLinear(degree, hidden), nn.Linear(context, HIDDEN)
        self.blocks = nn.ModuleList(MaskedLinear(hidden, hidden) for _ in range(BLOCKS))
        self.final = MaskedLinear(hidden, degree.repeat_interleave(2), strict=True)

    def affine(self, y, context):
        h = torch.tanh(self.initial(y) + torch.tanh(self.context(context)))
        for block in self.blocks:
            h = torch.tanh(block(h))
        s, shift = self.final(h).view(len(y), -1, 2).unbind(-1)
        return F.softplus(s) + 1e-3, shift

    def forward(self, y, context):
        scale, shift = self.affine(y, context)
        return scale * y + shift, torch.log(scale).sum(1)

    def inverse(self, z, context):
        y = torch.zeros_like(z)
        for _ in range(z.shape[1]):  # one coordinate becomes right in each pass
            scale, shift = self.affine(y, context)
            y = (z - shift) / scale
        return y


class Permutation(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.register_buffer("order", torch.randperm(dim))
        self.register_buffer("back", torch.argsort(self.order))

    def forward(self, y, context):
        return y[:, self.order], torch.zeros(len(y))

    def inverse(self, z, context):
        return z[:, self.back]


class Flow(nn.Module):
    """log q(theta | x) = log N(z; 0, I) + sum of log-derivatives, theta and x standardised with the moments of the training set."""

    def __init__(self, kind, theta, x):
        super().__init__()
        dim, context = theta.shape[1], x.shape[1]
        for name, data in (("theta", theta), ("x", x)):
            self.register_buffer(f"{name}_mean", data.mean(0))
            self.register_buffer(f"{name}_sd", data.std(0))
        layers = []
        for i in range(TRANSFORMS):
            if kind == "nsf":
                layers += [SplineCoupling(dim, context, even=i % 2 == 0), LULinear(dim)]
            else:
                layers += [MaskedAffine(dim, context), Permutation(dim)]
        self.layers = nn.ModuleList(layers)

    def log_prob(self, theta, x):
        z, context = (theta - self.theta_mean) / self.theta_sd, (x - self.x_mean) / self.x_sd
        total = -torch.log(self.theta_sd).sum().expand(len(z))
        for layer in self.layers:
            z, log_derivative = layer(z, context)
            total = total + log_derivative
        return total - 0.5 * (z * z).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)

    def sample(self, count, x):
        context = ((x - self.x_mean) / self.x_sd).expand(count, -1)
        z = torch.randn(count, len(self.theta_mean))
        for layer in reversed(self.layers):
            z = layer.inverse(z, context)
        return z * self.theta_sd + self.theta_mean
