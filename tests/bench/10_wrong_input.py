"""What cannot be meant is told in a sentence before anything is measured, with exit code 2."""

import asyncio

from bench import NOWHERE
from chat_command import chat
from chat_server import expect, run

PUSHER = ("--dialect", "pusher", "--app-key", "key", "--app-secret-file")

# Words behind `chat bench`: what stderr says of them.
WRONG = {
    ("fanout", "--rooms", "0"): "--rooms takes a whole number from 1 to 10000000, not \"0\"",
    ("fanout", "--rooms", "-1"): "--rooms takes a whole number",
    ("fanout", "--members", "0"): "--members takes a whole number from 1 to 10000000, not \"0\"",
    ("fanout", "--members", "10000001"): "--members takes a whole number from 1 to 10000000, not \"10000001\"",
    ("fanout", "--members", "1e3"): "--members takes a whole number",
    ("fanout", "--senders", "-1"): "--senders takes a whole number",
    ("fanout", "--zipf", "-0.1"): "--zipf takes ",
    ("fanout", "--zipf", "nan"): "--zipf takes ",
    ("fanout", "--connect-rate", "0"): "--connect-rate takes ",
    ("fanout", "--handshakes", "0"): "--handshakes takes a whole number from 1",
    ("fanout", "--rate", "0/s"): "--rate takes ",
    ("fanout", "--rate", "-5/s"): "--rate takes ",
    ("fanout", "--rate", "5/x"): "--rate takes ",
    ("fanout", "--rate", "many"): "--rate takes ",
    ("fanout", "--rate", "inf/s"): "--rate takes ",
    ("fanout", "--saturate", "0"): "--saturate takes a whole number from 1",
    ("fanout", "--rate", "5/s", "--saturate", "5"): "--rate excludes --saturate",
    ("fanout", "--arrivals", "seldom"): "--arrivals takes even or poisson, not \"seldom\"",
    ("fanout", "--payload", "x"): "--payload: ",
    ("fanout", "--payload", "-1"): "--payload: ",
    ("fanout", "--payload", "5..1"): "--payload: ",
    ("fanout", "--warm-up", "1.5s"): "--warm-up takes a time",
    ("fanout", "--duration", "0s"): "--duration must not be 0",
    ("fanout", "--duration", "-1s"): "--duration takes a time",
    ("fanout", "--duration", "400d"): "--duration takes a time",
    ("storm", "--duration", "5s"): "storm takes as long as all need to come back: no --duration",
    ("storm", "--rate", "5/s"): "storm sends nothing by plan",
    ("idle", "--senders", "5"): "idle sends nothing by plan",
    ("idle", "--find-max", "rate", "--slo", "p99=1s"): "--find-max is for scenarios in which messages are sent",
    ("fanout", "--speak"): "--speak is for idle",
    ("churn", "--affected", "0%"): "--affected must be above 0",
    ("churn", "--affected", "101%"): "--affected takes ",
    ("churn", "--affected", "x"): "--affected takes ",
    ("fanout", "--affected", "10%"): "--affected, --away and --every are for churn, slow and resume",
    ("chatter", "--away", "1s"): "--affected, --away and --every are for churn, slow and resume",
    ("fault", "--every", "1s"): "--affected, --away and --every are for churn, slow and resume",
    ("churn", "--senders", "0"): "--senders must be fewer than --members",
    ("fanout", "--seed", "-1"): "--seed takes ",
    ("fanout", "--seed", "x"): "--seed takes ",
    ("fanout", "--repeats", "0"): "--repeats takes a whole number from 1 to 100, not \"0\"",
    ("fanout", "--repeats", "101"): "--repeats takes a whole number from 1 to 100, not \"101\"",
    ("fanout", "--processes", "0"): "--processes takes a whole number from 1 to 64, not \"0\"",
    ("fanout", "--processes", "65"): "--processes takes a whole number from 1 to 64, not \"65\"",
    ("fanout", "--members", "5", "--senders", "6"): "there cannot be more senders than members in a room",
    ("fanout", "--rooms", "10000000", "--members", "2"): "more than 10,000,000 members",
    ("fanout", "--members", "100000", "--senders", "0"): "too many members and senders to keep count of",
    ("fanout", "--find-max"): "--find-max needs to know what must be kept to",
    ("fanout", "--find-max", "speed", "--slo", "p99=1s"): "--find-max takes rate or members, not \"speed\"",
    ("fanout", "--find-max", "rate", "--slo", "p99=1s", "--saturate", "3"): "--find-max looks for a rate",
    ("fanout", "--slo", "p99"): "--slo: ",
    ("fanout", "--slo", "p99=fast"): "--slo: ",
    ("fanout", "--slo", "speed=5ms"): "--slo: ",
    ("fanout", "--slo", "reach=101%"): "--slo: ",
    ("fanout", "--confidence", "1"): "--confidence takes ",
    ("fanout", "--tolerance", "x"): "--tolerance takes ",
    ("fanout", "--output", "xml"): "--output takes text, json, csv or html, not \"xml\"",
    ("fanout", "--progress", "maybe"): "--progress takes auto, always or never, not \"maybe\"",
    ("fanout", "--pid", "0"): "--pid takes a whole number",
    ("fanout", "--pid", "x"): "--pid takes a whole number",
    ("fanout", "--metrics", "ftp://x/"): "--metrics: ",
    ("fanout", "--dialect", "irc"): "--dialect takes ",
    ("fanout", "--dialect", "pusher"): "pusher needs the application's key and its secret",
    ("fanout", "--dialect", "pusher", "--app-key", "k"): "pusher needs the application's key and its secret",
    ("fanout", "--url", "wss://localhost"): "wss:// and https:// are not spoken",
    ("fanout", "--url", "https://localhost"): "wss:// and https:// are not spoken",
    ("fanout", "--url", "ws://localhost/chat"): "--url takes no path",
    ("fanout", "--url", "localhost:x"): "localhost:x",
    ("fanout", "--url", ""): "",
    ("fanout", "--url", "ws://[::1]:8000"): "--url: IPv6 is not spoken",
    ("fanout", "--connect-rate", "5/s", "--handshakes", "5"): "--connect-rate excludes --handshakes",
    ("idle", "--payload", "50"): "idle says nothing without --speak: no --payload",
    ("storm", "--payload", "50"): "storm says nothing: no --payload",
    ("fanout", "--saturate", "3", "--arrivals", "poisson"): "--arrivals is of a --rate",
    ("fanout", "--app-key", "k"): "--app-key and --app-secret-file are for --dialect pusher",
    ("fanout", "--agents", "there"): "--agents: ",
    ("churn", "--affected", "1%", "--rooms", "1", "--members", "50"): "--affected 1% of 50 members is nobody",
    ("fnout",): "unknown scenario or verb \"fnout\"; did you mean \"fanout\"?",
    ("fanout", "chatter"): "not expected: \"chatter\"",
    (): "a scenario is missing: fanout, chatter, idle, storm, churn, slow, resume, fault; or a verb: compare, agent",
    ("fanout", "--membrs", "5"): "unknown option \"--membrs\"; did you mean \"--members\"?",
    (*NOWHERE, "fanout", "--members"): "--members has no COUNT behind it",
    ("compare",): "FILE is required",
    ("compare", "x", "--output", "csv"): "--output takes text, json or html, not \"csv\"",
    ("compare", *"abcdefghijklmnopq"): "FILE is given 17 times; it takes at most 16",
    ("agent", "--max-workers", "0"): "--max-workers takes a whole number",
    ("agent", "--listen", "here"): "here",
}


async def check(words, said, at_once):
    nowhere = () if "--url" in words or words[:1] in (("compare",), ("agent",)) else NOWHERE
    async with at_once:
        code, out, errors = await chat("bench", *words, *nowhere)
    assert (code, out) == (2, "") and said in errors and errors.startswith("chat bench"), (
        words, said, code, out, errors)


async def each_wrong_value_is_told():
    at_once = asyncio.Semaphore(4)
    wrong = [found for found in await asyncio.gather(
        *(check(words, said, at_once) for words, said in WRONG.items()), return_exceptions=True) if found]
    for each in wrong:
        print("   ", each, flush=True)
    expect(len(wrong), 0, "not as expected")


async def a_loop_that_waits_for_answers_needs_some():
    """A server of pusher says nothing to who has sent."""
    code, out, errors = await chat("bench", "fanout", *NOWHERE, *PUSHER, "-", "--saturate", "3", stdin=b"secret\n")
    expect((code, out), (2, ""))
    assert "--saturate goes on when a message has come back to its sender" in errors, errors


async def what_cannot_be_read_is_no_usage_error():
    code, out, errors = await chat("bench", "fanout", *NOWHERE, *PUSHER, "/nonexistent")
    expect((code, out), (1, ""))
    assert "--app-secret-file: " in errors and "/nonexistent" in errors, errors
    code, out, errors = await chat("bench", "fanout", *NOWHERE, "--token-file", "/nonexistent")
    expect((code, out), (1, ""))
    assert "--token-file: " in errors, errors


async def zipf_may_have_fewer_members_than_senders_somewhere():
    """Its rooms differ: senders are as many as there are members then. Nothing listens, so it is not run."""
    code, _, errors = await chat("bench", "chatter", *NOWHERE, "--members", "3", "--senders", "5", "--repeats", "1")
    expect(code, 3, errors)


run(each_wrong_value_is_told, a_loop_that_waits_for_answers_needs_some, what_cannot_be_read_is_no_usage_error,
    zipf_may_have_fewer_members_than_senders_somewhere)
