"""Correct programs that look like mistakes about models."""

import copy

import minigrad as mg

from .programs import CLASSES, F, backward, clean, loader, mlp, rows, run_epochs, sgd, train

nn = mg.nn


# modes
@clean
def evaluation_in_evaluation_mode():
    model = mlp(nn.Dropout(), nn.BatchNorm1d(8))
    optimizer = sgd(model)
    for _ in range(3):
        train(model, optimizer)
        model.eval()
        with mg.no_grad():
            model(rows()[0])
        with nn.mode(model):
            model(rows()[0])


@clean
def evaluation_with_gradients_recorded():
    model = mlp(nn.Dropout(), nn.BatchNorm1d(8))
    optimizer = sgd(model)
    for _ in range(3):
        train(model, optimizer)
        model.eval()
        model(rows()[0])


@clean
def samples_of_dropout():
    model = mlp(nn.Dropout(), nn.BatchNorm1d(8))
    train(model, sgd(model))
    x, _ = rows()
    with mg.no_grad(), nn.mc_dropout(model):
        model(x)
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with mg.no_grad():
        model(x)


@clean
def norms_frozen_for_good():
    model = nn.freeze_norm(mlp(nn.BatchNorm1d(8)))
    model.eval()
    optimizer = sgd(model)
    for _ in range(3):
        train(model, optimizer)
    model.train()
    with mg.no_grad():
        model(rows()[0])


@clean
def statistics_computed_again():
    model = mlp(nn.BatchNorm1d(8), nn.Dropout())
    average = mg.optim.swa_utils.AveragedModel(model)
    train(model, sgd(model))
    average.update_parameters(model)
    mg.optim.swa_utils.update_bn(loader(), average)
    mg.optim.swa_utils.update_bn(loader(), model)


@clean
def statistics_computed_again_by_hand():
    model = mlp(nn.BatchNorm1d(8), nn.Dropout())
    train(model, sgd(model))
    model[1].reset_running_stats()
    model[1].momentum = None
    with mg.no_grad():
        for x, _ in loader():
            model(x)


class _Reversed(mg.autograd.Function):
    """Runs a layer by itself; its gradient is that of the identity."""

    @staticmethod
    def forward(ctx, x, layer):
        return layer(x)

    @staticmethod
    def backward(ctx, g):
        return g, None


@clean
def layers_inside_a_function():
    model, noise = mlp(), nn.Sequential(nn.Dropout(), nn.BatchNorm1d(CLASSES, affine=False))
    model.append(noise)
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(4):
        optimizer.zero_grad()
        F.cross_entropy(_Reversed.apply(model[:3](x), noise), y).backward()
        optimizer.step()


@clean
def activations_computed_again():
    model = mlp(nn.Dropout(), nn.BatchNorm1d(8))
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(4):
        optimizer.zero_grad()
        F.cross_entropy(mg.utils.checkpoint.checkpoint(model, x), y).backward()
        optimizer.step()


@clean
def dropout_as_a_function():
    model = mlp()
    train(model, sgd(model))
    with mg.no_grad():
        F.dropout(model(rows()[0]), training=True)


@clean
def dropout_that_drops_nothing():
    model = mlp(nn.Dropout(0.0))
    train(model, sgd(model))
    with mg.no_grad():
        model(rows()[0])


@clean
def teacher_in_training_mode():
    model = mlp(nn.BatchNorm1d(8), nn.Dropout())
    teacher = copy.deepcopy(model)
    optimizer = sgd(model)
    x, _ = rows()
    for _ in range(6):
        with mg.no_grad():
            target = teacher(x)
            for slow, fast in zip(teacher.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
        optimizer.zero_grad()
        F.mse_loss(model(x), target).backward()
        optimizer.step()


@clean
def frozen_statistics():
    model = mlp(nn.BatchNorm1d(8), nn.Dropout())
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(3):
        model.train()
        model[1].eval()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@clean
def head_trained_on_a_body_in_evaluation():
    body, head = mlp(nn.BatchNorm1d(8), nn.Dropout()), nn.Linear(CLASSES, CLASSES)
    model = nn.Sequential(body.requires_grad_(False), nn.Dropout(), head)
    optimizer = sgd(head)
    x, y = rows()
    model.eval()
    head.train()
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


# weight decay
@clean
def decay_of_weights_alone():
    model = mlp(nn.BatchNorm1d(8))
    mg.optim.AdamW(mg.optim.param_groups(model, weight_decay=0.1))
    mg.optim.AdamW(mg.optim.param_groups(model, weight_decay=0.1, no_decay=()))
    mg.optim.AdamW(model.parameters(), weight_decay=0)
    mg.optim.Adam(model.parameters())
    mg.optim.AdamW([model[0].weight, model[3].weight])


@clean
def decay_beside_frozen_norms():
    model = nn.Sequential(nn.Linear(4, 3, bias=False), nn.LayerNorm(3).requires_grad_(False))
    mg.optim.AdamW(model.parameters(), weight_decay=0.1)


# mixed precision
@clean
def clipping_after_unscaling():
    model, scaler = mlp(), mg.amp.GradScaler()
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(3):
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(model(x), y)).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


@clean
def clipping_with_a_disabled_scaler():
    model, scaler = mlp(), mg.amp.GradScaler(enabled=False)
    x, y = rows()
    scaler.scale(F.cross_entropy(model(x), y)).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)


@clean
def clipping_what_was_unscaled_by_hand():
    model, scaler = mlp(), mg.amp.GradScaler()
    x, y = rows()
    scaler.scale(F.cross_entropy(model(x), y)).backward()
    for parameter in model.parameters():
        parameter.grad /= scaler.get_scale()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)


@clean
def clipping_beside_a_scaled_model():
    model, other, scaler = mlp(), mlp(), mg.amp.GradScaler()
    x, y = rows()
    scaler.scale(F.cross_entropy(model(x), y)).backward()
    backward(other)
    nn.utils.clip_grad_norm_(other.parameters(), 1.0)


# initial values
@clean
def last_layer_of_zeros():
    model = mlp()
    nn.init.zeros_(model[2].weight)
    train(model, sgd(model), steps=12)


@clean
def last_layer_of_zeros_while_the_rate_is_zero():
    model = mlp()
    nn.init.zeros_(model[2].weight)
    train(model, mg.optim.SGD(model.parameters(), lr=0.0), steps=12)


@clean
def logistic_regression_from_zero():
    for classes in (CLASSES, 2):
        model = nn.Linear(4, classes)
        for parameter in model.parameters():
            nn.init.zeros_(parameter)
        optimizer = sgd(model)
        x, y = rows()
        for _ in range(12):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y.clamp(0, classes - 1)).backward()
            optimizer.step()


@clean
def regression_by_hand_from_zero():
    w, b = mg.zeros(4, 1, requires_grad=True), mg.zeros(1, requires_grad=True)
    optimizer = mg.optim.SGD([w, b], lr=0.1)
    x, y = rows()
    for _ in range(12):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits((x @ w + b).squeeze(1), (y > 0).float()).backward()
        optimizer.step()


@clean
def low_rank_adapter_from_zero():
    base = nn.Linear(4, CLASSES).requires_grad_(False)
    down, up = nn.Linear(4, 2, bias=False), nn.Linear(2, CLASSES, bias=False)
    nn.init.zeros_(up.weight)
    optimizer = mg.optim.Adam([*down.parameters(), *up.parameters()])
    x, y = rows()
    for _ in range(12):
        optimizer.zero_grad()
        F.cross_entropy(base(x) + up(down(x)), y).backward()
        optimizer.step()


@clean
def no_reward_yet():
    policy = mlp()
    nn.init.zeros_(policy[2].weight)
    optimizer = sgd(policy)
    x, y = rows()
    for _ in range(12):
        optimizer.zero_grad()
        (F.cross_entropy(policy(x), y, reduction="none") * 0.0).mean().backward()
        optimizer.step()


# small batches
@clean
def small_last_batch():
    model = mlp(nn.BatchNorm1d(8))
    optimizer = sgd(model)
    run_epochs(model, optimizer, loader(20))


@clean
def small_last_batch_by_hand():
    model = mlp(nn.BatchNorm1d(8))
    optimizer = sgd(model)
    x, y = rows(20)
    for _ in range(3):
        for start in range(0, 20, 8):
            optimizer.zero_grad()
            F.cross_entropy(model(x[start : start + 8]), y[start : start + 8]).backward()
            optimizer.step()


@clean
def look_at_the_shapes_before_training():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    model(mg.randn(1, 1, 4, 4))
    optimizer = sgd(model)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(mg.randn(16, 1, 4, 4)), rows()[1]).backward()
        optimizer.step()


@clean
def small_batches_under_group_norm():
    model = nn.Sequential(nn.Linear(4, 8), nn.GroupNorm(2, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    run_epochs(model, sgd(model), loader(16, batch_size=2))


@clean
def small_batches_with_frozen_statistics():
    model = mlp(nn.BatchNorm1d(8))
    model[1].eval()
    run_epochs(model, sgd(model), loader(16, batch_size=2))
