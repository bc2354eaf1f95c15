/**
 * A server that speaks as much of the OpenAI API as a worker asks for, and fails now and then:
 * `node bench/soak/backend.mjs <port>`.
 */
import { createServer } from 'node:http';

/** Until it answers, in ms: short, so that the pool is what is loaded. */
const answerMs = 5;
/** Of its answers, these parts are an error 500, end in the middle, or take half a second. */
const faults = { error: 0.01, cut: 0.005, slow: 0.01 };

const chunk = (content, finish_reason = null) =>
  `data: ${JSON.stringify({ model: 'soak', choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function complete(request, response) {
  for await (const _ of request); // What is asked does not matter.
  const dice = Math.random();
  await pause(dice > 1 - faults.slow ? 500 : answerMs);
  if (dice < faults.error) {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end('{"error":{"message":"on purpose"}}');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk('half of '));
  if (dice < faults.error + faults.cut) {
    response.destroy();
    return;
  }
  const usage = { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 };
  response.write(chunk('an answer', 'stop'));
  response.end(`data: ${JSON.stringify({ model: 'soak', choices: [], usage })}\n\ndata: [DONE]\n\n`);
}

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    complete(request, response).catch(() => response.destroy());
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ object: 'list', data: [{ id: 'soak', object: 'model' }] }));
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () =>
  process.send?.({ port: server.address().port }),
);
// Without a parent there is nobody to fail for.
process.on('disconnect', () => process.exit(0));
