"""Who does not read is closed with 4100 and can resume; the others and the server's memory do not suffer."""

import json

from chat_client import CLOSE, TEXT, Member, Raw, frame, metric, secret
from chat_server import Server, expect, run

MIB = 1 << 20
OPTIONS = ("--workers", "1", "--max-frames-per-second", "0", "--history-max-bytes", str(4 * MIB),
           "--history-max-messages", "0")


async def reader_that_does_not_read(server, subprotocol=None):
    raw = await Raw.open(server.address, receive_buffer=4096)
    expect((await raw.upgrade("/ws/lobby/", subprotocol)).status, 101)
    if subprotocol:
        await raw.send(frame(TEXT, b'{"type":"hello","name":"sloth"}'))
    return raw


async def talk(sender, listener, first, count, value):
    """`count` messages with their acks, all of them heard by a listener too."""
    for n in range(first, first + count):
        await sender.say("send", n=n, message=value)
    for _ in range(count):
        await sender.hear("ack")
        await sender.hear("message")
    expect([(await listener.hear("message"))["n"] for _ in range(count)],
           list(range(first, first + count)), "the others hear everything")


async def talk_until_one_is_given_up(server, sender, listener, value):
    sent = 0
    while await metric(server, "chat_slow_closes_total") == 0:
        await talk(sender, listener, sent + 1, 50, value)
        sent += 50
        assert sent < 5000, "nobody was given up"
    # It may have been at the very last one; this one it cannot have got.
    await talk(sender, listener, sent + 1, 1, value)
    return sent + 1


async def a_slow_reader_is_told_4100_and_resumes():
    async with Server(*OPTIONS, "--max-outbox-bytes", "65536") as server, \
            Member(server, "lobby", name="ann", client=secret()) as ann, \
            Member(server, "lobby", name="bob") as bob:
        async with await reader_that_does_not_read(server, "chat.v1") as slow:
            sent = await talk_until_one_is_given_up(server, ann, bob, "x" * 4000)
            seen, last = [], None
            while True:
                opcode, payload = await slow.frame()
                if opcode == CLOSE:
                    break
                last = json.loads(payload)
                if last["type"] == "message":
                    seen.append((last["n"], last["seq"]))
            expect(last["code"], "slow_reader", "the last frame before the close")
            expect(int.from_bytes(payload[:2], "big"), 4100, "close code")
            await slow.send(frame(CLOSE, payload[:2]))
            expect(await slow.rest(), b"", "nothing behind the close")
        expect([n for n, _ in seen], list(range(1, len(seen) + 1)), "no gap before the close")
        assert 0 < len(seen) < sent
        async with Member(server, "lobby", since=ann.cursor(seen[-1][1])) as back:
            expect(back.welcome["recovered"], True)
            rest = await back.messages(sent - len(seen))
            expect([m["n"] for m in rest], list(range(len(seen) + 1, sent + 1)), "the rest")
        await server.line("DISCONNECT .* code=4100 by=server")


async def memory_stays_bounded_under_readers_that_never_read():
    async with Server(*OPTIONS, "--max-outbox-bytes", str(MIB), "--stall-timeout", "60s") as server, \
            Member(server, "lobby", name="ann", client=secret()) as ann, \
            Member(server, "lobby", name="bob") as bob:
        value = "x" * 30_000
        await talk(ann, bob, 1, 200, value)  # fills the history and the allocator
        before = peak = server.resident_bytes()
        slow = [await reader_that_does_not_read(server) for _ in range(6)]
        for batch in range(40):
            await talk(ann, bob, 201 + batch * 50, 50, value)
            peak = max(peak, server.resident_bytes())
        expect(await metric(server, "chat_slow_closes_total"), len(slow), "given up")
        grown = (peak - before) / MIB
        print(f"    {40 * 50 * len(value) // MIB} MiB to each of {len(slow)} readers that never read: "
              f"{before / MIB:.1f} MiB, grown by {grown:.1f}", flush=True)
        assert grown < 2 * len(slow) + 8, f"grown by {grown:.1f} MiB"
        for raw in slow:
            raw.close()


async def a_reader_that_takes_nothing_is_given_up_after_a_while():
    async with Server(*OPTIONS, "--stall-timeout", "300ms", "--max-outbox-bytes",
                      str(32 * MIB)) as server, \
            Member(server, "lobby", name="ann", client=secret()) as ann, \
            Member(server, "lobby", name="bob") as bob:
        async with await reader_that_does_not_read(server):
            await talk(ann, bob, 1, 200, "x" * 40_000)
            await server.line("DISCONNECT .* code=4100 by=server")


run(a_slow_reader_is_told_4100_and_resumes,
    memory_stays_bounded_under_readers_that_never_read,
    a_reader_that_takes_nothing_is_given_up_after_a_while)
