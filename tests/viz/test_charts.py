"""Charts of any numbers."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import viz
from minigrad.viz.marks import Bars, Image, Line, Points


def only(picture):
    (panel,) = picture.panels
    return panel


def test_lines_take_values_pairs_and_tensors():
    panel = only(viz.lines({"a": [1, 2], "b": ([3.0, 4.0], mg.tensor([5.0, 6.0]))}, x=[0, 10]))
    assert [(list(line.x), list(line.y)) for line in panel.lines] == [
        ([0, 10], [1, 2]), ([3, 4], [5, 6])
    ]  # fmt: skip
    with pytest.raises(ValueError, match="'a' has 3 values for 2 places"):
        viz.lines({"a": [1, 2, 3]}, x=[0, 1])
    with pytest.raises(TypeError, match="dict of names"):
        viz.lines([1, 2])


def test_bars_stand_side_by_side_on_zero():
    panel = only(viz.bars({"one": [1, 2], "two": [3, 4]}, ["x", "y"]))
    first, second = panel.of(Bars)
    assert np.all(first.right <= second.left) and list(second.high) == [3, 4]
    assert panel.fixed["x"][1] == ["x", "y"] and panel.scales()[1].low == 0
    with pytest.raises(ValueError, match="3 values for 2 names"):
        viz.bars({"one": [1, 2, 3]}, ["x", "y"])


def test_bars_on_a_log_axis_have_a_floor():
    panel = only(viz.bars({"": [1e-3, 10.0]}, ["x", "y"], log="y"))
    assert 0 < panel.of(Bars)[0].low[0] < 1e-3
    assert "nan" not in viz.bars({"": [1e-3, 10.0]}, ["x", "y"], log="y").svg


def test_histograms_are_shares_in_equal_bins():
    values = np.random.default_rng(0).normal(size=500)
    panel = only(viz.histograms({"all": values, "half": values[:250]}, bins=10))
    for mark in panel.of(Bars):
        assert mark.high.sum() == pytest.approx(100)
    np.testing.assert_array_equal(panel.of(Bars)[0].left, panel.of(Bars)[1].left)


def test_table_maps_write_their_numbers():
    panel = only(viz.table_map([[0.123, 0.5], [1.0, 2.0]], ["r", "s"], ["c", "d"], digits=1))
    assert panel.texts == ["0.1", "0.5", "1.0", "2.0"]
    with pytest.raises(ValueError, match="2 names of rows and 1 of columns"):
        viz.table_map(np.zeros((2, 2)), ["r", "s"], ["c"])


def test_descents_show_where_the_function_is_low():
    panel = only(viz.descent(lambda x, y: x**2 + y**2, {"path": [(1, 1), (0.1, 0)]}))
    (shades,), (line,) = panel.of(Image), panel.of(Line)
    row, column = np.unravel_index(np.argmin(shades.values), np.shape(shades.values))
    assert (row, column) == (60, 80) and list(line.x) == [1, 0.1]
    assert len(panel.of(Points)) == 1


def test_beside_keeps_titles_and_leaves_its_parts_alone():
    one, two = viz.lines({"a": [1, 2]}, title="One"), viz.points({"b": ([1.0], [2.0])})
    both = viz.beside(one, two, title="Both")
    assert [panel.title for panel in both.panels] == ["One", None]
    assert one.panels[0].title is None
    assert viz.beside(one, two, columns=1).size == (6.2, 6.4)
    with pytest.raises(ValueError, match="at least one"):
        viz.beside()


def test_charts_are_written_to_a_path(tmp_path):
    viz.lines({"a": [1, 2]}, path=tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_pictures_are_described_without_an_address():
    picture = viz.beside(viz.lines({"a": [1]}), viz.lines({"a": [1]}), title="Both")
    assert repr(picture) == "Picture('Both', 12.4 × 3.2 inches, 2 panels)"
