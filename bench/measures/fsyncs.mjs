import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../load/load.mjs';
import { withSubject } from '../subject/subject.mjs';

/** Whether this machine has strace, and lets it trace. */
export function canTrace() {
  return spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true']).status === 0;
}

/**
 * Commits per task, counted inside the process, and fsync and fdatasync calls per task where strace can count them.
 *
 * @param {string} name of the system
 * @param {{ samples: number, tasks: number, http: { connections: number, warmUpMs: number, measureMs: number } }} plan
 */
export async function measureFsyncs(name, { samples, tasks, http }) {
  const oneByOne = await counted(name, async (engine, mark) => {
    const one = { gapMs: 2, task: { type: 'general', priority: 5 } };
    await engine.call('latency', { ...one, samples: 20 });
    await mark();
    await engine.call('latency', { ...one, samples });
    await mark();
    return samples;
  });
  const inBulk = await counted(name, async (engine, mark) => {
    await engine.call('open');
    await mark();
    await engine.call('throughput', { warmUp: tasks, tasks });
    await mark();
    return 4 * tasks; // Twice to warm up, end to end, and drained.
  });
  const byHttp = await counted(name, async (server, mark) => {
    const url = await server.call('serve');
    const marks = [];
    const { tasks: answered } = await load({ url, ...http }, () => marks.push(mark()));
    await Promise.all(marks);
    return answered;
  });
  return { oneByOne, inBulk, byHttp };
}

/**
 * @param {string} name of the system
 * @param {(subject: import('../subject/subject.mjs').Subject, mark: () => Promise<void>) => Promise<number>} work
 *   marks the begin and the end, and returns the number of tasks between them
 */
async function counted(name, work) {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-bench-strace-'));
  const traceFile = join(folder, 'trace');
  const strace = ['strace', '-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', traceFile];
  const isTraced = canTrace();
  try {
    return await withSubject({ name, under: isTraced ? strace : [] }, async (subject) => {
      const marks = [];
      const mark = async () => {
        const commits = await subject.call('commits');
        marks.push({ commits, fsyncs: isTraced ? callsIn(traceFile) : Number.NaN });
      };
      const tasks = await work(subject, mark);
      const [begin, end] = marks;
      return {
        commits: (end.commits - begin.commits) / tasks,
        fsyncs: (end.fsyncs - begin.fsyncs) / tasks,
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function callsIn(traceFile) {
  return readFileSync(traceFile, 'latin1').match(/\b(?:fsync|fdatasync)\(/g)?.length ?? 0;
}
