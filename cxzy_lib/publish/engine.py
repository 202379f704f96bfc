"""A papermill engine that runs a notebook's cells in this very process: one that is a copy made for it."""

import random
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat.v4 as nbformat
import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from papermill.engines import Engine, papermill_engines
from traitlets import Type
from traitlets.config import Config

NAME = "this-process"

_Base: Any = Engine
_output: Any = nbformat.new_output


class ThisProcess(_Base):  # type: ignore[misc]
    """Runs the cells in IPython's shell, without a kernel, a client and what they have to say to each other.

    The process must be the notebook's own and end with it: the shell is a singleton, and cells may change
    whatever they like.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, home: str, **_: Any) -> None:
        """Run the code cells until one fails; `home` is a private folder for IPython."""
        shell = _shell(Path(home))
        for index, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type == "code":
                nb_man.cell_start(cell, index)
                try:
                    _run(shell, cell)
                except Exception as error:
                    nb_man.cell_exception(cell, index, exception=error)
                    return
                nb_man.cell_complete(cell, index)


class _Hook(DisplayHook):
    """Puts the value of a cell's last line where `display` puts the rest."""

    def write_output_prompt(self) -> None:
        """Write none: there is no terminal."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep the value in all its forms."""
        shell: Any = self.shell
        shell.display_pub.outputs.append({"data": format_dict, "metadata": md_dict})

    def finish_displayhook(self) -> None:
        """Write no line end either."""


class _Shell(InteractiveShell):
    displayhook_class = Type(_Hook)
    display_pub_class = Type(CapturingDisplayPublisher)

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there are no windows."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        """Print nothing: the error becomes an output of its cell."""


def _shell(home: Path) -> Any:
    quiet = Config(InteractiveShell={"colors": "nocolor"}, HistoryManager={"enabled": False})
    shell: Any = _Shell.instance(config=quiet, ipython_dir=str(home / "ipython"))
    # With a backend of its own choice matplotlib draws nothing into a notebook, without a word.
    shell.run_line_magic("matplotlib", "inline")
    random.seed()
    np.random.seed()
    return shell


def _run(shell: Any, cell: Any) -> None:
    """Run one cell and put into it what it printed and, in their order, what it showed."""
    shown, printed = shell.display_pub.outputs, StringIO()
    shown.clear()
    with redirect_stdout(printed), redirect_stderr(printed):
        result = shell.run_cell(cell.source, store_history=True)
    cell.execution_count = shell.execution_count - 1
    cell.outputs = [_output("stream", name="stdout", text=printed.getvalue())] if printed.tell() else []
    for output in shown:
        cell.outputs.append(_output("display_data", dict(output["data"]), metadata=output["metadata"] or {}))
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        cell.outputs.append(_output("error", ename=type(error).__name__, evalue=str(error), traceback=[]))
        raise error


papermill_engines.register(NAME, ThisProcess)
