"""A TCP proxy of a test's own, so that a broker can be gone for one worker alone."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Forwards `port` of localhost to an address; `cut` closes everything, `mend` listens again."""

    def __init__(self, host, port):
        self.target = (host, port)
        self._lock = threading.Lock()
        self._open = set()
        self._listener = None
        self.port = 0
        self.mend()

    def mend(self):
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self):
        with self._lock:
            ends, self._open = self._open, set()
            listener, self._listener = self._listener, None
        for one in (listener, *ends):
            if one is not None:
                # A thread that waits in it is woken by the first alone.
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target, 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                if self._listener is not listener:
                    near.close()
                    far.close()
                    return
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
