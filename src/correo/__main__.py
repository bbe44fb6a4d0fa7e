"""Run the command line: `correo ...` or `python -m correo ...`."""

from correo.cli import main

if __name__ == "__main__":
    main()
