"""Where gradients arrive, where they are cut, and in what size."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug import gradient_flow

from .set_ups import copied, mlp, unchanged

nn = mg.nn
CE = nn.CrossEntropyLoss()


def batch(count=256):
    x, y = mg.data.datasets.digits()[0].tensors
    return x[:count], y[:count]


def codes(flow):
    return [f.code for f in flow.findings]


def test_G3_gradients_of_a_healthy_model():
    flow = gradient_flow(mlp(), CE, batch())
    assert (flow.ok, list(flow), len(flow)) == (
        True, ["0.weight", "0.bias", "2.weight", "2.bias"], 4
    )  # fmt: skip
    assert {row["status"] for row in flow.values()} == {"ok"}
    assert flow.activations[0].units == 64
    assert flow.activations[0].share < 0.3
    text = str(flow)
    assert "0.weight" in text
    assert "64×64" in text


def test_the_numbers_are_those_of_a_backward_pass():
    model = mlp()
    flow = gradient_flow(model, CE, batch())
    x, y = batch()
    CE(model(x), y).backward()
    for name, parameter in model.named_parameters():
        assert flow[name]["norm"] == pytest.approx(float(parameter.grad.norm()), rel=1e-4)
        assert flow[name]["weight_norm"] == pytest.approx(float(parameter.norm()), rel=1e-5)


def test_a_model_alone_shows_the_gradients_it_has():
    model = mlp()
    assert codes(gradient_flow(model)) == ["detached_graph"]
    x, y = batch()
    CE(model(x), y).backward()
    flow = gradient_flow(model)
    assert flow.ok
    assert flow["0.bias"]["norm"] == pytest.approx(float(model[0].bias.grad.norm()), rel=1e-5)


class Cut(nn.Module):
    def __init__(self, cut):
        super().__init__()
        self.first, self.last, self.unused = nn.Linear(64, 32), nn.Linear(32, 10), nn.Linear(2, 2)
        self.act = nn.ReLU()
        self.cut = cut

    def forward(self, x):
        if self.cut == "no_grad":
            with mg.no_grad():
                return self.last(self.act(self.first(x)))
        hidden = self.act(self.first(x))
        return self.last({"detach": hidden.detach, "keep": lambda: hidden}[self.cut]())


def test_G3_a_cut_graph_names_the_op():
    flow = gradient_flow(Cut("detach"), CE, batch())
    assert codes(flow) == ["detached_graph"]
    assert flow["first.weight"]["status"] == flow["first.bias"]["status"] == "none"
    assert flow["first.weight"]["cut"] == "cut after op 'relu' in 'act' (ReLU)"
    assert flow["last.weight"]["status"] == "ok"
    assert flow["unused.weight"]["cut"] == "'unused' was never called"


def test_G3_a_graph_that_was_never_recorded():
    flow = gradient_flow(Cut("no_grad"), CE, batch())
    assert "no_grad" in flow["first.weight"]["cut"]
    assert {row["status"] for row in flow.values()} == {"none"}


def test_frozen_parameters_and_those_that_no_optimizer_has():
    model = mlp()
    model[0].requires_grad_(False)
    flow = gradient_flow(model, CE, batch())
    assert codes(flow) == ["frozen_parameters"]
    assert flow["0.weight"]["status"] == "frozen"
    model.requires_grad_(True)
    some = mg.optim.SGD(model[2].parameters(), lr=0.1)
    assert codes(gradient_flow(model, CE, batch(), optimizer=some)) == ["not_in_optimizer"]


def test_G3_dead_units():
    model = mlp()
    nn.init.constant_(model[0].bias, -100)
    flow = gradient_flow(model, CE, batch())
    assert codes(flow) == ["zero_gradient", "dead_units"]
    assert flow.activations[0].share == 1.0
    with mg.no_grad():
        model[0].bias[:40] = 0.0
    partly = gradient_flow(model, CE, batch())
    assert partly.activations[0].share >= 24 / 64
    assert partly["0.weight"]["zeros"] >= 24 / 64


def test_G3_dead_channels_of_images():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    nn.init.constant_(model[0].bias, -100)
    x, y = batch()
    flow = gradient_flow(model, CE, (x.reshape(-1, 1, 8, 8), y))
    assert (flow.activations[0].units, flow.activations[0].share) == (4, 1.0)


@pytest.mark.parametrize("kind", [nn.Tanh, nn.Sigmoid])
def test_G3_saturated_values(kind):
    model = nn.Sequential(nn.Linear(64, 32), kind(), nn.Linear(32, 10))
    assert gradient_flow(model, CE, batch()).ok
    nn.init.normal_(model[0].weight, std=10)
    assert codes(gradient_flow(model, CE, batch())) == ["saturation"]


def test_a_functional_activation_is_seen_too():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(64, 16), nn.Linear(16, 10)

        def forward(self, x):
            return self.last(nn.functional.relu(self.first(x) - 100))

    flow = gradient_flow(Functional(), CE, batch())
    assert "dead_units" in codes(flow)


def test_zeros_that_recover_are_fine_and_symmetry_that_stays_is_not():
    model = mlp()
    nn.init.zeros_(model[2].weight)
    assert gradient_flow(model, CE, batch()).ok  # a last layer of zeros
    nn.init.zeros_(model[0].weight)
    assert "zero_init" in codes(gradient_flow(model, CE, batch()))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.02)
    nn.init.constant_(model[0].bias, 2.0)
    assert "symmetric_init" in codes(gradient_flow(model, CE, batch()))


def deep(std, depth=12, width=32):
    layers = [nn.Linear(64, width)]
    for _ in range(depth):
        layers += [nn.Tanh(), nn.Linear(width, width, bias=False)]
        nn.init.normal_(layers[-1].weight, std=std)
    return nn.Sequential(*layers, nn.Linear(width, 10))


def test_G4_gradients_that_vanish_on_their_way():
    flow = gradient_flow(deep(0.02), CE, batch())
    assert "vanishing_gradients" in codes(flow)
    assert flow.growth > 3
    healthy = gradient_flow(deep(1 / np.sqrt(32)), CE, batch())
    assert healthy.ok
    assert 0.5 < healthy.growth < 2


def test_G4_gradients_that_explode_on_their_way():
    model = nn.Sequential(*(nn.Linear(32, 32) for _ in range(12)))
    for layer in model:
        nn.init.normal_(layer.weight, std=2.0)
    x = mg.randn(16, 32)
    flow = gradient_flow(model, lambda out, y: out.mean(), (x, x))
    assert "exploding_gradients" in codes(flow)


@pytest.mark.parametrize(
    ("lr", "codes_", "ok"), [(0.1, [], True), (1e-5, ["update_ratio"], True),
                             (100.0, ["update_ratio"], False)]
)  # fmt: skip
def test_G4_the_size_of_updates(lr, codes_, ok):
    model = mlp()
    before = copied(model)
    flow = gradient_flow(model, CE, batch(), optimizer=mg.optim.SGD(model.parameters(), lr=lr))
    row = flow["2.weight"]
    assert row["ratio"] == pytest.approx(lr * row["norm"] / row["weight_norm"], rel=1e-2)
    assert (codes(flow), flow.ok) == (codes_, ok)
    assert unchanged(model, before)


def test_values_that_are_not_finite():
    x, y = batch()
    assert "non_finite" in codes(gradient_flow(mlp(), CE, (x * float("inf"), y)))


def test_a_loss_without_a_batch_is_refused():
    with pytest.raises(TypeError, match="or neither"):
        gradient_flow(mlp(), CE)
