"""Runs a program as on a system without IPv6: without_ipv6.py PROGRAM [ARGUMENT]...

A filter of system calls (seccomp(2)) fails each attempt to make an IPv6 socket, as a kernel that lacks it does.
"""
import ctypes
import errno
import os
import platform
import socket
import sys

# The number of socket(2), by machine.
SOCKET = {"x86_64": 41, "aarch64": 198, "riscv64": 198, "loongarch64": 198, "ppc64le": 326, "s390x": 359}

# prctl(2), with values of linux/prctl.h and linux/seccomp.h.
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_ERRNO = 0x7FFF_0000, 0x0005_0000
# Classic BPF, from linux/bpf_common.h: load a word of `struct seccomp_data`, compare, return.
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
# Places in that structure: the call's number, and the low half of its first argument.
NUMBER, FAMILY = 0, 16 if sys.byteorder == "little" else 20


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction))]


def main(command):
    instructions = [
        Instruction(LOAD, 0, 0, NUMBER),
        Instruction(EQUAL, 0, 3, SOCKET[platform.machine()]),
        Instruction(LOAD, 0, 0, FAMILY),
        Instruction(EQUAL, 0, 1, socket.AF_INET6),
        Instruction(RETURN, 0, 0, RET_ERRNO | errno.EAFNOSUPPORT),
        Instruction(RETURN, 0, 0, RET_ALLOW),
    ]
    program = Program(len(instructions), (Instruction * len(instructions))(*instructions))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # The kernel takes a filter from a user without rights only when no rights can be gained behind it.
    for arguments in (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        if prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    os.execv(command[0], command)


main(sys.argv[1:])
