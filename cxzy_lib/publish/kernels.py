"""Kernels that have everything imported when they start: Jupyter's kernel `cxzy-warm`.

A process that has imported the stack (`kernel_server`) forks each of them. It is started when a kernel is
first asked for, serves all programs of one user that would start alike, and ends when it has had nothing to
do for a while. Jupyter asks `WarmProvisioner`, which starts an ordinary kernel where it gets no warm one, for
whatever reason. Jupyter's log tells that.
"""

import asyncio
import hashlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import weakref
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cxzy_lib.publish.copies import available

#: Longest wait for a kernel to be there, the server's start included.
SECONDS = 60
PORTS = tuple(f"{channel}_port" for channel in ("shell", "iopub", "stdin", "control", "hb"))
_LAUNCHER = "ipykernel_launcher"
_NO_MATTER = ("extra_arguments", "kernel_id")  # to whoever starts the process
_SERVER = """import os, sys
own = dict(os.environ)
from cxzy_lib.publish.kernel_server import serve
serve(sys.argv[1], own)"""
#: Read when a program or a library starts: who has others needs another server.
_EARLY = ("HOME", "LANG", "LC_", "LD_", "MATPLOTLIB", "MKL_", "MPLC", "OMP_", "OPENBLAS_", "PYTHON", "XDG_")


class WarmProvisioner(LocalProvisioner):
    """Starts a warm kernel, or else an ordinary one; what follows is the same for both."""

    _ours: tuple[int, ...] = ()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Return where the kernel listens, which a warm one has chosen for itself."""
        info: Any = self.connection_info
        # Who restarts a kernel goes on talking to the ports that it had.
        keep = bool(self._ours) and self._ours == tuple(info[port] for port in PORTS)
        try:
            kernel, ports = await asyncio.to_thread(_start, cmd, keep, info["transport"], **kwargs)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            if available():
                self.log.warning("用普通内核 / An ordinary kernel, not a warm one: %r", error)
            return await super().launch_kernel(cmd, **kwargs)
        await self.cleanup()  # gives back the ports that nobody took
        self.ports_cached = True  # or a restart would choose others
        self.process: Any = kernel
        self.pid = self.pgid = kernel.pid
        self.cwd = kwargs.get("cwd")
        self.connection_info, self._ours = info | ports, tuple(ports[port] for port in PORTS)
        return self.connection_info


class Fork:
    """A kernel that another process has forked, with the part of `Popen` that provisioners use."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, handle: int) -> None:
        self.pid = pid
        self._handle = handle
        os.set_inheritable(handle, False)
        weakref.finalize(self, os.close, handle)

    def poll(self) -> int | None:
        """Return None while it runs. How it ended only its parent could know: 255 stands for anything."""
        watch = select.poll()
        watch.register(self._handle, select.POLLIN)
        return 255 if watch.poll(0) else None

    def wait(self) -> int:
        """Return when it has ended."""
        select.select([self._handle], [], [])
        return 255

    def send_signal(self, signum: int) -> None:
        """Send a signal to it, and never to another process that has got its number."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, signum)


def _start(
    cmd: list[str], keep: bool, transport: str, *, env: dict[str, str], cwd: Any = None, **others: Any
) -> tuple[Fork, dict[str, int]]:
    """Return a new kernel and its ports; OSError or ValueError where there can be none."""
    wanted = sorted(name for name, value in others.items() if value and name not in _NO_MATTER)
    at = cmd.index(_LAUNCHER) if _LAUNCHER in cmd else 0
    if wanted or transport != "tcp" or cmd[at - 1] != "-m" or not available():
        raise ValueError(f"{wanted} {transport} {cmd}")
    request = {
        "argv": cmd[at + 1 :],
        "cwd": str(cwd or Path.cwd()),
        "env": env | {"JPY_PARENT_PID": str(os.getpid())},
        "keep": keep,
    }
    with _connected(cmd[: at - 1], env) as link:
        return _asked(link, request)


def _asked(link: socket.socket, request: dict[str, Any]) -> tuple[Fork, dict[str, int]]:
    own = os.pidfd_open(os.getpid())
    try:
        words = json.dumps(request).encode()
        socket.send_fds(link, [struct.pack("!I", len(words))], [own, 1, 2])
        link.sendall(words)
    finally:
        os.close(own)
    answer, handles, *_ = socket.recv_fds(link, 4096, 1)
    if not handles:
        raise ConnectionError("the kernel ended before it was ready")
    told = json.loads(answer)
    return Fork(told.pop("pid"), handles[0]), told


def _connected(python: list[str], env: dict[str, str]) -> socket.socket:
    """Return a connection to the server for such kernels, which is started where there is none."""
    start = {name: value for name, value in env.items() if not name.startswith(("JPY_", "MPLBACKEND"))}
    if not all(map(os.path.isabs, env.get("PYTHONPATH", os.sep).split(os.pathsep))):
        raise ValueError("PYTHONPATH depends on the kernel's folder, which the server doesn't share")
    name = _name(python, start)
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(SECONDS)
    try:
        try:
            link.connect(f"\0{name}")
        except ConnectionRefusedError:
            command, none = [*python, "-c", _SERVER, name], subprocess.DEVNULL
            subprocess.run(
                command, env=start, cwd="/", stdin=none, stdout=none, stderr=none, timeout=SECONDS, check=True
            )
            link.connect(f"\0{name}")
        if peer(link)[1] != os.getuid():
            raise PermissionError("the server is another user's")
    except BaseException:
        link.close()
        raise
    return link


def peer(link: socket.socket) -> tuple[int, int]:
    """Return the number of the process at the other end, and its user's."""
    pid, user, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, user


def _name(python: list[str], env: dict[str, str]) -> str:
    """Return the address of the server whose forks are like what `python` would start here, now."""
    early = sorted(item for item in env.items() if item[0].startswith(_EARLY))
    limits = [Path("/proc/self", name).read_text() for name in ("cgroup", "limits")]
    umask = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Umask")]
    # What was edited or installed since is not in a server that imported before.
    library = sorted(
        path for path in Path(__file__).parents[1].rglob("*.*") if path.suffix in (".py", ".toml")
    )
    changed = [path.stat().st_mtime_ns for path in [*library, Path(sysconfig.get_path("purelib"))]]
    words = repr([python, sys.version, early, limits, umask, changed, str(library[0])])
    return f"cxzy-warm-{os.getuid()}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
