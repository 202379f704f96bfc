"""Warm kernels: what an ordinary one gives, alone each, gone with whoever asked for it, and never needed."""

import json
import os
import select
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from cxzy_lib.publish import kernels

ROOT = Path(__file__).parents[1]
WARM = "cxzy-warm"
PARENT = "import os\nos.getppid()"
TOLD = [
    "times = 1",
    "import sys, os\nprint('printed')",
    "print('warned', file=sys.stderr)",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2] * times);",
    "import pandas as pd\npd.DataFrame({'列': [times]})",
    "from IPython.display import display\nfor n in range(2):\n    plt.figure().gca().plot([n])\n    display(n)",
    "import matplotlib\nmatplotlib.get_backend(), sys.path, __name__, os.getcwd(), sys.flags, sys.argv[0]",
    "[os.environ.get(name) for name in ('MPLBACKEND', 'PYDEVD_USE_FRAME_EVAL', 'PWD')], 'JPY_PARENT_PID' in os.environ",
    "1 / 0",
]


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install what pyproject.toml declares into a folder, which also makes a server of our own."""
    folder = tmp_path_factory.mktemp("installed")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    group = "jupyter_client.kernel_provisioners"
    entries = [f"{name} = {place}" for name, place in project["project"]["entry-points"][group].items()]
    (folder / "warm-1.dist-info").mkdir()
    (folder / "warm-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: warm\nVersion: 1\n")
    (folder / "warm-1.dist-info/entry_points.txt").write_text("\n".join([f"[{group}]", *entries]))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    for source, target in shared.items():
        (folder / target).parent.mkdir(parents=True)
        (folder / target).symlink_to(ROOT / source)
    KernelProvisionerFactory.clear_instance()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
        patch.setenv("JUPYTER_PATH", str(folder / "share/jupyter"))
        yield
        os.kill(value(PARENT), signal.SIGKILL)
    KernelProvisionerFactory.clear_instance()


def ran(*codes: str, kernel: str = WARM, **asked: Any) -> list[Any]:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
    NotebookClient(book, kernel_name=kernel, timeout=60, **asked).execute()
    return [output for cell in book.cells for output in cell.outputs]


def value(*codes: str) -> Any:
    return eval(ran(*codes)[-1].data["text/plain"])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def ended(pid: int, seconds: float = 15) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    found = bool(select.select([handle], [], [], seconds)[0])
    os.close(handle)
    return found


def by_papermill(folder: Path, kernels: list[str]) -> list[list[Any]]:
    cells = [nbformat.v4.new_code_cell(code) for code in TOLD]
    cells[0].metadata["tags"] = ["parameters"]
    language = {"language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=language), folder / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "in.ipynb", "-p", "times", "3", "--log-level", "ERROR"]
    running = [subprocess.Popen([*command, f"{name}.ipynb", "-k", name], cwd=folder) for name in kernels]
    assert [process.wait(120) for process in running] == [1, 1]  # the last cell's error
    books = [nbformat.read(folder / f"{name}.ipynb", 4) for name in kernels]
    return [[cell.outputs for cell in book.cells if cell.cell_type == "code"] for book in books]


def test_papermill_gets_what_an_ordinary_kernel_gives(tmp_path):
    warm, cold = by_papermill(tmp_path, [WARM, "python3"])
    assert json.dumps(warm) == json.dumps(cold)
    outputs = [output for cell in warm for output in cell]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    assert outputs[-1].ename == "ZeroDivisionError"


def test_a_kernel_is_a_fork_and_sees_nothing_of_another():
    code = "import json, os, sys, random, threading\nimport numpy as np\nclean = not hasattr(json, 'spoilt')\njson.spoilt = 1"
    told = "'statsmodels' in sys.modules, clean, os.getppid(), os.getpid(), random.random(), np.random.rand()"
    (warm, clean, server, *first), (_, clean_too, server_too, *second) = value(code, told), value(code, told)
    assert (warm, clean, clean_too) == (True, True, True)
    assert server == server_too != os.getpid()
    assert all(a != b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("deadly", ["os.kill(os.getpid(), 9)", "ctypes.string_at(0)"])
def test_a_kernel_that_dies_is_missed_by_no_other(deadly):
    server = value(PARENT)
    with pytest.raises(DeadKernelError):
        ran(f"import os, ctypes\n{deadly}")
    assert value(PARENT) == server


def replied(client: Any, code: str) -> Any:
    return client.execute_interactive(code, timeout=30, output_hook=lambda message: None)["content"]


def test_a_kernel_is_interrupted_restarted_and_shut_down():
    manager, client = start_new_kernel(kernel_name=WARM)
    try:
        pid, ports = manager.provisioner.pid, manager.ports
        # without stop_on_error=False, ipykernel refuses for a moment after an error whatever it is asked next
        code = "import time\nprint('begun')\nfor _ in range(600): time.sleep(0.1)"
        asked = client.execute(code, stop_on_error=False)
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=30)
        assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (asked, "KeyboardInterrupt")
        assert replied(client, "x = 1")["status"] == "ok"
        manager.restart_kernel()
        client.wait_for_ready(timeout=30)  # the client that we had, with the ports that it had
        assert (ended(pid), manager.ports) == (True, ports)
        assert replied(client, "x")["ename"] == "NameError"
    finally:
        client.stop_channels()
        pid = manager.provisioner.pid
        manager.shutdown_kernel()
    assert ended(pid)
    assert not manager.has_kernel


def test_what_was_to_run_at_the_end_runs(tmp_path):
    ran("import atexit, pathlib, tempfile, threading, time\nkept = tempfile.TemporaryDirectory(dir='.')",
        "atexit.register(pathlib.Path('last').touch)",
        "def late():\n    time.sleep(0.3)\n    pathlib.Path('late').touch()\nthreading.Thread(target=late).start()",
        resources={"metadata": {"path": str(tmp_path)}},
    )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"last", "late"}


def test_a_kernel_ends_with_its_client(tmp_path):
    code = (
        "import sys, time\nfrom jupyter_client.manager import start_new_kernel\n"
        "manager, client = start_new_kernel(kernel_name='cxzy-warm')\n"
        'client.execute(\'import subprocess, time; subprocess.Popen(["sleep", "600"]); time.sleep(600)\')\n'
        "print(manager.provisioner.pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as client:
        pid = int(client.stdout.readline())
        server = parent_of(pid)
        assert server not in (1, client.pid)
        client.kill()
    assert ended(pid)
    assert value(PARENT) == server


def test_without_the_server_kernels_go_on_and_the_next_starts_another():
    manager, client = start_new_kernel(kernel_name=WARM)
    try:
        server = parent_of(manager.provisioner.pid)
        os.kill(server, signal.SIGKILL)
        assert ended(server)
        assert replied(client, "1")["status"] == "ok"
        assert value(PARENT) not in (server, os.getpid())
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "broken",
    [
        {"available": lambda: False},
        {"_SERVER": "raise SystemExit(1)", "_name": lambda *_: f"cxzy-none-{os.getpid()}"},
    ],
)
def test_where_there_is_no_server_the_kernel_is_an_ordinary_one(broken, monkeypatch):
    for name, thing in broken.items():
        monkeypatch.setattr(kernels, name, thing)
    assert value(PARENT) == os.getpid()


def test_what_a_fork_cannot_do_an_ordinary_kernel_does(tmp_path):
    manager = KernelManager(kernel_name=WARM)
    with (tmp_path / "said").open("w") as said:
        manager.start_kernel(stdout=said)
    assert parent_of(manager.provisioner.pid) == os.getpid()
    manager.shutdown_kernel(now=True)


def test_edited_code_or_another_environment_asks_for_another_server(tmp_path, monkeypatch):
    name = kernels._name(["python"], {"LANG": "C", "TERM": "a"})
    assert kernels._name(["python"], {"LANG": "C", "TERM": "b"}) == name
    assert kernels._name(["python", "-X", "dev"], {"LANG": "C"}) != name
    assert kernels._name(["python"], {"LANG": "zh_CN.UTF-8"}) != name
    monkeypatch.setattr(kernels, "__file__", str(tmp_path / "cxzy_lib/publish/kernels.py"))
    (tmp_path / "cxzy_lib").mkdir()
    (tmp_path / "cxzy_lib/edited.py").touch()
    name = kernels._name(["python"], {"LANG": "C"})
    os.utime(tmp_path / "cxzy_lib/edited.py", (1, 1))
    assert kernels._name(["python"], {"LANG": "C"}) != name
