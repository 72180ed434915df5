"""An independent reader of Mach-O for the tests: prints the paths in load commands as JSON and checks every page hash of the code signature.

python3 check.py FILE...   one JSON object a line; a signature that does not hold is in "wrong".
Written from mach-o/loader.h, mach-o/fat.h and cs_blobs.h; shares nothing with relocate.
"""

import hashlib
import json
import struct
import sys

PATHS = {0xC: 'load', 0x80000018: 'weak', 0x8000001F: 'reexport', 0xD: 'id', 0x8000001C: 'rpath', 0xE: 'dylinker', 0x27: 'environment'}
HASHES = {1: lambda b: hashlib.sha1(b).digest(), 2: lambda b: hashlib.sha256(b).digest(), 3: lambda b: hashlib.sha256(b).digest()[:20], 4: lambda b: hashlib.sha384(b).digest()}


def slices(data):
    magic = data[:4]
    if magic not in (b'\xca\xfe\xba\xbe', b'\xca\xfe\xba\xbf'):
        return [data]
    wide = magic[3] == 0xBF
    found = []
    for i in range(struct.unpack_from('>I', data, 4)[0]):
        if wide:
            offset, size = struct.unpack_from('>QQ', data, 8 + 32 * i + 8)
        else:
            offset, size = struct.unpack_from('>II', data, 8 + 20 * i + 8)
        found.append(data[offset : offset + size])
    return found


def read(data):
    order = '<' if data[0] in (0xCE, 0xCF) else '>'
    wide = (data[0] if order == '<' else data[3]) == 0xCF
    _, cpu, _, kind, count, size, _ = struct.unpack_from(order + '7I', data)
    at = first = 32 if wide else 28
    paths, signature, content = [], None, len(data)
    for _ in range(count):
        command, length = struct.unpack_from(order + 'II', data, at)
        assert length >= 8 and length % (8 if wide else 4) == 0, 'cmdsize %d at %d' % (length, at)
        if command in PATHS:
            offset = struct.unpack_from(order + 'I', data, at + 8)[0]
            text, nul, rest = data[at + offset : at + length].partition(b'\0')
            assert nul and not rest.strip(b'\0'), 'the string at %d' % at
            paths.append([PATHS[command], text.decode()])
        if command == 0x19:
            for i in range(struct.unpack_from(order + 'I', data, at + 64)[0]):
                start = struct.unpack_from(order + 'I', data, at + 72 + 80 * i + 48)[0]
                content = min(content, start or content)
        if command == 0x1D:
            signature = struct.unpack_from(order + 'II', data, at + 8)
        at += length
    assert at == first + size, 'sizeofcmds'
    assert at <= content, 'load commands run into a section'
    return {'cpu': cpu, 'kind': kind, 'paths': paths, **(check(data, *signature) if signature else {'signed': False})}


def check(data, start, size):
    blob = data[start : start + size]
    magic, length, count = struct.unpack_from('>III', blob)
    assert magic == 0xFADE0CC0 and length <= size
    parts = {}
    for i in range(count):
        kind, offset = struct.unpack_from('>II', blob, 12 + 8 * i)
        part = blob[offset : offset + struct.unpack_from('>I', blob, offset + 4)[0]]
        parts[kind] = part
    wrong, flags, directories = [], 0, 0
    for kind, part in parts.items():
        if kind != 0 and not 0x1000 <= kind < 0x1005:
            continue
        directories += 1
        _, _, version, flags, hashes, _, special, pages, limit = struct.unpack_from('>9I', part)
        width, algorithm, _, shift = part[36:40]
        compute = HASHES[algorithm]
        for i in range(pages):
            page = data[i << shift : min(limit, (i + 1) << shift)]
            if compute(page) != part[hashes + i * width : hashes + (i + 1) * width]:
                wrong.append('page %d' % i)
        for slot, other in parts.items():
            if 0 < slot <= special:
                expected = part[hashes - slot * width : hashes - (slot - 1) * width]
                if any(expected) and compute(other) != expected:
                    wrong.append('slot %d' % slot)
    cms = len(parts.get(0x10000, b'')) > 8
    return {'signed': True, 'flags': flags, 'directories': directories, 'cms': cms, 'wrong': wrong}


for name in sys.argv[1:]:
    with open(name, 'rb') as file:
        print(json.dumps([read(part) for part in slices(file.read())]))
