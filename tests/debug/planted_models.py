"""One mistake each about models; the line to be named ends in ``# here``."""

import copy

import minigrad as mg

from .programs import CLASSES, F, backward, loader, mlp, planted, rows, sgd, train

nn = mg.nn


@planted("P4")
def dropout_while_evaluating():
    model = mlp(nn.Dropout())
    train(model, sgd(model))
    with mg.no_grad():
        model(rows()[0])  # here


@planted("P4")
def batch_norm_while_evaluating():
    model = mlp(nn.BatchNorm1d(8))
    train(model, sgd(model))
    with mg.inference_mode():
        model(rows()[0])  # here


@planted("P4")
def dropout_between_recurrent_layers():
    model = nn.Sequential(nn.LSTM(4, 8, 2, dropout=0.3), Last(), nn.Linear(8, 3))
    train_on(model, mg.randn(5, 16, 4))
    with mg.no_grad():
        model(mg.randn(5, 16, 4))  # here


@planted("P4")
def dropout_of_attention():
    model = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model.self_attn.dropout = 0.2
    train_on(model, mg.randn(4, 5, 8))
    with mg.no_grad():
        model(mg.randn(4, 5, 8))  # here


class Last(nn.Module):
    """The outputs of the last step."""

    def forward(self, found):
        return found[0][-1]


def train_on(model, x):
    """Three steps towards small outputs."""
    optimizer = sgd(model)
    for _ in range(3):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


@planted("P4")
def only_a_part_in_evaluation():
    model = nn.Sequential(mlp(nn.Dropout()), nn.Dropout(0.1))
    train(model, sgd(model))
    model[0].eval()
    with mg.no_grad():
        model(rows()[0])  # here


@planted("P4")
def every_epoch_after_a_look_before_training():
    model = mlp(nn.BatchNorm1d(8))
    optimizer = sgd(model)
    for _ in range(3):
        with mg.no_grad():
            for x, _ in loader(16):
                model(x)  # here
        train(model, optimizer, steps=5)


@planted("P4")
def copy_that_was_trained():
    model = copy.deepcopy(mlp(nn.Dropout()))
    train(model, sgd(model))
    with mg.no_grad():
        model(rows()[0])  # here


@planted("P4")
def after_the_optimizer_is_gone():
    model = mlp(nn.Dropout(0.2))

    def run():
        train(model, sgd(model))
        model.zero_grad()

    run()
    with mg.no_grad():
        model(rows()[0])  # here


@planted("P4b")
def training_goes_on_in_evaluation():
    model = mlp(nn.Dropout())
    optimizer = sgd(model)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here
        model.eval()
        with mg.no_grad():
            model(rows()[0])


@planted("P4b")
def never_in_training_mode():
    model = mlp(nn.BatchNorm1d(8)).eval()
    optimizer = sgd(model)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("P5")
def decay_of_all_parameters():
    mg.optim.AdamW(mlp().parameters(), lr=0.1, weight_decay=0.1)  # here


@planted("P5")
def decay_by_default():
    mg.optim.AdamW(mlp(nn.LayerNorm(8)).named_parameters())  # here


@planted("P5")
def decay_in_a_group_by_hand():
    groups = [{"params": mlp().parameters(), "weight_decay": 1e-4}]
    mg.optim.SGD(groups, lr=0.1)  # here


@planted("P5")
def decay_of_norms_alone():
    model = mlp(nn.BatchNorm1d(8))
    split = {True: [], False: []}
    for name, parameter in model.named_parameters():
        split[name.endswith("bias")].append(parameter)
    groups = [{"params": split[True], "weight_decay": 0}, {"params": split[False]}]
    mg.optim.AdamW(groups)  # here


@planted("P5")
def decay_of_a_copy():
    mg.optim.Adam(copy.deepcopy(mlp()).parameters(), weight_decay=0.1)  # here


@planted("U1")
def head_that_no_optimizer_has():
    body, head = nn.Linear(4, 8), nn.Linear(8, CLASSES)
    optimizer = sgd(body)
    model = nn.Sequential(body, head)
    optimizer.zero_grad()
    backward(model)
    optimizer.step()  # here


@planted("U1")
def layer_that_came_after_the_optimizer():
    model = mlp()
    optimizer = sgd(model)
    model.append(nn.Linear(CLASSES, CLASSES))
    for _ in range(2):
        model.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("U1")
def parameter_of_the_loss():
    model, scale = mlp(), nn.Parameter(mg.ones(1))
    optimizer = sgd(model)
    x, y = rows()
    optimizer.zero_grad()
    F.cross_entropy(model(x) * scale, y).backward()
    optimizer.step()  # here


@planted("U2")
def branch_that_is_never_used():
    model, unused = mlp(), nn.Linear(4, 4)
    optimizer = mg.optim.SGD([*model.parameters(), *unused.parameters()], lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("U2")
def features_that_are_detached():
    body, head = nn.Linear(4, 8), nn.Linear(8, CLASSES)
    optimizer = mg.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
    x, y = rows()
    for _ in range(30):
        optimizer.zero_grad()
        F.cross_entropy(head(body(x).detach()), y).backward()
        optimizer.step()  # here


@planted("U3")
def model_made_again():
    optimizer = sgd(mlp())
    model = mlp()
    for _ in range(5):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("U3")
def copy_trained_by_the_optimizer_of_the_original():
    model = mlp()
    optimizer = sgd(model)
    train(model, optimizer, steps=10)
    model = copy.deepcopy(model)
    for _ in range(10):
        model.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("U3")
def new_fold_with_gradients_of_zero():
    model = mlp()
    optimizer = sgd(model)
    train(model, optimizer, steps=6)
    model = mlp()
    for _ in range(10):
        optimizer.zero_grad(set_to_none=False)
        backward(model)
        optimizer.step()  # here


@planted("C5")
def clipping_before_unscaling():
    model, scaler = mlp(), mg.amp.GradScaler()
    optimizer = sgd(model)
    x, y = rows()
    scaler.scale(F.cross_entropy(model(x), y)).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # here
    scaler.step(optimizer)


@planted("C5")
def clipping_values_of_a_scaled_mean():
    model, scaler = mlp(), mg.amp.GradScaler()
    x, y = rows()
    for _ in range(2):
        (scaler.scale(F.cross_entropy(model(x), y)) / 2).backward()
    nn.utils.clip_grad_value_(model.parameters(), 1.0)  # here


@planted("C5")
def unscaling_another_optimizer():
    model, other, scaler = mlp(), mlp(), mg.amp.GradScaler()
    optimizers = sgd(model), sgd(other)
    x, y = rows()
    scaler.scale(F.cross_entropy(model(x) + other(x), y)).backward()
    scaler.unscale_(optimizers[1])
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # here


@planted("I7")
def hidden_layer_of_one_constant():
    model = mlp()
    nn.init.constant_(model[0].weight, 0.5)
    nn.init.zeros_(model[0].bias)
    nn.init.constant_(model[2].weight, 0.5)
    optimizer = sgd(model)
    for _ in range(10):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("I7")
def everything_zero():
    model = mlp()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    optimizer = mg.optim.Adam(model.parameters())
    for _ in range(10):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("I7")
def equal_columns_by_hand():
    w1 = mg.full((4, 8), 0.1, requires_grad=True)
    w2 = mg.full((8, CLASSES), 0.1, requires_grad=True)
    optimizer = mg.optim.SGD([w1, w2], lr=0.1)
    x, y = rows()
    for _ in range(10):
        optimizer.zero_grad()
        F.cross_entropy(mg.tanh(x @ w1) @ w2, y).backward()
        optimizer.step()  # here


@planted("I7")
def equal_filters():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 4, CLASSES)
    )
    nn.init.ones_(model[0].weight)
    nn.init.zeros_(model[0].bias)
    nn.init.ones_(model[3].weight)
    optimizer = sgd(model)
    x, y = mg.randn(8, 1, 4, 4), mg.randint(0, CLASSES, (8,))
    for _ in range(10):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()  # here


@planted("N7")
def batches_of_four():
    model = mlp(nn.BatchNorm1d(8))
    optimizer = sgd(model)
    for x, y in loader(16, batch_size=4):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()  # here
        optimizer.step()


@planted("N7")
def small_batches_by_hand():
    model = mlp(nn.BatchNorm1d(8))
    x, y = rows()
    for start in range(0, 16, 4):
        output = model(x[start : start + 4])  # here
        F.cross_entropy(output, y[start : start + 4]).backward()


@planted("N7")
def last_batch_of_one_image():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    data = mg.data.TensorDataset(mg.randn(9, 1, 4, 4), mg.randint(0, CLASSES, (9,)))
    for x, y in mg.data.DataLoader(data, batch_size=8):
        output = model(x)  # here
        F.cross_entropy(output, y).backward()
