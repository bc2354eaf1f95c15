import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/settings.ts';
import { homePaths } from '../db/home.ts';
import { reportLimits } from '../machines/report-limits.ts';

export type DoorName = keyof Config['ports'];

/** A door as it is found when somebody knocks. */
export interface ServiceFacts {
  readonly door: DoorName;
  /** `null` where any free one was taken, and nobody has written down which. */
  readonly port: number | null;
  readonly answers: boolean;
}

export interface ServerFacts {
  readonly services: readonly ServiceFacts[];
  /** `null` where the runtime is not part of a server. */
  readonly startedAtMs: number | null;
}

const doors: readonly DoorName[] = ['rest', 'websocket', 'graphql', 'logs', 'dashboard'];

/** Where the doors of this server really are, and whether each takes a connection now. */
export async function serverFacts(config: Config): Promise<ServerFacts> {
  const note = readNote(config.home);
  const services = await Promise.all(
    doors.map(async (door): Promise<ServiceFacts> => {
      const port = portIn(note?.urls?.[door]) ?? (config.ports[door] === 0 ? null : config.ports[door]);
      return { door, port, answers: port !== null && (await answers(config.host, port)) };
    }),
  );
  return { services, startedAtMs: note?.startedAt === undefined ? null : Date.parse(note.startedAt) };
}

interface Note {
  readonly urls?: Partial<Record<DoorName, string>>;
  readonly startedAt?: string;
}

function readNote(home: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'koubou.json'), 'utf8')) as Note;
  } catch {
    return undefined;
  }
}

function portIn(url: string | undefined): number | undefined {
  return url !== undefined && URL.canParse(url) ? Number(new URL(url).port) : undefined;
}

/** What listens on every address of the machine is asked on its loopback. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: everywhere[host] ?? host, port, timeout: reportLimits.doorProbeMs });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
