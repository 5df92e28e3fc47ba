"""The picture of a graph: what stands in it, and that it is whole."""

import xml.etree.ElementTree as ElementTree

import pytest

import minigrad as mg
from minigrad.viz import graph


def network():
    return mg.nn.Sequential(
        mg.nn.Linear(4, 6), mg.nn.BatchNorm1d(6), mg.nn.ReLU(), mg.nn.Linear(6, 2)
    )


def loss_of(net, **options):
    return mg.nn.functional.cross_entropy(net(mg.rand(8, 4)), mg.randint(0, 2, (8,)), **options)


def kinds(picture):
    return [box.kind for box in picture.boxes]


def test_B6_every_op_parameter_and_edge_stands_in_it():
    mg.set_fusion(False)
    try:
        net = network()
        picture = graph(loss_of(net), net)
    finally:
        mg.set_fusion(True)
    names = [box.lines[0] for box in picture.boxes]
    ops = ["linear", "batch_norm", "relu", "linear", "cross_entropy_mean"]
    assert [box.lines[0] for box in picture.boxes if box.kind == "op"] == ops
    assert [n for n in names if "." in n] == [name for name, _ in net.named_parameters()]
    edges = [(a.lines[0], b.lines[0]) for a, b in picture.edges]
    assert ("0.weight", "linear") in edges and ("relu", "linear") in edges
    assert edges[-1] == ("cross_entropy_mean", "output")
    assert picture.boxes[names.index("linear")].lines[1] == "8×6  float32"
    assert picture.kept_bytes > 0


def test_boxes_do_not_overlap_and_lie_inside():
    net = mg.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    picture = graph(net(mg.rand(2, 3, 8)).mean(), net)
    width, height = picture.size
    for box in picture.boxes:
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= width and box.y + box.height <= height
        for other in picture.boxes:
            if other is not box and abs(other.y - box.y) < min(box.height, other.height):
                assert other.x >= box.x + box.width or box.x >= other.x + other.width
    for above, below in picture.edges:
        assert above.y + above.height < below.y


def test_the_picture_is_xml_and_can_be_saved(tmp_path):
    net = network()
    picture = graph(loss_of(net), net)
    root = ElementTree.fromstring(picture._repr_svg_())
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "0.weight" in texts and "output" in texts
    picture.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture.svg


def test_modules_are_made_one_box():
    net = network()
    with mg.amp.autocast():
        loss = loss_of(net)
    picture = graph(loss, net, collapse="module")
    names = [box.lines[0] for box in picture.boxes]
    assert {"0", "1", "3", "relu", "cross_entropy"} <= set(names)
    assert "parameter" not in kinds(picture) and picture.kept_bytes > 0
    assert [box.low for box in picture.boxes if box.lines[0] == "3"] == [True]


def test_a_parameter_without_gradient_is_marked():
    used, lost = mg.nn.Linear(2, 2), mg.nn.Linear(2, 2)
    net = mg.nn.ModuleList([used, lost])
    loss = (used(mg.ones(1, 2)) + lost(mg.ones(1, 2))).sum()
    used(mg.ones(1, 2)).sum().backward()
    cut = {box.lines[0] for box in graph(loss, net).boxes if box.cut}
    assert cut == {"1.weight", "1.bias"}
    assert not any(box.cut for box in graph(loss, net, show="ops").boxes)


def test_tensors_that_are_no_parameters_are_inputs():
    x = mg.ones(2, requires_grad=True)
    picture = graph((x * x).sum())
    assert kinds(picture) == ["input", "op", "op", "output"]


def test_export_to_graphviz():
    x = mg.ones(2, requires_grad=True)
    text = graph(x.sum()).dot()
    assert text.startswith("digraph {") and "n0 -> n1;" in text and '"sum' in text


def test_bad_calls():
    with pytest.raises(ValueError, match="recording on"):
        graph(mg.ones(2))
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="collapse"):
        graph(x.sum(), collapse="layer")


def test_a_long_arrow_goes_around_the_boxes_of_the_rows_between():
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh(), mg.nn.Linear(3, 2))
    hidden = net[1](net[0](mg.randn(8, 2)))
    loss = mg.nn.functional.cross_entropy(net[2](hidden), mg.randint(0, 2, (8,)))
    picture = graph(loss + 0.01 * hidden.square().mean(), net)
    (mul,) = [box for box in picture.boxes if box.lines[0] == "mul"]
    (pair,) = [p for p in picture.edges if p[1].rank - p[0].rank > 1]
    aside = picture._aside(*pair)
    ends = [box.x + box.width / 2 for box in pair]
    middle = sum(ends) / 2 + 0.75 * aside  # where the curve is half-way
    assert not mul.x - 6 < middle < mul.x + mul.width + 6
    assert 0 < middle < picture.size[0]
    assert picture._aside(pair[1], picture.boxes[-1]) == 0
