#!/usr/bin/env python3
"""The broker of the fixture: each test has a vhost of its own in it, which is gone behind."""

import os

from rabbit import Rabbit, Refused, quoted


def a_vhost_is_there_and_then_gone():
    rabbit = Rabbit()
    with rabbit.vhost("fixture é/x") as vhost:
        rabbit.api("PUT", f"queues/{quoted(vhost)}/q", {"durable": True})
        assert rabbit.queues(vhost) == ["q"], rabbit.queues(vhost)
        with rabbit.vhost() as other:
            assert rabbit.queues(other) == [], "vhosts know nothing of each other"
    try:
        rabbit.queues(vhost)
    except Refused as refused:
        assert "404" in str(refused), refused
    else:
        raise AssertionError("the vhost is still there")


def a_user_has_what_it_was_permitted():
    rabbit = Rabbit()
    with rabbit.vhost() as vhost:
        rabbit.make_user(vhost, "secret")
        try:
            rabbit.permit(vhost, vhost, configure="^chat")
            permissions = rabbit.api("GET", f"users/{vhost}/permissions")
            assert [p["configure"] for p in permissions] == ["^chat"], permissions
            rabbit.forbid(vhost, vhost)
            assert rabbit.api("GET", f"users/{vhost}/permissions") == []
        finally:
            rabbit.delete_user(vhost)


def the_environment_says_where_it_is():
    for name, scheme in (("AMQP", "amqp://guest@127.0.0.1:"), ("API", "http://guest@127.0.0.1:")):
        value = os.environ[f"CHAT_TEST_RABBITMQ_{name}"]
        assert value.startswith(scheme) and value[len(scheme):].isdigit(), value


for case in (a_vhost_is_there_and_then_gone, a_user_has_what_it_was_permitted,
             the_environment_says_where_it_is):
    case()
    print("ok ", case.__name__.replace("_", " "))
