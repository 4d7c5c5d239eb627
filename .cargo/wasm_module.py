"""WebAssembly's binary encoding, as far as a module's imports and exports need it."""

import sys

IMPORTS, EXPORTS = 2, 7


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def number(self):
        """An unsigned LEB128."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def name(self):
        return self.take(self.number()).decode()

    def limits(self):
        flags = self.number()
        self.number()
        if flags & 1:
            self.number()

    def skip_description(self):
        kind = self.take(1)[0]
        if kind == 0:  # function
            self.number()
        elif kind == 1:  # table
            self.take(1)
            self.limits()
        elif kind == 2:  # memory
            self.limits()
        elif kind == 3:  # global
            self.take(2)
        else:
            sys.exit(f"import of unknown kind {kind}")


def number(value):
    """An unsigned LEB128."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def sections(module):
    """The id and the content of each section."""
    reader = Reader(module)
    if reader.take(8) != b"\0asm\1\0\0\0":
        sys.exit("not a WebAssembly module")
    while reader.at < len(module):
        section = reader.take(1)[0]
        yield section, reader.take(reader.number())


def imports(module):
    for section, content in sections(module):
        if section == IMPORTS:
            reader = Reader(content)
            for _ in range(reader.number()):
                yield f"{reader.name()}.{reader.name()}"
                reader.skip_description()


def with_exports_renamed(module, rename):
    """The same module, in which each export has the name that `rename` makes of its name."""
    renamed = bytearray(module[:8])
    for section, content in sections(module):
        if section == EXPORTS:
            reader = Reader(content)
            count = reader.number()
            content = bytearray(number(count))
            for _ in range(count):
                name = rename(reader.name()).encode()
                content += number(len(name)) + name + reader.take(1) + number(reader.number())
        renamed += bytes([section]) + number(len(content)) + content
    return bytes(renamed)
