"""Work begins at once; what has to wait goes on in a task, as if it had been in one from the start."""

import asyncio

import pytest

from correo.net.eager import begin


def test_what_never_waits_is_done_at_once_and_needs_no_task() -> None:
    async def main() -> None:
        done: list[str] = []

        async def work() -> None:
            done.append("done")

        assert begin(asyncio.get_running_loop(), work()) is None
        assert done == ["done"]

    asyncio.run(main())


def test_what_waits_goes_on_in_a_task() -> None:
    async def main() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        found: list[object] = []

        async def work() -> None:
            found.append("begun")
            found.append(await future)
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                found.append(await asyncio.to_thread(lambda: "from a thread"))

        task = begin(asyncio.get_running_loop(), work())
        assert task is not None
        assert found == ["begun"]
        future.set_result(7)
        await task
        assert found == ["begun", 7, "from a thread"]

    asyncio.run(main())


def test_what_waits_can_be_cancelled_and_may_still_wait_then() -> None:
    async def main() -> None:
        said: list[str] = []

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                said.append("cancelled")
                raise

        task = begin(asyncio.get_running_loop(), work())
        assert task is not None
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert said == ["cancelled"]

    asyncio.run(main())


def test_what_fails_later_fails_in_the_task() -> None:
    async def main() -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            raise ValueError("late")

        task = begin(asyncio.get_running_loop(), work())
        assert task is not None
        with pytest.raises(ValueError, match="late"):
            await task

    asyncio.run(main())
