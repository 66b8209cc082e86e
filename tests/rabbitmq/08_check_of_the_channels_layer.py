#!/usr/bin/env python3
"""`chat vhost check --layer channels` against a real RabbitMQ, which pika uses as the nodes of channels_rabbitmq do.

    CHAT_BIN=… CHAT_TEST_RABBITMQ_API=… CHAT_TEST_RABBITMQ_AMQP=… 08_check_of_the_channels_layer.py [CASE…]
"""

import contextlib
import sys
import urllib.parse

import pika
from vhost_cli import AMQP, Said, Vhost, api, drift, q, wait_for

DJANGO = {"x-max-length": 100, "x-overflow": "reject-publish", "x-message-ttl": 60000}
QUEUE = "channels_abcdefghijkl"
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}
LEAST = r"^(groups$|chat\.channels\.)"


def made(vhost):
    api("PUT", f"vhosts/{q(vhost.name)}")
    api("PUT", f"permissions/{q(vhost.name)}/guest", EVERYTHING)
    return vhost


@contextlib.contextmanager
def channel_in(vhost, user="guest", password="guest"):
    where = urllib.parse.urlsplit(AMQP)
    connection = pika.BlockingConnection(pika.ConnectionParameters(
        where.hostname, where.port, vhost.name, pika.PlainCredentials(user, password)))
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


@contextlib.contextmanager
def node_in(vhost, queue=QUEUE, arguments=None, room="qq", **login):
    """What a node does with the exchange and its queue. It takes 10 messages and acknowledges none."""
    with channel_in(vhost, **login) as channel:
        channel.exchange_declare("groups", "direct")
        channel.queue_declare(queue, exclusive=True, arguments=arguments or DJANGO)
        channel.queue_bind(queue, "groups", f"chat_{room}")
        channel.basic_qos(prefetch_count=10)
        channel.basic_consume(queue, lambda *_: None)
        channel.confirm_delivery()
        yield channel


def say(channel, room="qq"):
    """False when RabbitMQ says that not every queue took it."""
    try:
        channel.basic_publish("groups", f"chat_{room}", b"\x80")
    except pika.exceptions.NackError:
        return False
    return True


def check(vhost, *words):
    return Said("check", vhost.name, "--layer", "channels", "--json", *words)


def bad(said):
    return {key: result for key, result in drift(said).items() if result != "absent"}


def one(said, kind, name):
    return [each for each in said.objects() if (each["object"], each["name"]) == (kind, name)][0]


def counted(vhost, queue, key, count):
    wait_for(f"{key} {count} of {queue}", lambda: vhost.queues()[queue].get(key) == count)


def a_vhost_that_nobody_used_yet_is_fine():
    with Vhost() as vhost:
        check(vhost).expect(5, "there is no vhost")
        made(vhost)
        said = check(vhost).expect(0)
        assert said.results()[("exchange", "groups")] == "absent", said.out
        about = [each for each in said.objects() if each["object"] == "rabbitmq"][0]
        overview = api("GET", "overview")
        assert about["rabbitmq"] == overview["rabbitmq_version"], about
        assert about["erlang"] == overview["erlang_version"], about
        text = Said("check", vhost.name, "--layer", "channels").expect(0).out
        assert "Erlang" in text and "no Django node" in text, text
        # What chat serve has otherwise is not there, and another question.
        vhost.check("--layer", "stream").expect(8)


def nodes_that_run_are_counted_with_their_rooms():
    with made(Vhost()) as vhost, node_in(vhost) as node, node_in(vhost, "chat.channels.n1", {"x-max-length": 7}):
        node.queue_bind(QUEUE, "groups", "chat_lobby")
        counted(vhost, QUEUE, "consumers", 1)
        counted(vhost, "chat.channels.n1", "consumers", 1)
        said = check(vhost).expect(0)
        assert one(said, "queues", "channels_*")["count"] == 1, said.out
        assert one(said, "queues", "chat.channels.*")["count"] == 1, said.out
        queue = one(said, "queue", QUEUE)
        assert {key: queue[key] for key in DJANGO} == DJANGO, queue
        assert queue["rooms"] == 2 and queue["consumers"] == 1 and queue["max_length"] == 100, queue
        assert one(said, "queue", "chat.channels.n1")["rooms"] == 1, said.out


def a_durable_exchange_is_named_and_is_what_stops_a_node():
    with made(Vhost()) as vhost:
        with channel_in(vhost) as channel:
            channel.exchange_declare("groups", "direct", durable=True,
                                     arguments={"alternate-exchange": "amq.fanout"})
        said = check(vhost).expect(8, "durable is true, should be false")
        assert bad(said) == {("exchange", "groups"): "conflict"}, said.out
        assert "argument alternate-exchange is amq.fanout, should be none" in said.err
        assert "stop all nodes" in said.err and "406" in said.err
        try:
            with node_in(vhost):
                raise AssertionError("a node works with that exchange after all")
        except pika.exceptions.ChannelClosedByBroker as error:
            assert error.reply_code == 406, error
        # What it advises sets it right.
        api("DELETE", f"exchanges/{q(vhost.name)}/groups")
        with node_in(vhost):
            counted(vhost, QUEUE, "consumers", 1)
            check(vhost).expect(0)


def a_full_queue_is_told_and_refuses_messages():
    with made(Vhost()) as vhost, node_in(vhost) as node:
        taken = 0
        while say(node):
            taken += 1
        assert taken == 110, "100 wait, 10 are with the node"
        counted(vhost, QUEUE, "messages_ready", 100)
        counted(vhost, QUEUE, "consumers", 1)
        said = check(vhost).expect(8, "full: what is published to its rooms is nacked")
        assert bad(said) == {("queue", QUEUE): "differs"}, said.out
        queue = one(said, "queue", QUEUE)
        assert queue["messages_ready"] == 100 and queue["messages_unacknowledged"] == 10, queue
        assert not say(node), "check changed something"


def a_queue_from_which_nobody_takes_is_told():
    with made(Vhost()) as vhost, channel_in(vhost) as channel:
        channel.queue_declare(QUEUE, exclusive=True, arguments=DJANGO)
        counted(vhost, QUEUE, "consumers", 0)
        check(vhost).expect(8, "nobody takes from it")


def policies_are_told_where_they_change_something():
    with made(Vhost()) as vhost, node_in(vhost) as node:
        name = q(vhost.name)
        api("PUT", f"policies/{name}/short",
            {"pattern": "^chan", "apply-to": "queues", "definition": {"max-length": 5}})
        api("PUT", f"policies/{name}/aside",
            {"pattern": "^groups$", "apply-to": "exchanges",
             "definition": {"alternate-exchange": "amq.fanout"}})
        api("PUT", f"operator-policies/{name}/brief",
            {"pattern": ".*", "apply-to": "queues", "definition": {"message-ttl": 1000}})
        wait_for("both policies on the queue",
                 lambda: set(vhost.queues()[QUEUE].get("effective_policy_definition") or {}) ==
                 {"max-length", "message-ttl"})
        said = check(vhost).expect(8, "on groups: alternate-exchange amq.fanout")
        assert bad(said) == {("policy", "short"): "differs", ("policy", "aside"): "differs",
                             ("operator_policy", "brief"): "differs"}, said.out
        assert one(said, "policy", "short")["detail"] == "on channels_*: max-length 5"
        assert one(said, "queue", QUEUE)["max_length"] == 5, said.out
        # It is true: the queue takes fewer.
        assert sum(say(node) for _ in range(20)) == 15, "5 wait, 10 are with the node"
        for kind, policy in (("policies", "short"), ("policies", "aside"), ("operator-policies", "brief")):
            api("DELETE", f"{kind}/{name}/{policy}")


def a_policy_that_changes_nothing_is_no_difference():
    with made(Vhost()) as vhost, node_in(vhost) as node:
        api("PUT", f"policies/{q(vhost.name)}/lax",
            {"pattern": "^channels_", "apply-to": "queues",
             "definition": {"max-length": 200, "overflow": "drop-head", "message-ttl": 90000}})
        wait_for("the policy on the queue", lambda: vhost.queues()[QUEUE].get("policy") == "lax")
        said = check(vhost).expect(0)
        assert one(said, "policy", "lax")["detail"] == "changes nothing of channels_*", said.out
        # It is true: the smaller bound holds, and the argument's overflow.
        assert sum(say(node) for _ in range(120)) == 110


def a_user_needs_what_a_node_does():
    with made(Vhost()) as vhost:
        name = q(vhost.name)
        check(vhost, "--user", vhost.user).expect(8, "there is no such user")
        api("PUT", f"users/{q(vhost.user)}", {"password": "pw", "tags": ""})
        said = check(vhost, "--user", vhost.user).expect(8, "it has none in this vhost")
        assert bad(said) == {("permissions", vhost.user): "missing"}, said.out
        rights = dict.fromkeys(EVERYTHING, LEAST)
        login = {"queue": "chat.channels.n1", "user": vhost.user, "password": "pw"}
        api("PUT", f"permissions/{name}/{q(vhost.user)}", rights)
        check(vhost, "--user", vhost.user).expect(0)
        with node_in(vhost, **login) as node:
            assert say(node)
        for lacking in rights:
            for without in ("^groups$", r"^chat\.channels\."):
                api("PUT", f"permissions/{name}/{q(vhost.user)}", {**rights, lacking: without})
                said = check(vhost, "--user", vhost.user).expect(8, f"may not: {lacking} ")
                assert bad(said) == {("permissions", vhost.user): "differs"}, said.out
                try:
                    with node_in(vhost, **login) as node:
                        say(node)
                    raise AssertionError(f"a node needs no right to {lacking} beyond {without}")
                except pika.exceptions.ChannelClosedByBroker as error:
                    assert error.reply_code == 403, error


def nothing_is_changed():
    with made(Vhost()) as vhost:
        api("PUT", f"exchanges/{q(vhost.name)}/groups", {"type": "fanout", "durable": True})
        before = api("GET", f"definitions/{q(vhost.name)}")
        check(vhost).expect(8)
        assert api("GET", f"definitions/{q(vhost.name)}") == before


CASES = (
    a_vhost_that_nobody_used_yet_is_fine,
    nodes_that_run_are_counted_with_their_rooms,
    a_durable_exchange_is_named_and_is_what_stops_a_node,
    a_full_queue_is_told_and_refuses_messages,
    a_queue_from_which_nobody_takes_is_told,
    policies_are_told_where_they_change_something,
    a_policy_that_changes_nothing_is_no_difference,
    a_user_needs_what_a_node_does,
    nothing_is_changed,
)


def main():
    chosen = sys.argv[1:]
    for case in CASES:
        if chosen and case.__name__ not in chosen:
            continue
        case()
        print("ok ", case.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main()
