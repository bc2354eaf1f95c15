import { describe, expect, test } from 'vitest';
import { checkConfig, loadConfig } from '../../src/config.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import { leastModels, leastWorkers, problemsIn, type Texts, writeConfig } from './config-folder.ts';

describe('all problems at once', () => {
  const texts: Texts = {
    koubou: 'host: 0.0.0.0\nports: { rest: high }\n',
    workers:
      'workers: { local_workers: [{ worker_id: a }, { worker_id: a, modell: m }] }\npool: { min_workers: 9 }\n',
    models: 'default_model: b\nmodels: { a: { nam: x } }\n',
  };

  test('are told: of every file, of the environment, and of every kind', () => {
    const lines = problemsIn(texts, { KOUBOU_LOGS_PORT: 'x' }).map(
      ({ file, line, path }) => `${file}:${line} ${path}`,
    );
    expect(lines).toEqual([
      'environment:null KOUBOU_LOGS_PORT',
      'koubou.yaml:1 host',
      'koubou.yaml:2 ports.rest',
      'workers.yaml:1 workers.local_workers[1].worker_id',
      'workers.yaml:1 workers.local_workers[1].modell',
      'workers.yaml:2 pool.min_workers',
      'ollama_models.yaml:1 default_model',
      'ollama_models.yaml:2 models.a.nam',
    ]);
  });

  test('are one error, with a line for each and the facts in its details', () => {
    const configDir = writeConfig({
      workers:
        'workers:\n  local_workers:\n    - worker_id: a\n      max_concurent_tasks: 2\n      models: x\n',
    });
    const thrown = (() => {
      try {
        return loadConfig({ configDir, cwd: '/', env: {} });
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(KoubouError);
    expect(thrown).toMatchObject({
      code: 'config.invalid',
      message: [
        'workers.yaml:4:7 workers.local_workers[0].max_concurent_tasks: unknown key; did you mean max_concurrent_tasks?',
        'workers.yaml:5:7 workers.local_workers[0].models: unknown key; did you mean model?',
      ].join('\n'),
      details: { problems: checkConfig({ configDir, cwd: '/', env: {} }).problems },
    });
  });

  test('the second file is still checked when the first is no YAML', () => {
    const files = problemsIn({ workers: 'a: [', models: 'default_model: 1\n' }).map(({ file }) => file);
    expect(new Set(files)).toEqual(new Set(['workers.yaml', 'ollama_models.yaml']));
  });

  test('the least files have none', () => {
    expect(problemsIn({ workers: leastWorkers, models: leastModels })).toEqual([]);
  });
});

test('a check of a valid folder tells what is set up, and no token', () => {
  const configDir = writeConfig({
    workers: 'workers: { local_workers: [{ worker_id: a, standby: true }] }\n',
  });
  const { problems, summary } = checkConfig({ configDir, cwd: '/', env: { KOUBOU_API_TOKEN: 's3cret' } });
  expect(problems).toEqual([]);
  expect(summary).toContain('host: 127.0.0.1, API token set');
  expect(summary).toContain('workers: a (local, ollama, standby)');
  expect(summary.join('\n')).not.toContain('s3cret');
});

test('a check of a broken folder counts its problems', () => {
  const configDir = writeConfig({ workers: null });
  expect(checkConfig({ configDir, cwd: '/', env: {} }).summary).toEqual([
    `files: ${configDir}`,
    'problems: 1',
  ]);
});
