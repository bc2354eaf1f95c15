import { expect, test } from 'vitest';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { faultsOf } from './history-check.ts';
import { KoubouProcess, setupInstallation } from './koubou-process.ts';

/** Files may not grow beyond 1 MiB, and that is an error instead of a signal: what a full disk is to a program. */
const smallDisk = "trap '' XFSZ; ulimit -f 2048";

async function delegate(
  url: string,
): Promise<{ status: number; id: string | undefined; code: string | undefined }> {
  const body = JSON.stringify({ prompt: 'x'.repeat(20_000) });
  const response = await fetch(`${url}/task/delegate`, { method: 'POST', body });
  const answer = (await response.json()) as { task_id?: string; error?: { code: string } };
  return { status: response.status, id: answer.task_id, code: answer.error?.code };
}

test('on a full disk the server refuses with 503 and lives; what it had acknowledged is there afterwards', async () => {
  const ollama = await startFakeOllama({ mode: 'hang' });
  onDisposal(() => ollama.close());
  const installation = setupInstallation({ ollamaUrl: ollama.url });
  const cramped = await KoubouProcess.start(installation, smallDisk);
  const acknowledged: string[] = [];
  let refused = 0;
  const readiness: unknown[] = [];
  while (refused < 5) {
    const { status, id, code } = await delegate(cramped.url);
    if (id !== undefined) acknowledged.push(id);
    else {
      expect([status, code]).toEqual([503, 'SERVER_ERROR']);
      refused += 1;
      // It tries again by itself, and what is smaller may fit: for that moment it is ready.
      readiness.push(await (await fetch(`${cramped.url}/readyz`)).json());
    }
    expect(acknowledged.length).toBeLessThan(1_000);
  }
  expect(acknowledged.length).toBeGreaterThan(5);
  expect(readiness).toContainEqual(
    expect.objectContaining({ ready: false, reasons: [expect.stringMatching(/disk/)] }),
  );
  await cramped.kill();

  ollama.mode = 'ok';
  const roomy = await KoubouProcess.start(installation);
  const found = await Promise.all(
    acknowledged.map(async (id) => (await fetch(`${roomy.url}/task/${id}`)).status),
  );
  expect(found.filter((status) => status !== 200)).toEqual([]);
  await roomy.terminate();
  expect(faultsOf(installation.home)).toEqual([]);
});
