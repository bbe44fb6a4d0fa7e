"""Keep the shape of a docstring on its way to Markdown: examples, tables and lists of fields.

`scripts/reference.py` gives each docstring through here before pdoc reads it. pdoc knows the
sections "Args:", "Raises:" and "Attributes:"; to Markdown everything else is a paragraph, in which
lines run together.
"""

import ast
import inspect
import re
from textwrap import dedent

__all__ = ["shape"]

FIELD = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (.+)")
NEXT_FIELD = re.compile(r"(?<=[.;]) (?=[a-z_]\w*(?:, [a-z_]\w*)*: )")  # several in one line
TABLE = re.compile(r"RFC \d.*\S {2,}\S")
SECTION = re.compile(r"[A-Z]\w+:\n ")
INDENT = "    "


def shape(docstring: str) -> str:
    """As Markdown, with pdoc's sections left as they are."""
    text = inspect.cleandoc(docstring)
    return "\n\n".join(map(shape_block, joined(text.split("\n\n"))))


def joined(blocks: list[str]) -> list[str]:
    """Indented blocks go with what they follow: an example, or a section, may have empty lines."""
    whole: list[str] = []
    for block in blocks:
        goes_on = whole and (is_indented(whole[-1]) or SECTION.match(whole[-1]))
        if goes_on and block.startswith(INDENT):
            whole[-1] += "\n\n" + block
        else:
            whole.append(block)
    return whole


def shape_block(block: str) -> str:
    if is_indented(block):
        return fenced("python", dedent(block))
    if is_code(block):
        return fenced("python", block)
    if TABLE.match(block):
        return fenced("text", block)
    if FIELD.match(block):
        return field_list(block)
    return block


def is_indented(block: str) -> bool:
    return all(line.startswith(INDENT) or not line for line in block.split("\n"))


def is_code(block: str) -> bool:
    """Whether a block at the margin is Python all the same.

    An example that ends a docstring loses its indentation when the docstring is cleaned.
    """
    if "\n" not in block:
        return False
    try:
        compile(block, "<docstring>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    except SyntaxError:
        return False
    return True


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def field_list(block: str) -> str:
    """One item for each line that begins a field; what is indented goes with it.

    A block in which another line stands at the margin is a paragraph after all.
    """
    items: list[str] = []
    for line in NEXT_FIELD.sub("\n", block).split("\n"):
        field = FIELD.fullmatch(line)
        if field:
            items.append(f" - **{field[1]}:** {field[2]}")
        elif line.startswith(INDENT):
            items.append("   " + line.strip())
        else:
            return block
    return "\n".join(items)
