"""Pages: escaped, self-contained, of tables, boxes and pictures."""

import math
import re
from html.parser import HTMLParser

import pytest

from minigrad import runs
from minigrad.debug.report import Check, Report
from minigrad.train import History
from minigrad.viz import confusion, training_curves
from minigrad.viz.page import Mark, Page, inlined

VOID = {"meta", "br", "img", "link", "input"}


class Reader(HTMLParser):
    """Holds tags against each other, and collects ids and references."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.references = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.references.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_page(text):
    """It is whole and loads nothing; every id stands once and every reference leads to one."""
    assert text.startswith("<!DOCTYPE html>")
    assert "http" not in re.sub(r"data:image/png;base64,[\w+/=\s]*", "", text)
    assert "@import" not in text
    reader = Reader(text)
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)
    outside = [r for r in reader.references if not r.startswith("data:image/png;base64,")]
    assert {reference[1:] for reference in outside} <= set(reader.ids)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(reader.ids)


def test_a_page_with_everything_needs_no_other_file(tmp_path):
    curves = training_curves({"train_loss": [2.0, 1.0], "val_loss": [2.1, 1.5]})
    page = Page("Title").heading("Part").text("Words.").facts({"accuracy": 0.5})
    page.table([[1, Mark("ok")]], ["a", "b"]).box("warning", "Look", "here", more="0.5")
    page.picture(curves, "Caption").picture(curves).picture(confusion([[9, 1], [2, 8]]))
    text = page.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert text == str(page)
    check_page(text)
    assert text.count("<figure>") == 3


def test_text_is_escaped_everywhere():
    bad = "<script>&"
    page = Page(bad).heading(bad).text(bad).facts({bad: bad}).table([[bad]], [bad])
    text = str(page.box("info", bad, bad, more=bad).picture("<svg></svg>", bad))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;&amp;") == 12


def test_columns_of_numbers_stand_right_and_gaps_stay_empty():
    text = str(Page("t").table([{"name": "a", "n": 0.5}, {"name": "b", "n": None}]))
    assert '<th>name</th><th class="number">n</th>' in text
    assert '<td>a</td><td class="number">0.5000</td>' in text
    assert '<td>b</td><td class="number"></td>' in text
    assert '<td class="number">nan</td>' in str(Page("t").table([[math.nan]]))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="of one length"):
        Page("t").table([[1, 2], [3]])
    with pytest.raises(ValueError, match="of one length"):
        Page("t").table([[1, 2]], ["one"])
    with pytest.raises(ValueError, match="kind must be one of"):
        Page("t").box("fatal", "x")
    with pytest.raises(ValueError, match="SVG text"):
        Page("t").picture("a.png")


def test_names_in_pictures_become_their_own():
    svg = '<svg xmlns="http://x"><style>*{a: b}</style><g id="a" clip-path="url(#c)"/></svg>'
    assert inlined(svg, "q-") == '<svg><g id="q-a" clip-path="url(#q-c)"/></svg>'


def playbook():
    """A report with a finding of every severity and a step that was skipped."""
    one, two = Check("data", 42.0, 3.0, "deviations, at least"), Check("initial loss", 2.9, 2.3)
    one.find("constant", "info", "4 of 64 are constant.", share=0.0625)
    two.find("scale", "warning", "Too <high>.", "Scale down.", values=list(range(20)))
    two.find("broken", "error", "It is broken.", "Mend it.", loss=math.nan, of={"a": 1.5})
    skipped = Check("learning rate", advice="Mend first what is wrong.", skipped=True)
    return Report("Playbook", [one, two, skipped], seed=0)


def test_a_report_shows_checks_and_findings_the_worst_first(tmp_path):
    report = playbook()
    text = report.to_html(tmp_path / "playbook.html", times=True)
    assert text == (tmp_path / "playbook.html").read_text(encoding="utf-8")
    check_page(text)
    places = [text.index(f"<b>{code}</b>") for code in ("broken", "scale", "constant")]
    assert places == sorted(places)
    assert "<dt>problems</dt><dd>2</dd>" in text
    assert "<dt>checks made</dt><dd>2 of 3</dd>" in text
    assert "Too &lt;high&gt;." in text and "Fix: Scale down." in text
    assert "values [0, 1, 2, 3, 4, 5, …]" in text and "of {a: 1.5}" in text
    assert "Mend first what is wrong." in text
    assert "checked in" not in report.to_html()


def run_folder(folder):
    history = History()
    for epoch, loss in enumerate((2.0, 1.0, 1.5), 1):
        history.append({"epoch": epoch, "train_loss": loss, "val_loss": loss, "lr": 0.1 * epoch})
    history.to_csv(folder / "history.csv")
    return folder


def test_the_page_of_a_run_needs_its_history_only(tmp_path):
    text = runs.report(run_folder(tmp_path)).read_text(encoding="utf-8")
    check_page(text)
    assert "<dt>best val loss</dt><dd>1.000</dd>" in text
    assert "<dt>best epoch</dt><dd>2</dd>" in text
    assert re.findall(r"<h2>(.*?)</h2>", text) == ["Curves", "Learning rate", "Epochs", "Files"]


def test_the_page_of_a_run_shows_all_that_there_is(tmp_path):
    run_folder(tmp_path)
    playbook().save(tmp_path / "playbook.json")
    (tmp_path / "settings.json").write_text('{"seed": 3}')
    (tmp_path / "test.json").write_text('{"accuracy": 0.75, "confusion_matrix": [[2, 1], [0, 1]]}')
    text = runs.report(tmp_path).read_text(encoding="utf-8")
    check_page(text)
    assert re.findall(r"<h2>(.*?)</h2>", text) == [
        "Curves", "Learning rate", "Test set", "Checks before the run", "Settings", "Epochs",
        "Files",
    ]  # fmt: skip
    assert "<dt>test accuracy</dt><dd>0.7500</dd>" in text
    assert "<td>seed</td><td>3</td>" in text


@pytest.mark.parametrize("name, content, error, message", [
    ("nothing", "", FileNotFoundError, "holds no run: it has no history.csv"),
    ("history.csv", "epoch,loss\n", ValueError, "holds no epoch"),
    ("history.csv", "epoch,loss\n1,2.0\n2\n", ValueError, "line 3: not a number"),
    ("history.csv", "epoch,loss\n1,low\n", ValueError, "line 2: not a number"),
])  # fmt: skip
def test_a_folder_without_a_run_is_refused(tmp_path, name, content, error, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(error, match=message):
        runs.report(tmp_path)


@pytest.mark.parametrize("content, message", [
    ("{", "is no JSON"),
    ("[1]", "must hold a JSON object"),
])  # fmt: skip
def test_a_broken_file_beside_a_history_is_named(tmp_path, content, message):
    (run_folder(tmp_path) / "test.json").write_text(content)
    with pytest.raises(ValueError, match=f"test.json {message}"):
        runs.report(tmp_path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        runs.report(tmp_path / "none")
