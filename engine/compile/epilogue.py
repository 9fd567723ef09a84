"""What a conv or matrix product does to its result before it is written: its epilogue."""

from __future__ import annotations

from engine.compile.match import Matcher

_AFFINE = ("Add", "Sub", "Mul", "Div", "Neg", "BiasAdd")


def epilogue(match: Matcher, head: int, *, norm: bool, integer: bool = False) -> list[int]:
    """The ops after `head` that run on its result while it is still in registers, in order.

    In this order, each step optional: the Cast and scale of an integer product; additions,
    scales and (for convs) BatchNormalization by constants; an activation; the addition of
    another tensor of the same shape (a residual); an activation after that.

    Args:
        match: the matcher of the pass.
        head: the conv or product.
        norm: whether BatchNormalization may join.
        integer: whether the head makes integers that are cast and scaled.
    """
    found: list[int] = []
    last = head
    residual = activated = False
    cast = not integer
    while True:
        index = match.next(last)
        if index < 0 or match.is_taken((index,)):
            return found
        if not cast and match.is_(index, "Cast"):
            cast = True
        elif not activated and not residual and _is_affine(match, last, index, norm, integer):
            pass
        elif match.kind(index) == "activation" and len(match.data(index)) == 1:
            if found and match.kind(found[-1]) == "activation":
                return found
            activated = True
        elif not residual and _is_residual(match, last, index):
            residual = True
        else:
            return found
        found.append(index)
        last = index


def _is_affine(match: Matcher, last: int, index: int, norm: bool, integer: bool) -> bool:
    """An addition or scale by a constant that keeps the shape, or a norm by constants."""
    op = match.ops[index]
    if op.members and op.kernel:
        return False  # fused already: it is a kernel of its own
    if not match.same_shape(match.out(last), match.result(index)):
        return False
    if op.type == "BatchNormalization":
        return norm and all(match.constant(t) for t in match.operands(index)[1:] if t)
    if op.type not in _AFFINE:
        return False
    if op.type in ("Sub", "Div") and match.operands(index)[0] != match.out(last):
        return False
    data = match.data(index)
    others = [t for t in data if t != match.out(last)]
    if integer and op.type in ("Add", "Mul"):  # scale and bias follow from the input's scale
        whole = match.tensors[match.result(index)].elements or 0
        return all((match.tensors[t].elements or whole) < whole for t in others)
    return not others and len(data) == 1


def _is_residual(match: Matcher, last: int, index: int) -> bool:
    """An addition of another tensor computed at run time, of the same shape."""
    if not match.is_(index, "Add", "Sum"):
        return False
    mine = match.out(last)
    data = match.data(index)
    if len(data) != 2 or mine not in data or data[0] == data[1]:
        return False
    return match.same_shape(data[0], data[1])
