"""The workloads of `scripts/bench`, and what is promised of each."""

import dataclasses

from .generator import (
    ACKED, CONNECT_CPU, CONNECTS, CPU, MEMORY, P50, P99, THROUGHPUT, Load, Metric, load, words,
)
from .tables import number


@dataclasses.dataclass(frozen=True)
class Promise:
    """`server`'s metric, or its ratio to that of `against`, must and should be on the right side.
    With `over`, what counts of the metric is how much there is more than at that server."""

    metric: Metric
    must: float
    aim: float = None
    against: str = None
    server: str = "chat"
    at_least: bool = False
    over: str = None

    @property
    def servers(self):
        return [each for each in (self.server, self.against, self.over) if each]

    @property
    def what(self):
        text = self.metric.title + (f", {self.server}" if self.server != "chat" else "")
        return f"{text}, beyond that of {self.over}" if self.over else text

    def holds(self, value, bound):
        return value >= bound if self.at_least else value <= bound

    def bound_text(self, bound):
        if bound is None:
            return "–"
        sign = "≥" if self.at_least else "≤"
        if self.against:
            return f"{sign} {number(bound)} × {self.against}"
        return f"{sign} {number(bound)} {self.metric.unit}"


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    servers: tuple
    load: Load
    metrics: tuple
    promises: tuple = ()
    # Of a server that is asked in another way than the rest; RabbitMQ's bare loop is told words.
    load_of: dict = dataclasses.field(default_factory=dict)

    def asked_of(self, server):
        return self.load_of.get(server, self.load)


PLAIN = " --dialect plain"
V1_IDLE = "idle --rooms 1000 --members 10"
LOOP_LATENCY = words("--mode latency --rate 100")
# As many streams as chat has partitions, and one unconfirmed message in each, as of one node of it.
LOOP_RATE = words("--mode rate --streams 16")
ALL = ("chat", "chat-data", "raw", "coalesced", "ws")

WORKLOADS = (
    Workload(
        "room",
        "1 room × 500, 100 messages/s of 100 B",
        ALL,
        load("fanout --rooms 1 --members 500 --senders 10 --rate 100/s" + PLAIN),
        (CPU, P50, P99),
        (
            Promise(CPU, 1.15, 1.0, "raw"),
            Promise(CPU, 0.6, None, "ws"),
            Promise(CPU, 1.1, 1.0, "chat", server="chat-data"),
        ),
    ),
    Workload(
        "saturated",
        "1 room × 500, 64 messages outstanding",
        ALL,
        load("fanout --rooms 1 --members 500 --senders 8 --saturate 64" + PLAIN),
        (CPU, THROUGHPUT, P99),
        (
            Promise(THROUGHPUT, 20, None, "raw", at_least=True),
            Promise(CPU, 2.0, 1.2, "coalesced"),
            Promise(CPU, 1.1, 1.0, "chat", server="chat-data"),
        ),
    ),
    Workload(
        "rooms",
        "500 rooms × 4, 5,000 messages/s",
        ALL,
        load("fanout --rooms 500 --members 4 --senders 4 --rate 5000/s" + PLAIN),
        (CPU, P50, P99),
        (
            Promise(CPU, 1.3, 1.0, "raw"),
            Promise(CPU, 1.1, 1.0, "chat", server="chat-data"),
        ),
    ),
    Workload(
        "idle",
        "10,000 idle members in 1,000 rooms (chat: chat.v1 with a client id each)",
        ("chat", "raw", "ws"),
        load("idle --rooms 1000 --members 10" + PLAIN),
        (MEMORY,),
        (Promise(MEMORY, 2048, 1024),),
        {"chat": load(V1_IDLE)},
    ),
    Workload(
        "idle-spoken",
        "the same after each member has said 100 B (its counters and the history are kept)",
        ("chat", "raw", "ws"),
        load("idle --rooms 1000 --members 10 --speak" + PLAIN),
        (MEMORY,),
        (),
        {"chat": load(V1_IDLE + " --speak")},
    ),
    Workload(
        "big-room",
        "1 room × 10,000, 10 messages/s",
        ("chat", "raw", "ws"),
        load("fanout --rooms 1 --members 10000 --senders 10 --rate 10/s" + PLAIN),
        (P50, P99, CPU),
        (Promise(P99, 1.3, 1.0, "raw"),),
    ),
    Workload(
        "storm",
        "10,000 connections as fast as they are taken",
        ("chat", "raw", "ws"),
        load("storm --rooms 1000 --members 10" + PLAIN),
        (CONNECTS, CONNECT_CPU),
        (Promise(CONNECTS, 0.7, 1.0, "raw", at_least=True),),
    ),
    Workload(
        "data-1",
        "1 room × 1, 200 messages outstanding, chat.v1, on disk",
        ("chat-data", "chat"),
        load("fanout --rooms 1 --members 1 --senders 1 --saturate 200"),
        (ACKED, P50, P99, CPU),
        (Promise(ACKED, 20_000, server="chat-data", at_least=True),),
    ),
    Workload(
        "data-50",
        "50 rooms × 2, 1,000 messages outstanding, chat.v1, on disk",
        ("chat-data", "chat"),
        load("fanout --rooms 50 --members 2 --senders 2 --saturate 1000"),
        (ACKED, P50, P99, CPU),
        (Promise(ACKED, 20_000, server="chat-data", at_least=True),),
    ),
    Workload(
        "amqp-room",
        "two nodes: 1 room × 500 on both, 100 messages/s of 100 B",
        ("chat", "chat-amqp", "rabbitmq"),
        load("fanout --rooms 1 --members 500 --senders 10 --rate 100/s" + PLAIN),
        (CPU, P50, P99),
        (
            Promise(P50, 3, None, "rabbitmq", server="chat-amqp", over="chat"),
            Promise(CPU, 1.2, 1.0, "chat", server="chat-amqp"),
        ),
        {"rabbitmq": LOOP_LATENCY},
    ),
    Workload(
        "amqp-saturated",
        "two nodes: 200 rooms × 2 on both, 8,000 messages of 100 B outstanding, chat.v1",
        ("chat-amqp", "rabbitmq"),
        load("fanout --rooms 200 --members 2 --senders 2 --saturate 8000"),
        (ACKED, THROUGHPUT, P50, P99, CPU),
        (Promise(ACKED, 8, None, "rabbitmq", server="chat-amqp", at_least=True),),
        {"rabbitmq": LOOP_RATE},
    ),
)
NEEDS_RABBITMQ = ("chat-amqp", "rabbitmq")
