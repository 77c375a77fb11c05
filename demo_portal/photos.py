"""Draws the pictures of a vehicle: three SVGs and one PNG, small, cheap and the same for the same vehicle."""

import random
import struct
import zlib
from functools import lru_cache

from demo_portal.vehicles import Vehicle

PHOTOS = (
    ("side.svg", "Side view"),
    ("front.svg", "Front view"),
    ("odometer.svg", "Odometer"),
    ("paint.png", "Paint gauge map"),
)

_PAINT_MAPS = 8
"""There are only so many different paint maps, so that a benchmark's portal draws each once."""

_BODIES = {
    "saloon": "M34 150 q2-22 28-26 l58-7 q34-34 62-34 h62 q26 0 58 34 l44 8 q22 4 22 28 v6 "
    "q0 5-6 5 H42 q-8 0-8-8z",
    "hatchback": "M40 150 q2-26 24-30 l52-8 q30-32 58-32 h74 q24 0 46 30 l34 16 q10 6 10 28 v4 "
    "q0 6-6 6 H48 q-8 0-8-8z",
    "suv": "M34 148 q0-32 24-36 l54-6 q26-38 54-38 h106 q18 0 34 36 l34 10 q14 5 14 32 v8 "
    "q0 6-6 6 H42 q-8 0-8-8z",
    "van": "M30 146 q0-26 14-32 l42-12 q24-46 46-46 h206 q14 0 14 14 v78 q0 6-6 6 H40 q-10 0-10-8z",
}
_WINDOWS = {
    "saloon": "M132 114 q24-24 46-24 h20 v24z M206 90 h38 q18 0 38 24 h-76z",
    "hatchback": "M126 110 q22-24 44-24 h24 v24z M202 86 h44 q16 0 30 24 h-74z",
    "suv": "M122 104 q18-30 40-30 h36 v30z M206 74 h60 q12 0 22 30 h-82z",
    "van": "M96 104 q18-38 36-38 h36 v38z",
}

_TAILS = {"saloon": 342, "hatchback": 328, "suv": 338, "van": 336}  # x of the rear lamp


def photo_bytes(vehicle: Vehicle, name: str) -> tuple[bytes, str] | None:
    """The picture and its media type; None when there is no picture of that name."""
    if name == "side.svg":
        return _side(vehicle.body, vehicle.paint), "image/svg+xml"
    if name == "front.svg":
        return _front(vehicle.body, vehicle.paint), "image/svg+xml"
    if name == "odometer.svg":
        return _odometer(vehicle.mileage), "image/svg+xml"
    if name == "paint.png":
        return _paint_map(vehicle.mileage % _PAINT_MAPS), "image/png"
    return None


def _scene(content: str) -> bytes:
    """A picture on the studio's grey floor; only our own constants and numbers reach it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 384 216">'
        '<defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="#eef2f4"/>'
        '<stop offset=".72" stop-color="#dfe6ea"/><stop offset=".73" stop-color="#c3cdd3"/>'
        '<stop offset="1" stop-color="#d9e0e4"/></linearGradient>'
        '<linearGradient id="g" x2="0" y2="1"><stop stop-color="#fff" stop-opacity=".35"/>'
        '<stop offset=".6" stop-color="#000" stop-opacity=".04"/><stop offset="1" stop-opacity=".3"/>'
        f'</linearGradient></defs><path d="M0 0h384v216H0z" fill="url(#s)"/>{content}</svg>'
    ).encode()


@lru_cache(maxsize=64)
def _side(body: str, paint: str) -> bytes:
    shape = _BODIES[body]
    wheels = "".join(
        f'<circle cx="{x}" cy="160" r="25" fill="#1d2125"/><circle cx="{x}" cy="160" r="15" fill="#b9c1c7"/>'
        f'<path d="M{x} 146v28M{x - 14} 160h28M{x - 10} 150l20 20M{x - 10} 170l20-20" stroke="#7d878e"'
        ' stroke-width="3"/>'
        for x in (98, 288)
    )
    return _scene(
        '<ellipse cx="194" cy="183" rx="170" ry="9" opacity=".18"/>'
        f'<path d="{shape}" fill="{paint}" stroke="#20262b" stroke-opacity=".35"/>'
        f'<path d="{shape}" fill="url(#g)"/><path d="{_WINDOWS[body]}" fill="#27323b" opacity=".85"/>'
        '<path d="M200 118v40M52 136h20" stroke="#20262b" stroke-opacity=".35" stroke-width="2"/>'
        f'<path d="M{_TAILS[body]} 130h10v11h-10z" fill="#d5483f"/>{wheels}'
    )


@lru_cache(maxsize=64)
def _front(body: str, paint: str) -> bytes:
    top = {"van": 34, "suv": 50}.get(body, 62)
    car = (
        f"M92 176 v-50 q0-14 14-18 l22-{108 - top} q3-6 10-6 h108 q7 0 10 6 l22 {108 - top} q14 4 14 18 v50z"
    )
    return _scene(
        '<ellipse cx="192" cy="184" rx="120" ry="8" opacity=".18"/>'
        '<path d="M100 160h26v26h-26zM258 160h26v26h-26z" fill="#1d2125"/>'
        f'<path d="{car}" fill="{paint}" stroke="#20262b" stroke-opacity=".35"/>'
        f'<path d="{car}" fill="url(#g)"/>'
        f'<path d="M124 106 l17-{96 - top} h102 l17 {96 - top}z" fill="#27323b" opacity=".85"/>'
        '<path d="M128 142h128v14H128z" fill="#20262b" opacity=".8"/>'
        '<circle cx="112" cy="132" r="10" fill="#fdf6d8"/><circle cx="272" cy="132" r="10" fill="#fdf6d8"/>'
        '<path d="M166 162h52v11h-52z" fill="#fff"/>'
    )


@lru_cache(maxsize=256)
def _odometer(mileage: int) -> bytes:
    turn = mileage % 180
    ticks = "".join(
        f'<path d="M192 44v10" stroke="#8fa3ad" stroke-width="2" transform="rotate({angle} 192 124)"/>'
        for angle in range(-120, 121, 20)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 384 216">'
        '<path d="M0 0h384v216H0z" fill="#14191d"/>'
        '<circle cx="192" cy="124" r="92" fill="#1b2227" stroke="#3c4a52" stroke-width="3"/>'
        f'{ticks}<path d="M190 124l2-66 2 66z" fill="#f0603f" transform="rotate({turn - 90} 192 124)"/>'
        '<circle cx="192" cy="124" r="7" fill="#f0603f"/>'
        '<rect x="136" y="152" width="112" height="30" rx="4" fill="#0c0f11" stroke="#3c4a52"/>'
        '<text x="192" y="174" fill="#d9f2e6" font-family="monospace" font-size="20" text-anchor="middle">'
        f"{mileage:06d}</text></svg>"
    ).encode()


@lru_cache(maxsize=_PAINT_MAPS)
def _paint_map(variant: int) -> bytes:
    """Paint thickness over the bonnet as a heat map: an 8-bit palette PNG, written by hand."""
    width, height = 192, 108
    chance = random.Random(variant)
    hills = [(chance.random() * width, chance.random() * height, chance.uniform(15, 40)) for _ in range(5)]
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # filter type of the row: none
        for x in range(width):
            heat = sum(1 / (1 + ((x - cx) ** 2 + (y - cy) ** 2) / r**2) for cx, cy, r in hills)
            rows.append(min(15, int(heat * 9)))
    palette = b"".join(bytes((20 + 13 * i, 90 + int(9.5 * i), 150 - 7 * i)) for i in range(16))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
