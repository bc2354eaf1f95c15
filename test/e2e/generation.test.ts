import { expect, test } from 'vitest';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { realInferenceSetupTimeoutMs, startRealOllama } from '../support/real-inference-setup.ts';
import { until } from '../support/until.ts';
import { KoubouProcess, setupInstallation } from './koubou-process.ts';

async function delegate(url: string, body: object): Promise<Record<string, unknown> & { task_id: string }> {
  const response = await fetch(`${url}/task/delegate`, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as Record<string, unknown> & { task_id: string };
}

test('a prompt is answered by real inference, and its tokens are counted', {
  timeout: realInferenceSetupTimeoutMs,
}, async () => {
  const ollama = await startRealOllama();
  onDisposal(() => ollama.close());
  const koubou = await KoubouProcess.start(setupInstallation({ ollamaUrl: ollama.url, model: ollama.model }));
  const options = { temperature: 0, seed: 7, num_predict: 16 };
  const task = await delegate(koubou.url, { prompt: 'the worker said', sync: true, options });
  expect(task).toMatchObject({ status: 'completed', success: true, worker_id: 'local_001' });
  expect(String(task['output']).trim().length).toBeGreaterThan(0);
  expect(task).toMatchObject({
    result: { usage: { model: expect.stringContaining('tiny'), output_tokens: 16 } },
  });
  const events = await (await fetch(`${koubou.url}/task/${task.task_id}/events`)).text();
  expect(events).toContain('event: task.completed');
});

test('cancelling stops real inference: the count of tokens stands still', {
  timeout: realInferenceSetupTimeoutMs,
}, async () => {
  const ollama = await startRealOllama({ delayMs: 10 });
  onDisposal(() => ollama.close());
  const koubou = await KoubouProcess.start(setupInstallation({ ollamaUrl: ollama.url, model: ollama.model }));
  const { task_id } = await delegate(koubou.url, {
    prompt: 'tell',
    options: { num_predict: 400, num_ctx: 2_048 },
  });
  await ollama.next('started');
  const aborted = ollama.next('aborted');
  const cancelledMs = performance.now();
  const response = await fetch(`${koubou.url}/task/${task_id}`, { method: 'DELETE' });
  expect(await response.json()).toEqual({ task_id, status: 'cancelled' });
  expect(await aborted).toMatchObject({ event: 'aborted' });
  expect(performance.now() - cancelledMs).toBeLessThan(1_000);
});

test('cancelling closes the connection to the backend within a second, also before its first byte', async () => {
  const ollama = await startFakeOllama({ mode: 'hang' });
  onDisposal(() => ollama.close());
  const koubou = await KoubouProcess.start(setupInstallation({ ollamaUrl: ollama.url }));
  const { task_id } = await delegate(koubou.url, { prompt: 'p' });
  await until(() => expect(ollama.openGenerations).toBe(1));
  const cancelledMs = performance.now();
  await fetch(`${koubou.url}/task/${task_id}`, { method: 'DELETE' });
  await until(() => expect(ollama.disconnectsMs).toHaveLength(1));
  expect((ollama.disconnectsMs[0] as number) - cancelledMs).toBeLessThan(1_000);
});

test('while its server is gone a task waits and uses up no tries, and it is done when the server is back', async () => {
  const ollama = await startFakeOllama({ mode: 'hang' });
  const { port } = new URL(ollama.url);
  const koubou = await KoubouProcess.start(setupInstallation({ ollamaUrl: ollama.url }));
  const { task_id } = await delegate(koubou.url, { prompt: 'p', options: { retry_count: 1 } });
  const task = async () => (await fetch(`${koubou.url}/task/${task_id}`)).json();
  await until(() => expect(ollama.openGenerations).toBe(1));
  await ollama.close();
  await until(async () => {
    const { workers } = (await (await fetch(`${koubou.url}/workers/status`)).json()) as { workers: object[] };
    expect(workers).toMatchObject([{ liveness: 'suspect' }]);
    expect(await task()).toMatchObject({ status: 'pending', failures: 1 });
  });
  const back = await startFakeOllama({ port: Number(port) });
  onDisposal(() => back.close());
  await until(async () =>
    expect(await task()).toMatchObject({ status: 'completed', failures: 1, attempts: 2 }),
  );
});
