"""What is done to the files: by accident, and by somebody who makes the checksums right."""

import os
import struct

EXTREMES = (0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 3_000_000, 0x7fffffff, 0x80000000,
            0xfffffffe, 0xffffffff)
HEAD = 136  # bytes; what most fields that are read lie in
LARGEST = 1 << 42  # sparse


def write_at(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def flip_bits(path, size, rng, _):
    count = rng.choice((1, 1, 2, 8, 64))
    for _ in range(count):
        offset = rng.randrange(min(size, rng.choice((HEAD, size))))
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0] ^ 1 << rng.randrange(8)
            file.seek(offset)
            file.write(bytes([byte]))
    return f"{count} bits flipped"


def truncate(path, size, rng, _):
    length = rng.choice((0, 1, 31, 99, 100, size - 1, rng.randrange(size)))
    os.truncate(path, max(length, 0))
    return f"truncated to {length}"


def grow(path, size, rng, _):
    length = rng.choice((size + 1, size * 2, 1 << 31, 1 << 32, LARGEST))
    os.truncate(path, length)
    return f"grown to {length}"


def swap(path, _, rng, others):
    """What lies in another file, in place: a restore of the wrong one, by cp."""
    other = rng.choice([one for one in others if one != path])
    with open(other, "rb") as file:
        content = file.read(1 << 24)
    with open(path, "wb") as file:
        file.write(content)
    return "overwritten by " + os.path.basename(other)


def random_head(path, _, rng, __):
    length = rng.choice((16, 24, 32, 100, 136, 4096))
    write_at(path, 0, rng.randbytes(length))
    return f"{length} random bytes at its head"


def checksum(data, order, state=(0, 0)):
    """SQLite's, of an even number of 32-bit words."""
    first, second = state
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2]):
        first = (first + even + second) & 0xffffffff
        second = (second + odd + first) & 0xffffffff
    return first, second


DATABASE_FIELDS = ((16, "H"), (18, "B"), (19, "B"), (20, "B"), (24, "I"), (28, "I"), (32, "I"),
                   (36, "I"), (40, "I"), (44, "I"), (52, "I"), (56, "I"), (60, "I"), (64, "I"),
                   (68, "I"), (92, "I"), (96, "I"))
WAL_FIELDS = ((4, "I"), (8, "I"), (12, "I"), (16, "I"), (20, "I"))
INDEX_FIELDS = ((0, "I"), (8, "I"), (12, "B"), (13, "B"), (14, "H"), (16, "I"), (20, "I"),
                (24, "I"), (32, "I"), (36, "I"), (96, "I"), (100, "I"), (104, "I"), (108, "I"),
                (112, "I"), (116, "I"), (128, "I"))
JOURNAL_FIELDS = ((8, "I"), (12, "I"), (16, "I"), (20, "I"), (24, "I"))


def put(data, order, field, rng):
    offset, kind = field
    value = rng.choice(EXTREMES) & (1 << 8 * struct.calcsize(kind)) - 1
    struct.pack_into(order + kind, data, offset, value)
    return f"{offset}={value}"


def set_database_field(data, rng):
    field = rng.choice(DATABASE_FIELDS)
    told = put(data, ">", field, rng)
    if field[0] == 24:  # with the word that SQLite gives for it
        data[92:96] = data[24:28]
    return told


def seal_wal(data):
    """The header, and the chain of all frames behind it."""
    order = ">" if data[3] & 1 else "<"
    state = checksum(bytes(data[:24]), order)
    struct.pack_into(">2I", data, 24, *state)
    page_size = struct.unpack_from(">I", data, 8)[0]
    if not 512 <= page_size <= 65536:
        return
    for at in range(32, len(data) - 23 - page_size, 24 + page_size):
        data[at + 8:at + 16] = data[16:24]
        state = checksum(bytes(data[at:at + 8]), order, state)
        state = checksum(bytes(data[at + 24:at + 24 + page_size // 8 * 8]), order, state)
        struct.pack_into(">2I", data, at + 16, *state)


def set_wal_field(data, rng):
    page_size = struct.unpack_from(">I", data, 8)[0]
    frames = (len(data) - 32) // (24 + page_size)
    if frames > 0 and rng.random() < 0.5:
        at = 32 + rng.randrange(frames) * (24 + page_size)
        told = put(data, ">", (at + rng.choice((0, 4)), "I"), rng)
    else:
        told = put(data, ">", rng.choice(WAL_FIELDS), rng)
    seal_wal(data)
    return told


def set_index_field(data, rng):
    told = put(data, "=", rng.choice(INDEX_FIELDS), rng)
    struct.pack_into("=2I", data, 40, *checksum(bytes(data[:40]), "="))
    data[48:96] = data[:48]
    return told


def set_field(path, size, rng, others):
    suffix = path[path.rindex(".db") + 3:]
    setters = {"": set_database_field, "-wal": set_wal_field, "-shm": set_index_field,
               "-journal": lambda data, rng: put(data, ">", rng.choice(JOURNAL_FIELDS), rng)}
    if size < HEAD:
        return flip_bits(path, size, rng, others)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    told = setters[suffix](data, rng)
    write_at(path, 0, data)
    return f"field {told}, checksums right"


KINDS = (flip_bits, truncate, grow, swap, random_head, set_field, set_field, set_field)


def mutate(files, others, rng):
    """Does one thing to one of the files; says what."""
    path = rng.choice([one for one in files if os.path.getsize(one) > 0])
    told = rng.choice(KINDS)(path, os.path.getsize(path), rng, others)
    return f"{os.path.basename(path)}: {told}"
