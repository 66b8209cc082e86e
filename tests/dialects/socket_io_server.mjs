// What docs/bench.md asks of a Socket.IO server, with npm's socket.io. A member is let in once it has answered
// a ping, so that a dialect that does not is noticed; nobody is let into the room "full".

import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../perf/', import.meta.url));
const { Server } = require('socket.io');

const http = createServer();
const io = new Server(http, { serveClient: false, transports: ['websocket'], pingInterval: 50 });

io.on('connection', (socket) => {
  let room;
  const pinged = new Promise((resolve) => {
    socket.conn.on('packet', ({ type }) => {
      if (type === 'pong') resolve();
    });
  });

  socket.on('join', async (wanted, done) => {
    if (wanted === 'full') return done({ error: 'the room is full' });
    await pinged;
    room = wanted;
    await socket.join(room);
    done();
  });
  socket.on('message', (text) => io.to(room).emit('message', text));
});

http.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});

process.on('SIGTERM', () => process.exit(0));
