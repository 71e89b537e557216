"""python3 -m unittest networks_test   (in this folder): the peers are flows, not only something that costs as much as one."""

import unittest

import torch

from networks import Flow

torch.manual_seed(1)


def perturbed(kind, dims):
    """A flow away from its identity-like start, in f64 so that tolerances can be tight."""
    theta, x = torch.randn(1000, dims[0]), torch.randn(1000, dims[1])
    flow = Flow(kind, theta, x)
    with torch.no_grad():
        for p in flow.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return flow, theta[:7], x[:7]


class FlowTest(unittest.TestCase):
    def test_every_layer_inverts_and_its_log_derivative_is_that_of_autograd(self):
        for kind in ("nsf", "maf"):
            for dims in ((2, 2), (5, 8), (10, 10)):
                flow, theta, x = perturbed(kind, dims)
                for layer in flow.layers:
                    with self.subTest(kind=kind, dims=dims, layer=type(layer).__name__):
                        z, log_derivative = layer(theta, x)
                        torch.testing.assert_close(layer.inverse(z, x), theta, atol=2e-4, rtol=2e-4)
                        for i in range(len(theta)):
                            jacobian = torch.autograd.functional.jacobian(lambda y: layer(y[None], x[i : i + 1])[0][0], theta[i])
                            torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], log_derivative[i], atol=1e-4, rtol=1e-4)

    def test_training_on_a_linear_gaussian_problem_reaches_its_exact_posterior(self):
        theta = 0.1**0.5 * torch.randn(20_000, 2)
        x = theta + 0.1**0.5 * torch.randn_like(theta)  # posterior N(x / 2, 0.05 I)
        for kind in ("nsf", "maf"):
            flow = Flow(kind, theta, x)
            optimiser = torch.optim.Adam(flow.parameters(), lr=2e-3)
            for _ in range(800):
                batch = torch.randint(len(theta), (500,))
                optimiser.zero_grad()
                (-flow.log_prob(theta[batch], x[batch]).mean()).backward()
                optimiser.step()
            with torch.no_grad():
                draws = flow.sample(4000, torch.tensor([[0.3, -0.2]]))
            with self.subTest(kind=kind):  # training error dominates: 0.05 is a fifth of the posterior sd 0.22
                torch.testing.assert_close(draws.mean(0), torch.tensor([0.15, -0.1]), atol=0.05, rtol=0)
                torch.testing.assert_close(draws.std(0), torch.full((2,), 0.05**0.5), atol=0.05, rtol=0)


if __name__ == "__main__":
    unittest.main()
