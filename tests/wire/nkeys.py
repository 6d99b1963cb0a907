"""NKeys by the book (RFC 8032, RFC 4648), with nothing but Python's own library: slow, and plain."""

import base64
import functools
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
PREFIX = {"N": 13 << 3, "O": 14 << 3, "A": 0, "U": 20 << 3}
SEED = 18 << 3


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 != sign else x


BASE_Y = 4 * pow(5, -1, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    product = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point, scalar = add(point, point), scalar >> 1
    return product


def compress(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ~7 & (1 << 254) - 1 | 1 << 254, digest[32:]


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode(raw):
    return base64.b32encode(raw + crc16(raw).to_bytes(2, "little")).decode().rstrip("=")


class Pair:
    """A key pair of a kind, made out of 32 bytes."""

    def __init__(self, raw, kind="U"):
        self.raw = raw
        self.scalar, self.prefix = expand(self.raw)
        self.key = compress(multiply(self.scalar, BASE))
        self.public = encode(bytes([PREFIX[kind]]) + self.key)
        prefix = PREFIX[kind]
        self.seed = encode(bytes([SEED | prefix >> 5, (prefix & 31) << 3]) + self.raw)

    def sign(self, message):
        nonce = number(self.prefix, message)
        commitment = compress(multiply(nonce, BASE))
        proof = (nonce + number(commitment, self.key, message) * self.scalar) % ORDER
        return commitment + proof.to_bytes(32, "little")


@functools.cache
def pair(name):
    """The key pair of a user, made out of his name."""
    return Pair(hashlib.sha256(name.encode()).digest())


# ---- As the package nkeys has it, for a client that asks for that ---------------------------------

class KeyPair(Pair):
    @property
    def public_key(self):
        return self.public.encode()

    def wipe(self):
        pass


def from_seed(seed):
    return KeyPair(base64.b32decode(bytes(seed) + b"======")[2:34])
