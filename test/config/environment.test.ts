import { describe, expect, test } from 'vitest';
import { leastModels, load, marked, problemsIn } from './config-folder.ts';

describe('variables outrank the file', () => {
  const koubou = [
    'host: 127.0.0.2',
    'ports: { rest: 1, websocket: 2, graphql: 3, logs: 4, dashboard: 5 }',
    'storage: { durability: full }',
    'logging: { level: warn }',
    '',
  ].join('\n');

  test('the file counts where no variable is set', () => {
    const config = load({ koubou });
    expect(config).toMatchObject({
      host: '127.0.0.2',
      ports: { rest: 1, websocket: 2, graphql: 3, logs: 4, dashboard: 5 },
      storage: { durability: 'full' },
      logging: { level: 'warn' },
    });
  });

  test('each variable replaces its setting', () => {
    const config = load(
      { koubou },
      {
        KOUBOU_HOST: '127.0.0.3',
        KOUBOU_MCP_PORT: '11',
        KOUBOU_WEBSOCKET_PORT: '12',
        KOUBOU_GRAPHQL_PORT: '13',
        KOUBOU_LOGS_PORT: '14',
        KOUBOU_DASHBOARD_PORT: '15',
        KOUBOU_DURABILITY: 'normal',
        KOUBOU_LOG_LEVEL: 'DEBUG',
        KOUBOU_API_TOKEN: 'a-token',
        WORKER_AUTH_TOKEN: 'w-token',
        KOUBOU_MCP_CONFORMANCE: '1',
      },
    );
    expect(config).toMatchObject({
      host: '127.0.0.3',
      ports: { rest: 11, websocket: 12, graphql: 13, logs: 14, dashboard: 15 },
      storage: { durability: 'normal' },
      logging: { level: 'debug' },
      apiToken: 'a-token',
      workerAuthToken: 'w-token',
      mcpConformance: true,
    });
  });

  test('a variable that is set to nothing counts as not set', () => {
    expect(load({ koubou }, { KOUBOU_MCP_PORT: '', KOUBOU_API_TOKEN: '' })).toMatchObject({
      ports: { rest: 1 },
      apiToken: null,
    });
  });

  test('OLLAMA_HOST does not move the workers', () => {
    const workers = 'workers: { local_workers: [{ worker_id: a }] }\n';
    const config = load({ workers }, { OLLAMA_HOST: 'http://10.0.0.1:1' });
    expect(config.workers[0]?.endpointUrl).toBe('http://localhost:11434');
  });

  test('port 0 is allowed, several times', () => {
    const config = load({}, { KOUBOU_MCP_PORT: '0', KOUBOU_LOGS_PORT: '0' });
    expect(config.ports).toMatchObject({ rest: 0, logs: 0 });
  });
});

describe('a mistyped variable is refused with its name', () => {
  test.each([
    ['KOUBOU_MCP_PORT', '80a', 'expected a whole number from 0 to 65535, found "80a"'],
    ['KOUBOU_WEBSOCKET_PORT', '-1', 'expected a whole number from 0 to 65535'],
    ['KOUBOU_GRAPHQL_PORT', '65536', 'expected a whole number from 0 to 65535'],
    ['KOUBOU_DASHBOARD_PORT', ' 1', 'expected a whole number from 0 to 65535'],
    ['KOUBOU_DURABILITY', 'ful', 'expected one of full, normal, found "ful"'],
    ['KOUBOU_LOG_LEVEL', 'loud', 'expected one of trace, debug'],
    ['KOUBOU_MCP_CONFORMANCE', 'yes', 'expected one of 0, 1, found "yes"'],
    ['KOUBOU_HOST', 'a host', 'expected text such as "127.0.0.1", found "a host"'],
  ])('%s=%s', (name, value, fault) => {
    const problems = problemsIn({}, { [name]: value });
    expect(problems).toEqual([expect.objectContaining({ file: 'environment', line: null, path: name })]);
    expect(problems[0]?.fault).toContain(fault);
  });

  test.each(['KOUBOU_API_TOKEN', 'WORKER_AUTH_TOKEN'])('%s, without telling its value', (name) => {
    const problems = problemsIn({}, { [name]: 'hush hush' });
    expect(problems).toEqual([expect.objectContaining({ path: name })]);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });
});

describe('a host that other machines reach', () => {
  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.4',
    'workshop.example',
    '::ffff:10.0.0.1',
  ])('%s is refused without KOUBOU_API_TOKEN', (host) => {
    const problems = problemsIn({}, { KOUBOU_HOST: host });
    expect(problems).toEqual([
      expect.objectContaining({ path: 'KOUBOU_HOST', hint: expect.stringContaining('KOUBOU_API_TOKEN') }),
    ]);
    expect(problems[0]?.fault).toBe(
      `other machines can reach ${host}, and no KOUBOU_API_TOKEN keeps them out`,
    );
    expect(load({}, { KOUBOU_HOST: host, KOUBOU_API_TOKEN: 't' }).host).toBe(host);
  });

  test('is refused at its line when the file names it', () => {
    const { text, line, column } = marked('ports: {}\nhost: ▶0.0.0.0\n');
    expect(problemsIn({ koubou: text })).toEqual([
      expect.objectContaining({ file: 'koubou.yaml', line, column, path: 'host' }),
    ]);
  });

  test.each(['localhost', '127.0.0.1', '127.8.9.10', '::1'])('%s needs no token', (host) => {
    expect(load({}, { KOUBOU_HOST: host }).host).toBe(host);
  });
});

describe('two listeners on one port are refused', () => {
  test('where the file says so', () => {
    const { text, line, column } = marked('ports:\n  rest: 9000\n  logs: ▶9000\n');
    expect(problemsIn({ koubou: text })).toEqual([
      expect.objectContaining({
        line,
        column,
        path: 'ports.logs',
        fault: 'port 9000 is taken by ports.rest',
      }),
    ]);
  });

  test('where a variable meets a default', () => {
    expect(problemsIn({}, { KOUBOU_MCP_PORT: '8080' })).toEqual([
      expect.objectContaining({ path: 'KOUBOU_MCP_PORT', fault: 'port 8080 is taken by ports.dashboard' }),
    ]);
  });
});

describe('variables in the text', () => {
  const withName = (name: string) => `default_model: any\nmodels: { any: { name: "${name}" } }\n`;

  test.each([
    [`\${MODEL}`, 'llama:8b'],
    [`\${MODEL:-other}`, 'llama:8b'],
    [`\${NOTHING:-other:1b}`, 'other:1b'],
    [`\${EMPTY:-other}`, 'other'],
    [`\${MODEL}-\${TAG}`, 'llama:8b-q4'],
    [`pre \${TAG} post`, 'pre q4 post'],
  ])('%s becomes %s', (text, expected) => {
    const env = { MODEL: 'llama:8b', TAG: 'q4', EMPTY: '' };
    expect(load({ models: withName(text) }, env).models.defaultModel).toBe(expected);
  });

  test('may be numbers and switches where those are expected, and stay text elsewhere', () => {
    const env = { WAIT: '2.5', ON: 'false', NAME: '42' };
    const workers = `workers: { local_workers: [{ worker_id: "\${NAME}", max_tokens: "\${NAME}" }] }
performance:
  default_timeout: \${WAIT}
  auto_adjust_performance: \${ON}
`;
    const config = load({ workers }, env);
    expect(config.execution.defaultTimeoutMs).toBe(2_500);
    expect(config.performance.autoAdjust).toBe(false);
    expect(config.workers[0]).toMatchObject({ workerId: '42', maxTokens: 42 });
  });

  test('must be set or have a default; the line and the variable are told, and nothing else', () => {
    const { text, line, column } = marked(`workers: {}\npool:\n  max_workers: ▶\${WORKERS_MAX}\n`);
    expect(problemsIn({ workers: text })).toEqual([
      expect.objectContaining({
        file: 'workers.yaml',
        line,
        column,
        path: 'pool.max_workers',
        fault: 'the environment variable WORKERS_MAX is not set',
      }),
    ]);
  });

  test('must fit where they stand, and are told with what they became', () => {
    const workers = `workers: {}\npool: { max_workers: "\${MANY}" }\n`;
    expect(problemsIn({ workers }, { MANY: 'lots' })[0]?.found).toBe(`"lots" (from \${MANY})`);
  });

  test.each([`\${`, `\${A`, `\${A-b}`, `\${1A}`, `\${}`])('%s is refused as unfinished', (text) => {
    const problems = problemsIn({ models: withName(text) });
    expect(problems).toEqual([expect.objectContaining({ line: 2, path: 'models.any.name' })]);
    expect(problems[0]?.expected).toContain('NAME');
  });

  test('are not expanded a second time', () => {
    const config = load({ models: withName(`\${OUTER}`) }, { OUTER: `\${INNER}`, INNER: 'x' });
    expect(config.models.defaultModel).toBe(`\${INNER}`);
  });

  test('are left alone in comments', () => {
    expect(problemsIn({ models: `# \${NOT_SET}\n${leastModels}` })).toEqual([]);
  });
});
