/** The log files of a home: JSON lines for programs and for `koubou logs`, rotated by size. */

import { type Logger, pino } from 'pino';
import type { Config } from './config/settings.ts';
import type { HomePaths } from './db/home.ts';
import { LineSink } from './log/line-sink.ts';
import { withoutSecrets } from './log/secrets.ts';
import { limits } from './machines/limits.ts';

export interface Logs {
  /** `logs/mcp_server.log`: the process and its doors. */
  readonly server: Logger;
  /** `logs/worker_pool_manager.log`: what happens to tasks and workers. */
  readonly pool: Logger;
  /** `logs/workers/<id>.log`: what one worker does. */
  worker(id: string): Logger;
  /** Writes what waits and closes the files, within a few seconds whatever the disk does. */
  close(): Promise<void>;
}

/** Opens no file before its first line, so that a start that is refused leaves the logs of the running server alone. */
export function openLogs(paths: HomePaths, settings: Config['logging']): Logs {
  const sinks: LineSink[] = [];
  const { level, maxSizeBytes, keepFiles } = settings;
  const open = (folder: string, name: string, base: object): Logger => {
    const sink = new LineSink({ folder, name, maxSizeBytes, keepFiles });
    sinks.push(sink);
    return loggerTo(sink, level, base);
  };
  const { pid } = process;
  const workers = new Map<string, Logger>();
  return {
    server: open(paths.logs, 'mcp_server.log', { pid }),
    pool: open(paths.logs, 'worker_pool_manager.log', { pid }),
    worker: (id) => {
      const known = workers.get(id);
      if (known !== undefined) return known;
      const logger = open(paths.workerLogs, workerLogName(id), { worker: id });
      workers.set(id, logger);
      return logger;
    },
    close: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

/** The file of a worker; an id from elsewhere cannot lead out of the folder. */
export function workerLogName(id: string): string {
  return `${id.replaceAll(/[^\w.-]/g, '_')}.log`;
}

function loggerTo(sink: LineSink, level: string, base: object): Logger {
  return pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { prompt: shortPrompt, err: pino.stdSerializers.err },
      hooks: { streamWrite: withoutSecrets },
    },
    sink,
  );
}

/** The beginning of a prompt, never half of a character: what people ask for is their own affair. */
function shortPrompt(prompt: unknown): unknown {
  if (typeof prompt !== 'string' || prompt.length <= limits.logPromptCharsMax) return prompt;
  return `${prompt.slice(0, limits.logPromptCharsMax).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
