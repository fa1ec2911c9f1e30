"""A small writer of OLE compound files (version 3), for XRM files made by the tests.

Follows the layout of [MS-CFB]: header, FAT, directory, mini FAT, mini stream, then the large
streams. Siblings hang in a chain to the right, which is a valid search tree, if a poor one.
"""

import struct
from itertools import pairwise
from pathlib import Path

SECTOR, MINI_SECTOR, MINI_CUTOFF = 512, 64, 4096
END, FREE, FAT_SECTOR, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5


def write_ole(path: Path, streams: dict[str, bytes]) -> Path:
    """Write streams, named ``folder/name`` or ``name``, as one compound file."""
    tree: dict[str, dict[str, bytes]] = {}
    for name, content in streams.items():
        folder, _, leaf = name.rpartition("/")
        tree.setdefault(folder, {})[leaf] = content

    # Entries: [name, type, right sibling, child, first sector, size]; contents by entry.
    entries: list[list] = [["Root Entry", ROOT, NONE, NONE, END, 0]]
    contents: dict[int, bytes] = {}

    def chain(numbers: list[int]) -> int:
        numbers.sort(key=lambda number: (len(entries[number][0]), entries[number][0].upper()))
        for left, right in pairwise(numbers):
            entries[left][2] = right
        return numbers[0] if numbers else NONE

    def add_streams(leaves: dict[str, bytes]) -> list[int]:
        numbers = []
        for leaf, content in leaves.items():
            numbers.append(len(entries))
            contents[len(entries)] = content
            entries.append([leaf, STREAM, NONE, NONE, END, len(content)])
        return numbers

    top = add_streams(tree.pop("", {}))
    for folder, leaves in tree.items():
        number = len(entries)
        entries.append([folder, STORAGE, NONE, NONE, 0, 0])
        top.append(number)
        entries[number][3] = chain(add_streams(leaves))
    entries[0][3] = chain(top)

    mini, mini_fat, large = bytearray(), [], []
    for number, content in contents.items():
        if len(content) >= MINI_CUTOFF:
            large.append(number)
        elif content:
            first, count = len(mini_fat), -(-len(content) // MINI_SECTOR)
            entries[number][4] = first
            mini_fat += [*range(first + 1, first + count), END]
            mini += content.ljust(count * MINI_SECTOR, b"\0")
    entries[0][5] = len(mini)

    def sectors(content: bytes) -> int:
        return -(-len(content) // SECTOR)

    directory_size = -(-len(entries) * 128 // SECTOR) * SECTOR
    mini_fat_bytes = b"".join(struct.pack("<I", value) for value in mini_fat)
    mini_fat_bytes = mini_fat_bytes.ljust(sectors(mini_fat_bytes) * SECTOR, b"\xff")
    pieces = [directory_size // SECTOR, sectors(mini_fat_bytes), sectors(bytes(mini))]
    pieces += [sectors(contents[number]) for number in large]
    n_fat = 1
    while (n_fat + sum(pieces)) * 4 > n_fat * SECTOR:
        n_fat += 1
    fat = [FAT_SECTOR] * n_fat
    starts = []
    for count in pieces:
        starts.append(len(fat) if count else END)
        fat += [*range(len(fat) + 1, len(fat) + count), END] if count else []
    entries[0][4] = starts[2]
    for number, start in zip(large, starts[3:], strict=True):
        entries[number][4] = start

    header = struct.pack("<8s16sHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, n_fat, starts[0], 0, MINI_CUTOFF, starts[1], pieces[1], END, 0)
    header += b"".join(struct.pack("<I", number if number < n_fat else FREE) for number in range(109))
    directory = b"".join(_entry(*entry) for entry in entries).ljust(directory_size, b"\0")
    fat_bytes = b"".join(struct.pack("<I", value) for value in fat).ljust(n_fat * SECTOR, b"\xff")
    body = [header, fat_bytes, directory, mini_fat_bytes, bytes(mini).ljust(pieces[2] * SECTOR, b"\0")]
    body += [contents[number].ljust(sectors(contents[number]) * SECTOR, b"\0") for number in large]
    path.write_bytes(b"".join(body))
    return path


def _entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, NONE, right, child)
    return head + bytes(16) + struct.pack("<IQQIII", 0, 0, 0, first, size, 0)
