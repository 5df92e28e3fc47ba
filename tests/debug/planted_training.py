"""One mistake each in losses, steps or schedules; the line to be named ends in ``# here``."""

import minigrad as mg

from .programs import CLASSES, F, backward, loader, mlp, planted, rows, sgd, train

nn, schedulers = mg.nn, mg.optim.lr_scheduler


@planted("P1")
def softmax_before_cross_entropy():
    x, y = rows()
    F.cross_entropy(mg.softmax(mlp()(x), dim=1), y)  # here


@planted("P1")
def model_that_ends_in_softmax():
    x, y = rows()
    model = nn.Sequential(mlp(), nn.Softmax(dim=1))
    loss_fn = nn.CrossEntropyLoss()
    loss_fn(model(x), y)  # here


@planted("P1")
def softmax_behind_a_view():
    x, y = rows()
    probabilities = mlp()(x).softmax(1).reshape(2, 8, CLASSES)
    F.cross_entropy(probabilities.view(16, CLASSES), y)  # here


@planted("P1")
def softmax_by_hand():
    x, y = rows()
    powers = mlp()(x).exp()
    F.cross_entropy(powers / powers.sum(1, keepdim=True), y)  # here


@planted("P1")
def probabilities_through_numpy():
    x, y = rows()
    probabilities = mg.tensor(mlp()(x).softmax(1).detach().numpy())
    F.cross_entropy(probabilities, y)  # here


@planted("P1")
def probabilities_under_no_grad():
    x, y = rows()
    with mg.no_grad():
        F.cross_entropy(mlp()(x).softmax(1), y)  # here


@planted("P1")
def softmax_over_the_channels_of_images():
    pixels = mg.softmax(mg.randn(2, CLASSES, 4, 4), dim=1)
    F.cross_entropy(pixels, mg.randint(0, CLASSES, (2, 4, 4)))  # here


@planted("P1")
def softmax_in_half_precision():
    x, y = rows()
    F.cross_entropy(mlp().half()(x.half()).softmax(1), y)  # here


@planted("P1")
def softmax_of_one_sample():
    F.cross_entropy(mg.randn(5).softmax(0), mg.tensor(2))  # here


@planted("P1")
def softmax_with_soft_targets():
    x, _ = rows()
    targets = mg.randn(16, CLASSES).softmax(1)
    F.cross_entropy(mlp()(x).softmax(1), targets)  # here


@planted("P1")
def softmax_with_label_smoothing():
    x, y = rows()
    F.cross_entropy(mlp()(x).softmax(-1), y, label_smoothing=0.1)  # here


@planted("P1")
def softmax_before_focal_loss():
    x, y = rows()
    F.focal_loss(mlp()(x).softmax(1), y)  # here


@planted("P1")
def softmax_over_a_single_class():
    x, _ = rows()
    model = nn.Sequential(nn.Linear(4, 1), nn.Softmax(dim=1))
    F.cross_entropy(model(x), mg.zeros(16, dtype=mg.int64))  # here


@planted("P1")
def binary_loss_of_softmax_over_a_single_class():
    x, y = rows()
    model = nn.Sequential(nn.Linear(4, 1), nn.Softmax(dim=1))
    F.binary_cross_entropy(model(x).squeeze(1), (y > 0).float())  # here


@planted("P1")
def sigmoid_before_logits():
    x, y = rows()
    score = mg.sigmoid(nn.Linear(4, 1)(x)).squeeze(1)
    F.binary_cross_entropy_with_logits(score, (y > 0).float())  # here


@planted("P1")
def fused_sigmoid_before_logits():
    x, y = rows()
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    loss_fn = nn.BCEWithLogitsLoss()
    loss_fn(model(x)[:, 0], (y > 0).float())  # here


@planted("P1")
def sigmoid_before_focal_loss():
    x, y = rows()
    score = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())(x).clamp(0.01, 0.99)
    F.sigmoid_focal_loss(score.flatten(), (y > 0).float())  # here


@planted("P1")
def probabilities_into_nll():
    x, y = rows()
    nn.NLLLoss()(mlp()(x).softmax(1), y)  # here


@planted("P1")
def logits_into_nll():
    x, y = rows()
    F.nll_loss(mlp()(x), y)  # here


@planted("P1")
def probabilities_into_kl_div():
    p, q = mg.randn(4, 5).softmax(1), mg.randn(4, 5).softmax(1)
    nn.KLDivLoss(reduction="batchmean")(p, q)  # here


@planted("P2")
def without_zero_grad():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(3):
        backward(model)
        optimizer.step()  # here


@planted("P2")
def zero_grad_before_the_loop():
    model = mlp()
    optimizer = sgd(model)
    optimizer.zero_grad()
    for _ in range(3):
        backward(model)
        optimizer.step()  # here


@planted("P2")
def zero_grad_of_another_optimizer():
    model, other = mlp(), mlp()
    optimizer, wrong = sgd(model), sgd(other)
    for _ in range(3):
        wrong.zero_grad()
        backward(model)
        optimizer.step()  # here


@planted("P2")
def zero_grad_of_one_of_two_models():
    body, head = nn.Linear(4, 8), nn.Linear(8, CLASSES)
    optimizer = mg.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
    for _ in range(3):
        body.zero_grad()
        backward(nn.Sequential(body, head))
        optimizer.step()  # here


@planted("P2")
def clipping_hides_nothing():
    model = mlp()
    optimizer = sgd(model, momentum=0.9)
    for _ in range(3):
        backward(model)
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()  # here


@planted("P2")
def accumulation_without_zero_grad():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(3):
        for _ in range(2):
            backward(model)
        optimizer.step()  # here


@planted("P2")
def closure_without_zero_grad():
    model = mlp()
    optimizer = sgd(model)
    x, y = rows()

    def closure():
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)  # here


@planted("P2")
def scaled_without_zero_grad():
    model, scaler = mlp(), mg.amp.GradScaler()
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(3):
        scaler.scale(F.cross_entropy(model(x), y)).backward()
        scaler.step(optimizer)  # here
        scaler.update()


@planted("P2")
def zero_grad_between_backward_and_step():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(3):
        backward(model)
        optimizer.zero_grad()
        optimizer.step()  # here


@planted("P3")
def epochs_scheduler_in_the_loop_over_batches():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.StepLR(optimizer, 3)
    for _ in range(2):
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            scheduler.step()  # here


@planted("P3")
def exponential_scheduler_every_batch():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.ExponentialLR(optimizer, 0.9)
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()  # here


@planted("P3")
def plateau_of_every_batch():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.ReduceLROnPlateau(optimizer)
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step(loss)  # here


@planted("P3")
def every_batch_with_validation_in_between():
    model, batches, held_out = mlp(), loader(), loader(16)
    optimizer = sgd(model)
    scheduler = schedulers.MultiStepLR(optimizer, [30, 60])
    for number, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        if number % 3 == 0:
            with mg.no_grad():
                sum(F.cross_entropy(model(x), y).item() for x, y in held_out)
        scheduler.step()  # here


@planted("P3")
def epochs_scheduler_behind_a_warm_up():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    parts = [schedulers.LinearLR(optimizer, total_iters=2), schedulers.StepLR(optimizer, 2)]
    scheduler = schedulers.SequentialLR(optimizer, parts, [2])
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()  # here


@planted("P3")
def scheduler_that_was_declared_for_epochs():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 1000)
    scheduler.interval = "epoch"
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()  # here


@planted("P3")
def one_cycle_once_per_epoch():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.OneCycleLR(optimizer, 0.1, epochs=3, steps_per_epoch=len(batches))
    for _ in range(3):
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        scheduler.step()  # here


@planted("P3")
def warm_up_once_per_epoch_without_a_loader():
    model = mlp()
    optimizer = sgd(model)
    scheduler = schedulers.WarmupCosine(optimizer, 10, 100)
    for _ in range(4):
        train(model, optimizer, steps=5)
        scheduler.step()  # here


