"""Memory of the whole server at rest: `correo dev`, and `correo serve` with two workers.

`python -m bench rest`.
"""

from bench.machine import describe, memory_mb
from bench.servers import correo, folder
from correo.testing.process import running


def main() -> None:
    print(describe())
    with folder() as home, running("dev", home) as server:
        show("correo dev", (server.pid,))
    with correo() as measured:
        show("correo serve", measured.roots)


def show(name: str, roots: tuple[int, ...]) -> None:
    proportional, resident, processes = memory_mb(roots)
    print(f"{name:14} {proportional:6.1f} MB PSS, {resident:6.1f} MB RSS, {processes} processes")


if __name__ == "__main__":
    main()
