#!/usr/bin/env python3
"""Records what TensorFlow answers for small graphs, for graphdef_ops_test.

    python3 -m venv /tmp/tf && /tmp/tf/bin/pip install tensorflow-cpu==2.21.0
    /tmp/tf/bin/python tests/data/graphdef/record.py

Writes one NAME.pb per case and answers.json beside this file: for each case the input's shape and values (a
rule, see `picture`), the names of the outputs, and their shapes and values. `make test` reads these files and
needs no TensorFlow. Recording again with the same release gives the same answers; other releases differ in
the last digits.
"""

import json
import os
import pathlib

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf1 = tf.compat.v1
tf1.disable_eager_execution()
HERE = pathlib.Path(__file__).parent
CASES = {}


def case(height=7, width=6, channels=3, batch=None):
    """A case is a function from the placeholder to its output nodes."""

    def add(function):
        CASES[function.__name__] = (function, (batch, height, width, channels))
        return function

    return add


def picture(shape):
    """Value i of the flat input: the test makes the same ones."""
    count = int(np.prod(shape))
    return (((np.arange(count) * 37) % 101) / 25.0 - 2.0).astype(np.float32).reshape(shape)


def weights(*shape, seed=1):
    return tf1.constant(np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32))


def positive(*shape, seed=1):
    return tf1.constant(np.random.RandomState(seed).uniform(0.5, 1.5, shape).astype(np.float32))


def above_zero(value):
    return tf1.maximum(value, tf1.negative(value)) + 1.0


@case(height=9, width=8)
def convolutions(x):
    """Every padding with strides, even and odd windows, dilations."""
    out = []
    for padding in ("SAME", "VALID"):
        for stride in (1, 2, 3):
            for rows, columns in ((1, 1), (2, 3), (3, 3), (5, 4)):
                w = weights(rows, columns, 3, 2, seed=rows * 10 + columns)
                out.append(tf1.nn.conv2d(x, w, strides=[1, stride, stride, 1], padding=padding))
        out.append(tf1.nn.conv2d(x, weights(3, 3, 3, 2), [1, 1, 1, 1], padding, dilations=[1, 2, 2, 1]))
    out.append(tf1.nn.conv2d(x, weights(3, 3, 3, 2), [1, 2, 1, 1], "SAME"))
    out.append(tf1.nn.conv2d(x, weights(3, 2, 3, 2), [1, 2, 2, 1], [[0, 0], [1, 2], [3, 0], [0, 0]]))
    return out


@case(height=8, width=9, channels=4)
def depthwise(x):
    out = []
    for padding in ("SAME", "VALID"):
        for stride in (1, 2):
            for multiplier in (1, 2):
                w = weights(3, 3, 4, multiplier, seed=multiplier)
                out.append(tf1.nn.depthwise_conv2d_native(x, w, [1, stride, stride, 1], padding))
    out.append(tf1.nn.conv2d(x, weights(3, 3, 2, 6), [1, 1, 1, 1], "SAME"))  # two groups
    return out


@case(height=9, width=8)
def pools(x):
    """TensorFlow's average does not count the padding."""
    out = []
    for pool in (tf1.nn.max_pool, tf1.nn.avg_pool):
        for padding in ("SAME", "VALID"):
            for stride in (1, 2, 3):
                for size in (2, 3):
                    out.append(pool(x, [1, size, size, 1], [1, stride, stride, 1], padding))
        out.append(pool(x, [1, 9, 8, 1], [1, 1, 1, 1], "VALID"))
        out.append(pool(x, [1, 5, 1, 1], [1, 4, 1, 1], "SAME"))
    return out


@case(channels=4)
def batch_norms(x):
    out = []
    for make in (tf1.raw_ops.FusedBatchNorm, tf1.raw_ops.FusedBatchNormV2, tf1.raw_ops.FusedBatchNormV3):
        norm = make(x=x, scale=positive(4, seed=2), offset=weights(4, seed=3), mean=weights(4, seed=4),
                    variance=positive(4, seed=5), epsilon=0.001, is_training=False)
        out.append(tf1.identity(norm.y))
    # As older frameworks wrote it: arithmetic on constants.
    scale = positive(4, seed=2) * tf1.rsqrt(positive(4, seed=5) + 0.001)
    out.append(x * scale + (weights(4, seed=3) - weights(4, seed=4) * scale))
    convolved = tf1.nn.conv2d(x, weights(3, 3, 4, 4), [1, 1, 1, 1], "SAME")
    out.append(convolved * scale + (weights(4, seed=3) - weights(4, seed=4) * scale))
    return out


@case()
def elements(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 3), [1, 1, 1, 1], "SAME")
    out = []
    for value in (x, maps):
        out += [tf1.nn.relu(value), tf1.nn.relu6(value * 4.0), tf1.sigmoid(value), tf1.negative(value)]
        out += [tf1.rsqrt(above_zero(value)), tf1.sqrt(above_zero(value))]
        out += [value + weights(3), value - weights(6, 1), weights(1, 1, 1, 3) - value, value * weights(7, 6, 3)]
        out += [value / positive(3), tf1.maximum(value, 0.25), tf1.minimum(weights(3), value)]
        out += [tf1.raw_ops.Add(x=value, y=weights(1)), tf1.raw_ops.AddV2(x=weights(7, 1, 1), y=value)]
        out += [tf1.nn.bias_add(value, weights(3))]
        out += [tf1.maximum(value, value * 0.1)]  # leaky relu
    out += [x + maps, maps * x, maps + maps]
    # Squeeze and excite: a map times one number for each channel.
    out += [maps * tf1.sigmoid(tf1.reduce_mean(maps, [1, 2], keepdims=True))]
    return out


@case()
def means(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 5), [1, 1, 1, 1], "SAME")
    out = []
    for value in (x, maps):
        for axes in ([1, 2], [2, 1], [-3, -2], [1], [2], [3], [1, 2, 3], [-1, 1]):
            for keep in (False, True):
                out.append(tf1.reduce_mean(value, axes, keepdims=keep))
    return out


@case(height=1, width=1, channels=8)
def flat(x):
    """What stands between a map and its classes."""
    w = weights(8, 5)
    maps = tf1.nn.conv2d(x, weights(1, 1, 8, 8), [1, 1, 1, 1], "SAME")
    rows = tf1.squeeze(maps, [1, 2])
    out = [rows, tf1.squeeze(x, [1]), tf1.squeeze(x, [-2]), tf1.reshape(maps, [-1, 8])]
    out += [tf1.matmul(rows, w), tf1.matmul(rows, weights(5, 8), transpose_b=True)]
    out += [tf1.matmul(tf1.transpose(rows), w, transpose_a=True)]
    out += [tf1.nn.softmax(tf1.matmul(rows, w)), tf1.sigmoid(tf1.nn.bias_add(tf1.matmul(rows, w), weights(5)))]
    # A reshape that takes the batch from the tensor's shape, as Keras writes Flatten.
    shape = tf1.shape(maps)
    batch = tf1.strided_slice(shape, [0], [1], [1], shrink_axis_mask=1)
    out.append(tf1.reshape(maps, tf1.stack([batch, -1])))
    out.append(tf1.reshape(maps, tf1.stack([batch, 2, 4])))
    out.append(tf1.reshape(maps, tf1.concat([shape[:1], [8]], 0)))
    return out


@case()
def shapes(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 4), [1, 1, 1, 1], "SAME")
    shape = tf1.shape(maps)
    pixels = shape[1] * shape[2]
    out = [tf1.reshape(maps, tf1.stack([shape[0], pixels, shape[3]]))]
    out += [tf1.reshape(maps, [-1, 168]), tf1.reshape(maps, [-1, 4]), tf1.reshape(maps, [-1, 7, 24])]
    out += [tf1.reshape(maps, tf1.stack([shape[0], shape[1] - 1 + 1, -1]))]
    out += [tf1.expand_dims(maps, -1), tf1.expand_dims(tf1.reduce_mean(maps, [1, 2]), 1)]
    out += [tf1.transpose(maps, [0, 3, 1, 2]), tf1.transpose(maps, [0, 2, 1, 3])]
    out += [tf1.nn.softmax(maps)]
    out += [maps / tf1.cast(pixels, tf.float32)]
    out += [tf1.stack([maps, maps * 2.0], axis=1), tf1.stack([x, x, x], axis=-1)]
    return out


@case()
def slices(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 4), [1, 1, 1, 1], "SAME")
    return [x[..., ::-1], x[:, 1:5, ::2, :], x[:, -3:, :-1], maps[:, ::-2], maps[:, 2], maps[:, 0, 0, :],
            maps[..., 1], maps[:, 100:2:-1, 1:100, 0:2], x[:, :, :, -1:]]


@case()
def joins(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 4), [1, 1, 1, 1], "SAME")
    small = tf1.nn.max_pool(maps, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    out = [tf1.concat([x, maps], 3), tf1.concat([maps, maps, maps], -1), tf1.concat([maps, maps], 1),
           tf1.concat([x, x[:, :, 1:]], 2), tf1.concat([small, small], 2)]
    out += [tf1.concat([tf1.reduce_mean(x, [1, 2]), tf1.reduce_mean(maps, [1, 2])], 1)]
    out += [tf1.raw_ops.Concat(concat_dim=3, values=[maps, x])]
    return out


@case()
def pads(x):
    maps = tf1.nn.conv2d(x, weights(1, 1, 3, 4), [1, 1, 1, 1], "SAME")
    out = []
    for value in (x, maps):
        out += [tf1.pad(value, [[0, 0], [1, 2], [0, 3], [0, 0]]),
                tf1.pad(value, [[0, 0], [0, 0], [0, 0], [1, 0]]),
                tf1.raw_ops.PadV2(input=value, paddings=[[0, 0], [1, 1], [2, 0], [0, 0]], constant_values=-1.5)]
    padded = tf1.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    out += [tf1.nn.conv2d(padded, weights(3, 3, 3, 2), [1, 2, 2, 1], "VALID")]
    out += [tf1.pad(tf1.reduce_mean(maps, [1, 2]), [[0, 0], [1, 2]])]
    return out


@case(height=17, width=19)
def small_network(x):
    """The shape of a MobileNet, written as exports have it."""
    value = (x - weights(3)) / 2.0
    value = tf1.pad(value, [[0, 0], [0, 1], [0, 1], [0, 0]])
    value = tf1.nn.conv2d(value, weights(3, 3, 3, 8), [1, 2, 2, 1], "VALID")
    for step in range(2):
        value = tf1.raw_ops.FusedBatchNormV3(
            x=value, scale=positive(8, seed=2), offset=weights(8, seed=3), mean=weights(8, seed=4),
            variance=positive(8, seed=5), epsilon=0.001, is_training=False).y
        value = tf1.nn.relu6(value)
        start = value
        value = tf1.nn.depthwise_conv2d_native(value, weights(3, 3, 8, 1, seed=step), [1, 1, 1, 1], "SAME")
        value = tf1.nn.conv2d(value, weights(1, 1, 8, 8, seed=step), [1, 1, 1, 1], "SAME") + start
    value = tf1.nn.avg_pool(value, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    value = tf1.reduce_mean(value, [1, 2])
    dropout = tf1.placeholder_with_default(tf1.constant(1.0), [])
    value = tf1.nn.bias_add(tf1.matmul(value * dropout, weights(8, 4)), weights(4))
    return [value, tf1.nn.softmax(value)]


@case(batch=2)
def fixed_batch(x):
    shape = tf1.shape(x)
    return [tf1.reshape(x, [2, -1]), tf1.reshape(x, tf1.stack([shape[0], 126])), tf1.nn.relu(x)]


def main():
    answers = {}
    for name, (function, shape) in CASES.items():
        graph = tf1.Graph()
        with graph.as_default(), tf1.Session(graph=graph) as session:
            x = tf1.placeholder(tf.float32, shape, name="Placeholder")
            outputs = [tf1.identity(value, name=f"output{i}") for i, value in enumerate(function(x))]
            full = (shape[0] or 2,) + shape[1:]
            values = session.run(outputs, {x: picture(full)})
            (HERE / f"{name}.pb").write_bytes(graph.as_graph_def().SerializeToString(deterministic=True))
        answers[name] = {
            "input": list(full),
            "outputs": [{"shape": list(value.shape), "values": [float(f"{v:.8g}") for v in value.ravel()]}
                        for value in values],
        }
    with (HERE / "answers.json").open("w") as file:
        json.dump({"made_with": {"tensorflow-cpu": tf.__version__}, "cases": answers}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
