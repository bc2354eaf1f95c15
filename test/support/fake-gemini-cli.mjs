/**
 * A program with the arguments, logs and exit codes of gemini-repo-cli. What it does is named by a first argument of ours,
 * `mode` or `mode=detail`; the rest is read as Python's argparse would read it.
 */
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';

const [mode, detail] = process.argv[2].split(/=(.*)/s);
const asked = parse(process.argv.slice(3));
log('INFO', { event: 'cli_start', args: asked });
writeFileSync('gemini-repo-cli_generated_prompt.txt', asked.prompt);

/** Something that lives until it is killed, whatever it is asked. */
const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(process.pid);";

const obedient = 'setInterval(() => {}, 1000); console.log(process.pid);';

const modes = {
  /** What it was started with. */
  report: () => {
    const contents = asked.files.map((path) => readFileSync(path, 'utf8'));
    const folder = { path: process.cwd(), mode: statSync('.').mode & 0o777 };
    print(JSON.stringify({ ...asked, contents, folder, env: process.env }));
  },
  /** Asks the Ollama server as it was told, and prints the text as it comes. */
  ask: async () => {
    try {
      await ask();
    } catch (error) {
      fail(
        error.message === 'fetch failed' // before there was an answer
          ? 'Failed to connect to Ollama. Please check that Ollama is downloaded, running and accessible.'
          : error.message,
      );
    }
  },
  /** Writes what `detail` says in JSON: `out`, `err`, and the code to `exit` with. */
  script: () => {
    const { out = '', err = '', exit = 0 } = JSON.parse(detail);
    process.stdout.write(out, () => process.stderr.write(err, () => process.exit(exit)));
  },
  /** Characters of three bytes, so many that some arrive in pieces. */
  wide: () => process.stdout.write(`${'工'.repeat(100_000)}\n`),
  cut: () => process.stdout.write(Buffer.from('工').subarray(0, 2)),
  flood: () => flood(process.stdout, Number(detail)),
  'flood-errors': async () => {
    await flood(process.stderr, Number(detail));
    fail('the last words');
  },
  /** Does not end when asked to. */
  hang: () => {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1_000);
    print(process.pid);
  },
  /** Ends when asked to, but what it started does not. */
  family: () => spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'inherit', 'inherit'] }),
  /** Cares for nothing but what it started, as a wrapper does, and that ends when asked to. */
  wrapper: () => {
    process.on('SIGTERM', () => {});
    spawn(process.execPath, ['-e', obedient], { stdio: ['ignore', 'inherit', 'inherit'] });
  },
  /** Ends, and leaves behind what holds its pipes open. */
  orphan: () => leave(false),
  /** The same, in a session of its own. */
  runaway: () => leave(true),
  die: () => process.kill(process.pid, detail),
};

await modes[mode]();

function parse(args) {
  const end = args.indexOf('--');
  const options = args.slice(0, end);
  const positional = args.slice(end + 1);
  if (end === -1 || positional.length !== 3) usageError('the following arguments are required: prompt');
  const [repoName, targetFile, prompt] = positional;
  const parsed = { repoName, targetFile, prompt: prompt === '--' ? '' : prompt, files: [] };
  for (let at = 0; at < options.length; at += 1) {
    const [, name, value] = /^--(provider|ollama-model|ollama-host)=(.*)$/s.exec(options[at]) ?? [];
    if (name !== undefined) parsed[name] = value;
    else if (options[at] === '--files') {
      const values = options.slice(at + 1);
      const next = values.findIndex((value) => value.startsWith('-'));
      parsed.files = next === -1 ? values : values.slice(0, next);
      at += parsed.files.length;
    } else usageError(`unrecognized arguments: ${options[at]}`);
  }
  return parsed;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

function usageError(message) {
  process.stderr.write(`usage: gemini-repo-cli [-h] repo_name target_file prompt\n`);
  process.stderr.write(`gemini-repo-cli: error: ${message}\n`);
  process.exit(2);
}

async function ask() {
  const response = await fetch(`${asked['ollama-host']}/api/generate`, {
    method: 'POST',
    body: JSON.stringify({ model: asked['ollama-model'], prompt: asked.prompt }),
  });
  if (!response.ok) {
    const body = await response.text();
    const error = body.startsWith('{') ? JSON.parse(body).error : body;
    const { status } = response;
    log('ERROR', { reason: 'api_response_error', status_code: status, error });
    fail(`Ollama API error (status ${status}): ${error}`);
    return;
  }
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) process.stdout.write(JSON.parse(line).response);
  }
  print('');
}

function fail(error) {
  log('ERROR', { event: 'generation_end', status: 'failed', reason: 'api_error', error });
  process.stderr.write(`ERROR: Failed to generate content: ${error}\n`);
  process.exitCode = 1;
}

/** In ASCII, as Python's `json` writes it. */
function log(level, record) {
  const line = JSON.stringify({ timestamp: '2026-01-01T00:00:00', level, ...record });
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  process.stderr.write(`${line.replace(/[\u0080-\uffff]/g, escaped)}\n`);
}

async function flood(stream, bytes) {
  const piece = Buffer.alloc(64 * 1_024, 'x');
  for (let left = bytes; left > 0; left -= piece.length) {
    await new Promise((resolve) => stream.write(piece, resolve));
  }
  await new Promise((resolve) => stream.write('\n', resolve));
}

function leave(detached) {
  const left = spawn(process.execPath, ['-e', stubborn], {
    detached,
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  left.once('spawn', () => process.stdout.write(`${left.pid}\n`, () => process.exit(0)));
}
