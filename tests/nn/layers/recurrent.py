"""Recurrent layers and cells: layers, directions, projections, packed and single sequences."""

from . import HALVES, Draw, Named, calling, layer, refuse

d = Draw(6)
x, one = d.normal(4, 3, 2), d.normal(4, 2)
LENGTHS = [2, 4, 1]
KINDS = ((1, False, False), (1, True, True), (2, True, False), (3, False, True))


def packed(lengths, **options):
    """Three sequences of two features."""
    return calling("nn.utils.rnn.pack_padded_sequence", d.normal(4, 3, 2), lengths, **options)


def states(name, *shape, projected=None):
    """The initial states of a layer, those of h being narrower if it is projected."""
    if name != "LSTM":
        return d.normal(*shape)
    h = d.normal(*shape[:-1], projected or shape[-1])
    return h, d.normal(*shape)


def grid(name, **options):
    """What every kind of layer is asked for."""
    unsorted = packed(LENGTHS, enforce_sorted=False)
    yield layer(name, 2, 5, inputs=(x,), **options)
    yield layer(name, 2, 3, inputs=(x, states(name, 1, 3, 3)), **options)
    for count, both, bias in KINDS:
        kinds = {"num_layers": count, "bidirectional": both, "bias": bias, "deep": count > 1}
        kinds |= options
        given = states(name, count * (1 + both), 3, 3)
        yield layer(name, 2, 3, inputs=(d.normal(3, 4, 2), given), batch_first=True, **kinds)
        yield layer(name, 2, 3, inputs=(packed([4, 4, 1]),), **kinds)
        yield layer(name, 2, 3, inputs=(unsorted, given), **kinds)
    yield layer(name, 2, 3, inputs=(one,), **options)
    yield layer(name, 2, 3, batch_first=True, inputs=(one, states(name, 1, 3)), **options)
    both = {"bidirectional": True, "deep": True}
    yield layer(name, 2, 3, 2, inputs=(one, states(name, 4, 3)), **both, **options)
    yield layer(name, 2, 40, inputs=(d.normal(3, 33, 2),), **options)
    dropped = {"dropout": 0.5, "random": True, "deep": True} | options
    yield layer(name, 2, 3, 2, inputs=(x,), training=False, **dropped)
    yield layer(name, 2, 3, 2, inputs=(x,), **dropped)
    yield layer(name, 2, 3, inputs=(d.normal(1, 1, 2),), **options)
    yield layer(name, 2, 3, inputs=(x,), dtypes=HALVES, **options)


def projections():
    for count, both, bias in ((1, False, True), (2, True, True), (2, False, False)):
        kinds = {"num_layers": count, "bidirectional": both, "bias": bias, "deep": count > 1}
        kinds["proj_size"] = 2
        given = states("LSTM", count * (1 + both), 3, 4, projected=2)
        for input in (x, packed(LENGTHS, enforce_sorted=False)):
            yield layer("LSTM", 2, 4, inputs=(input,), **kinds)
            yield layer("LSTM", 2, 4, inputs=(input, given), **kinds)
    given = states("LSTM", 1, 4, projected=2)
    yield layer("LSTM", 2, 4, proj_size=2, inputs=(one, given))
    yield layer("LSTM", 2, 40, proj_size=33, inputs=(d.normal(3, 33, 2),))


def cells():
    for name, options in (
        ("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {}),
    ):  # fmt: skip
        kind = name.removesuffix("Cell")
        for bias in (True, False):
            yield layer(name, 2, 3, bias, inputs=(one,), **options)
            yield layer(name, 2, 3, bias, inputs=(one, states(kind, 4, 3)), **options)
        yield layer(name, 2, 3, inputs=(one[0],), **options)
        yield layer(name, 2, 3, inputs=(one[0], states(kind, 3)), **options)
        yield layer(name, 2, 3, inputs=(one,), dtypes=HALVES, **options)


LAYERS = [
    *grid("RNN"),
    layer("RNN", 2, 3, nonlinearity="relu", inputs=(x, states("RNN", 1, 3, 3))),
    layer("RNN", 2, 3, 2, nonlinearity="relu", inputs=(packed(LENGTHS, enforce_sorted=False),)),
    layer("RNN", 2, 40, nonlinearity="relu", inputs=(d.normal(3, 33, 2),)),
    *grid("LSTM"),
    *grid("GRU"),
    *projections(),
    *cells(),
    layer("RNN", 2, 3, 2, "relu", False, True, 0.0, True, inputs=(x,)),
    layer("LSTM", 2, 4, 2, False, True, 0.0, True, 3, inputs=(x,), deep=True),
    layer("GRU", 2, 3, 2, False, True, 0.0, True, inputs=(x,)),
]

REFUSED = [
    refuse(r"hx must be \(h, c\), got int", "LSTMCell", 2, 3, inputs=(x[0].astype("float32"), 5)),
    refuse("nonlinearity", "RNN", 2, 3, nonlinearity="sigmoid"),
    refuse("proj_size", "RNN", 2, 3, proj_size=1),
    refuse("proj_size", "GRU", 2, 3, proj_size=1),
    refuse("proj_size.*hidden_size=3", "LSTM", 2, 3, proj_size=3),
    refuse("proj_size.*-1", "LSTM", 2, 3, proj_size=-1),
    refuse("mode.*CNN", "RNNBase", "CNN", 2, 3),
    refuse("nonlinearity.*sin", "RNNCell", 2, 3, nonlinearity="sin", inputs=(one,)),
    refuse(r"\(h, c\) of 3 axes.*'int'", "LSTM", 2, 3, inputs=(d.normal(4, 3, 2), 5)),
    refuse("hx.*1 states", "LSTMCell", 2, 3, inputs=(one, (d.normal(4, 3),))),
]
double = {"dtype": Named("float64")}
for name in ("RNN", "LSTM", "GRU"):
    REFUSED += [
        refuse(r"dropout.*\[0, 1\].*1.5", name, 2, 3, dropout=1.5),
        refuse("dropout.*number.*True", name, 2, 3, dropout=True),
        refuse("dropout.*-0.1", name, 2, 3, dropout=-0.1),
        refuse("input_size.*zero.*0", name, 0, 3),
        refuse("hidden_size.*zero.*-1", name, 2, -1),
        refuse("num_layers.*zero.*0", name, 2, 3, 0),
        refuse("input_size.*int.*float", name, 2.0, 3),
        refuse("hidden_size.*int.*str", name, 2, "3"),
        refuse("bias.*bool.*int", name, 2, 3, bias=1),
        refuse("batch_first.*bool.*NoneType", name, 2, 3, batch_first=None),
        refuse("2D or 3D.*1D", name, 2, 3, inputs=(one[0],)),
        refuse("2D or 3D.*4D", name, 2, 3, inputs=(d.normal(1, 1, 1, 2),)),
        refuse("float64.*float32", name, 2, 3, inputs=(x,)),
        refuse("int64.*float32", name, 2, 3, inputs=(d.integers(0, 2, 4, 3, 2),)),
        refuse("4, 3, 2.*input_size=5", name, 5, 3, inputs=(x,), **double),
        refuse("9, 2.*input_size=5", name, 5, 3, inputs=(packed([4, 4, 1]),), **double),
        refuse("packed.*2D", name, 2, 3, **double, inputs=(
            calling("nn.utils.rnn.pack_sequence", [d.normal(4), d.normal(2)]),
        )),
        refuse("one step", name, 2, 3, inputs=(d.normal(0, 3, 2),), **double),
        refuse("hx.*3 axes", name, 2, 3, inputs=(x, states(name, 3, 3)), **double),
        refuse("hx.*2 axes", name, 2, 3, inputs=(one, states(name, 1, 3, 3)), **double),
        *(
            refuse(r"hidden\[0\].*1, 3, 3", name, 2, 3, inputs=(given, states(name, *shape)),
                   **double)
            for shape in ((1, 4, 3), (2, 3, 3), (1, 3, 4))
            for given in (x, packed([4, 4, 1]))
        ),
        refuse(r"hidden\[0\].*float64.*float32", name, 2, 3, inputs=(
            calling("ones", 4, 3, 2), states(name, 1, 3, 3),
        )),
    ]  # fmt: skip
    cell = f"{name}Cell"
    REFUSED += [
        refuse("1D or 2D.*3D", cell, 2, 3, inputs=(x,)),
        refuse("4, 2.*input_size=3", cell, 3, 3, inputs=(one,), **double),
        refuse("float64.*float32", cell, 2, 3, inputs=(one,)),
        refuse(r"hx\[0\].*3D", cell, 2, 3, inputs=(one, states(name, 1, 4, 3)), **double),
        *(
            refuse(r"hx\[0\].*4, 3", cell, 2, 3, inputs=(one, states(name, *shape)), **double)
            for shape in ((3, 3), (4, 4), (3,))
        ),
        refuse(r"hx\[0\].*float64.*float32", cell, 2, 3, inputs=(
            calling("ones", 4, 2), states(name, 4, 3),
        )),
    ]  # fmt: skip
h, c = states("LSTM", 1, 3, 4)
REFUSED += [
    refuse(r"hidden\[0\].*1, 3, 2", "LSTM", 2, 4, proj_size=2, inputs=(x, (h, c)), **double),
    refuse(r"hidden\[1\]", "LSTM", 2, 4, inputs=(x, (h, d.normal(1, 3, 2))), **double),
    refuse(r"hx must be \(h, c\)", "LSTM", 2, 4, inputs=(x, h), **double),
]
