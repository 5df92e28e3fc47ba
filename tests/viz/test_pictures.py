"""Charts show the numbers they were given, and notebooks can show them."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, viz
from minigrad.viz.marks import Bars, Image, Points, Span, Text


@pytest.fixture(scope="module")
def setting():
    """A network, a loss and a batch."""
    before = mg.get_rng_state()
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Linear(6, 12), mg.nn.ReLU(), mg.nn.Linear(12, 3))
    batch = mg.rand(32, 6), mg.randint(0, 3, (32,))
    mg.set_rng_state(before)
    return net, mg.nn.CrossEntropyLoss(), batch


def texts(picture):
    return [text for panel in picture.panels for text in panel.texts]


def test_pictures_are_svg_and_equal_for_equal_numbers(tmp_path):
    made = [viz.confusion([[3, 1], [0, 2]], path=tmp_path / f"{n}.svg") for n in range(2)]
    assert made[0]._repr_svg_().rstrip().endswith("</svg>")
    assert made[0]._repr_svg_() == made[1]._repr_svg_()
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    with pytest.raises(ValueError, match=r"one\.png.* should end in \.svg"):
        viz.confusion([[1]], path=tmp_path / "one.png")


def test_schedules_stay_where_they_are():
    optimizer = mg.optim.SGD(
        [{"params": [mg.zeros(1, requires_grad=True)]},
         {"params": [mg.zeros(1, requires_grad=True)], "lr": 0.5}], lr=0.1,
    )  # fmt: skip
    scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    picture = viz.schedule(scheduler, 5)
    lines = [line.y for line in picture.panels[0].lines]
    expected = np.array([1, 1, 0.5, 0.5, 0.25])
    np.testing.assert_allclose(lines, [0.1 * expected, 0.5 * expected])
    assert scheduler.last_epoch == 0 and optimizer.param_groups[0]["lr"] == 0.1


def test_range_tests_name_their_rules(setting):
    net, loss_fn, batch = setting
    loader = mg.data.DataLoader(mg.data.TensorDataset(*batch), 8, shuffle=True)
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)
    result = debug.lr_find(net, loss_fn, optimizer, loader, num=40, repeats=2)
    picture = viz.range_test(result)
    assert f"take {result.lr:.2g}" in texts(picture) and "valley" in texts(picture)
    assert result.lr in [span.low for span in picture.panels[0].of(Span)]


def test_confusion_and_heat_map():
    assert texts(viz.confusion([[9, 0], [2, 8]])) == ["9", "2", "8"]
    assert not texts(viz.confusion(np.eye(25)))  # too many classes for numbers
    with pytest.raises(ValueError, match="square"):
        viz.confusion([[1, 2, 3]])
    panel = viz.heat_map({"a": [1.0, 0.0], "b": [math.nan, 100.0]}).panels[0]
    np.testing.assert_array_equal(panel.of(Image)[0].values, [[0, np.nan], [np.nan, 2]])
    with pytest.raises(ValueError, match="one length"):
        viz.heat_map({})


def test_gradient_flow_marks_what_is_wrong(setting):
    net, loss_fn, batch = setting
    flow = debug.gradient_flow(net, loss_fn, batch)
    panel = viz.gradient_flow(flow).panels[0]
    assert panel.fixed["y"][1] == [name for name, _ in net.named_parameters()]
    assert not panel.texts
    np.testing.assert_array_equal(panel.of(Bars)[0].right, [flow[name]["norm"] for name in flow])
    np.testing.assert_array_equal(
        panel.of(Points)[0].x, [flow[name]["weight_norm"] for name in flow]
    )
    net[0].weight.requires_grad_(False)
    try:
        assert texts(viz.gradient_flow(debug.gradient_flow(net, loss_fn, batch))) == ["frozen"]
    finally:
        net[0].weight.requires_grad_(True)


def test_B5_gradient_flow_of_what_a_model_holds(setting):
    net, loss_fn, (x, y) = setting
    assert texts(viz.gradient_flow(net)).count("no gradient") == len(list(net.parameters()))
    loss_fn(net(x), y).backward()
    try:
        assert not texts(viz.gradient_flow(net))
    finally:
        net.zero_grad()


def test_update_ratios_stand_beside_the_usual_ones(setting):
    net, loss_fn, batch = setting
    with pytest.raises(ValueError, match="give gradient_flow the optimizer"):
        viz.update_ratio(debug.gradient_flow(net, loss_fn, batch))
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)
    flow = debug.gradient_flow(net, loss_fn, batch, optimizer=optimizer)
    panel = viz.update_ratio(flow).panels[0]
    assert panel.of(Points)[0].x == [flow[name]["ratio"] for name in flow]
    assert panel.fixed["y"][1] == list(flow)
    low, high = panel.xlim
    assert low < 1e-5 and high > 0.1


def test_exponents_have_the_bands_of_the_format(setting):
    report = debug.underflow_report(*setting)
    picture = viz.exponents(report)
    assert [panel.title.split()[0] for panel in picture.panels] == ["activation", "weight"]
    for panel in picture.panels:
        assert sum(panel.of(Bars)[0].high) == pytest.approx(100)
        assert panel.of(Span)[0].high == -14 and panel.of(Span)[1].high == -24  # float16
    assert "becomes 0" in texts(picture) and "subnormal" in texts(picture)


def test_activations_leave_the_model_as_it_was(setting):
    net, _, (x, _) = setting
    picture = viz.activations(net, x)
    assert [panel.title for panel in picture.panels] == ["0 Linear", "1 ReLU", "2 Linear"]
    assert "zeros" in picture.panels[1].xlabel and net.training
    assert all(module._hooks is None or not module._hooks["after"] for module in net.modules())
    counting = mg.nn.ModuleList([mg.nn.Linear(1, 1)])
    counting.forward = lambda x: x
    with pytest.raises(ValueError, match="no layer"):
        viz.activations(counting, x)


def test_landscapes_and_signals_compare(setting):
    net, loss_fn, batch = setting
    found = debug.landscape(net, loss_fn, batch, points=3)
    picture = viz.landscape({"one": found, "two": found})
    assert [len(panel.lines) for panel in picture.panels] == [2, 2]
    assert list(picture.panels[0].lines[0].y) == list(found.losses)
    signal = debug.signal_propagation(net, batch[0])
    panel = viz.signal({"he": signal, "xavier": signal}).panels[0]
    assert [name for _, name in panel.named()] == ["he", "xavier"]
    assert len(viz.signal(signal).panels[0].lines) == 1


def test_pictures_of_many_layers_fit_the_column_of_a_notebook():
    net = mg.nn.Sequential(*(mg.nn.Linear(3, 3) for _ in range(8)))
    assert viz.activations(net, mg.rand(4, 3)).size == (7.6, 0.4 + 2 * 1.6)


def test_names_of_the_bands_stand_above_the_bars():
    net = mg.nn.Sequential(mg.nn.Linear(3, 3))
    batch = mg.rand(4, 3), mg.randint(0, 3, (4,))
    report = mg.debug.underflow_report(net, mg.nn.functional.cross_entropy, batch)
    for panel in viz.exponents(report).panels:
        (bars,) = panel.of(Bars)
        names = panel.of(Text)
        assert [name.y for name in names] == [0.93, 0.93]  # shares of the height
        assert 0.9 * panel.ylim[1] > max(bars.high)
