"""Build the API reference; called by scripts/reference in the virtual environment.

What stands in it is what the packages below name in `__all__`, with their docstrings.
"""

import importlib
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render
from docstring_shape import shape
from jinja2 import pass_context
from jinja2.runtime import Context
from pdoc.render_helpers import to_markdown_with_context

PACKAGES = [
    "correo.clients.imap",
    "correo.clients.smtp",
    "correo.clients.pop3",
    "correo.clients.folders",
    "correo.clients.discovery",
    "correo.clients.security",
    "correo.clients.sync",
    "correo.message.address",
    "correo.message.builder",
    "correo.testing",
]
INSIDE = ["correo.clients.pop3.collect"]  # a module that is named like the function in it


@pass_context
def to_markdown(context: Context, docstring: str) -> str:
    return to_markdown_with_context(context, shape(docstring))


def build(folder: Path) -> None:
    """Raises what pdoc warns of."""
    warnings.simplefilter("error", UserWarning)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for public in getattr(package, "__all__", ()):
            setattr(package, public, getattr(package, public))  # some are made when first asked for
    pdoc.render.env.filters["to_markdown"] = to_markdown
    pdoc.render.configure(docformat="google", footer_text="correo")
    pdoc.pdoc(*PACKAGES, *(f"!{each}" for each in INSIDE), output_directory=folder)


def main() -> None:
    folder = Path(sys.argv[1])
    build(folder)
    print(f"the reference is in {folder / 'index.html'}")


if __name__ == "__main__":
    main()
