"""Vectors of numbers as values in numba code: load, multiply and add, store.

A `Vec` holds 64, 128 or 256 bytes of float32 or float64: one, two or four registers of
AVX-512, more of smaller ones; LLVM splits it to what the processor has. Sums held in a
`Vec` stay in registers, where sums held in an array would go through memory.

Products are added as a multiplication and an addition that may be contracted, which
becomes a fused instruction where there is one; elsewhere ``llvm.fma`` is emulated.
Arrays are one-dimensional and contiguous, offsets count elements, and nothing is
checked: who calls pads its buffers to whole vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.extending import models, register_model

_CONTRACT = ("contract",)

intrinsic: Any = extending.intrinsic  # what it makes is called with other arguments


class Vec(types.Type):
    """A vector of `lanes` numbers of one dtype."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vec({dtype}, {lanes})")


@register_model(Vec)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vec: Vec) -> None:
        element = manager.lookup(vec.dtype).get_value_type()
        kind = ir.VectorType(element, vec.lanes)
        super().__init__(manager, vec, kind)  # type: ignore[no-untyped-call]


def _is_vector_array(array: Any) -> bool:
    return (
        isinstance(array, types.Array)
        and array.ndim == 1
        and array.layout == "C"
        and array.dtype in (types.float32, types.float64)
    )


def _address(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [at])


def _loader(n_bytes: int) -> Any:
    """Return a load of `n_bytes` at an offset of a one-dimensional array."""

    def load(typing_context: Any, array: Any, at: Any) -> Any:
        """Return the vector that starts at element `at`."""
        if not _is_vector_array(array) or not isinstance(at, types.Integer):
            return None
        n_element = array.dtype.bitwidth // 8
        vec = Vec(array.dtype, n_bytes // n_element)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            place = _address(context, builder, array, args[0], args[1])
            kind = context.get_value_type(vec)
            value = builder.load(builder.bitcast(place, ir.PointerType(kind)))
            value.align = n_element
            return value

        return vec(array, at), codegen

    return intrinsic(load)


load64 = _loader(64)
load128 = _loader(128)
load256 = _loader(256)


@intrinsic
def take(typing_context: Any, array: Any, at: Any) -> Any:
    """Return ``array[at]`` for `at` of at least 0, without a test for counting back.

    That test, done for each stored entry of a matrix, costs as much as the sum itself.
    """
    if not (isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C"):
        return None
    if not isinstance(at, types.Integer):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, array, args[0], args[1]))

    return array.dtype(array, at), codegen


@intrinsic
def store(typing_context: Any, array: Any, at: Any, vec: Any) -> Any:
    """Write a vector, starting at element `at`."""
    if not _is_vector_array(array) or not isinstance(vec, Vec):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _address(context, builder, array, args[0], args[1])
        kind = context.get_value_type(vec)
        written = builder.store(args[2], builder.bitcast(place, ir.PointerType(kind)))
        written.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, at, vec), codegen


def _splat(builder: Any, kind: Any, scalar: Any) -> Any:
    zero = ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, zero)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)


@intrinsic
def splat(typing_context: Any, like: Any, scalar: Any) -> Any:
    """Return a vector like another whose entries are all `scalar`."""
    if not isinstance(like, Vec) or scalar != like.dtype:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, context.get_value_type(like), args[1])

    return like(like, scalar), codegen


def _with_scalar(sign: int) -> Any:
    """Return ``total ± scalar * vec``."""

    def combine(typing_context: Any, total: Any, scalar: Any, vec: Any) -> Any:
        """Return the total with a multiple of a vector added or subtracted."""
        if not isinstance(vec, Vec) or total != vec or scalar != vec.dtype:
            return None

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = context.get_value_type(vec)
            factor = _splat(builder, kind, args[1])
            product = builder.fmul(factor, args[2], flags=_CONTRACT)
            join = builder.fadd if sign > 0 else builder.fsub
            return join(args[0], product, flags=_CONTRACT)

        return vec(total, scalar, vec), codegen

    return intrinsic(combine)


add_scaled = _with_scalar(1)
subtract_scaled = _with_scalar(-1)


@intrinsic
def add_product(typing_context: Any, total: Any, left: Any, right: Any) -> Any:
    """Return ``total + left * right``, entry by entry."""
    if not isinstance(total, Vec) or left != total or right != total:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.fmul(args[1], args[2], flags=_CONTRACT)
        return builder.fadd(args[0], product, flags=_CONTRACT)

    return total(total, left, right), codegen


@intrinsic
def zeros_like(typing_context: Any, vec: Any) -> Any:
    """Return a vector of zeros."""
    if not isinstance(vec, Vec):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(vec), None)

    return vec(vec), codegen


@intrinsic
def add_vectors(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left + right``, entry by entry."""
    if not isinstance(left, Vec) or left != right:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(args[0], args[1])

    return left(left, right), codegen


@intrinsic
def subtract(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left - right``, entry by entry."""
    if not isinstance(left, Vec) or left != right:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fsub(args[0], args[1])

    return left(left, right), codegen


@intrinsic
def at_least_zero(typing_context: Any, vec: Any) -> Any:
    """Return ``max(0, vec)``, entry by entry; a NaN becomes 0."""
    if not isinstance(vec, Vec):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = ir.Constant(context.get_value_type(vec), None)
        above = builder.fcmp_ordered(">", args[0], zero)
        return builder.select(above, args[0], zero)

    return vec(vec), codegen


@intrinsic
def total(typing_context: Any, vec: Any) -> Any:
    """Return the sum of a vector's entries, added in halves, in float64."""
    if not isinstance(vec, Vec):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.VectorType(ir.DoubleType(), vec.lanes)
        value = args[0]
        if vec.dtype == types.float32:
            value = builder.fpext(value, wide)
        lanes = vec.lanes
        while lanes > 1:
            lanes //= 2
            halves = [
                builder.shuffle_vector(
                    value,
                    value,
                    ir.Constant(
                        ir.VectorType(ir.IntType(32), lanes),
                        list(range(first, first + lanes)),
                    ),
                )
                for first in (0, lanes)
            ]
            value = builder.fadd(*halves)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float64(vec), codegen
