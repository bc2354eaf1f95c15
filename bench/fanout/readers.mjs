/**
 * Clients of the fan-out, in a process of their own: sockets that shake hands, say what they want, and count the bytes that
 * come. They parse nothing, so that the sender is what is measured.
 */
import { connect } from 'node:net';

/** Masked, as a client's frames must be; a mask of zeros changes nothing. */
function clientFrame(text) {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function open(port, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const lines = [
        'GET / HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
      ];
      lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', '');
      socket.write(lines.join('\r\n'));
    });
    socket.once('error', reject);
    socket.once('data', () => {
      if (command !== undefined) socket.write(clientFrame(command));
      resolve(socket);
    });
  });
}

let bytes = 0;
let lost = 0;
const sockets = [];

process.on('message', async ({ call, port, count, command }) => {
  if (call === 'open') {
    for (let at = 0; at < count; at += 1) {
      const socket = await open(port, command);
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      socket.on('close', () => {
        lost += 1;
      });
      sockets.push(socket);
    }
    process.send({ opened: count });
  }
  if (call === 'count') process.send({ bytes, lost });
  if (call === 'close') process.exit(0);
});
