#!/usr/bin/env python3
"""scripts/rabbitmq: a node that is killed comes back with its data, and nothing stays behind."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from rabbit import SCRIPT, Rabbit, quoted
from with_broker import variables


def script(*arguments, code=0):
    done = subprocess.run([sys.executable, SCRIPT, *arguments], check=False, timeout=240, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == code, (arguments, done.returncode, done.stdout)
    return done.stdout


def listens(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def wait_until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def it_goes_also_when_its_directory_was_removed():
    temporary = tempfile.mkdtemp()
    owner = subprocess.Popen(["sleep", "500"])
    try:
        script("start", "--dir", temporary, "--port", "0", "--until-end-of", str(owner.pid))
        rabbit = Rabbit(variables(temporary))
        (pathlib.Path(temporary) / "state.json").unlink()
        wait_until(lambda: not listens(rabbit.amqp[0]), "it goes with its directory")
        print("ok  it goes with its directory")
    finally:
        owner.kill()
        owner.wait()
        shutil.rmtree(temporary, ignore_errors=True)


def a_node_that_stumbled_over_the_start_of_another_is_started_again():
    loader = importlib.machinery.SourceFileLoader("scripts_rabbitmq", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)

    class Ended:
        def pid(self):
            return None

    class Node(module.Node):
        def __init__(self, log, succeeds_at):
            self.name, self.log, self.process = "n1", log, Ended()
            self.starts, self.succeeds_at = 0, succeeds_at
            self.start()

        def start(self):
            self.starts += 1
            stumbled = b"exited with reason: {{incompatible_feature_flags,{badrpc,{'EXIT'"
            self.log.write_bytes(module.STARTED if self.starts == self.succeeds_at else stumbled)

    with tempfile.TemporaryDirectory() as temporary:
        log = pathlib.Path(temporary) / "log"
        node = Node(log, succeeds_at=3)
        node.wait_until_ready()
        assert node.starts == 3, node.starts
        node = Node(log, succeeds_at=100)
        try:
            node.wait_until_ready()
        except module.Failed as failed:
            assert "incompatible_feature_flags" in str(failed), failed
            assert node.starts == module.MOST_STARTS, node.starts
        else:
            raise AssertionError("it must give up")
    print("ok  a node that stumbled is started again, but not for ever")


def main():
    a_node_that_stumbled_over_the_start_of_another_is_started_again()
    it_goes_also_when_its_directory_was_removed()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "broker"
        foreign = pathlib.Path(temporary) / "broker" / "notes.txt"
        owner = subprocess.Popen(["sleep", "500"])
        try:
            assert "nothing was started" in script("status", "--dir", folder, code=1)
            script("start", "--dir", folder, "--port", "0", "--until-end-of", str(owner.pid))
            foreign.write_text("not ours", encoding="ascii")
            rabbit = Rabbit(variables(folder))
            again = script("start", "--dir", folder)
            assert f":{rabbit.amqp[0][1]} " in again, again
            assert "another --dir" in script("start", "--dir", folder, "--nodes", "3", code=1)
            in_use = str(rabbit.amqp[0][1])
            other = script("start", "--dir", f"{folder}2", "--port", in_use, code=1)
            assert f"port {in_use} is in use" in other, other

            rabbit.make_vhost("kept")
            rabbit.api("PUT", f"queues/{quoted('kept')}/q", {"durable": True})
            rabbit.control("n1", "eval", "mnesia:dump_log().")  # RabbitMQ writes it a little later by itself
            rabbit.kill("n1")
            assert "does not run" in script("status", "--dir", folder, code=1)
            assert not listens(rabbit.amqp[0])
            rabbit.start()
            found = rabbit.queues("kept")
            assert found == ["q"], f"a durable queue is there after kill -9: {found}"
            rabbit.restart("n1")
            assert rabbit.queues("kept") == ["q"], "and after another one"
            rabbit.memory_alarm(True)
            rabbit.memory_alarm(False)
            print("ok  killed, restarted, alarmed")
        except BaseException:
            script("stop", "--remove", "--dir", folder)
            raise
        finally:
            owner.kill()
            owner.wait()
        wait_until(lambda: os.listdir(folder) == ["notes.txt"], "it goes with its owner, and what is not ours stays")
        wait_until(lambda: not listens(rabbit.amqp[0]) and not listens(rabbit.management[0]),
                   "its ports are free again")
        print("ok  nothing stays behind but what is not ours")


main()
