import type { Environment } from '../config/expansion.ts';
import { english } from './messages-en.ts';
import { japanese } from './messages-ja.ts';

type Widened<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widened<T[K]> };

/** All that the command line says. The English catalogue has the keys; each language must have the same. */
export type Messages = Widened<typeof english>;

/** The language of the user by POSIX: the first of LC_ALL, LC_MESSAGES and LANG that is set decides. */
export function messagesFor(env: Environment): Messages {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value) ?? '';
  return /^ja/i.test(locale) ? japanese : english;
}
