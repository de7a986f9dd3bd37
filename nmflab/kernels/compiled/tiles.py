"""Tiles of a matrix product held in registers, for numba code.

A tile is six rows or fewer of a product, each a few vectors wide, summed over a range
while it stays in registers. With 24 sums of 64 bytes AVX-512 multiplies and adds at
its peak rate; with fewer or narrower registers such tiles spill to memory.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

_CONTRACT = ("contract",)
_ROWS_AHEAD = 8  # rows whose next lines are fetched: numbers of float64 in a line


def tile(n_rows: int, pieces: tuple[int, ...], *, along: bool = False) -> Any:
    """Return a function for numba code that adds up one tile of a product.

    ``C[r, :] += Σ_j S[r, j] B[j, :]`` for `n_rows` rows r and vectors of `pieces`
    bytes, the sum taken by itself and added once: long sums are made of short ones.
    Its arguments are those of `_Tile.emit`; nothing is checked.

    Parameters
    ----------
    n_rows : int
    pieces : tuple of int
        Bytes of each vector of a row, one behind the other.
    along : bool, default False
        What is fetched for later: one line of each row of a panel, or a few rows of it
        along their length.
    """

    def multiply(
        typing_context: Any,
        S: Any,
        s: Any,
        s_step: Any,
        B: Any,
        b: Any,
        b_step: Any,
        n: Any,
        C: Any,
        c: Any,
        c_step: Any,
        ahead: Any,
        of: Any,
        of_step: Any,
    ) -> Any:
        """Add a tile; fetch a line of `ahead` for each term of the sums."""
        counts = (types.intp,) * 3

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _Tile(context, builder, S, B, C, ahead, n_rows, pieces, along).emit(*args)
            return context.get_dummy_value()

        flat = S, *counts[:2], B, *counts, C, *counts[:2], ahead, *counts[:2]
        return types.void(*flat), codegen

    intrinsic: Any = extending.intrinsic
    return intrinsic(multiply)


class _Tile:
    """The instructions of one tile."""

    def __init__(
        self,
        context: Any,
        builder: Any,
        S: Any,
        B: Any,
        C: Any,
        ahead: Any,
        n_rows: int,
        pieces: tuple[int, ...],
        along: bool,
    ) -> None:
        self.context, self.builder = context, builder
        self.S, self.B, self.C, self.ahead = S, B, C, ahead
        self.size = S.dtype.bitwidth // 8
        self.element = context.get_value_type(S.dtype)
        self.index = context.get_value_type(types.intp)
        self.n_rows, self.along = n_rows, along
        begins = [sum(pieces[:i]) // self.size for i in range(len(pieces))]
        kinds = [ir.VectorType(self.element, piece // self.size) for piece in pieces]
        self.pieces = list(zip(begins, kinds, strict=True))

    def emit(
        self,
        S: Any,
        s: Any,
        s_step: Any,
        B: Any,
        b: Any,
        b_step: Any,
        n: Any,
        C: Any,
        c: Any,
        c_step: Any,
        ahead: Any,
        of: Any,
        of_step: Any,
    ) -> None:
        """Emit loads of the tile, the loop over its n >= 1 terms, and stores.

        A matrix is an array, the offset of its first entry and the step from a row to
        the next; `of` and `of_step` name what to fetch into the cache for later.
        """
        build = self.builder
        scalars = self._rows(self.S, S, s, s_step)
        places = [
            (build.gep(row, [self._number(at)]), kind)
            for row in self._rows(self.C, C, c, c_step)
            for at, kind in self.pieces
        ]
        start = [ir.Constant(kind, None) for _, kind in places]
        vectors = self._address(self.B, B, b)
        fetched = self._address(self.ahead, ahead, of)
        before, loop = build.block, build.append_basic_block("terms")
        after = build.append_basic_block("added")
        build.branch(loop)
        build.position_at_end(loop)
        j = build.phi(self.index)
        sums = [build.phi(value.type) for value in start]
        for phi, value in zip((j, *sums), (self._number(0), *start), strict=True):
            phi.add_incoming(value, before)
        self._fetch(build.gep(fetched, [self._later(j, of_step)]))
        row = build.gep(vectors, [build.mul(j, b_step)])
        added = self._add(sums, [build.gep(place, [j]) for place in scalars], row)
        following = build.add(j, self._number(1))
        for phi, value in zip((j, *sums), (following, *added), strict=True):
            phi.add_incoming(value, loop)
        build.cbranch(build.icmp_signed("<", following, n), loop, after)
        build.position_at_end(after)
        for value, (place, kind) in zip(added, places, strict=True):
            total = build.fadd(self._load(place, kind), value)
            written = build.store(total, build.bitcast(place, kind.as_pointer()))
            written.align = self.size

    def _later(self, j: Any, step: Any) -> Any:
        build = self.builder
        if not self.along:
            return build.mul(j, step)
        row = build.and_(j, self._number(_ROWS_AHEAD - 1))
        return build.add(build.sub(j, row), build.mul(row, step))

    def _add(self, sums: list[Any], scalars: list[Any], row: Any) -> list[Any]:
        build = self.builder
        vectors = [
            self._load(build.gep(row, [self._number(at)]), kind)
            for at, kind in self.pieces
        ]
        added = []
        for r, place in enumerate(scalars):
            scalar = build.load(place)
            for i, vector in enumerate(vectors):
                factor = self._splat(vector.type, scalar)
                product = build.fmul(factor, vector, flags=_CONTRACT)
                total = sums[r * len(vectors) + i]
                added.append(build.fadd(total, product, flags=_CONTRACT))
        return added

    def _splat(self, kind: Any, scalar: Any) -> Any:
        nothing = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(nothing, scalar, self._zero())
        mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
        return self.builder.shuffle_vector(one, nothing, mask)

    @staticmethod
    def _zero() -> Any:
        return ir.Constant(ir.IntType(32), 0)

    def _number(self, value: int) -> Any:
        return ir.Constant(self.index, value)

    def _address(self, kind: Any, array: Any, at: Any) -> Any:
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.gep(data, [at])

    def _rows(self, kind: Any, array: Any, at: Any, step: Any) -> list[Any]:
        build = self.builder
        places = []
        for r in range(self.n_rows):
            offset = build.add(at, build.mul(step, self._number(r)))
            places.append(self._address(kind, array, offset))
        return places

    def _load(self, place: Any, kind: Any) -> Any:
        value = self.builder.load(self.builder.bitcast(place, kind.as_pointer()))
        value.align = self.size
        return value

    def _fetch(self, place: Any) -> None:
        word, number = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [number, word, word, word])
        insert: Any = cgutils.get_or_insert_function
        prefetch = insert(self.builder.module, kind, "llvm.prefetch.p0")
        options = [ir.Constant(word, value) for value in (0, 2, 1)]
        self.builder.call(prefetch, [self.builder.bitcast(place, number), *options])
