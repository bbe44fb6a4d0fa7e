"""Send mail from programs without an event loop; what each method does stands in `SmtpClient`."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ParamSpec

from correo.clients.smtp.client import SmtpClient
from correo.clients.sync.bridge import Bridge, Facade, blocking

__all__ = ["SyncSmtpClient", "open_smtp"]

P = ParamSpec("P")


class SyncSmtpClient(Facade[SmtpClient]):
    """A connection; `open_smtp` makes it."""

    login = blocking(SmtpClient.login)
    quit = blocking(SmtpClient.quit)
    send = blocking(SmtpClient.send)


@contextmanager
def connected(bridge: Bridge, client: SmtpClient) -> Iterator[SyncSmtpClient]:
    facade = SyncSmtpClient(bridge, client)
    try:
        yield facade
    finally:
        facade.quit()


def with_parameters_of(
    connect: Callable[P, Coroutine[Any, Any, SmtpClient]],
) -> Callable[P, AbstractContextManager[SyncSmtpClient]]:
    @contextmanager
    def opened(*args: P.args, **kwargs: P.kwargs) -> Iterator[SyncSmtpClient]:
        with Bridge() as bridge, connected(bridge, bridge.call(connect(*args, **kwargs))) as made:
            yield made

    return opened


open_smtp = with_parameters_of(SmtpClient.connect)
"""A connection in a thread of its own; takes what `SmtpClient.connect` takes."""
