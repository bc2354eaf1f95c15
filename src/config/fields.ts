/** Kinds of values that the files share. Descriptions go into the JSON Schemas and into hints of error messages. */

import { z } from 'zod';
import { limits } from '../machines/limits.ts';

const timerSecondsMax = Math.floor(limits.timerMsMax / 1_000);

/** A duration as the files write it; one millisecond at least, at most what a timer can hold. */
export function seconds(description: string) {
  return z.number().min(0.001).max(timerSecondsMax).describe(description);
}

/** A duration that may be none. */
export function secondsOrZero(description: string) {
  return z.number().min(0).max(timerSecondsMax).describe(description);
}

export function count(description: string, min = 1, max = Number.MAX_SAFE_INTEGER) {
  return z.int().min(min).max(max).describe(description);
}

export function share(description: string) {
  return z.number().min(0).max(1).describe(description);
}

/** A size as the files write it; at most what nobody has. */
export function gibibytes(description: string) {
  return z.number().min(0.001).max(1_000_000).describe(description);
}

export function switchedOn(description: string) {
  return z.boolean().describe(description);
}

export function nonEmptyText(description: string) {
  return z.string().min(1).describe(description);
}

/** Port 0 takes any free port; the log tells which. */
export function port(description: string) {
  return z.int().min(0).max(65_535).describe(description);
}

export function serverUrl(description: string) {
  return z.url({ protocol: /^https?$/ }).meta({ description, examples: ['http://localhost:11434'] });
}

/** A name or an IP address, IPv6 with or without brackets; a port or `http://` would not fit. */
export const machineName = z
  .string()
  .regex(/^(?:[A-Za-z0-9._-]+|\[?[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?)$/)
  .meta({
    description: 'Name or address of the machine, without http:// and port.',
    examples: ['192.168.11.6'],
  });

/** Also the name of the worker's log file, hence the alphabet. */
export const workerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .meta({
    description: 'Unique name of letters, digits, dots, dashes and underscores; names the log file too.',
    examples: ['local_001'],
  });

/** The shell expands `~`, we do not: a folder of that name is hardly meant. */
export const folderPath = z
  .string()
  .regex(/^[^~]/)
  .meta({
    description: `A path, absolute or relative to the folder that holds the home; \${HOME} stands for your own folder.`,
    examples: ['/home/me/projects'],
  });

/** Becomes a name in the GraphQL schema too, hence the narrow alphabet. */
export const taskTypeName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .meta({ description: 'Lower case letters, digits and underscores.', examples: ['code_generation'] });

export const bindHost = z
  .string()
  .regex(/^[A-Za-z0-9._:-]+$/)
  .meta({
    description: 'Address to listen on. Anything but loopback needs KOUBOU_API_TOKEN.',
    examples: ['127.0.0.1'],
  });

/** As browsers send it: no path, no slash at the end, no port that is the usual one. */
export const pageOrigin = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text)
  .meta({
    pattern: '^https?://[^/]+$',
    description: 'Origin of a page: scheme, name and port as browsers send them, without a slash at the end.',
    examples: ['https://panel.example'],
  });

export const durability = z
  .enum(['full', 'normal'])
  .describe('full: an acknowledged task survives power loss. normal: it survives kill -9.');

export const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  .describe('The least severe messages that are written.');

/** Inside, all durations are whole milliseconds. */
export function toMs(valueInSeconds: number): number {
  return Math.round(valueInSeconds * 1_000);
}

/** Inside, all sizes are whole bytes. */
export function toBytes(valueInGib: number): number {
  return Math.round(valueInGib * 1_024 ** 3);
}
