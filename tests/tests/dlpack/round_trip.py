"""Tensors from ficta to a Python library and back, without a copy: dlpack_round_trip.py LIBRARY.

Tries PyTorch and NumPy (2.1 or later), and prints what each gave; exits with 77 where neither is there.
"""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.give.restype = ctypes.c_void_p
library.give.argtypes = [ctypes.POINTER(ctypes.c_size_t)]
library.take.restype = ctypes.c_double
library.take.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)]

python = ctypes.pythonapi
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]

NAME = b"dltensor_versioned"
USED = b"used_dltensor_versioned"  # must outlive the capsule


class Given:
    """What `from_dlpack` asks for. `address` is where ficta holds the elements of the last tensor given."""

    address = None

    def __dlpack__(self, **_):
        address = ctypes.c_size_t()
        tensor = library.give(ctypes.byref(address))
        Given.address = address.value
        return python.PyCapsule_New(tensor, NAME, None)

    def __dlpack_device__(self):
        return (1, 0)


def take(tensor):
    """Hands a tensor over; gives the weighted sum and the address that ficta saw."""
    capsule = tensor.__dlpack__(max_version=(1, 0))
    pointer = python.PyCapsule_GetPointer(capsule, NAME)
    python.PyCapsule_SetName(capsule, USED)
    address = ctypes.c_size_t()
    return library.take(pointer, ctypes.byref(address)), address.value


def check(name, got, expected):
    if got != expected:
        sys.exit(f"{name}: got {got}, expected {expected}")


found = 0
try:
    import numpy

    array = numpy.from_dlpack(Given())
    check("numpy", array.tolist(), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]])
    check("numpy, where ficta's elements lie", array.ctypes.data, Given.address)
    array = numpy.arange(4, dtype=numpy.float64).reshape(2, 2)
    check("numpy", take(array), (14.0, array.ctypes.data))
    strided = numpy.arange(8, dtype=numpy.float64).reshape(2, 4)[:, ::2]
    check("numpy, strided", str(take(strided)[0]), "nan")
    print("numpy", numpy.__version__)
    found += 1
except ImportError:
    pass
try:
    import torch

    tensor = torch.from_dlpack(Given())
    check("torch", tensor.tolist(), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]])
    check("torch, where ficta's elements lie", tensor.data_ptr(), Given.address)
    tensor = torch.arange(4, dtype=torch.float64).reshape(2, 2)
    check("torch", take(tensor), (14.0, tensor.data_ptr()))
    print("torch", torch.__version__)
    found += 1
except ImportError:
    pass
sys.exit(0 if found else 77)
