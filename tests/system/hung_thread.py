"""Makes one thread of another process hang, as a call that never returns does: no signal but that of death ends it."""

import contextlib
import ctypes
import os
import pathlib

PTRACE_DETACH, PTRACE_INTERRUPT, PTRACE_SEIZE = 17, 0x4207, 0x4206
WALL = 0x40000000  # also threads


class HungThread:
    """The first thread of `pid` with this name. To be used from one thread."""

    def __init__(self, pid, name):
        tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
        self.tid = next(int(task.name) for task in tasks if (task / "comm").read_text(encoding="utf-8").strip() == name)
        self._ptrace(PTRACE_SEIZE)
        self._ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.tid, WALL)

    def _ptrace(self, request):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        if libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "ptrace")

    def go_on(self):
        self._ptrace(PTRACE_DETACH)

    def reap(self):
        """To be called now and then: its process cannot end while we have not seen the thread's end."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.tid, WALL | os.WNOHANG)
