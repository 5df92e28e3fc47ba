"""Axes, their numbers, names of curves, and what is written as SVG."""

import base64
import re
import struct
import xml.etree.ElementTree
import zlib

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from minigrad import viz
from minigrad.viz.marks import Band, Image, Line, Points, Span, Text, coloured, path_of, png_uri
from minigrad.viz.panel import Panel, apart, legend_rows
from minigrad.viz.picture import picture
from minigrad.viz.scale import Scale, limits, linear_ticks, log_ticks

FINITE = st.floats(-1e6, 1e6)


@given(st.tuples(FINITE, FINITE).filter(lambda pair: pair[1] - pair[0] > 1e-3))
def test_linear_ticks_are_few_round_and_inside(pair):
    places = linear_ticks(*pair)
    assert 2 <= len(places) <= 7
    room = 1e-6 * (pair[1] - pair[0])
    assert all(pair[0] - room <= place <= pair[1] + room for place in places)
    assert np.ptp(np.diff(places)) <= 1e-6 * (pair[1] - pair[0]) if len(places) > 2 else True


@given(st.floats(-12, 12), st.floats(0.8, 20))
def test_log_ticks_are_few_and_inside(low, span):
    places = log_ticks(10**low, 10 ** (low + span))
    assert 1 <= len(places) <= 8
    assert all(10**low * 0.999 <= place <= 10 ** (low + span) * 1.001 for place in places)


def test_ranges_of_nothing_one_number_and_infinities():
    assert limits([[]]) == (0.0, 1.0) and limits([[-1.0]], log=True) == (0.1, 1.0)
    low, high = limits([[3.0, np.inf, np.nan]])
    assert low < 3 < high
    low, high = limits([[0.0, 0.1, 10.0]], log=True)
    assert 0.05 < low < 0.1 and 10 < high < 20


def test_scales_go_from_numbers_to_pixels():
    scale = Scale(1.0, 100.0, log=True, start=0, end=200)
    np.testing.assert_allclose(scale([1, 10, 100]), [0, 100, 200])
    assert np.isnan(scale(-1.0)) and scale(0.0) == -1e4
    assert Scale(0, 1, start=10, end=0)(np.inf) == -1e4


def test_lines_are_interrupted_where_there_is_no_number():
    assert path_of([0, 1, 2, 3], [0, np.nan, 2, 3]) == "M0.0 0.0M2.0 2.0L3.0 3.0"


def test_images_are_png_files_of_their_colours():
    pixels = coloured([[0.0, 1.0], [np.nan, 0.5]], ("#000000", "#ffffff"), (0, 1))
    assert pixels.tolist() == [[[0] * 3, [255] * 3], [[255] * 3, [128] * 3]]
    file = base64.b64decode(png_uri(pixels).partition(",")[2])
    assert file.startswith(b"\x89PNG") and struct.unpack(">II", file[16:24]) == (2, 2)
    data = zlib.decompress(file[file.index(b"IDAT") + 4 : file.index(b"IEND") - 8])
    assert data == b"\0" + bytes([0, 0, 0, 255, 255, 255]) + b"\0" + bytes([255] * 3 + [128] * 3)


def test_names_are_kept_apart_and_inside():
    assert apart([50, 50, 50], 10, 0, 100) == [50, 60, 70]
    assert apart([95, 99], 10, 0, 100) == [90, 100]
    rows = legend_rows([(None, "a" * 20), (None, "b" * 20), (None, "c")], 200)
    assert [[name[0] for _, name in row] for row in rows] == [["a"], ["b", "c"]]


def test_names_of_lines_stand_at_their_ends_those_of_dots_above():
    panel = Panel().add(Line("#000000", [0, 1], [0, 1], name="a"))
    assert panel.where_names_stand() == "ends"
    panel.add(Points("#000000", [0, 1], [0, 1], name="b"))
    assert panel.where_names_stand() == "top"
    assert Panel(legend="").add(Line("#0", [0], [0], name="a")).where_names_stand() == ""


def test_a_line_that_runs_to_the_left_is_named_at_its_right_end():
    ways = ([0, 1], [0, 1]), ([1, 0], [1, 0])
    there, back = (viz.lines({"name": way}, ylim=(0, 1)).svg for way in ways)
    heights = [re.search(r'y="(\S+)"[^>]*>name<', text)[1] for text in (there, back)]
    assert heights[0] == heights[1]


def everything():
    panel = Panel("title < & >", "x", "y", log="y", bar="z")
    panel.add(
        Image(values=[[1, 2]], place=(0, 1, 1, 10)),
        Line("#ff0000", [0, 0.5, 1], [1, np.inf, 3], name="line", dash="2 2", marks=True),
        Band("#00ff00", [0, 1], [1, 2], [2, 3], opacity=0.5),
        Span("#0000ff", axis="y", low=2, high=2), Span("#0000ff", low=0.2, high=0.4),
        Text("#000000", 0.5, 0.5, "words & more", share="xy", backed=True),
        Points("#000000", [0.1], [np.nan]),
    )  # fmt: skip
    return panel.tick("x", [0, 1], ["a long name", "another long name " * 3])


def test_svg_is_well_formed_and_names_nothing_outside():
    text = picture([everything(), Panel()], (5, 3), "A <title>").svg
    tree = xml.etree.ElementTree.fromstring(text)
    words = [node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")]
    for word in ("A <title>", "title < & >", "words & more", "line", "x", "y", "z"):
        assert word in words
    assert not re.search(r'\bid=|url\(|"nan|nan"| inf', text)
    assert set(re.findall(r'href="(.{15})', text)) == {"data:image/png;"}


def test_panels_of_a_row_have_plots_of_one_height():
    text = viz.beside(viz.lines({"": [1, 2]}, xlabel="x"), viz.lines({"": [1, 2]})).svg
    frames = re.findall(r'<svg viewBox="\S+ \S+ (\S+) (\S+)"', text)
    assert len(frames) == 2 and frames[0][1] == frames[1][1]


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [np.inf, 1.0], [1e-300, 1e300]])
@pytest.mark.parametrize("log", ["", "y"])
def test_any_numbers_can_be_drawn(values, log):
    with np.errstate(all="raise"):
        text = viz.lines({"a": values}, log=log).svg
    assert "nan" not in text
    xml.etree.ElementTree.fromstring(text)
