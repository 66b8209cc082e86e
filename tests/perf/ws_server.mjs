// The chat server as one writes it with the `ws` package: for each message, for each client of the
// room, send. A baseline for scripts/bench.

import { WebSocketServer } from 'ws';

const rooms = new Map();

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096 });

server.on('connection', (socket, request) => {
  const room = request.url;
  if (!rooms.has(room)) rooms.set(room, new Set());
  const members = rooms.get(room);
  members.add(socket);

  socket.on('message', (data) => {
    const text = data.toString();
    for (const member of members) member.send(text);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    members.delete(socket);
    if (members.size === 0) rooms.delete(room);
  });
});

server.on('listening', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});

process.on('SIGTERM', () => process.exit(0));
