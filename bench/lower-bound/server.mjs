import { createServer } from 'node:http';

/** @import { LowerBound, Task } from './queue.mjs' */

/**
 * `POST /task/delegate` with `sync: true`, and nothing else: answers when the task has ended.
 *
 * @param {LowerBound} queue
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveLowerBound(queue) {
  /** @type {Map<string, (task: Task) => void>} */
  const waiting = new Map();
  queue.onEnded((task) => {
    waiting.get(task.id)?.(task);
    waiting.delete(task.id);
  });

  const delegate = async (body) => {
    const { prompt, type = 'general', priority = 5 } = JSON.parse(body);
    if (typeof prompt !== 'string' || prompt === '') throw new TypeError('prompt is missing');
    const [id] = await queue.delegate([{ prompt, type, priority }]);
    return new Promise((resolve) => waiting.set(id, resolve));
  };

  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      delegate(Buffer.concat(chunks).toString()).then(
        (task) => answer(response, 200, viewOf(task)),
        (error) => answer(response, 400, { error: error.message }),
      );
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** @param {Task} task */
function viewOf({ id, type, priority, prompt, lease, output }) {
  return {
    task_id: id,
    status: 'completed',
    type,
    priority,
    prompt,
    assignment_id: lease,
    success: true,
    output,
  };
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
