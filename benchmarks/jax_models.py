"""The models of the training benchmarks in plain jax.numpy, the whole step one ``jax.jit``.

A model is a function of (arrays by PyTorch's names, inputs, a dict that collects the new running
statistics, random key, dropout rate) to logits.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax


def linear(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def batch_norm(p, name, x, new):
    """Over all axes but the second, with the running statistics as PyTorch keeps them."""
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    mean, var = x.mean(axes), x.var(axes)
    for kind, value in (("mean", mean), ("var", var * count / (count - 1))):
        new[f"{name}.running_{kind}"] = 0.9 * p[f"{name}.running_{kind}"] + 0.1 * value
    scale = p[f"{name}.weight"] * lax.rsqrt(var + 1e-5)
    shift = p[f"{name}.bias"] - mean * scale
    shape = (-1, *[1] * (x.ndim - 2))
    return x * scale.reshape(shape) + shift.reshape(shape)


def layer_norm(p, name, x):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
    return scaled * p[f"{name}.weight"] + p[f"{name}.bias"]


def dropout(key, x, rate):
    if rate == 0:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def plain(nonlinear):
    """Linear layers with a function between them; as in a Sequential their numbers are even."""

    def model(p, x, new, key, rate):
        *hidden, last = range(0, len(p), 2)
        for i in hidden:
            x = nonlinear(linear(p, i, x))
        return linear(p, last, x)

    return model


plain_tanh, plain_relu = plain(jnp.tanh), plain(jax.nn.relu)


def perceptron(p, x, new, key, rate):
    for i in (0, 4):
        x = jax.nn.relu(batch_norm(p, i + 1, linear(p, i, x), new))
        x = dropout(jax.random.fold_in(key, i), x, rate)
    return linear(p, 8, x)


def convolutional(p, x, new, key, rate):
    for i in (0, 4):
        x = lax.conv_general_dilated(x, p[f"{i}.weight"], (1, 1), "SAME")
        x = x + p[f"{i}.bias"][:, None, None]
        x = jax.nn.relu(batch_norm(p, i + 1, x, new))
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return linear(p, 9, x.reshape(len(x), -1))


def recurrent(p, tokens, new, key, rate):
    x = p["embedding.weight"][tokens].swapaxes(0, 1)
    inputs = x @ p["lstm.weight_ih_l0"].T + p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]
    zeros = jnp.zeros((x.shape[1], p["lstm.weight_hh_l0"].shape[1]))

    def cell(carry, gates):
        h, c = carry
        i, f, g, o = jnp.split(gates + h @ p["lstm.weight_hh_l0"].T, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    _, hidden = lax.scan(cell, (zeros, zeros), inputs)
    logits = linear(p, "head", hidden.swapaxes(0, 1))
    return logits.reshape(-1, logits.shape[-1])


def transformer(p, tokens, new, key, rate):
    batch, count = tokens.shape
    x = p["embedding.weight"][tokens] + p["position"]
    visible = jnp.tril(jnp.ones((count, count), bool))
    for i in range(4):
        block = f"blocks.{i}"
        heads = linear(p, f"{block}.qkv", layer_norm(p, f"{block}.norm1", x))
        q, k, v = heads.reshape(batch, count, 3, 4, -1).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
        mixed = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf)) @ v
        x = x + linear(p, f"{block}.out", mixed.swapaxes(1, 2).reshape(x.shape))
        up = linear(p, f"{block}.up", layer_norm(p, f"{block}.norm2", x))
        x = x + linear(p, f"{block}.down", jax.nn.gelu(up, approximate=False))
    logits = linear(p, "head", layer_norm(p, "norm", x))
    return logits.reshape(-1, logits.shape[-1])


def compiled_step(model, original, workload):
    """(the step, what sets its dropout rate), from the weights of the minigrad model."""
    arrays = {
        name: jnp.asarray(value.numpy())
        for name, value in original.state_dict().items()
        if "num_batches" not in name
    }
    parameters = {name: arrays.pop(name) for name, _ in original.named_parameters()}
    x, y = map(jnp.asarray, workload.batch)
    zeros = {name: jnp.zeros_like(value) for name, value in parameters.items()}
    state = [parameters, arrays, zeros, zeros, jnp.float32(0)]
    update, largest = workload.optimizer.updated, workload.largest_norm
    whole = None

    def stepped(rate, parameters, running, first, second, t, x, y):
        def loss_of(parameters):
            new, key = {}, jax.random.key(t.astype(int))
            logits = model({**parameters, **running}, x, new, key, rate)
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), new

        (loss, running), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters)
        if largest is not None:
            norm = jnp.sqrt(sum((g * g).sum() for g in gradients.values()))
            scale = jnp.minimum(1, largest / (norm + 1e-6))
            gradients = {name: g * scale for name, g in gradients.items()}
        new = {
            n: update(jnp, p, gradients[n], first[n], second[n], t + 1)
            for n, p in parameters.items()
        }
        parameters, first, second = ({n: u[i] for n, u in new.items()} for i in range(3))
        return (parameters, running, first, second, t + 1), loss

    def set_dropout(rate):
        nonlocal whole
        whole = jax.jit(lambda *arguments: stepped(rate, *arguments))

    def step():
        state[:], loss = whole(*state, x, y)
        return jax.block_until_ready((state, loss))[1]

    return step, set_dropout
