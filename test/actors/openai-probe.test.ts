import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openaiProbe } from '../../src/actors/openai-probe.ts';
import { type SightedModel, type Sighting, unseen } from '../../src/machines/sighting.ts';
import { type FakeOpenai, startFakeOpenai } from '../support/fake-openai.ts';
import { until } from '../support/until.ts';

const apiKey = 'sk-0123456789abcdef';

let fake: FakeOpenai;

beforeEach(async () => {
  fake = await startFakeOpenai();
});

afterEach(() => fake.close());

function probe(signal = new AbortController().signal): Promise<Sighting> {
  return openaiProbe(fake.baseUrl, apiKey)(signal);
}

function answering(body: string): (response: ServerResponse) => void {
  return (response) => response.end(body);
}

function model(name: string, contextTokensMax: number | null): SightedModel {
  return { name, sizeBytes: null, contextTokensMax };
}

describe('a probe of an OpenAI-compatible server', () => {
  test('asks for the models, with the key, over a connection that it closes', async () => {
    expect(await probe()).toEqual({ models: [model('tiny', null)], residents: null });
    expect(fake.requests).toMatchObject([
      { method: 'GET', path: '/v1/models', headers: { authorization: `Bearer ${apiKey}` } },
    ]);
    await until(() => expect(fake.openConnections).toBe(0));
  });

  test('sees the context of each model where the server tells it, in whatever way', async () => {
    const data = [
      { id: 'of-vllm', max_model_len: 32_768 },
      { id: 'of-llama.cpp', meta: { n_ctx: 4_096, n_ctx_train: 131_072 } },
      { id: 'of-a-gateway', context_length: 8_192 },
      { id: 'of-lm-studio', max_context_length: 16_384 },
      { id: 'untold', max_model_len: null, meta: null },
      { id: 'nonsense', max_model_len: 'many', context_length: -1, max_context_length: 0.5 },
      { id: 'both', max_model_len: 'many', context_length: 2_048 },
      { id: 'negative', context_length: -1 },
      { id: 'half', max_context_length: 0.5 },
    ];
    fake.models = answering(JSON.stringify({ object: 'list', data }));
    expect((await probe()).models).toEqual([
      model('of-vllm', 32_768),
      model('of-llama.cpp', 131_072),
      model('of-a-gateway', 8_192),
      model('of-lm-studio', 16_384),
      model('untold', null),
      model('nonsense', null),
      model('both', 2_048),
      model('negative', null),
      model('half', null),
    ]);
  });

  test('passes over what is no model', async () => {
    fake.models = answering(
      JSON.stringify({ data: [null, 7, 'tiny', {}, { id: 7 }, { id: '' }, { id: 'tiny' }] }),
    );
    expect((await probe()).models).toEqual([model('tiny', null)]);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '<html>It works!</html>'],
    ['bytes that are no text', '\xff\xfe'],
    ['an array', '[{"id":"tiny"}]'],
    ['an object without a list', '{"data":{"id":"tiny"}}'],
    ['JSON that is cut', '{"data":[{"id":"ti'],
  ])('takes an answer of %s for a sign of life that shows nothing', async (_what, body) => {
    fake.models = (response) => response.end(Buffer.from(body, 'latin1'));
    expect(await probe()).toEqual(unseen);
  });

  test('takes an answer whose connection breaks for a sign of life that shows nothing', async () => {
    fake.models = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":[', () => response.socket?.resetAndDestroy());
    };
    expect(await probe()).toEqual(unseen);
  });

  test('reads 1 MiB of an answer without end, and leaves', async () => {
    let bytesSent = 0;
    fake.models = (response) => {
      const piece = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        bytesSent += piece.length;
        if (!response.destroyed) response.write(piece, more);
      };
      more();
    };
    expect(await probe()).toEqual(unseen);
    await until(() => expect(fake.openConnections).toBe(0));
    expect(bytesSent).toBeGreaterThan(1024 * 1024);
    expect(bytesSent).toBeLessThan(16 * 1024 * 1024);
  });

  test.each([
    [401, "check the worker's API key"],
    [403, "check the worker's API key"],
    [404, 'does its base URL end'],
    [500, 'answers 500 to a probe'],
    [503, 'answers 503 to a probe'],
    [302, 'answers 302 to a probe'],
  ])('finds no life in a %d, and says what it was', async (status, words) => {
    fake.models = (response) => response.writeHead(status, { location: '/' }).end(apiKey);
    const reason = await probe().catch((error: unknown) => String(error));
    expect(reason).toContain(words);
    expect(reason).toContain(String(status));
    expect(reason).not.toContain(apiKey);
    await until(() => expect(fake.openConnections).toBe(0));
  });

  test('does not wait for the end of what it does not read', async () => {
    fake.models = (response) => response.writeHead(500).write('and so on');
    await expect(probe()).rejects.toThrow('answers 500');
    await until(() => expect(fake.openConnections).toBe(0));
  });

  test('finds no life where nobody listens, and names neither key nor credentials', async () => {
    await fake.close();
    const baseUrl = fake.baseUrl.replace('http://', 'http://user:hunter2@');
    const dead = openaiProbe(baseUrl, apiKey)(new AbortController().signal);
    const reason = await dead.catch((error: unknown) => String(error));
    expect(reason).toMatch(/127\.0\.0\.1:\d+ does not answer: ECONNREFUSED$/);
  });

  test('ends with its signal, before and after the headers', async () => {
    for (const sendHeaders of [false, true]) {
      const controller = new AbortController();
      let isAsked = false;
      fake.models = (response) => {
        if (sendHeaders) response.writeHead(200).flushHeaders();
        isAsked = true;
      };
      const running = probe(controller.signal).catch(() => unseen);
      await until(() => expect(isAsked).toBe(true));
      controller.abort();
      await running;
      await until(() => expect(fake.openConnections).toBe(0));
    }
  });
});
