#!/usr/bin/env python3
"""Our codec of Channels messages against Python's json and msgpack, which nodes of Django Channels
use: the same bytes for the same JSON, and the same JSON of whatever bytes.

    codec.py CODEC_LINES [SEED]
"""

import json
import math
import random
import re
import subprocess
import sys

import msgpack

CASES = 3000
ROOM = re.compile(r"[A-Za-z0-9_]{1,94}")
RESERVED = {"api", "assets", "healthz", "metrics", "readyz", "ws"}
MOST_DEPTH = 99

EDGES = [0, 1, -1, 31, 32, -32, -33, 127, 128, -128, -129, 255, 256, 32767, -32768, -32769, 65535, 65536,
         2**31, -2**31, -2**31 - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 2**64 - 1]
DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.1, 1e4, 1e5, 1e15, 1e16, 1e22, 1e23, 5e-324, 2.2250738585072014e-308,
           1.7976931348623157e308, 1e-7, 123456789012345680000.0, 1 / 3]
TEXTS = ["", "a", "x" * 31, "x" * 32, "x" * 255, "x" * 256, "x" * 65536, "hello 你好", "😀", "\0\b\f\n\r\t\x1f\"\\/\x7f",
         "\u0080\u07ff\u0800\ufffd\uffff", "\U00010000\U0010ffff", "e\u0301", "\u2028\u2029\ufeff"]


def codec(program, lines):
    """The program's answers, one for each line."""
    done = subprocess.run([program], input="".join(f"{line}\n" for line in lines), capture_output=True,
                          text=True, check=True, timeout=100)
    answers = done.stdout.splitlines()
    assert len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} lines"
    return answers


# ---- values

def some_text(dice):
    if dice.random() < 0.5:
        return dice.choice(TEXTS[:-8] if dice.random() < 0.01 else TEXTS[:4] + TEXTS[7:])
    ranges = [(0, 0x7F), (0x20, 0x7E), (0x80, 0xD7FF), (0xE000, 0x10FFFF)]
    return "".join(chr(dice.randint(*dice.choice(ranges))) for _ in range(dice.randint(0, 40)))


def some_number(dice):
    kind = dice.randint(0, 3)
    if kind == 0:
        return dice.choice(EDGES)
    if kind == 1:
        return dice.choice([1, -1]) * dice.getrandbits(dice.randint(1, 63))
    if kind == 2:
        return dice.choice(DOUBLES)
    return dice.uniform(-1, 1) * 10.0 ** dice.randint(-300, 300)


def some_value(dice, depth=4):
    kind = dice.randint(0, 9 if depth > 0 else 6)
    if kind < 3:
        return some_text(dice)
    if kind < 6:
        return some_number(dice)
    if kind == 6:
        return dice.choice([None, True, False, [], {}])
    size = dice.choice([0, 1, 2, 3, 5, 17])
    if kind == 7:
        return [some_value(dice, depth - 1) for _ in range(size)]
    return {some_text(dice): some_value(dice, depth - 1) for _ in range(size)}


def some_json(dice, value):
    """One of the spellings of a value."""
    return json.dumps(value, ensure_ascii=dice.random() < 0.5, indent=dice.choice([None, None, 1]),
                      separators=dice.choice([None, (",", ":"), (" , ", " : ")]))


# ---- out

def packed(message):
    return msgpack.packb({"type": "chat_message", "message": message, "__asgi_group__": "chat_qq"},
                         use_bin_type=True)


def depth_of(value):
    if not isinstance(value, (list, dict)):
        return 0
    items = value if isinstance(value, list) else list(value.values())
    return 1 + max((depth_of(item) for item in items), default=0)


def expected_bytes(text):
    """What a node of Django sends for a message's JSON; None where that cannot be."""
    def refuse(name):
        raise ValueError(name)
    try:
        message = json.loads(text, parse_constant=refuse)
        return packed(message).hex() if depth_of(message) <= MOST_DEPTH else None
    except (ValueError, OverflowError):  # no JSON, a lone surrogate, an integer beyond 64 bits
        return None


def check_out(program, dice):
    texts = [json.dumps(value) for value in EDGES + DOUBLES + TEXTS]
    texts += ['{"a":1,"b":2,"a":3}', '[{"":{"x":1,"x":[]},"y":2,"":0}]', "-0", "1E2", "1e-400", "0.10", "[" * 99 + "]" * 99]
    texts += [str(2**64), str(-2**63 - 1), "1" + "0" * 400, '"\\ud800"', '{"\\udc00":1}', '"\\ud83dx"', "NaN",
              "[Infinity]", "", "x", "[1", "1 2", "[" * 100 + "]" * 100]
    texts += [some_json(dice, some_value(dice)) for _ in range(CASES)]
    refused = 0
    for text, answer in zip(texts, codec(program, [f"encode {text.encode().hex()}" for text in texts])):
        expected = expected_bytes(text)
        refused += expected is None
        if expected is None:
            assert answer.startswith("! "), f"{text[:200]} is sent, Python cannot"
        else:
            assert answer == expected, f"{text[:200]}\n ours   {answer[:400]}\n Python {expected[:400]}"
    assert refused == 13, refused
    return len(texts)


# ---- in

def is_json(value):
    """True when JSON can say it, and a frame can hold it."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, str))


def expected_message(data):
    """The room and the message that consumers of a node of Django get; None: it drops it, or its
    consumers fail, or no client can be told. Python is less strict here than there about what is
    in keys that both ignore."""
    try:
        content = msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=lambda code, inside: inside)
    except Exception:  # whatever it says: the layer drops it
        return None
    if not isinstance(content, dict) or "__asgi_channel__" in content:
        return None
    if not all(isinstance(key, str) for key in content):
        return None
    group = content.get("__asgi_group__")
    kind = content.get("type")
    if not isinstance(group, str) or not isinstance(kind, str) or "message" not in content:
        return None
    if kind not in ("chat_message", "chat.message") or not group.startswith("chat_"):
        return None
    room = group[len("chat_"):]
    if not ROOM.fullmatch(room) or room in RESERVED or not is_json(content["message"]):
        return None
    if depth_of(content["message"]) > MOST_DEPTH:
        return None
    return room, json.dumps(content["message"])


def foreign_value(dice):
    """Mostly what JSON can say."""
    if dice.random() < 0.8:
        return some_value(dice)
    return dice.choice([b"x", float("nan"), float("-inf"), msgpack.ExtType(5, b"abc"), msgpack.Timestamp(1, 2),
                        [b""], {b"k": 1}, {7: 1}, {"a": [msgpack.ExtType(1, b"")]}, [math.inf]])


def some_message(dice):
    members = [("type", dice.choice(["chat_message"] * 8 + ["chat.message", "websocket.close", "", 7])),
               ("message", foreign_value(dice)),
               ("__asgi_group__", dice.choice(["chat_qq"] * 8 + ["chat_" + "a" * 94, "chat_" + "a" * 95, "chat_a-b",
                                                                "chat_api", "news", "chat_聊天", None, b"chat_qq"]))]
    if dice.random() < 0.1:
        members.pop(dice.randrange(3))
    if dice.random() < 0.3:
        members.append(("x", dice.choice([1, b"b", [], {"y": None}, msgpack.ExtType(9, b"q"), "chat_message"])))
    if dice.random() < 0.05:
        members.append(("__asgi_channel__", "c!x"))
    dice.shuffle(members)
    data = msgpack.packb(dict(members), use_bin_type=dice.random() < 0.95,
                         use_single_float=dice.random() < 0.2)
    return data + (b"\xc0" if dice.random() < 0.02 else b"")


def changed(dice, data):
    data = bytearray(data)
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(len(data))
        kind = dice.randint(0, 3)
        if kind == 0:
            data[at] = dice.choice([dice.getrandbits(8), data[at] ^ 1 << dice.randint(0, 7)])
        elif kind == 1:
            data.insert(at, dice.getrandbits(8))
        elif kind == 2 and len(data) > 1:
            del data[at]
        else:
            data[at:at + 1] = dice.choice([b"\xc0", b"\xc4\x01a", b"\xca\x3d\xcc\xcc\xcd", b"\xd1\xff\xff", b"\x81\xa1k\x01"])
    return bytes(data)


def check_in(program, dice):
    datas = [some_message(dice) for _ in range(CASES)]
    datas += [changed(dice, dice.choice(datas)) for _ in range(2 * CASES)]
    taken = 0
    for data, answer in zip(datas, codec(program, [f"decode {data.hex()}" for data in datas])):
        expected = expected_message(data)
        told = f"{data.hex()[:600]}\n ours   {answer[:300]}\n Python {expected}"
        if expected is None:
            assert answer.startswith("! "), told
            continue
        taken += 1
        assert not answer.startswith("! "), told
        room, text = answer.split(" ")
        assert (room, json.dumps(json.loads(bytes.fromhex(text)))) == expected, told
    assert taken > CASES // 5, f"only {taken} were taken"
    return len(datas)


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dice = random.Random(seed)
    out = check_out(program, dice)
    into = check_in(program, dice)
    print(f"seed {seed}: {out} values were sent as Python sends them, {into} messages read as Python reads them")


main()
