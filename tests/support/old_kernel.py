"""Runs a program as on a kernel that has neither Landlock nor filters of system calls."""

import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
LANDLOCK_CREATE_RULESET = 444  # everywhere
# prctl, seccomp
NUMBERS = {"x86_64": (157, 317), "aarch64": (167, 277), "armv7l": (172, 383)}

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
ARGUMENT = 16  # the first one's offset in what a filter sees; its number is at 0


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, value)


def refuse_what_is_new():
    """The last filter that this process can install."""
    prctl, seccomp = NUMBERS[platform.machine()]
    program = b"".join([
        instruction(LOAD, 0),
        instruction(JUMP_IF_EQUAL, LANDLOCK_CREATE_RULESET, 4, 0),
        instruction(JUMP_IF_EQUAL, seccomp, 4, 0),
        instruction(JUMP_IF_EQUAL, prctl, 0, 4),
        instruction(LOAD, ARGUMENT),
        instruction(JUMP_IF_EQUAL, PR_SET_SECCOMP, 1, 2),
        instruction(RETURN, REFUSE | errno.ENOSYS),
        instruction(RETURN, REFUSE | errno.EINVAL),
        instruction(RETURN, ALLOW)])
    text = ctypes.create_string_buffer(program)
    filter_program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP" if ctypes.sizeof(ctypes.c_void_p) == 8 else "HxxP",
                    len(program) // 8, ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0) != 0):
        sys.exit("no filter can be installed: " + os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    if platform.machine() not in NUMBERS:
        sys.exit("the numbers of its system calls are not known here")
    refuse_what_is_new()
    os.execv(sys.argv[1], sys.argv[1:])
