"""Where the programs of these tests are entered, and what they share."""

import minigrad as mg

F = mg.nn.functional
CLASSES = 3
PLANTED, CLEAN = [], []


def planted(code):
    """Enter a program with a mistake under the code that it is to be warned of with."""

    def enter(program):
        PLANTED.append((code, program))
        return program

    return enter


def clean(program):
    """Enter a correct program."""
    CLEAN.append(program)
    return program


def rows(count=16, width=4):
    """Inputs and classes."""
    return mg.randn(count, width), mg.randint(0, CLASSES, (count,))


def loader(count=64, batch_size=8, **options):
    """Batches of inputs and classes."""
    return mg.data.DataLoader(mg.data.TensorDataset(*rows(count)), batch_size, **options)


def mlp(*between):
    """A network with layers before its last one."""
    nn = mg.nn
    return nn.Sequential(nn.Linear(4, 8), *between, nn.ReLU(), nn.Linear(8, CLASSES))


def sgd(model, **options):
    """SGD without weight decay."""
    return mg.optim.SGD(model.parameters(), lr=0.1, **options)


def backward(model, count=16):
    """A backward pass of a batch."""
    x, y = rows(count)
    F.cross_entropy(model(x), y).backward()


def train(model, optimizer, steps=3):
    """Correct steps."""
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()


def run_epochs(model, optimizer, batches, each_batch=None, each_epoch=None, epochs=3):
    """Passes over the data, and what is called after each batch and each epoch."""
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            if each_batch is not None:
                each_batch()
        if each_epoch is not None:
            each_epoch()
