"""The same 6,000 pairs in NumPy, as InsightFace's verification.py computes them: python evaluate.py (numpy). Prints the median of 5 in milliseconds."""

import statistics
import time

import numpy

PAIRS, DIM, FOLDS = 6000, 512, 10


def folds():
    """scikit-learn's KFold(10): contiguous parts."""
    rows = numpy.arange(PAIRS)
    for test in numpy.array_split(rows, FOLDS):
        yield numpy.setdiff1d(rows, test), test


def evaluate(image, mirrored, same):
    sums = image.astype(numpy.float64) + mirrored
    unit = sums / numpy.linalg.norm(sums, axis=1, keepdims=True)
    distance = numpy.sum(numpy.square(unit[0::2] - unit[1::2]), 1)
    coarse, fine = numpy.arange(0, 4, 0.01), numpy.arange(0, 4, 0.001)
    accuracies, values = [], []
    for train, test in folds():
        scores = [numpy.mean((distance[train] < t) == same[train]) for t in coarse]
        best = coarse[numpy.argmax(scores)]
        accuracies.append(numpy.mean((distance[test] < best) == same[test]))
        different = ~same[train]
        rates = [numpy.sum((distance[train] < t) & different) / numpy.sum(different) for t in fine]
        threshold = numpy.interp(1e-3, rates, fine) if max(rates) >= 1e-3 else 0.0
        values.append(numpy.mean(distance[test][same[test]] < threshold))
    return numpy.mean(accuracies), numpy.std(accuracies), numpy.mean(values)


def main():
    rng = numpy.random.default_rng(0)
    image, mirrored = rng.standard_normal((2, 2 * PAIRS, DIM), numpy.float32)
    same = numpy.arange(PAIRS) // 300 % 2 == 0
    times = []
    for _ in range(5):
        start = time.perf_counter()
        evaluate(image, mirrored, same)
        times.append(time.perf_counter() - start)
    print(f"NumPy {numpy.__version__}  accuracy and VAL@FAR of 6,000 pairs, features given  {statistics.median(times) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
