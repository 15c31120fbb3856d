"""The executor's side of the Spark engine: hands the batches of a partition to a Deno process that runs the partition
function, and its answers back to Spark. The frames are those of worker.ts.

Spark ships this file to the executors; its module-level state lives as long as the Python worker does, so one Deno
process serves all tasks that the worker is given."""

import atexit
import base64
import io
import json
import os
import resource
import struct
import subprocess

import pyarrow as pa
from pyspark import AccumulatorParam, TaskContext

TABLE_ROWS = 10_000
MATRIX_SCHEMA = pa.schema([("row", pa.int32()), ("vector", pa.binary())])

_process = None


class StepFailed(Exception):
    """What a step threw, wrapped so that the driver finds it in a stack trace."""

    def __init__(self, failure):
        packed = base64.b64encode(json.dumps(failure).encode()).decode()
        super().__init__(f"SEGUE<{packed}>")


class Largest(AccumulatorParam):
    """An accumulator that keeps the largest value: adding one twice, as a retried task does, changes nothing."""

    def zero(self, value):
        return value

    def addInPlace(self, a, b):
        return max(a, b)


class PartitionFunction:
    """A partition function of Segue, as `mapInArrow` wants it."""

    def __init__(self, command, step, value, file, peak, read=None):
        self.command = command
        self.step = step
        self.value = value
        self.file = file
        self.peak = peak
        self.read = read

    def __call__(self, batches):
        if self.read is not None:
            batches = self.read(batches)
        context = TaskContext.get()
        opening = {
            "step": self.step,
            "partition": context.partitionId(),
            "attempt": context.attemptNumber(),
            "file": self.file,
        }
        process = worker(self.command)
        done = False
        try:
            send(process, b"O", json.dumps(opening).encode())
            send(process, b"V", self.value.value)
            while not done:
                letter, body = receive(process)
                if letter == b"N":
                    batch = next(batches, None)
                    if batch is None:
                        send(process, b"E", b"")
                    else:
                        send(process, b"B", encode(batch))
                elif letter == b"B":
                    yield from pa.ipc.open_stream(body)
                elif letter == b"X":
                    done = True
                    raise StepFailed(json.loads(body))
                else:
                    done = True
                    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                    self.peak.add(json.loads(body)["peakMiB"] + own)
        finally:
            # Left in the middle of a partition, the process is of no more use.
            if not done:
                end(process)


class MatrixReader:
    """Reads slices of an NPY matrix; a row of the input is the number of a slice."""

    def __init__(self, path, rows, columns, offset, slices):
        self.path, self.rows, self.columns, self.offset, self.slices = path, rows, columns, offset, slices

    def __call__(self, batches):
        width = self.columns * 4
        for batch in batches:
            for number in batch.column(0).to_pylist():
                start = self.rows * number // self.slices
                stop = self.rows * (number + 1) // self.slices
                with open(self.path, "rb") as file:
                    file.seek(self.offset + start * width)
                    for first in range(start, stop, TABLE_ROWS):
                        count = min(TABLE_ROWS, stop - first)
                        values = file.read(count * width)
                        offsets = pa.array(range(0, count * width + 1, width), pa.int32()).buffers()[1]
                        vectors = pa.Array.from_buffers(pa.binary(), count, [None, offsets, pa.py_buffer(values)])
                        rows = pa.array(range(first, first + count), pa.int32())
                        yield pa.record_batch([rows, vectors], schema=MATRIX_SCHEMA)


def read_items(batches):
    """A row of the input is the number of an item."""
    for batch in batches:
        yield pa.record_batch([batch.column(0).cast(pa.int32())], names=["item"])


def worker(command):
    """The Deno process of this Python worker; a new one when there is none or it has ended."""
    global _process
    if _process is None or _process.poll() is not None:
        found = [command[0] if os.path.exists(command[0]) else "deno", *command[1:]]
        _process = subprocess.Popen(found, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 20)
        atexit.register(end, _process)
    return _process


def end(process):
    global _process
    if process is _process:
        _process = None
    process.kill()
    process.wait()


def send(process, letter, body):
    try:
        process.stdin.write(letter + struct.pack("<I", len(body)))
        process.stdin.write(body)
        process.stdin.flush()
    except BrokenPipeError:
        raise RuntimeError(ENDED) from None


def receive(process):
    head = process.stdout.read(5)
    if len(head) < 5:
        raise RuntimeError(ENDED)
    length = struct.unpack("<I", head[1:])[0]
    body = process.stdout.read(length)
    if len(body) < length:
        raise RuntimeError(ENDED)
    return head[:1], body


ENDED = "A worker process ended in the middle of a partition"


def encode(batch):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getbuffer()
