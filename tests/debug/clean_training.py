"""Correct programs that look like mistakes in losses, steps or schedules."""

import minigrad as mg

from .programs import CLASSES, F, backward, clean, loader, mlp, rows, run_epochs, sgd, train

nn, schedulers = mg.nn, mg.optim.lr_scheduler


# losses
@clean
def plain_logits():
    x, y = rows()
    F.cross_entropy(mlp()(x), y)
    F.nll_loss(F.log_softmax(mlp()(x), 1), y)
    F.binary_cross_entropy_with_logits(nn.Linear(4, 1)(x), mg.ones(16, 1))


@clean
def log_softmax_before_cross_entropy():
    x, y = rows()
    F.cross_entropy(F.log_softmax(mlp()(x), 1), y)


@clean
def softmax_over_the_wrong_axis():
    x, y = rows()
    F.cross_entropy(mlp()(x).softmax(0), y)


@clean
def logits_of_zero():
    F.cross_entropy(mg.zeros(4, CLASSES), mg.zeros(4, dtype=mg.int64))


@clean
def logits_that_overflowed():
    x = mg.tensor([[mg.inf, -mg.inf, 0.0], [mg.nan, 1.0, 2.0]])
    F.cross_entropy(x, mg.zeros(2, dtype=mg.int64))


@clean
def logits_between_zero_and_one():
    F.binary_cross_entropy_with_logits(mg.rand(16), mg.ones(16))
    F.cross_entropy(mg.rand(16, CLASSES), mg.zeros(16, dtype=mg.int64))


@clean
def sigmoid_inside_the_model():
    x, y = rows()
    model = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 1))
    F.binary_cross_entropy_with_logits(model(x).squeeze(1), (y > 0).float())


@clean
def probabilities_where_they_belong():
    x, y = rows()
    F.binary_cross_entropy(nn.Linear(4, 1)(x).sigmoid().squeeze(1), (y > 0).float())
    F.binary_cross_entropy(mlp()(x).softmax(1)[:, 0], (y > 0).float())
    F.cross_entropy(mlp()(x), mg.randn(16, CLASSES).softmax(1))


@clean
def distillation():
    student, teacher = mg.randn(8, 5), mg.randn(8, 5)
    kind = {"reduction": "batchmean"}
    F.kl_div(F.log_softmax(student, 1), teacher.softmax(1), **kind)
    F.kl_div(F.log_softmax(student, 1), F.log_softmax(teacher, 1), log_target=True, **kind)


@clean
def log_softmax_in_half_precision():
    F.nll_loss(F.log_softmax(mg.randn(64, 10).half() * 30, 1), mg.zeros(64, dtype=mg.int64))
    F.nll_loss(F.log_softmax(mg.randn(64, 10).bfloat16(), 1), mg.zeros(64, dtype=mg.int64))


@clean
def empty_and_tiny_inputs():
    F.cross_entropy(mg.zeros(0, 3), mg.zeros(0, dtype=mg.int64), reduction="sum")
    F.cross_entropy(mg.tensor([[0.25, 0.75]]), mg.tensor([1]))


# steps
@clean
def accumulation():
    model = mlp()
    optimizer = sgd(model)
    for number in range(9):
        backward(model)
        if number % 3 == 2:
            optimizer.step()
            optimizer.zero_grad()


@clean
def two_losses_before_one_step():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(4):
        optimizer.zero_grad()
        backward(model)
        backward(model)
        optimizer.step()


@clean
def gradients_of_zero():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(4):
        optimizer.zero_grad(set_to_none=False)
        backward(model)
        optimizer.step()


@clean
def gradients_cleared_by_hand():
    model = mlp()
    optimizer = sgd(model)
    ways = (
        lambda p: p.grad.zero_(),
        lambda p: p.grad.data.fill_(0),
        lambda p: p.grad.numpy().fill(0),
        lambda p: setattr(p, "grad", None),
    )
    for way in ways:
        backward(model)
        optimizer.step()
        for parameter in model.parameters():
            way(parameter)


@clean
def gradients_that_fade():
    model = mlp()
    optimizer = sgd(model)
    for _ in range(4):
        backward(model)
        optimizer.step()
        for parameter in model.parameters():
            parameter.grad.mul_(0.9)


@clean
def alternating_optimizers_of_one_model():
    model = mlp()
    body, head = sgd(model[0]), sgd(model[2])
    for number in range(6):
        model.zero_grad()
        backward(model)
        (body, head)[number % 2].step()


@clean
def adversarial_pair():
    generator, critic = nn.Linear(4, 4), nn.Linear(4, 1)
    optimizers = sgd(generator), sgd(critic)
    ones, zeros = mg.ones(8, 1), mg.zeros(8, 1)
    for _ in range(4):
        critic.zero_grad()
        fake = generator(mg.randn(8, 4))
        F.binary_cross_entropy_with_logits(critic(mg.randn(8, 4)), ones).backward()
        F.binary_cross_entropy_with_logits(critic(fake.detach()), zeros).backward()
        optimizers[1].step()
        generator.zero_grad()
        F.binary_cross_entropy_with_logits(critic(fake), ones).backward()
        optimizers[0].step()


@clean
def adversarial_pair_with_noise_and_one_loss():
    generator, critic = mlp(nn.BatchNorm1d(8), nn.Dropout()), nn.Linear(CLASSES, 1)
    optimizers = sgd(generator), sgd(critic)
    for _ in range(4):
        with mg.no_grad():
            fake = generator(mg.randn(8, 4))
        optimizers[1].zero_grad()
        F.binary_cross_entropy_with_logits(critic(fake), mg.zeros(8, 1)).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        loss = F.binary_cross_entropy_with_logits(critic(generator(mg.randn(8, 4))), mg.ones(8, 1))
        loss.backward()
        optimizers[0].step()


@clean
def penalty_on_the_gradient():
    critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = sgd(critic)
    for _ in range(3):
        optimizer.zero_grad()
        x = mg.randn(8, 4, requires_grad=True)
        (slope,) = mg.grad(critic(x).sum(), x, create_graph=True)
        ((slope.norm(dim=1) - 1) ** 2).mean().backward()
        optimizer.step()


@clean
def closures():
    model = mlp()
    x, y = rows()
    for optimizer in (sgd(model), mg.optim.LBFGS(model.parameters(), max_iter=4)):

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        for _ in range(4):
            optimizer.step(closure)


@clean
def frozen_layers():
    model = mlp()
    model[0].requires_grad_(False)
    train(model, sgd(model), steps=30)
    train(model, sgd(model[2]), steps=6)


@clean
def body_without_gradients():
    body, head = mlp(nn.Dropout()), nn.Linear(CLASSES, CLASSES)
    body.eval()
    optimizer = sgd(head)
    x, y = rows()
    for _ in range(6):
        optimizer.zero_grad()
        with mg.no_grad():
            features = body(x)
        F.cross_entropy(head(features), y).backward()
        optimizer.step()


@clean
def layers_that_thaw():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = sgd(model[2])
    train(model, optimizer, steps=28)
    model[0].requires_grad_(True)
    optimizer.add_param_group({"params": model[0].parameters()})
    train(model, optimizer, steps=5)


@clean
def thaw_within_one_optimizer():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = sgd(model)
    train(model, optimizer, steps=24)
    model[0].requires_grad_(True)
    train(model, optimizer, steps=5)


@clean
def branch_of_every_other_step():
    model, branch = nn.Linear(4, CLASSES), nn.Linear(4, CLASSES)
    optimizer = mg.optim.SGD([*model.parameters(), *branch.parameters()], lr=0.1)
    x, y = rows()
    for number in range(40):
        optimizer.zero_grad()
        F.cross_entropy(model(x) + branch(x) if number % 2 else model(x), y).backward()
        optimizer.step()


@clean
def tied_weights():
    embedding, decoder = nn.Embedding(CLASSES, 4), nn.Linear(4, CLASSES, bias=False)
    decoder.weight = embedding.weight
    model = nn.Sequential(embedding, nn.Tanh(), decoder)
    optimizer = mg.optim.AdamW(model.parameters())
    y = rows()[1]
    for _ in range(6):
        optimizer.zero_grad()
        F.cross_entropy(model(y), y).backward()
        optimizer.step()


@clean
def schedule_drawn_without_training():
    optimizer = sgd(mlp())
    scheduler = schedulers.StepLR(optimizer, 3)
    for _ in range(40):
        optimizer.step()
        scheduler.step()


@clean
def bad_batches_are_skipped():
    model = mlp()
    optimizer = sgd(model)
    for number in range(8):
        optimizer.zero_grad()
        backward(model)
        if number % 2 == 0:
            optimizer.zero_grad()
        optimizer.step()


@clean
def a_new_model_with_a_new_optimizer():
    for _ in range(3):
        model = mlp()
        train(model, sgd(model), steps=6)


@clean
def attack_on_the_inputs():
    model = mlp(nn.Dropout())
    optimizer = sgd(model)
    x, y = rows()
    for _ in range(4):
        model.eval()
        attacked = x.clone().requires_grad_(True)
        F.cross_entropy(model(attacked), y).backward()
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(x + 0.1 * attacked.grad.sign()), y).backward()
        optimizer.step()


@clean
def picture_that_is_optimized():
    model = mlp(nn.BatchNorm1d(8)).eval().requires_grad_(False)
    x = mg.randn(8, 4, requires_grad=True)
    optimizer = mg.optim.Adam([x], lr=0.1)
    for _ in range(6):
        optimizer.zero_grad()
        model(x)[:, 0].mean().backward()
        optimizer.step()


# schedules
@clean
def schedulers_at_their_frequency():
    batches = loader()
    made = (
        (lambda o: schedulers.StepLR(o, 2), "epoch"),
        (lambda o: schedulers.ExponentialLR(o, 0.9), "epoch"),
        (lambda o: schedulers.CosineAnnealingLR(o, 3), "epoch"),
        (lambda o: schedulers.OneCycleLR(o, 0.1, total_steps=24), "batch"),
        (lambda o: schedulers.WarmupCosine(o, 4, 24), "batch"),
        (lambda o: schedulers.CosineAnnealingLR(o, 24), "batch"),
        (lambda o: schedulers.LambdaLR(o, lambda k: 0.9**k), "batch"),
    )
    for make, when in made:
        model = mlp()
        optimizer = sgd(model)
        run_epochs(model, optimizer, batches, **{f"each_{when}": make(optimizer).step})


@clean
def scheduler_declared_for_steps():
    model = mlp()
    optimizer = sgd(model)
    scheduler = schedulers.StepLR(optimizer, 3)
    scheduler.interval = "step"
    run_epochs(model, optimizer, loader(), scheduler.step)
    parts = [schedulers.LinearLR(optimizer, total_iters=2), schedulers.StepLR(optimizer, 2)]
    together = schedulers.SequentialLR(optimizer, parts, [2])
    together.interval = "step"
    run_epochs(model, optimizer, loader(), together.step)


@clean
def milestones_counted_in_steps():
    model = mlp()
    optimizer = sgd(model)
    scheduler = schedulers.MultiStepLR(optimizer, [6000, 8000])
    run_epochs(model, optimizer, loader(), scheduler.step)
    slow = schedulers.ExponentialLR(optimizer, 0.9999)
    run_epochs(model, optimizer, loader(), slow.step)


@clean
def plateau_of_a_validation_within_the_epoch():
    model = mlp()
    optimizer, held_out = sgd(model), loader(16)
    scheduler = schedulers.ReduceLROnPlateau(optimizer)

    def validate():
        with mg.no_grad():
            scheduler.step(sum(F.cross_entropy(model(x), y).item() for x, y in held_out))

    run_epochs(model, optimizer, loader(), validate)


@clean
def whole_data_set_in_every_step():
    model = mlp()
    optimizer = sgd(model)
    scheduler = schedulers.StepLR(optimizer, 2)
    for _ in range(8):
        train(model, optimizer, steps=1)
        scheduler.step()
    run_epochs(model, optimizer, loader(8), each_epoch=scheduler.step, epochs=6)


@clean
def one_cycle_counted_in_epochs():
    model = mlp()
    optimizer = sgd(model)
    scheduler = schedulers.OneCycleLR(optimizer, 0.1, total_steps=4)
    run_epochs(model, optimizer, loader(), each_epoch=scheduler.step)


@clean
def scheduler_with_accumulation():
    model, batches = mlp(), loader()
    optimizer = sgd(model)
    scheduler = schedulers.OneCycleLR(optimizer, 0.1, total_steps=24)
    for _ in range(3):
        for number, (x, y) in enumerate(batches):
            F.cross_entropy(model(x), y).backward()
            if number % 2:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()
