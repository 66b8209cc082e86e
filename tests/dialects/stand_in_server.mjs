// As much of a protocol as a room needs, where the real server cannot be had for a test, and a witness in the room
// "talk": the client that the protocol's makers wrote. So both must mean the same by a frame. Tells where it listens
// once the witness is in; told to end, what the witness has heard. Who does not answer a ping is not let in, where
// the protocol has pings of the server.
//   node stand_in_server.mjs centrifugo|phoenix|pusher

import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../perf/', import.meta.url));
const { WebSocket, WebSocketServer } = require('ws');

const ROOM = 'talk';
const BYE = 'bye';
const KEY = 'the-key';
const SECRET = 'the-secret';

const rooms = new Map();

class Member {
  constructor(socket) {
    this.socket = socket;
    this.pinged = new Promise((resolve) => {
      this.answered = resolve;
    });
  }

  say(...frames) {
    this.socket.send(frames.map((frame) => JSON.stringify(frame)).join('\n'));
  }

  join(name) {
    if (!rooms.has(name)) rooms.set(name, new Set());
    rooms.get(name).add(this);
    this.socket.on('close', () => rooms.get(name).delete(this));
  }
}

function give(name, frame, publisher = null) {
  for (const member of rooms.get(name)) {
    if (member !== publisher) member.say(frame);
  }
}

const signature = (id, channel) =>
  `${KEY}:${createHmac('sha256', SECRET).update(`${id}:${channel}`).digest('hex')}`;

const centrifugo = {
  path: /^\/connection\/websocket$/,
  message: (room, text) => ({ push: { channel: room, pub: { data: { message: text } } } }),

  // The ping comes in one frame with the reply, and a publisher's message with what acknowledges it.
  async take(member, text) {
    for (const command of text.split('\n').map((line) => JSON.parse(line))) {
      const { id, connect, subscribe, publish } = command;
      if (connect) {
        const reply = { client: 'c', version: '6.0.0', ping: 25, pong: true };
        member.say({ id, connect: reply }, {});
      } else if (subscribe) {
        await member.pinged;
        member.join(subscribe.channel);
        member.say({ id, subscribe: {} });
      } else if (publish) {
        const push = { push: { channel: publish.channel, pub: { data: publish.data } } };
        give(publish.channel, push, member);
        member.say(push, { id, publish: {} });
      } else if (Object.keys(command).length === 0) {
        member.answered();
      }
    }
  },

  witness(port, hear) {
    const { Centrifuge } = require('centrifuge');
    const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
      websocket: WebSocket,
    });
    const room = client.newSubscription(ROOM);
    room.on('publication', ({ data }) => hear(data.message));
    room.subscribe();
    client.connect();
    return new Promise((resolve) => room.on('subscribed', resolve));
  },
};

const phoenix = {
  path: /^\/socket\/websocket\?vsn=2\.0\.0$/,
  message: (room, text) => [null, null, `room:${room}`, 'shout', { body: text }],

  take(member, text) {
    const [join, ref, topic, event, payload] = JSON.parse(text);
    const reply = (status, response) => [join, ref, topic, 'phx_reply', { status, response }];
    const [, room] = topic.match(/^room:(.*)$/) ?? [];
    if (event === 'heartbeat') {
      member.say(reply('ok', {}));
    } else if (!room) {
      member.say(reply('error', { reason: 'unmatched topic' }));
    } else if (event === 'phx_join') {
      member.join(room);
      member.say(reply('ok', {}));
    } else if (event === 'shout' && join) {
      give(room, [null, null, topic, event, payload]);
    }
  },

  witness(port, hear) {
    const { Socket } = require('phoenix');
    const client = new Socket(`ws://127.0.0.1:${port}/socket`, { transport: WebSocket });
    client.connect();
    const room = client.channel(`room:${ROOM}`, {});
    room.on('shout', ({ body }) => hear(body));
    return new Promise((resolve) => room.join().receive('ok', resolve));
  },
};

const pusher = {
  path: /^\/app\/the-key\?protocol=7&/,
  message: (room, text) => ({
    event: 'client-message',
    channel: `private-${room}`,
    data: { message: text },
  }),

  open(member) {
    member.id = `1.${Math.floor(Math.random() * 1e6)}`;
    const data = JSON.stringify({ socket_id: member.id, activity_timeout: 120 });
    member.say({ event: 'pusher:connection_established', data });
    member.say({ event: 'pusher:ping', data: '{}' });
  },

  async take(member, text) {
    const { event, channel, data } = JSON.parse(text);
    if (event === 'pusher:pong') member.answered();
    if (event === 'pusher:subscribe' && data.auth !== signature(member.id, data.channel)) {
      const error = { type: 'AuthError', error: 'wrong signature', status: 401 };
      member.say({ event: 'pusher:subscription_error', channel: data.channel, data: error });
    } else if (event === 'pusher:subscribe') {
      await member.pinged;
      member.join(data.channel.replace('private-', ''));
      const done = 'pusher_internal:subscription_succeeded';
      member.say({ event: done, channel: data.channel, data: '{}' });
    } else if (event.startsWith('client-')) {
      give(channel.replace('private-', ''), { event, channel, data }, member);
    }
  },

  witness(port, hear) {
    const Pusher = require('pusher-js');
    const client = new Pusher(KEY, {
      cluster: 'none',
      wsHost: '127.0.0.1',
      wsPort: port,
      forceTLS: false,
      enabledTransports: ['ws'],
      authorizer: ({ name }) => ({
        authorize: (id, done) => done(null, { auth: signature(id, name) }),
      }),
    });
    const room = client.subscribe(`private-${ROOM}`);
    room.bind('client-message', ({ message }) => hear(message));
    return new Promise((resolve) => room.bind('pusher:subscription_succeeded', resolve));
  },
};

const protocol = { centrifugo, phoenix, pusher }[process.argv[2]];
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

server.on('connection', (socket, { url }) => {
  if (!protocol.path.test(url)) return socket.close(4404, url);
  const member = new Member(socket);
  protocol.open?.(member);
  socket.on('message', (data) => protocol.take(member, data.toString()));
});

let heard = 0;

server.on('listening', async () => {
  const { port } = server.address();
  await protocol.witness(port, (text) => {
    if (text !== BYE) return (heard += 1);
    console.log(`heard ${heard}`);
    process.exit(0);
  });
  console.log(`listening on 127.0.0.1:${port}`);
});

// Behind everything else, so that the witness has heard all when it comes.
process.on('SIGTERM', () => give(ROOM, protocol.message(ROOM, BYE)));
