"""A node of Django Channels, as far as RabbitMQ sees it (python3-pika, python3-msgpack): what channels_rabbitmq does with
the exchange `groups`, and no code of it. One event loop, that of the test.

    async with DjangoNode(rabbit, vhost) as django:
        await django.join("lobby")
        await django.say("lobby", "hi")
        await django.hear("lobby", 1)   # its own
"""

import asyncio
import collections
import contextlib
import random
import string

import msgpack
import pika
from pika.adapters.asyncio_connection import AsyncioConnection

from chat_server import soon

EXCHANGE = "groups"
ARGUMENTS = {"x-max-length": 100, "x-overflow": "reject-publish", "x-message-ttl": 60000}
PREFETCH = 10
BETWEEN_TRIES = 0.2  # seconds


def group_of(room):
    return f"chat_{room}"


def body_of(room, value, **more):
    return msgpack.packb({"type": "chat_message", "message": value, "__asgi_group__": group_of(room), **more})


class DjangoNode:
    """`is_reading`: takes from its queue from the start; else behind read(). `on_event` is given each as it comes."""

    pack = staticmethod(msgpack.packb)

    def __init__(self, rabbit, vhost, is_reading=True, on_event=None):
        host, port = rabbit.amqp[0]
        self.parameters = pika.ConnectionParameters(host, port, vhost)
        self.queue = "channels_" + "".join(random.choices(string.ascii_letters, k=12))
        self.is_reading = is_reading
        self.on_event = on_event
        self.rooms = []
        self.heard = collections.defaultdict(list)  # by room: what a consumer is given as event["message"]
        self.events = []                            # whole
        self.news = asyncio.Event()
        self.is_up = asyncio.Event()
        self.channel = None

    async def __aenter__(self):
        self.task = asyncio.create_task(self._run())
        await soon(self.is_up.wait())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    # ---- what a node does

    async def join(self, *rooms):
        for room in rooms:
            self.rooms.append(room)
            await self._bind(room)

    async def leave(self, room):
        self.rooms.remove(room)
        await self._call(self.channel.queue_unbind, self.queue, EXCHANGE, group_of(room))

    async def say(self, room, value):
        """False when RabbitMQ says that not every queue took it."""
        return await self.put(body_of(room, value), group_of(room))

    async def put(self, body, key):
        """Any bytes, to the exchange."""
        self.published += 1
        answer = self.confirms[self.published] = asyncio.get_running_loop().create_future()
        self.channel.basic_publish(EXCHANGE, key, body)
        return await soon(answer)

    async def read(self):
        """From now on."""
        self.is_reading = True
        await self._call(self.channel.basic_consume, self.queue, self._take)

    async def hear(self, room, count):
        """What members of the room have been told since the start, as soon as it is `count` values."""
        async def look():
            while len(self.heard[room]) < count:
                self.news.clear()
                await self.news.wait()
        try:
            await soon(look())
        except asyncio.TimeoutError:
            raise AssertionError(f"{len(self.heard[room])} of {count} came to {room}: "
                                 f"{self.heard[room][-3:]}") from None
        return self.heard[room]

    # ---- how

    async def _run(self):
        while True:
            with contextlib.suppress(pika.exceptions.AMQPError):
                await self._connected()
            self.is_up.clear()
            await asyncio.sleep(BETWEEN_TRIES)

    async def _connected(self):
        """Comes back when the connection has ended."""
        loop = asyncio.get_running_loop()
        opened, self.closed = loop.create_future(), loop.create_future()

        def over(_, error):
            for future in (opened, self.closed):
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # it is looked at
        connection = AsyncioConnection(
            self.parameters, custom_ioloop=loop, on_open_callback=opened.set_result,
            on_open_error_callback=over, on_close_callback=over)
        try:
            await opened
            await self._set_up(connection)
            self.is_up.set()
            await self.closed
        finally:
            if connection.is_open:
                connection.close()
                with contextlib.suppress(pika.exceptions.AMQPError):
                    await soon(self.closed)

    async def _set_up(self, connection):
        self.published, self.confirms = 0, {}
        channel = self.channel = await self._answer(
            lambda callback: connection.channel(on_open_callback=callback))
        channel.add_on_close_callback(self._channel_closed)
        await self._call(channel.confirm_delivery, self._confirmed)
        await self._call(channel.exchange_declare, EXCHANGE, "direct")
        await self._call(channel.queue_declare, self.queue, exclusive=True, arguments=ARGUMENTS)
        for room in self.rooms:
            await self._bind(room)
        await self._call(channel.basic_qos, prefetch_count=PREFETCH)
        if self.is_reading:
            await self.read()

    def _channel_closed(self, channel, error):
        if channel.connection.is_open:
            channel.connection.close()

    async def _bind(self, room):
        await self._call(self.channel.queue_bind, self.queue, EXCHANGE, group_of(room))

    async def _call(self, method, *arguments, **options):
        return await self._answer(lambda callback: method(*arguments, callback=callback, **options))

    async def _answer(self, call):
        """What `call` gives to the callback that it is given; the connection's error when it ends before."""
        answer = asyncio.get_running_loop().create_future()
        call(lambda result: answer.done() or answer.set_result(result))
        await soon(asyncio.wait({answer, self.closed}, return_when=asyncio.FIRST_COMPLETED))
        return answer.result() if answer.done() else self.closed.result()

    def _confirmed(self, frame):
        method = frame.method
        for tag in [t for t in self.confirms if t == method.delivery_tag or
                    method.multiple and t < method.delivery_tag]:
            self.confirms.pop(tag).set_result(isinstance(method, pika.spec.Basic.Ack))

    def _take(self, channel, delivery, _, body):
        event = msgpack.unpackb(body, raw=False)
        self.events.append(event)
        assert event["type"] == "chat_message", event
        self.heard[event["__asgi_group__"][len("chat_"):]].append(event["message"])
        if self.on_event:
            self.on_event(event)
        channel.basic_ack(delivery.delivery_tag)
        self.news.set()
