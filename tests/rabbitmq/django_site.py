"""A site on Django Channels for daphne: /ws/ROOM/ as the tutorial's consumer has it, on a layer that is a DjangoNode.

Its environment: DJANGO_SITE_BROKER, "HOST PORT VHOST".
"""

import asyncio
import collections
import json
import os
import pathlib
import secrets
import sys
import types

sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import django  # noqa: E402
from channels.layers import BaseChannelLayer  # noqa: E402
from django.conf import settings  # noqa: E402
from django_node import DjangoNode  # noqa: E402


class Layer(BaseChannelLayer):
    """Groups over the exchange, as channels_rabbitmq has them; messages to one channel only within the process."""

    extensions = ["groups"]

    def __init__(self, **options):
        super().__init__(**options)
        host, port, vhost = os.environ["DJANGO_SITE_BROKER"].split(" ")
        self.node = DjangoNode(types.SimpleNamespace(amqp=[(host, int(port))]), vhost, on_event=self._spread)
        self.starting = None
        self.queues = collections.defaultdict(asyncio.Queue)
        self.members = collections.defaultdict(set)

    async def _ready(self):
        """It connects when it is used first, on the loop that it is used on."""
        if self.starting is None:
            self.starting = asyncio.ensure_future(self.node.__aenter__())
        await self.starting

    def _spread(self, event):
        event = dict(event)
        for channel in self.members[event.pop("__asgi_group__")]:
            self.queues[channel].put_nowait(event)

    async def new_channel(self, prefix="specific"):
        return f"{prefix}!{secrets.token_hex(8)}"

    async def send(self, channel, message):
        await self.queues[channel].put(message)

    async def receive(self, channel):
        return await self.queues[channel].get()

    async def group_add(self, group, channel):
        await self._ready()
        self.members[group].add(channel)
        if len(self.members[group]) == 1:
            await self.node.join(group[len("chat_"):])

    async def group_discard(self, group, channel):
        self.members[group].discard(channel)
        if not self.members[group]:
            await self.node.leave(group[len("chat_"):])

    async def group_send(self, group, message):
        await self.node.put(self.node.pack({**message, "__asgi_group__": group}), group)


settings.configure(
    SECRET_KEY="for a test on the loopback",
    ALLOWED_HOSTS=["127.0.0.1"],
    CHANNEL_LAYERS={"default": {"BACKEND": f"{__name__}.Layer"}},
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402


class Room(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = "chat_" + self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        event = {"type": "chat_message", "message": json.loads(text_data)["message"]}
        await self.channel_layer.group_send(self.group, event)

    async def chat_message(self, event):
        await self.send(text_data=json.dumps({"message": event["message"]}))


application = ProtocolTypeRouter({"websocket": URLRouter([re_path(r"^ws/(?P<room>\w+)/$", Room.as_asgi())])})
