"""The process that forks warm kernels, and what a fork does to be one.

Only `kernels` starts it. Nothing here may make a context of zmq, an event loop or a thread, nor import
`matplotlib_inline` or choose a backend of matplotlib, before the fork: threads do not survive it, and charts
would vanish without a word.
"""

import atexit
import gc
import json
import logging
import os
import random
import select
import signal
import socket
import struct
import sys
import threading
import time
import weakref
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import util as processes
from typing import Any, NoReturn

from ipykernel.kernelapp import IPKernelApp

from cxzy_lib.publish.kernels import PORTS, peer

# What the type stubs leave out, or leave without types.
_threading: Any = threading
_processes: Any = processes
_Base: Any = IPKernelApp
#: After so many seconds without a new kernel the server ends.
IDLE = 300
PARTS = ("cxzy_lib.publish.stack", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.zmqshell")


def serve(name: str, start: dict[str, str]) -> None:
    """Fork a kernel for everyone of this user who connects; the caller goes on as soon as one can connect.

    `start` is the environment before anything was imported: what was imported may have added to it.
    """
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(f"\0{name}")
    except OSError:  # another was quicker
        return
    listener.listen(64)
    if os.fork():
        os._exit(0)
    os.setsid()
    sys.path[:] = filter(None, sys.path)  # what `-c` puts there, and a module's name does not
    for part in PARTS:
        import_module(part)
    added = {key: value for key, value in os.environ.items() if key not in start}
    gc.collect()
    gc.freeze()  # a fork that collects garbage would copy the memory that it shares
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener.settimeout(IDLE)
    while True:
        try:
            link, _ = listener.accept()
        except TimeoutError:
            return
        with link:
            if peer(link)[1] == os.getuid() and os.fork() == 0:
                listener.close()
                _be_kernel(link, added)


def _be_kernel(link: socket.socket, added: dict[str, str]) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _settle(link, added)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    else:
        status = 0
    finally:
        _end(status)


def _settle(link: socket.socket, added: dict[str, str]) -> None:
    """Be what the client asks for, and a kernel."""
    link.settimeout(None)
    request, (client, *streams) = _received(link)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, *streams)):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(added | request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    _forget()
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request["argv"]]
    app = WarmKernel.instance(parent_handle=client)
    app.client, app.link, app.keep = client, link, request["keep"]
    app.initialize(request["argv"])
    # matplotlib looks when it is imported; the kernel has just put its own there, if there was none.
    import_module("matplotlib").rcParams["backend"] = os.environ["MPLBACKEND"]
    app.start()


def _received(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, handles, *_ = socket.recv_fds(link, 4, 3)
    (length,) = struct.unpack("!I", head)
    with link.makefile("rb") as words:
        return json.loads(words.read(length)), handles


def _forget() -> None:
    """Let go of what all forks would share, or do again at their end."""
    import numpy as np

    random.seed()
    np.random.seed()
    atexit._clear()
    # What would run at the end of any Python that has imported the same, and touches nothing of the server's.
    finalize: Any = weakref.finalize
    for last in (logging.shutdown, _processes._exit_function, finalize._exitfunc):
        atexit.register(last)


def _end(status: int) -> NoReturn:
    """End as Python does, but for taking down the memory that is shared."""
    try:
        _threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


class WarmKernel(_Base):  # type: ignore[misc]
    """A kernel that takes the ports it gets, tells its client when it is ready, and ends with that."""

    client: int
    link: socket.socket
    keep: bool
    hb_port: int

    def load_connection_file(self, connection_file: str | None = None) -> None:
        """Take the key from the file, and no ports: whoever chose them doesn't hold them."""
        super().load_connection_file(connection_file)
        for port in () if self.keep else PORTS:
            setattr(self, port, 0)

    def write_connection_file(self, **_: Any) -> None:
        """Write none: the client does."""

    def init_heartbeat(self) -> None:
        """Hold the port of the heartbeat: ipykernel, too, chooses that one first and binds it later."""
        if not self.hb_port:
            self._held = socket.socket()
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or zmq could not have it
            self._held.bind((self.ip, 0))
            self.hb_port = self._held.getsockname()[1]
        super().init_heartbeat()

    def init_poller(self) -> None:
        """Look after the client, which isn't the parent."""
        self.poller = threading.Thread(target=_end_with, args=(self.client,), daemon=True)

    def start(self) -> None:
        """Tell the client where to connect, and serve."""
        told = {port: getattr(self, port) for port in PORTS} | {"pid": os.getpid()}
        own = os.pidfd_open(os.getpid())
        socket.send_fds(self.link, [json.dumps(told).encode()], [own])
        os.close(own)
        self.link.close()
        super().start()


def _end_with(client: int) -> None:
    select.select([client], [], [])
    os.killpg(0, signal.SIGKILL)
