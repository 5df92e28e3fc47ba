"""Charts show the numbers they were given, and notebooks can show them."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, viz

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def setting():
    """A network, a loss and a batch."""
    before = mg.get_rng_state()
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Linear(6, 12), mg.nn.ReLU(), mg.nn.Linear(12, 3))
    batch = mg.rand(32, 6), mg.randint(0, 3, (32,))
    mg.set_rng_state(before)
    return net, mg.nn.CrossEntropyLoss(), batch


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_pictures_are_svg_and_equal_for_equal_numbers(tmp_path):
    made = [viz.confusion([[3, 1], [0, 2]], path=tmp_path / f"{n}.svg") for n in range(2)]
    assert made[0]._repr_svg_().rstrip().endswith("</svg>")
    assert made[0]._repr_svg_() == made[1]._repr_svg_()
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    viz.confusion([[1]], path=tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_schedules_stay_where_they_are():
    optimizer = mg.optim.SGD(
        [{"params": [mg.zeros(1, requires_grad=True)]},
         {"params": [mg.zeros(1, requires_grad=True)], "lr": 0.5}], lr=0.1,
    )  # fmt: skip
    scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    figure = viz.schedule(scheduler, 5)
    lines = [list(line.get_ydata()) for line in figure.axes[0].lines]
    expected = np.array([1, 1, 0.5, 0.5, 0.25])
    np.testing.assert_allclose(lines, [0.1 * expected, 0.5 * expected])
    assert scheduler.last_epoch == 0 and optimizer.param_groups[0]["lr"] == 0.1


def test_range_tests_name_their_rules(setting):
    net, loss_fn, batch = setting
    loader = mg.data.DataLoader(mg.data.TensorDataset(*batch), 8, shuffle=True)
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)
    result = debug.lr_find(net, loss_fn, optimizer, loader, num=40, repeats=2)
    shown = texts(viz.range_test(result))
    assert f"take {result.lr:.2g}" in shown and "valley" in shown


def test_confusion_and_heat_map():
    figure = viz.confusion(np.eye(25))
    assert not texts(figure)  # too many classes for numbers
    with pytest.raises(ValueError, match="square"):
        viz.confusion([[1, 2, 3]])
    image = viz.heat_map({"a": [1.0, 0.0], "b": [math.nan, 100.0]}).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array().mask, [[False, True], [True, False]])
    with pytest.raises(ValueError, match="one length"):
        viz.heat_map({})


def test_gradient_flow_marks_what_is_wrong(setting):
    net, loss_fn, batch = setting
    figure = viz.gradient_flow(debug.gradient_flow(net, loss_fn, batch))
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == list(
        dict(net.named_parameters())
    )
    assert not texts(figure)
    net[0].weight.requires_grad_(False)
    try:
        assert " frozen" in texts(viz.gradient_flow(debug.gradient_flow(net, loss_fn, batch)))
    finally:
        net[0].weight.requires_grad_(True)


def test_gradient_flow_of_what_a_model_holds(setting):
    net, loss_fn, (x, y) = setting
    assert texts(viz.gradient_flow(net)).count(" no gradient") == len(list(net.parameters()))
    loss_fn(net(x), y).backward()
    try:
        assert not texts(viz.gradient_flow(net))
    finally:
        net.zero_grad()


def test_exponents_have_the_bands_of_the_format(setting):
    report = debug.underflow_report(*setting)
    figure = viz.exponents(report)
    assert [axes.get_title(loc="left").split()[0] for axes in figure.axes] == [
        "activation", "weight"
    ]  # fmt: skip
    for axes in figure.axes:
        total = sum(bar.get_height() for bar in axes.patches if hasattr(bar, "get_height"))
        assert total > 99
    assert "becomes 0" in texts(figure) and "subnormal" in texts(figure)


def test_activations_leave_the_model_as_it_was(setting):
    net, _, (x, _) = setting
    figure = viz.activations(net, x)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["0 Linear", "1 ReLU", "2 Linear"]
    assert "zeros" in figure.axes[1].get_xlabel() and net.training
    assert all(module._hooks is None or not module._hooks["after"] for module in net.modules())
    counting = mg.nn.ModuleList([mg.nn.Linear(1, 1)])
    counting.forward = lambda x: x
    with pytest.raises(ValueError, match="no layer"):
        viz.activations(counting, x)


def test_landscapes_and_signals_compare(setting):
    net, loss_fn, batch = setting
    found = debug.landscape(net, loss_fn, batch, points=3)
    figure = viz.landscape({"one": found, "two": found})
    assert [len(axes.lines) for axes in figure.axes] == [2, 2]
    assert list(figure.axes[0].lines[0].get_ydata()) == list(found.losses)
    signal = debug.signal_propagation(net, batch[0])
    figure = viz.signal({"he": signal, "xavier": signal})
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["he", "xavier"]
    assert len(viz.signal(signal).axes[0].lines) == 1
