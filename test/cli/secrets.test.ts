import { pino } from 'pino';
import { expect, test } from 'vitest';
import { withoutSecrets } from '../../src/log/secrets.ts';

const secret = 'hush-4711';

function logged(details: object, message = 'a line'): string {
  const lines: string[] = [];
  const logger = pino(
    { serializers: { err: pino.stdSerializers.err }, hooks: { streamWrite: withoutSecrets } },
    { write: (line: string) => void lines.push(line) },
  );
  logger.info(details, message);
  return lines.join('');
}

test.each([
  [{ token: secret }],
  [{ api_token: secret }],
  [{ worker_auth_token: secret }],
  [{ authorization: secret }],
  [{ headers: { Authorization: `Bearer ${secret}` } }],
  [{ a: { b: { c: { d: { apiToken: secret } } } } }],
  [{ env: { KOUBOU_API_TOKEN: secret, WORKER_AUTH_TOKEN: secret } }],
  [{ list: [{ request: { headers: { 'X-Api-Key': secret, Cookie: secret } } }] }],
  [{ token: { value: secret } }],
  [{ err: Object.assign(new Error('refused'), { config: { headers: { authorization: secret } } }) }],
  [{ err: new Error(`fetch failed with Authorization: Bearer ${secret}`) }],
  [{ body: JSON.stringify({ token: secret }) }],
])('%j is logged without its secret', (details) => {
  const line = logged(details);
  expect(line).not.toContain(secret);
  expect(JSON.parse(line)).toMatchObject({ msg: 'a line' });
  expect(line).toContain('[Redacted]');
  expect(line.endsWith('\n')).toBe(true);
});

test('a secret in a message is taken out too', () => {
  expect(logged({}, `sent bearer ${secret}`)).not.toContain(secret);
});

test('what only resembles a secret stays: counts of tokens, and an absent one', () => {
  const details = { usage: { output_tokens: 12, promptTokens: 3 }, token: null, task_id: 'task_1' };
  expect(JSON.parse(logged(details))).toMatchObject(details);
});

test('a line that is not JSON loses its credentials as well', () => {
  expect(withoutSecrets(`cut {"token":"${secret}"} Bearer ${secret}`)).not.toContain(secret);
});
