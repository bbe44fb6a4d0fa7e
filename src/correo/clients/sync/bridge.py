"""Call async code from code that is not: one event loop in a thread, one mechanism for all methods.

`blocking` and `iterating` make methods of a `Facade` out of the methods of an async class; the
types of arguments and results come along, so that a facade has one line for each method.

Cost: a call, and each step of an iteration, goes to the thread and back: some 50 to 100
microseconds.
"""

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, get_args, get_origin

from correo.base.errors import UsageError

__all__ = ["Bridge", "Facade", "blocking", "iterating", "opening"]

A = TypeVar("A")
B = TypeVar("B", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")
C = TypeVar("C", bound=Callable[..., Any])
F = TypeVar("F", bound="Facade[Any]")


class Bridge:
    """An event loop in a thread; begins with `with`, ends with it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="correo-clients", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.call(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end; interrupted (Ctrl-C), it is cancelled.

        Raises UsageError: the `with` block is over.
        """
        if self._loop.is_closed():
            work.close()
            raise UsageError("it is closed: its `with` block is over")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


class Facade(Generic[B]):
    """What is behind: an object of an async class, used by one thread at a time."""

    def __init__(self, bridge: Bridge, target: B) -> None:
        self.bridge = bridge
        self.target = target


def blocking(
    function: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Facade[A], P], T]:
    """A method that returns when the coroutine has ended."""

    def method(facade: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return facade.bridge.call(function(facade.target, *args, **kwargs))

    return shown_as(function, method)


def iterating(
    function: Callable[Concatenate[A, P], AsyncIterator[T]],
) -> Callable[Concatenate[Facade[A], P], Iterator[T]]:
    """A method that gives an iterator; left early, the async one is closed."""

    def method(facade: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return steps(facade.bridge, function(facade.target, *args, **kwargs))

    return shown_as(function, method)


def opening(
    connect: Callable[P, Coroutine[Any, Any, A]],
    facade: Callable[[Bridge, A], F],
    leave: Callable[[F], object],
) -> Callable[P, AbstractContextManager[F]]:
    """What connects as `connect` does, in a thread of its own, and leaves at the end."""

    @contextmanager
    def opened(*args: P.args, **kwargs: P.kwargs) -> Iterator[F]:
        with Bridge() as bridge:
            made = facade(bridge, bridge.call(connect(*args, **kwargs)))
            try:
                yield made
            finally:
                leave(made)

    shown_as(connect, opened)
    return with_result(opened, inspect.signature(connect), AbstractContextManager[facade])  # type: ignore[valid-type]  # read at run time, by `help`


def shown_as(function: Callable[..., Any], method: C) -> C:
    """Name, docstring and signature of the async method, with an Iterator where that is async.

    `functools.wraps` alone leaves a way back to the async method, and whoever looks (`help`, an
    editor, the API reference) would then say `async def`.
    """
    functools.update_wrapper(method, function)
    del method.__wrapped__  # type: ignore[attr-defined]  # just put there
    signature = inspect.signature(function)
    result = signature.return_annotation
    if get_origin(result) in (AsyncIterator, AsyncGenerator):
        result = Iterator[get_args(result)[0]]  # type: ignore[misc]  # a type made at run time
    return with_result(method, signature, result)


def with_result(method: C, signature: inspect.Signature, result: object) -> C:
    method.__signature__ = signature.replace(return_annotation=result)  # type: ignore[attr-defined]  # as inspect has it
    method.__annotations__ = {**method.__annotations__, "return": result}
    return method


def steps(bridge: Bridge, source: AsyncIterator[T]) -> Iterator[T]:
    async def step() -> tuple[T] | None:
        try:
            return (await anext(source),)
        except StopAsyncIteration:
            return None

    try:
        while (found := bridge.call(step())) is not None:
            yield found[0]
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            bridge.call(ended(close))


async def ended(close: Callable[[], Any]) -> None:
    """`aclose` gives an awaitable that is no coroutine."""
    await close()
