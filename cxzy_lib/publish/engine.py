"""A papermill engine that runs a notebook's cells in this very process: one that is a copy made for it."""

import random
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

NAME = "this-process"


class ThisProcess(Engine):
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


class _Shell(InteractiveShell):  # type: ignore[misc]
    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there are no windows."""


def _shell(home: Path) -> Any:
    quiet = Config(InteractiveShell={"colors": "nocolor"}, HistoryManager={"enabled": False})
    shell: Any = _Shell.instance(
        config=quiet, ipython_dir=str(home / "ipython"), display_pub_class=CapturingDisplayPublisher
    )
    # With a backend of its own choice matplotlib draws nothing into a notebook, without a word.
    shell.run_line_magic("matplotlib", "inline")
    random.seed()
    np.random.seed()  # noqa: NPY002 - the state that every copy has inherited
    return shell


def _run(shell: Any, cell: Any) -> None:
    """Run one cell and put into it what it printed and, in their order, what it showed."""
    shown, printed = shell.display_pub.outputs, StringIO()
    shown.clear()
    shell.display_trap.hook = CapturingDisplayHook(shell, shown)
    with redirect_stdout(printed), redirect_stderr(printed):
        result = shell.run_cell(cell.source, store_history=True)
    cell.execution_count = shell.execution_count - 1
    cell.outputs = [new_output("stream", name="stdout", text=printed.getvalue())] if printed.tell() else []
    for output in shown:
        cell.outputs.append(new_output("display_data", dict(output["data"]), metadata=output["metadata"] or {}))
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        cell.outputs.append(new_output("error", ename=type(error).__name__, evalue=str(error), traceback=[]))
        raise error


papermill_engines.register(NAME, ThisProcess)
