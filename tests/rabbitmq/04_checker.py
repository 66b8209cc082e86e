#!/usr/bin/env python3
"""The checker finds each planted fault, counts it as what it is, and lets through what is no fault."""

import copy

from checker import Log, Part, Plain, View, judge


def world():
    """Two nodes, two v1 clients and a plain one: all as it should be. seqs have holes, as promised."""
    texts = [f"ann {i}" for i in range(1, 6)] + [f"bob {i}" for i in range(1, 6)]
    messages = [(10 + 3 * i, text) for i, text in enumerate(texts)]
    messages.append((100, "plain-eve 1"))
    logs = [Log("node1", "e", list(messages)), Log("node2", "e", list(messages))]
    ann = View("ann", [Part("e", 0, list(messages))], {t: ("e", s) for s, t in messages[:5]},
               set(texts[:5]) | {"ann 6"})
    bob = View("bob", [Part("e", 13, messages[2:])], {t: ("e", s) for s, t in messages[5:10]},
               set(texts[5:]))
    return logs, [ann, bob], [Plain("eve", [t for _, t in messages[4:]], True)]


def swap(items, place):
    items[place], items[place + 1] = items[place + 1], items[place]


def counts(plant, **how):
    logs, views, plains = copy.deepcopy(world())
    plant(logs, views, plains)
    verdict = judge(logs, views, plains, **how)
    return dict(verdict.counts), verdict


def expect(name, plant, expected, **how):
    found, verdict = counts(plant, **how)
    assert found == expected, f"{name}: expected {expected}, found {found}: {verdict.examples}"
    assert verdict.clean == (not expected), name
    print("ok ", name)
    return verdict


def lose_everywhere(logs, views, plains, text="ann 3"):
    for log in logs:
        log.messages = [m for m in log.messages if m[1] != text]
    for view in views:
        for part in view.parts:
            part.messages = [m for m in part.messages if m[1] != text]


def main():
    verdict = expect("nothing planted", lambda *_: None, {})
    assert verdict.apart["unacked"] == 1 and verdict.apart["acked"] == 10, verdict.line()
    expect("acknowledged and nowhere", lose_everywhere, {"lost": 1})
    expect("lost in one node's log", lambda logs, *_: logs[1].messages.pop(4), {"lost": 1})
    expect("lost at the end of one node's log", lambda logs, *_: logs[1].messages.pop(), {"lost": 1})
    expect("lost in a view", lambda _, views, __: views[1].parts[0].messages.pop(3), {"lost": 1})
    expect("lost at the end of a view", lambda _, views, __: views[0].parts[0].messages.pop(),
           {"lost": 1})
    expect("lost at the start of a view", lambda _, views, __: views[1].parts[0].messages.pop(0),
           {"lost": 1})
    expect("lost over a plain connection", lambda _, __, plains: plains[0].texts.pop(2), {"lost": 1})
    expect("a plain connection that never got the last", lambda _, __, plains: plains[0].texts.pop(),
           {"lost": 1})
    expect("twice in a view", lambda _, views, __: views[0].parts[0].messages.insert(
        6, views[0].parts[0].messages[5]), {"twice": 1})
    expect("twice over a plain connection", lambda _, __, plains: plains[0].texts.insert(
        3, plains[0].texts[2]), {"twice": 1})

    def twice_in_all(logs, views, plains):
        for messages in [log.messages for log in logs] + [view.parts[0].messages for view in views]:
            messages.append((200, "ann 2"))
        plains[0].texts.append("bob 9")
    found, _ = counts(twice_in_all)
    assert found["twice"] >= 1, found
    print("ok  twice in the log, with another seq")

    expect("swapped in a view", lambda _, views, __: swap(views[0].parts[0].messages, 4), {"order": 1})
    expect("swapped in a node's log", lambda logs, *_: swap(logs[1].messages, 4), {"order": 1})
    expect("swapped over a plain connection", lambda _, __, plains: swap(plains[0].texts, 2),
           {"order": 1})
    found, _ = counts(lambda logs, *_: [swap(log.messages, 4) for log in logs])
    assert found.get("order", 0) >= 2, found
    print("ok  swapped in every log: seqs do not grow")

    def other_seq(_, views, __):
        views[0].acked["ann 2"] = ("e", 14)
    expect("acknowledged with another seq", other_seq, {"wrong": 1})

    def forged(logs, views, plains):
        for log in logs:
            log.messages.append((300, "mallory 1"))
        for view in views:
            view.parts[0].messages.append((300, "mallory 1"))
        plains[0].texts.append("mallory 1")
    expect("sent by nobody", forged, {"wrong": 1})

    def other_epoch(logs, *_):
        logs[1].epoch = "f"
    expect("two nodes with two epochs", other_epoch, {"wrong": 1})

    def announced(_, views, __):
        part = views[1].parts[0]
        part.gaps.append((part.messages[1][0], part.messages[4][0]))
        del part.messages[2:4]
    verdict = expect("an announced gap is no loss", announced, {})
    assert verdict.apart["announced as missing"] == 2, verdict.line()

    def announced_and_more(logs, views, plains):
        announced(logs, views, plains)
        views[1].parts[0].messages.pop(0)
    expect("a loss beside an announced gap", announced_and_more, {"lost": 1})

    # A log that was taken away: "e" is gone, "f" is there.
    def new_log(logs, views, plains):
        plains.clear()
        for view in views:
            view.parts.append(Part("f", 0, [(1, "ann 7")]))
        views[0].sent.add("ann 7")
        for log in logs:
            log.epoch, log.messages = "f", [(1, "ann 7")]
    verdict = expect("a log that was taken away", new_log, {}, epochs_may_change=True)
    assert verdict.apart["acked in a log that is gone"] == 10, verdict.line()
    found, _ = counts(new_log)
    assert found == {"wrong": 1, "lost": 10}, found
    print("ok  a log that went away by itself")

    def silent_gap(logs, views, plains):
        new_log(logs, views, plains)
        views[0].parts[0].messages.pop(5)
    expect("a silent gap in a gone log", silent_gap, {"lost": 1}, epochs_may_change=True)

    def two_orders(logs, views, plains):
        new_log(logs, views, plains)
        part = views[1].parts[0].messages
        part[3], part[4] = (part[3][0], part[4][1]), (part[4][0], part[3][1])
    found, _ = counts(two_orders, epochs_may_change=True)
    assert found.get("order", 0) >= 2, found
    print("ok  two orders of a gone log")

    def not_told(logs, views, plains):
        new_log(logs, views, plains)
        views[1].parts.pop()
    expect("one that was never told of the new log", not_told, {"wrong": 1}, epochs_may_change=True)


main()
