import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config.ts';
import { expectOneProblem, problemsIn, type Refusal, writeConfig } from './config-folder.ts';

const worker = (...lines: string[]) =>
  `workers:\n  local_workers:\n    - worker_id: a\n      ${lines.join('\n      ')}\n`;
const remote = (...lines: string[]) =>
  `workers:\n  remote_workers:\n    - worker_id: a\n      ${lines.join('\n      ')}\n`;

describe('backends and their keys', () => {
  const refusals: Refusal[] = [
    {
      name: 'a backend that is misspelt',
      text: worker('backend: ▶opnai'),
      path: 'workers.local_workers[0].backend',
      fault: 'expected one of ollama, openai, gemini-repo-cli, demo, found "opnai"',
      hint: 'did you mean openai?',
    },
    {
      name: 'a backend that nobody can write, told once even with a key of its own',
      text: worker('api_key: k', 'backend: ▶joined'),
      path: 'workers.local_workers[0].backend',
      fault: 'expected one of ollama, openai, gemini-repo-cli, demo, found "joined"',
    },
    {
      name: 'a key for a server that asks for none',
      text: worker('▶api_key: k'),
      path: 'workers.local_workers[0].api_key',
      fault: 'the backend ollama has no use for it',
      hint: 'remove it, or write backend: openai',
    },
    {
      name: 'a program for a server',
      text: remote('remote_host: h', 'backend: openai', '▶command: x'),
      path: 'workers.remote_workers[0].command',
      fault: 'the backend openai has no use for it',
      hint: 'remove it, or write backend: gemini-repo-cli',
    },
    {
      name: 'a program without a name',
      text: worker('backend: gemini-repo-cli', 'command: ▶""'),
      path: 'workers.local_workers[0].command',
      fault: 'expected text that is not empty, found ""',
      hint: 'without arguments',
    },
  ];
  test.each(refusals)('$name: refused', (refusal) => expectOneProblem('workers', refusal));

  test.each([
    ['that no header can carry', '"hush hush"', {}],
    ['that is a number', '424242', {}],
    ['from a variable', `"\${KEY}"`, { KEY: 'hush hush' }],
    ['with a variable that is not set', `"hush-\${KEY}"`, {}],
    ['with a variable that is unfinished', `"hush-\${KEY"`, {}],
    ['for another backend', '"hush"', {}],
  ])('a key %s is refused without being told', (name, apiKey, env) => {
    const backend = name === 'for another backend' ? 'demo' : 'openai';
    const problems = problemsIn({ workers: worker(`backend: ${backend}`, `api_key: ${apiKey}`) }, env);
    expect(problems).toEqual([
      expect.objectContaining({ line: 5, path: 'workers.local_workers[0].api_key' }),
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/hush|424242/);
  });

  test('a check of a valid file does not tell a key either', () => {
    const configDir = writeConfig({ workers: worker('backend: openai', 'api_key: hush') });
    const { problems, summary } = checkConfig({ configDir, cwd: '/', env: {} });
    expect(problems).toEqual([]);
    expect(summary).toContain('workers: a (local, openai)');
    expect(summary.join('\n')).not.toContain('hush');
  });
});

describe('machines', () => {
  const refusals: Refusal[] = [
    {
      name: 'a machine with a port in its name',
      text: remote('remote_host: ▶gpu-box:11434'),
      path: 'workers.remote_workers[0].remote_host',
      fault: 'expected text such as "192.168.11.6", found "gpu-box:11434"',
      hint: 'without http:// and port',
    },
    {
      name: 'an address that cannot be',
      text: remote('remote_host: ▶10.0.0.999'),
      path: 'workers.remote_workers[0].remote_host',
      fault: 'expected a name or an address that can exist, found "10.0.0.999"',
    },
    {
      name: 'limits of a machine with a port',
      text: 'workers: {}\nhosts:\n  ▶gpu-box:11434: {}\n',
      path: 'hosts["gpu-box:11434"]',
      fault: 'expected text such as "192.168.11.6", found "gpu-box:11434"',
      hint: 'without http:// and port',
    },
    {
      name: 'limits of an address that cannot be',
      text: 'workers: {}\nhosts:\n  ▶10.0.0.999: {}\n',
      path: 'hosts["10.0.0.999"]',
      fault: 'expected a name or an address that can exist, found "10.0.0.999"',
    },
    {
      name: 'one machine under two names',
      text: 'workers: {}\nhosts:\n  localhost: {}\n  ▶127.0.0.1: {}\n',
      path: 'hosts["127.0.0.1"]',
      fault: 'expected each machine once, found "127.0.0.1"',
      hint: 'line 3 is about localhost already',
    },
    {
      name: 'a misspelt limit',
      text: 'workers: {}\nhosts:\n  gpu-box: { ▶memory_gb: 24 }\n',
      path: 'hosts.gpu-box.memory_gb',
      fault: 'unknown key',
      hint: 'did you mean memory_gib?',
    },
    {
      name: 'a machine that may do nothing',
      text: 'workers: {}\nhosts:\n  gpu-box: { max_concurrent_tasks: ▶0 }\n',
      path: 'hosts.gpu-box.max_concurrent_tasks',
      fault: 'expected a whole number of at least 1, found 0',
    },
    {
      name: 'a machine without memory',
      text: 'workers: {}\nhosts:\n  gpu-box: { memory_gib: ▶0 }\n',
      path: 'hosts.gpu-box.memory_gib',
      fault: 'expected a number from 0.001 to 1000000, found 0',
      hint: 'in GiB',
    },
    {
      name: 'a list of machines',
      text: 'workers: {}\nhosts: ▶[gpu-box]\n',
      path: 'hosts',
      fault: 'expected a mapping of keys to values, found a list of 1',
    },
  ];
  test.each(refusals)('$name: refused', (refusal) => expectOneProblem('workers', refusal));
});

describe('names of workers that join', () => {
  const refusals: Refusal[] = [
    {
      name: 'one that a worker of the file has',
      text: 'workers:\n  local_workers:\n    - worker_id: a\n  joined_workers: [▶a]\n',
      path: 'workers.joined_workers[0]',
      fault: 'expected a worker_id of its own, found "a"',
      hint: 'line 3 has it already',
    },
    {
      name: 'one twice',
      text: 'workers:\n  joined_workers: [box, ▶box]\n',
      path: 'workers.joined_workers[1]',
      fault: 'expected a worker_id of its own, found "box"',
    },
    {
      name: 'one that is a location',
      text: 'workers: { joined_workers: [▶remote] }\n',
      path: 'workers.joined_workers[0]',
      fault: 'expected a name other than local and remote',
    },
    {
      name: 'one that is no name of a file',
      text: 'workers: { joined_workers: [▶a/b] }\n',
      path: 'workers.joined_workers[0]',
      fault: 'expected text such as "local_001", found "a/b"',
    },
    {
      name: 'one that a rule misspells',
      text: 'workers: { joined_workers: [gpu_box] }\nrouting_policy: { rules: [{ priority_range: [1, 2], preferred_workers: [▶gpu_bx] }] }\n',
      path: 'routing_policy.rules[0].preferred_workers[0]',
      fault: 'found "gpu_bx"',
      hint: 'did you mean gpu_box?',
    },
    {
      name: 'one that only a rule knows',
      text: 'workers: {}\nrouting_policy: { rules: [{ priority_range: [1, 2], preferred_workers: [▶the_big_one] }] }\n',
      path: 'routing_policy.rules[0].preferred_workers[0]',
      fault: 'found "the_big_one"',
      hint: 'known here: local, remote; workers that join by themselves are named in workers.joined_workers',
    },
  ];
  test.each(refusals)('$name: refused', (refusal) => expectOneProblem('workers', refusal));
});

describe('aging and the circuit breaker', () => {
  const refusals: Refusal[] = [
    {
      name: 'time that runs backwards',
      text: 'workers: {}\nrouting_policy: { aging: ▶-1 }\n',
      path: 'routing_policy.aging',
      fault: 'expected a number from 0 to 2147483, found -1',
      hint: '0 for never',
    },
    {
      name: 'bypasses without end',
      text: 'workers: {}\nrouting_policy: { warm_bypasses: ▶1001 }\n',
      path: 'routing_policy.warm_bypasses',
      fault: 'expected a whole number from 0 to 1000, found 1001',
    },
    {
      name: 'a circuit that opens before anything fails',
      text: 'workers: {}\ncircuit_breaker: { failures: ▶0 }\n',
      path: 'circuit_breaker.failures',
      fault: 'expected a whole number from 1 to 1000, found 0',
    },
    {
      name: 'a rest of no length',
      text: 'workers: {}\ncircuit_breaker: { open: ▶0 }\n',
      path: 'circuit_breaker.open',
      fault: 'expected a number from 0.001 to 2147483, found 0',
    },
    {
      name: 'a first rest longer than the longest, counted with defaults',
      text: 'workers: {}\ncircuit_breaker: { open: ▶601 }\n',
      path: 'circuit_breaker.open',
      fault: 'expected a number at most open_max, which is 600, found 601',
    },
    {
      name: 'a longest rest shorter than the first',
      text: 'workers: {}\ncircuit_breaker: { open_max: ▶29 }\n',
      path: 'circuit_breaker.open_max',
      fault: 'expected a number at least open, which is 30, found 29',
    },
    {
      name: 'a key of the section at the top',
      text: 'workers: {}\n▶failures: 3\n',
      path: 'failures',
      fault: 'unknown key',
      hint: 'it belongs under circuit_breaker',
    },
  ];
  test.each(refusals)('$name: refused', (refusal) => expectOneProblem('workers', refusal));
});
