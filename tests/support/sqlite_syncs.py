"""Tells of every sync that SQLite makes, from inside the very library that the sqlite3 module uses.

SQLite reaches the disk through a *VFS*, a table of functions. A copy of the default one is registered in its
place, with the sync of each file it opens led past us; a folder is synced inside of that call, after SQLite
has opened it with its own replaceable ``openDirectory``, which is led past us too.
"""

import ctypes
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_OK = 0
_LAST_VERSION_KNOWN = 3

_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_OpenDirectory = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_SetSystemCall = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_GetSystemCall = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``."""

    _fields_ = (
        ("version", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("close", "read", "write", "truncate")),
        ("sync", ctypes.c_void_p),
        ("rest", ctypes.c_void_p * 13),
    )


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("max_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("middle", ctypes.c_void_p * 12),
        ("set_system_call", ctypes.c_void_p),
        ("get_system_call", ctypes.c_void_p),
        ("next_system_call", ctypes.c_void_p),
    )


def why_unavailable() -> str:
    """Why SQLite's syncs cannot be seen here; empty when they can."""
    library = _library()
    if library is None:
        return "the sqlite3 module holds its SQLite inside, so its functions cannot be reached"
    address = library.sqlite3_vfs_find(None)
    vfs = _Vfs.from_address(address)
    if vfs.version != _LAST_VERSION_KNOWN or vfs.name != b"unix":
        return f"SQLite's VFS is {vfs.name!r}, version {vfs.version}: only unix, version 3, is known here"
    return ""


@contextmanager
def sqlite_syncs(on_sync: Callable[[Path], None], *, carry_out: bool = True) -> Iterator[None]:
    """While in use, ``on_sync`` gets each file and folder that SQLite is about to sync; without ``carry_out``
    it does no more than that.

    Connections made meanwhile must be closed before the end. What ``on_sync`` raises is raised at the end.
    """
    library = _library()
    assert library is not None, why_unavailable()
    original = _Vfs.from_address(library.sqlite3_vfs_find(None))
    shim = _Shim(original, on_sync, carry_out)
    set_call = _SetSystemCall(original.set_system_call)
    library.sqlite3_vfs_register(ctypes.byref(shim.vfs), 1)
    set_call(ctypes.addressof(original), b"openDirectory", ctypes.cast(shim.open_directory, ctypes.c_void_p))
    try:
        yield
    finally:
        set_call(ctypes.addressof(original), b"openDirectory", None)
        library.sqlite3_vfs_register(ctypes.byref(original), 1)
        library.sqlite3_vfs_unregister(ctypes.byref(shim.vfs))
    if shim.errors:
        raise shim.errors[0]


class _Shim:
    """Holds on to everything that SQLite calls or points at, lest Python collect it."""

    def __init__(self, original: _Vfs, on_sync: Callable[[Path], None], carry_out: bool) -> None:
        self.errors: list[Exception] = []
        self._carry_out = carry_out
        self._on_sync = on_sync
        self._original_open = _Open(original.open)
        get_call = _GetSystemCall(original.get_system_call)
        self._original_open_directory = _OpenDirectory(get_call(ctypes.addressof(original), b"openDirectory"))
        self._methods: dict[int, _Methods] = {}
        self._kept: list[object] = []
        self._paths: dict[int, Path] = {}
        self._open = _Open(self._on_open)
        self.open_directory = _OpenDirectory(self._on_open_directory)
        self.vfs = _Vfs.from_buffer_copy(original)
        self.vfs.name = b"tells-of-syncs"
        self.vfs.open = ctypes.cast(self._open, ctypes.c_void_p).value

    def _on_open(self, vfs: int, name: int | None, file: int, flags: int, out_flags: int | None) -> int:
        code: int = self._original_open(vfs, name, file, flags, out_flags)
        if code == _OK and name is not None:
            self._paths[file] = Path(os.fsdecode(ctypes.string_at(name)))
            methods = ctypes.c_void_p.from_address(file)
            assert methods.value is not None
            methods.value = ctypes.addressof(self._telling(methods.value))
        return code

    def _telling(self, address: int) -> _Methods:
        """The same methods with our sync; there are only as many kinds as SQLite has styles of locking."""
        if address not in self._methods:
            telling = _Methods.from_buffer_copy(_Methods.from_address(address))
            original_sync = _Sync(telling.sync)

            def on_sync(file: int, flags: int) -> int:
                self._tell(self._paths[file])
                code: int = original_sync(file, flags) if self._carry_out else _OK
                return code

            sync = _Sync(on_sync)
            self._kept.append(sync)
            telling.sync = ctypes.cast(sync, ctypes.c_void_p).value
            self._methods[address] = telling
        return self._methods[address]

    def _on_open_directory(self, path: bytes, fd: int) -> int:
        self._tell(Path(os.fsdecode(path)).parent)
        code: int = self._original_open_directory(path, fd)
        return code

    def _tell(self, path: Path) -> None:
        try:
            self._on_sync(path)
        except Exception as error:  # noqa: BLE001 - it cannot cross SQLite; it is raised at the end
            self.errors.append(error)


def _library() -> ctypes.CDLL | None:
    import _sqlite3

    # What is built into the interpreter has no file; what is built into the module shows no functions.
    path = getattr(_sqlite3, "__file__", None)
    if path is None:
        return None
    library = ctypes.CDLL(path)
    try:
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        library.sqlite3_libversion.restype = ctypes.c_char_p
        version = library.sqlite3_libversion().decode()
    except AttributeError:
        return None
    assert version == sqlite3.sqlite_version
    return library
