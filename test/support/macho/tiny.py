"""Writes Mach-O files of some hundred bytes, as small as the format allows: headers and load commands, one section, a signature.

Recipe of fixtures/mach-o-load-command; python3 tiny.py FOLDER makes the trees of its cases anew.
"""

import hashlib
import os
import struct
import sys

LOAD, IDENTITY, RPATH = 0xC, 0xD, 0x8000001C
PREFIX = '/srv/build/site'


def command(kind, text, wide, order):
    header = 12 if kind == RPATH else 24
    unit = 8 if wide else 4
    size = -(-(header + len(text) + 1) // unit) * unit
    fields = struct.pack(order + '3I', kind, size, header)
    if header == 24:
        fields += struct.pack(order + '3I', 2, 0x10000, 0x10000)
    return (fields + text.encode()).ljust(size, b'\0')


def thin(strings, kind=6, wide=True, order='<', pad=32, signed=True, text=b'code\0', room=160, names=b'', section=('__TEXT', '__text', 0), **signing):
    """`strings`: pairs of command and text; `pad`: zeros behind the commands; `text`: the bytes of the one section, `section`: its names and flags;
    `names`: the string table of the symbols; the rest: of `signature`."""
    header = 32 if wide else 28
    commands = [command(number, string, wide, order) for number, string in strings]
    segment = 72 + 80 if wide else 56 + 68
    size = segment + sum(map(len, commands)) + (16 if signed else 0) + (24 if names else 0)
    start = header + size + pad
    end = start + len(text) + len(names)
    end += -end % 16
    name = b'__TEXT'.ljust(16, b'\0')
    own, flags = section[1].encode().ljust(16, b'\0') + section[0].encode().ljust(16, b'\0'), section[2]
    if wide:
        first = struct.pack(order + 'II16s4QiiII', 0x19, segment, name, 0, end, 0, end, 5, 5, 1, 0)
        first += own + struct.pack(order + '2Q8I', start, len(text), start, 0, 0, 0, flags, 0, 0, 0)
    else:
        first = struct.pack(order + 'II16s4IiiII', 0x1, segment, name, 0, end, 0, end, 5, 5, 1, 0)
        first += own + struct.pack(order + '2I7I', start, len(text), start, 0, 0, 0, flags, 0, 0)
    if names:
        commands.append(struct.pack(order + '6I', 0x2, 24, start + len(text), 0, start + len(text), len(names)))
    if signed:
        commands.append(struct.pack(order + '4I', 0x1D, 16, end, room))
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    head = struct.pack(order + '7I', magic, 0x100000C if wide else 7, 0, kind, len(commands) + 1, size, 0) + (b'\0' * 4 if wide else b'')
    image = (head + first + b''.join(commands) + b'\0' * pad + text + names).ljust(end, b'\0')
    return image + signature(image, room=room, **signing) if signed else image


HASHES = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}


def signature(image, hashes=(2,), team='', cms=b'', entitlements=b'', page=12, room=160):
    """A code signature: a directory for each kind of hash; with a team and a CMS blob it is no ad hoc one."""
    others = [(5, struct.pack('>II', 0xFADE7171, 8 + len(entitlements)) + entitlements)] if entitlements else []
    if cms:
        others.append((0x10000, struct.pack('>II', 0xFADE0B01, 8 + len(cms)) + cms))
    parts = [(0x1000 + i - 1 if i else 0, directory(image, kind, team, dict(others), page)) for i, kind in enumerate(hashes)] + others
    at = 12 + 8 * len(parts)
    index, body = b'', b''
    for slot, part in parts:
        index += struct.pack('>II', slot, at + len(body))
        body += part
    return (struct.pack('>III', 0xFADE0CC0, at + len(body), len(parts)) + index + body).ljust(room, b'\0')


def directory(image, kind, team, parts, page):
    compute = HASHES[kind]
    width = compute().digest_size
    special = 5 if 5 in parts else 0
    names = b'tiny\0' + (team.encode() + b'\0' if team else b'')
    header = 52 if team else 44
    pages = [image[at : at + (1 << page)] for at in range(0, len(image), 1 << page)]
    slots = b''.join(compute(parts[i]).digest() if i in parts else b'\0' * width for i in range(special, 0, -1))
    hashes = header + len(names) + len(slots)
    size = hashes + width * len(pages)
    flags, version = (0x10000, 0x20200) if team else (2, 0x20001)
    fields = struct.pack('>9I4BI', 0xFADE0C02, size, version, flags, hashes, header, special, len(pages), len(image), width, kind, 0, page, 0)
    if team:
        fields += struct.pack('>II', 0, header + 5)
    return fields + names + slots + b''.join(compute(part).digest() for part in pages)


def fat(*parts):
    at, table, body = 128, b'', b''
    for part in parts:
        table += struct.pack('>5I', struct.unpack_from('<I' if part[0] in (0xCE, 0xCF) else '>I', part, 4)[0], 0, at + len(body), len(part), 4)
        body += part + b'\0' * (-len(part) % 16)
    return (struct.pack('>II', 0xCAFEBABE, len(parts)) + table).ljust(at, b'\0') + body


def write(place, content):
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, 'wb') as file:
        file.write(content)


if __name__ == '__main__':
    out = sys.argv[1]
    library = [(IDENTITY, PREFIX + '/lib/libtiny.dylib'), (LOAD, PREFIX + '/lib/sub/libother.dylib'), (LOAD, '/usr/lib/libSystem.B.dylib')]
    program = [(RPATH, PREFIX + '/lib'), (RPATH, '/opt/elsewhere/lib'), (RPATH, '@loader_path/../../away'), (LOAD, PREFIX + '/lib/libtiny.dylib')]
    write(out + '/library-and-program/tree/lib/libtiny.dylib', thin(library))
    write(out + '/library-and-program/tree/bin/tiny', thin(program, kind=2))
    both = fat(thin(library[:1], wide=False, order='>'), thin(library[1:2], wide=False))
    write(out + '/two-architectures/tree/lib/libtiny.dylib', both)
    version = struct.pack('>4sHH', b'\xca\xfe\xba\xbe', 0, 61)
    write(out + '/not-a-java-class/tree/lib/Tiny.class', version + b'\x00\x02\x01\x00\x1c' + (PREFIX + '/lib/x.so').encode())
    system = [(IDENTITY, '/opt/other/lib/libtiny.dylib'), (LOAD, '/usr/lib/libSystem.B.dylib'), (LOAD, '@rpath/libother.dylib')]
    write(out + '/not-of-the-system/tree/lib/libtiny.dylib', thin(system))
