import { describe, test } from 'vitest';
import { expectOneProblem, type Refusal } from './config-folder.ts';

describe('keys and values', () => {
  const refusals: Refusal[] = [
    {
      name: 'a misspelt key',
      text: 'workers:\n  local_workers:\n    - worker_id: a\n      ▶max_concurent_tasks: 2\n',
      path: 'workers.local_workers[0].max_concurent_tasks',
      fault: 'unknown key',
      hint: 'did you mean max_concurrent_tasks?',
    },
    {
      name: 'a misspelt key that is required, once',
      text: 'workers:\n  local_workers:\n    - ▶worker_idd: a\n',
      path: 'workers.local_workers[0].worker_idd',
      fault: 'unknown key',
      hint: 'did you mean worker_id?',
    },
    {
      name: 'a key of another section',
      text: 'workers: {}\n▶min_workers: 2\n',
      path: 'min_workers',
      fault: 'unknown key',
      hint: 'it belongs under pool',
    },
    {
      name: 'a key like nothing known',
      text: 'workers: {}\nhealth_check:\n  ▶zzzzzzzz: 2\n',
      path: 'health_check.zzzzzzzz',
      fault: 'unknown key',
      hint: 'known here: interval, timeout, max_failures',
    },
    {
      name: 'a key that is missing',
      text: 'workers:\n  local_workers:\n    - ▶model: m\n',
      path: 'workers.local_workers[0].worker_id',
      fault: 'missing; expected text such as "local_001"',
    },
    {
      name: 'text for a number',
      text: 'workers: {}\nhealth_check:\n  interval: ▶15s\n',
      path: 'health_check.interval',
      fault: 'expected a number from 0.001 to 2147483, found "15s"',
      hint: 'Seconds',
    },
    {
      name: 'a number out of bounds',
      text: 'workers: {}\npool: { scale_up_threshold: ▶80 }\n',
      path: 'pool.scale_up_threshold',
      fault: 'expected a number from 0 to 1, found 80',
    },
    {
      name: 'a fraction for a whole number',
      text: 'workers: {}\npool: { max_active_tasks: ▶1.5 }\n',
      path: 'pool.max_active_tasks',
      fault: 'expected a whole number of at least 1, found 1.5',
    },
    {
      name: 'a word for a switch',
      text: 'workers: {}\nperformance: { auto_adjust_performance: ▶yes }\n',
      path: 'performance.auto_adjust_performance',
      fault: 'expected true or false, found "yes"',
    },
    {
      name: 'a misspelt word of a list',
      text: 'workers: {}\nrouting_policy: { strategy: ▶fastst }\n',
      path: 'routing_policy.strategy',
      fault: 'expected one of priority_based, least_loaded, fastest, found "fastst"',
      hint: 'did you mean fastest?',
    },
    {
      name: 'a section without content',
      text: 'workers: {}\npool:▶\n',
      path: 'pool',
      fault: 'found an empty value',
    },
    {
      name: 'a worker id that is no file name',
      text: 'workers: { local_workers: [{ worker_id: ▶../../etc/passwd }] }\n',
      path: 'workers.local_workers[0].worker_id',
      fault: 'expected text such as "local_001"',
    },
    {
      name: 'a local worker among the remote ones',
      text: 'workers: { remote_workers: [{ worker_id: a, remote_host: h, worker_type: ▶local }] }\n',
      path: 'workers.remote_workers[0].worker_type',
      fault: 'expected "remote", found "local"',
    },
    {
      name: 'an address without http://',
      text: 'workers: { local_workers: [{ worker_id: a, server_host: ▶"localhost:11434" }] }\n',
      path: 'workers.local_workers[0].server_host',
      fault: 'expected text such as "http://localhost:11434"',
    },
  ];
  test.each(refusals)('$name is refused with its place', (refusal) => expectOneProblem('workers', refusal));
});
