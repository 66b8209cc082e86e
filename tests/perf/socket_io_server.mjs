// What docs/bench.md asks of a Socket.IO server, as one writes it with the `socket.io` package. Measured by
// scripts/bench peers.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { serveClient: false, transports: ['websocket'] });

io.on('connection', (socket) => {
  let room;
  socket.on('join', async (wanted, done) => {
    room = wanted;
    await socket.join(room);
    done();
  });
  socket.on('message', (text) => io.to(room).emit('message', text));
});

http.listen(0, '127.0.0.1', 4096, () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});

process.on('SIGTERM', () => process.exit(0));
