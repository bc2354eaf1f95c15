import { describe, expect, test } from 'vitest';
import { EndpointEntry, HostEntry } from '../../src/machines/endpoint-roster.ts';
import { modelKey } from '../../src/machines/model-choice.ts';
import type { ResidentModel, SightedModel } from '../../src/machines/sighting.ts';

const gib = 1024 ** 3;
const key = modelKey;

function model(name: string, sizeGib: number | null, contextTokensMax: number | null = null): SightedModel {
  return { name, sizeBytes: sizeGib === null ? null : sizeGib * gib, contextTokensMax };
}

function resident(name: string, memoryGib: number): ResidentModel {
  return { name, memoryBytes: memoryGib * gib, contextTokens: null };
}

/** A server with models of 10 GiB each, in memory and on disk, `big` of 30, and `strange` of which nothing is known. */
function makeEndpoint(host: HostEntry, name = 'http://localhost:11434'): EndpointEntry {
  const endpoint = new EndpointEntry(name, host);
  endpoint.workers = 1;
  const residents = ['a', 'b', 'c'].map((one) => resident(one, 10));
  const models = [model('a', 9), model('b', 9), model('c', 9), model('big', 30), model('strange', null)];
  endpoint.see({ models, residents });
  endpoint.see({ models: null, residents: [] });
  return endpoint;
}

function makeHost(memoryGib: number | null = 24): HostEntry {
  const host = new HostEntry('localhost');
  host.memoryBytes = memoryGib === null ? null : memoryGib * gib;
  return host;
}

describe('what a server has', () => {
  test('is unknown until it was seen, and then what was seen last', () => {
    const endpoint = new EndpointEntry('here', makeHost());
    expect([endpoint.has(key('a')), endpoint.contextOf(key('a'))]).toEqual([undefined, null]);
    endpoint.see({ models: [model('a', 9, 8_192)], residents: null });
    expect([endpoint.has(key('a')), endpoint.contextOf(key('a'))]).toEqual([true, 8_192]);
    expect(endpoint.has(key('b'))).toBe(false);
    endpoint.see({ models: [model('b', 9)], residents: null });
    expect([endpoint.has(key('a')), endpoint.has(key('b'))]).toEqual([false, true]);
  });

  test('stays known when it does not say it again', () => {
    const endpoint = new EndpointEntry('here', makeHost());
    endpoint.see({ models: [model('a', 9)], residents: [resident('a', 10)] });
    endpoint.see({ models: null, residents: null });
    expect([endpoint.has(key('a')), endpoint.isLoaded(key('a'))]).toEqual([true, true]);
  });

  test('goes by whole names: without a tag, latest is meant', () => {
    const endpoint = new EndpointEntry('here', makeHost());
    endpoint.see({ models: [model('mistral:latest', 4, 4_096)], residents: [resident('mistral', 5)] });
    expect(endpoint.has(key('mistral'))).toBe(true);
    expect(endpoint.contextOf(key('mistral'))).toBe(4_096);
    expect(endpoint.isLoaded(key('mistral'))).toBe(true);
    expect(endpoint.has(key('mistral:7b'))).toBe(false);
  });

  test('is told as it was seen, and is not told of before', () => {
    const endpoint = new EndpointEntry('here', makeHost());
    expect(endpoint.models).toBeNull();
    const [a, b] = [model('a', 9, 8_192), model('b:7b', null)];
    endpoint.see({ models: [a, b], residents: null });
    expect(endpoint.models).toEqual([a, b]);
    endpoint.see({ models: [], residents: null });
    expect(endpoint.models).toEqual([]);
  });

  test('is a sole model where it has one, and one alone', () => {
    const endpoint = new EndpointEntry('here', makeHost());
    expect(endpoint.soleModel).toBeNull();
    const seen = [[model('a', 9)], [model('a', 9), model('b', 9)], [model('b', 9)], []].map((models) => {
      endpoint.see({ models, residents: null });
      return endpoint.soleModel;
    });
    expect(seen).toEqual(['a', null, 'b', null]);
  });
});

test('a server that nothing was heard of is called, with no failures to forget and nothing to say', () => {
  const endpoint = new EndpointEntry('here', makeHost());
  expect(endpoint).toMatchObject({ breaker: 'closed', hasFailures: false, detail: '' });
});

describe('what a server has loaded', () => {
  test('is what the last probe saw, and what was handed out since', () => {
    const endpoint = makeEndpoint(makeHost());
    expect(endpoint.isEmpty).toBe(true);
    endpoint.begin('a');
    expect([endpoint.loaded, endpoint.isEmpty]).toEqual([[key('a')], false]);
    endpoint.see({ models: null, residents: [resident('b', 10)] });
    expect(endpoint.loaded.toSorted()).toEqual([key('a'), key('b')]);
    endpoint.end('a');
    endpoint.see({ models: null, residents: [resident('b', 10)] });
    expect(endpoint.loaded).toEqual([key('b')]);
  });

  test('gives way to another model where nobody knows that both have room', () => {
    for (const memoryGib of [null, 15]) {
      const endpoint = makeEndpoint(makeHost(memoryGib));
      endpoint.begin('a');
      endpoint.end('a');
      endpoint.begin('b');
      expect(endpoint.loaded).toEqual([key('b')]);
    }
  });

  test('gives way to nothing while it is at work, and where both have room', () => {
    const tight = makeEndpoint(makeHost(15));
    tight.begin('a');
    tight.begin('b');
    expect(tight.loaded).toEqual([key('a'), key('b')]);
    const roomy = makeEndpoint(makeHost(24));
    roomy.begin('a');
    roomy.end('a');
    roomy.begin('b');
    expect(roomy.loaded).toEqual([key('a'), key('b')]);
  });

  test('stays as it is when what is handed out is loaded already', () => {
    const endpoint = makeEndpoint(makeHost(null));
    endpoint.see({ models: null, residents: [resident('a', 10), resident('b', 10)] });
    endpoint.begin('a');
    expect(endpoint.loaded).toEqual([key('a'), key('b')]);
  });

  test('is told as it was seen there last, but for what was never seen there', () => {
    const endpoint = makeEndpoint(makeHost());
    expect(endpoint.loadedModels).toEqual([]);
    const grown = resident('b', 12);
    endpoint.see({ models: null, residents: [grown] });
    endpoint.begin('strange');
    endpoint.begin('b');
    expect(endpoint.loaded).toContain(key('strange'));
    expect(endpoint.loadedModels).toEqual([grown]);
  });

  test('counts each attempt of a model, and the host all of them', () => {
    const host = makeHost();
    const [one, other] = [makeEndpoint(host, 'one'), makeEndpoint(host, 'other')];
    one.begin('a');
    one.begin('a:latest');
    other.begin('b');
    expect([one.inUse.get(key('a')), host.used]).toEqual([2, 3]);
    one.end('a');
    expect([one.inUse.get(key('a')), host.used]).toEqual([1, 2]);
    one.end('a');
    expect([one.inUse.has(key('a')), host.used]).toEqual([false, 1]);
  });

  test('moves to another machine with what is at work, and not with what has ended', () => {
    const [former, next] = [makeHost(), makeHost()];
    const endpoint = makeEndpoint(former);
    for (const each of ['a', 'b', 'c']) endpoint.begin(each);
    endpoint.end('b');
    endpoint.moveTo(next);
    expect([former.used, next.used]).toEqual([0, 2]);
    expect([[...former.endpoints], [...next.endpoints]]).toEqual([[], [endpoint]]);
    endpoint.end('a');
    expect(next.used).toBe(1);
  });
});

describe('the memory of a machine', () => {
  test('has room beside what is at work, or it has not', () => {
    const host = makeHost(24);
    const endpoint = makeEndpoint(host);
    endpoint.begin('a');
    expect(host.hasMemoryFor(endpoint, key('b'))).toBe(true);
    endpoint.begin('b');
    expect(host.hasMemoryFor(endpoint, key('c'))).toBe(false);
    endpoint.end('b');
    expect(host.hasMemoryFor(endpoint, key('c'))).toBe(true);
  });

  test('is shared by all servers on it', () => {
    const host = makeHost(15);
    const [one, other] = [makeEndpoint(host, 'one'), makeEndpoint(host, 'other')];
    one.begin('a');
    expect(host.hasMemoryFor(one, key('a'))).toBe(true);
    expect(host.hasMemoryFor(other, key('a'))).toBe(false);
    expect(host.hasRoomFor(other, key('a'))).toBe(false);
    one.end('a');
    expect(host.hasMemoryFor(other, key('a'))).toBe(true);
    expect(host.hasRoomFor(other, key('a'))).toBe(false);
  });

  test('goes by what a model took when it was loaded, else by the size of its files and a little more', () => {
    const host = makeHost(20);
    const endpoint = makeEndpoint(host);
    endpoint.see({ models: [model('a', 9), model('b', 9)], residents: [] });
    endpoint.begin('a');
    expect(host.hasMemoryFor(endpoint, key('b'))).toBe(true);
    const unseen = new EndpointEntry('other', makeHost(20));
    unseen.workers = 1;
    unseen.see({ models: [model('a', 9), model('b', 9)], residents: [] });
    unseen.begin('a');
    expect(unseen.host.hasMemoryFor(unseen, key('b'))).toBe(false);
  });

  test('takes a model that is too large for it, alone', () => {
    const host = makeHost(24);
    const endpoint = makeEndpoint(host);
    expect(host.hasMemoryFor(endpoint, key('big'))).toBe(true);
    endpoint.begin('big');
    expect(host.hasMemoryFor(endpoint, key('big'))).toBe(true);
    expect(host.hasMemoryFor(endpoint, key('a'))).toBe(false);
    endpoint.end('big');
    endpoint.begin('a');
    expect(host.hasMemoryFor(endpoint, key('big'))).toBe(false);
  });

  test('is no place for a model that is too large for it beside one of which nothing is known', () => {
    const host = makeHost(24);
    const endpoint = makeEndpoint(host);
    endpoint.begin('strange');
    expect(host.hasMemoryFor(endpoint, key('big'))).toBe(false);
  });

  test('is unknown where nobody has said how much there is, or what is taken, or what is needed', () => {
    const silent = makeHost(null);
    const there = makeEndpoint(silent);
    expect(silent.hasMemoryFor(there, key('a'))).toBeUndefined();
    there.begin('a');
    expect([silent.hasMemoryFor(there, key('b')), silent.hasRoomFor(there, key('b'))]).toEqual([
      undefined,
      undefined,
    ]);
    const host = makeHost(24);
    const endpoint = makeEndpoint(host);
    endpoint.begin('a');
    expect(host.hasMemoryFor(endpoint, key('strange'))).toBeUndefined();
    endpoint.end('a');
    endpoint.begin('strange');
    expect(host.hasMemoryFor(endpoint, key('a'))).toBeUndefined();
    expect(host.hasRoomFor(endpoint, key('a'))).toBeUndefined();
  });

  test('is unknown for a model that its server does not list', () => {
    const host = makeHost(24);
    const endpoint = makeEndpoint(host);
    endpoint.begin('a');
    expect(endpoint.memoryOf(key('unlisted'))).toBeNull();
    expect(host.hasMemoryFor(endpoint, key('unlisted'))).toBeUndefined();
  });

  test('changes when somebody says how much there is', () => {
    const host = makeHost(15);
    const endpoint = makeEndpoint(host);
    endpoint.begin('a');
    expect(host.hasMemoryFor(endpoint, key('b'))).toBe(false);
    host.memoryBytes = 24 * gib;
    expect(host.hasMemoryFor(endpoint, key('b'))).toBe(true);
    host.memoryBytes = null;
    expect(host.hasMemoryFor(endpoint, key('b'))).toBeUndefined();
  });

  test('is not taken by what a server had loaded that no worker looks at any more', () => {
    const host = makeHost(15);
    const [former, endpoint] = [makeEndpoint(host, 'former'), makeEndpoint(host)];
    former.begin('a');
    former.workers = 0;
    expect(host.hasRoomFor(endpoint, key('b'))).toBe(false);
    former.end('a');
    expect(host.hasRoomFor(endpoint, key('b'))).toBe(true);
  });
});
