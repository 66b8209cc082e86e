"""Rooms on Django Channels as a tutorial has them, in one process: /ws/ROOM/, {"message": …} to all of a room."""

import json

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for a test on the loopback",
    ALLOWED_HOSTS=["127.0.0.1"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402


class Room(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = "room_" + self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        event = {"type": "room.message", "message": json.loads(text_data)["message"]}
        await self.channel_layer.group_send(self.group, event)

    async def room_message(self, event):
        await self.send(text_data=json.dumps({"message": event["message"]}))


application = ProtocolTypeRouter(
    {"websocket": URLRouter([re_path(r"^ws/(?P<room>\w+)/$", Room.as_asgi())])}
)
