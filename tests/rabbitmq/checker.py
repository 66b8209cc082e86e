"""Compares, at the end of a run, what every client saw and was promised with what every node has. Pure.

A message is identified by its text, "SENDER N", which no two sends share. The log of a room is what the nodes'
HTTP API gives; a v1 view is everything a client was delivered, over all its connections; a plain view is
what came over one connection of the plain dialect.
"""

import collections
from dataclasses import dataclass, field

KINDS = ("lost", "twice", "order", "wrong", "stuck")


@dataclass
class Log:
    """A room as one node tells it: `messages` are (seq, text), oldest first."""
    node: str
    epoch: str
    messages: list


@dataclass
class View:
    """What a chat.v1 client saw of its room.

    `parts`: one for each log (epoch) that it was told of, in that order.
    `acked`: (epoch, seq) of each text that was acknowledged. `sent`: all texts that it ever sent.
    """
    client: str
    parts: list = field(default_factory=list)
    acked: dict = field(default_factory=dict)
    sent: set = field(default_factory=set)


@dataclass
class Part:
    """Messages of one epoch: everything behind `after`, but for the announced `gaps`, (after, before):
    what lies between these two seqs was said to be missing."""
    epoch: str
    after: int
    messages: list = field(default_factory=list)
    gaps: list = field(default_factory=list)


@dataclass
class Plain:
    """What one plain connection saw: texts. `to_the_end`: it was there until the room was quiet."""
    client: str
    texts: list
    to_the_end: bool = False


class Verdict:
    """Counts per kind, with some examples each; `apart` is what is told but no fault."""

    def __init__(self):
        self.counts = collections.Counter()
        self.apart = collections.Counter()
        self.examples = []

    def fault(self, kind, count, what):
        if count:
            self.counts[kind] += count
            self.examples.append(f"{kind}: {count}: {what}")

    @property
    def clean(self):
        return not any(self.counts.values())

    def add(self, other):
        self.counts += other.counts
        self.apart += other.apart
        self.examples += other.examples

    def line(self):
        figures = {**{kind: self.counts[kind] for kind in KINDS}, **self.apart}
        return ("clean" if self.clean else "VIOLATED") + ": " + ", ".join(
            f"{name} {count}" for name, count in figures.items())


def some(things):
    things = list(things)
    return ", ".join(map(str, things[:5])) + (" …" if len(things) > 5 else "")


def repeated(things):
    return [thing for thing, count in collections.Counter(things).items() if count > 1]


def backward_steps(numbers):
    return sum(a >= b for a, b in zip(numbers, numbers[1:]))


def judge(logs, views, plains, epochs_may_change=False):
    """The verdict over one room. `epochs_may_change`: its log was taken away on purpose; what was
    acknowledged in an epoch that is gone is then told apart, while a silent gap stays a fault."""
    verdict = Verdict()
    log = logs[0]
    judge_logs(verdict, logs)
    known = {text for view in views for text in view.sent}
    known |= {text for text in (t for _, t in log.messages) if text.startswith("plain-")}
    foreign = [text for _, text in log.messages if text not in known]
    verdict.fault("wrong", len(foreign), f"in the log, sent by nobody: {some(foreign)}")

    complete = {log.epoch: log.messages}
    for epoch, messages in gone_logs(verdict, log, views).items():
        complete[epoch] = messages
        if not epochs_may_change:
            verdict.fault("wrong", 1, f"there was a log {epoch}, now it is {log.epoch}")
    for view in views:
        judge_acks(verdict, log, view, epochs_may_change)
        judge_view(verdict, complete, log, view)
    for plain in plains:
        judge_plain(verdict, log, plain, epochs_may_change)
    sent = {text for view in views for text in view.sent}
    acked = {text for view in views for text in view.acked}
    verdict.apart["messages"] += len(log.messages)
    verdict.apart["acked"] += len(acked)
    verdict.apart["unacked"] += len(sent - acked)
    return verdict


def judge_logs(verdict, logs):
    """Every node has the same log, and each message is in it once, in its order."""
    log = logs[0]
    texts = [text for _, text in log.messages]
    verdict.fault("twice", len(texts) - len(set(texts)),
                  f"{log.node} has more than once: {some(repeated(texts))}")
    seqs = [seq for seq, _ in log.messages]
    verdict.fault("order", backward_steps(seqs), f"seqs of {log.node} do not grow")
    for other in logs[1:]:
        if other.epoch != log.epoch:
            verdict.fault("wrong", 1, f"{log.node} has epoch {log.epoch}, {other.node} {other.epoch}")
            continue
        compare(verdict, f"log of {other.node} against that of {log.node}", log.messages,
                other.messages)


def compare(verdict, what, expected, actual):
    """Both are sequences of messages; each fault is counted as what it is."""
    if expected == actual:
        return
    times = collections.Counter(actual)
    missing = [m for m in expected if m not in times]
    verdict.fault("lost", len(missing), f"{what}: missing: {some(missing)}")
    twice = [m for m, count in times.items() if count > 1]
    verdict.fault("twice", sum(times[m] - 1 for m in twice), f"{what}: {some(twice)}")
    places = {message: place for place, message in enumerate(expected)}
    foreign = [m for m in times if m not in places]
    verdict.fault("wrong", len(foreign), f"{what}: has what is not there: {some(foreign)}")
    order = [places[m] for m in dict.fromkeys(actual) if m in places]
    verdict.fault("order", backward_steps(order), f"{what}: another order")


def gone_logs(verdict, log, views):
    """The logs that no node has any more, put together from what clients saw of them."""
    gone = collections.defaultdict(dict)
    for view in views:
        for part in view.parts:
            if part.epoch == log.epoch:
                continue
            gone[part.epoch]  # known to have been, even if nothing was seen
            for seq, text in part.messages:
                if gone[part.epoch].setdefault(seq, text) != text:
                    verdict.fault("order", 1, f"{view.client}: seq {seq} of the gone log {part.epoch} "
                                  f"is {text!r} and {gone[part.epoch][seq]!r}")
    return {epoch: sorted(messages.items()) for epoch, messages in gone.items()}


def judge_acks(verdict, log, view, epochs_may_change):
    there = {text: seq for seq, text in log.messages}
    lost, moved, gone = [], [], []
    for text, (epoch, seq) in view.acked.items():
        if epoch != log.epoch and epochs_may_change:
            gone.append(text)
        elif text not in there:
            lost.append(text)
        elif there[text] != seq:
            moved.append(text)
    verdict.fault("lost", len(lost), f"{view.client}: acknowledged and not in the log: {some(lost)}")
    verdict.fault("wrong", len(moved), f"{view.client}: acknowledged with another seq: {some(moved)}")
    verdict.apart["acked in a log that is gone"] += len(gone)


def judge_view(verdict, complete, log, view):
    for part in view.parts:
        messages = complete[part.epoch]
        last = part.messages[-1][0] if part.messages else part.after
        if part is view.parts[-1] and part.epoch == log.epoch:
            last = messages[-1][0] if messages else last
        seen = set(part.messages)
        excused = {m for m in messages if any(a < m[0] < b for a, b in part.gaps)} - seen
        verdict.apart["announced as missing"] += len(excused)
        expected = [m for m in messages if part.after < m[0] <= last and m not in excused]
        compare(verdict, f"{view.client} in log {part.epoch}", expected, part.messages)
    if not view.parts or view.parts[-1].epoch != log.epoch:
        verdict.fault("wrong", 1, f"{view.client} was never told of the log {log.epoch}")


def judge_plain(verdict, log, plain, epochs_may_change):
    """What a plain client saw over one connection is one piece of the log, without a hole."""
    texts = [text for _, text in log.messages]
    places = {text: place for place, text in enumerate(texts)}
    foreign = [text for text in plain.texts if text not in places]
    seen = plain.texts
    if epochs_may_change:
        verdict.apart["plain, of a log that is gone"] += len(foreign)
        seen = [text for text in seen if text in places]
    else:
        verdict.fault("wrong", len(foreign), f"{plain.client} saw what is not there: {some(foreign)}")
    known = [places[text] for text in seen if text in places]
    if not known:
        return
    until = len(texts) if plain.to_the_end else max(known) + 1
    expected = texts[min(known):until]
    compare(verdict, plain.client, expected, [text for text in seen if text in places])
