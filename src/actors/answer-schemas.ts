import { createHash } from 'node:crypto';
import { createContext, Script } from 'node:vm';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { answerLimits } from '../machines/answer-limits.ts';
import type { AnswerFormat } from '../machines/model-request.ts';

/** What is wrong with a value; nothing where it is as it was asked for. `refusal` says why nothing can be checked. */
export type Checked = { readonly complaints: readonly string[] } | { readonly refusal: string };

type Compiled = { readonly validate: ValidateFunction } | { readonly refusal: string };

/** Values in a schema that are no schemas: whatever stands in there is data. */
const dataKeywords: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

const references: ReadonlySet<string> = new Set(['$ref', '$dynamicRef', '$recursiveRef']);

/** Drafts by the end of their URL; a schema that names none is one of the newest. */
const draft7 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;

/**
 * Checks values against JSON schemas that clients gave, of draft 2020-12, or of draft-07 where `$schema` says so. Ajv makes
 * code of a schema; what it makes is kept for the next answer. Both the making and the running have a bound in time that
 * holds even in the middle of a regular expression: a schema may be made to look for ever.
 */
export class AnswerSchemas {
  /** By the digest of the schema, in the order of their last use. Schemas that cannot be used are kept as well. */
  readonly #compiled = new Map<string, Compiled>();
  readonly #ajvs = new Map<Draft, Ajv>();

  /** Schemas kept now. */
  get size(): number {
    return this.#compiled.size;
  }

  /** Why no answer can be checked against a format, in one sentence; `null` where it can. */
  refusalOf(format: AnswerFormat): string | null {
    if (format === 'json') return null;
    const compiled = this.#of(format);
    return 'refusal' in compiled ? compiled.refusal : null;
  }

  /** @param value out of JSON */
  check(format: AnswerFormat, value: unknown): Checked {
    if (format === 'json') return { complaints: isObject(value) ? [] : ['it is not a JSON object'] };
    const compiled = this.#of(format);
    if ('refusal' in compiled) return compiled;
    const { validate } = compiled;
    try {
      const isValid = withinMs(answerLimits.schemaCheckMsMax, () => validate(value));
      return { complaints: isValid === true ? [] : complaintsOf(validate.errors ?? []) };
    } catch (error) {
      if (error instanceof RangeError) return { complaints: ['it is nested too deep'] };
      if (!isTimeout(error)) throw error;
      const refusal = 'The schema takes too long to check an answer by: make its patterns simpler.';
      this.#keep(digestOf(format), { refusal });
      return { refusal };
    } finally {
      validate.errors = null; // they hold on to the answer
    }
  }

  #of(schema: object): Compiled {
    const digest = digestOf(schema);
    const compiled = this.#compiled.get(digest) ?? this.#compile(schema);
    this.#keep(digest, compiled);
    return compiled;
  }

  #compile(schema: object): Compiled {
    const json = JSON.stringify(schema);
    const bytes = Buffer.byteLength(json);
    if (bytes > answerLimits.schemaBytesMax) {
      return refused(`it has ${bytes} bytes, and may have ${answerLimits.schemaBytesMax}`);
    }
    const fault = faultIn(schema);
    if (fault !== null) return refused(fault);
    const draft = draftOf(schema);
    // What a schema calls a part of itself would be kept for ever, as if others could refer to it.
    const ajv = json.includes('"$id"') ? ajvOf(draft) : this.#ajv(draft);
    try {
      return { validate: withinMs(answerLimits.schemaCompileMsMax, () => ajv.compile(schema)) };
    } catch (error) {
      if (!isTimeout(error))
        return refused(error instanceof Error ? firstLineOf(error.message) : 'it is none');
      this.#ajvs.delete(draft); // stopped in the middle of whatever it did
      return refused('it takes too long to read: make it simpler');
    } finally {
      ajv.removeSchema(schema);
    }
  }

  /** What it has made of the draft itself takes it some 50 ms, and is kept. */
  #ajv(draft: Draft): Ajv {
    const ajv = this.#ajvs.get(draft) ?? ajvOf(draft);
    this.#ajvs.set(draft, ajv);
    return ajv;
  }

  #keep(digest: string, compiled: Compiled): void {
    this.#compiled.delete(digest);
    this.#compiled.set(digest, compiled);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > answerLimits.schemasMax && oldest !== undefined) this.#compiled.delete(oldest);
  }
}

function digestOf(schema: object): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('base64');
}

const options = {
  // What Ajv does not know (`example`, a format of somebody's own) has no effect, as the standard has it.
  strict: false,
  allErrors: true,
  logger: false,
  addUsedSchema: false,
} as const;

type Draft = '07' | '2020-12';

function ajvOf(draft: Draft): Ajv {
  const ajv = draft === '07' ? new Ajv(options) : new Ajv2020(options);
  formats.default(ajv);
  return ajv;
}

function draftOf(schema: object): Draft {
  const { $schema: named } = schema as { $schema?: unknown };
  return typeof named === 'string' && draft7.test(named) ? '07' : '2020-12';
}

/** What a schema must not have, although Ajv could make something of it. */
function faultIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, each] of Object.entries(value)) {
    if (references.has(name) && typeof each === 'string' && !each.startsWith('#')) {
      return `it refers to something outside of itself (${name}): put that under $defs`;
    }
    if (name === '$async' && each !== false) return 'it has $async, which is no JSON schema';
    const fault = dataKeywords.has(name) ? null : faultIn(each);
    if (fault !== null) return fault;
  }
  return null;
}

function refused(why: string): Compiled {
  return { refusal: `The schema of the format cannot be used: ${why}.` };
}

function firstLineOf(message: string): string {
  return (message.split('\n', 1)[0] ?? '').slice(0, 200).replace(/[\s.]+$/, '');
}

/** By place, in words that repeat nothing of the values. */
function complaintsOf(errors: readonly ErrorObject[]): readonly string[] {
  return errors.slice(0, answerLimits.complaintsMax).map(({ instancePath, message = 'is wrong' }) => {
    const place = instancePath.slice(1).replaceAll('/', '.').slice(0, 100);
    return place === '' ? `it ${message}` : `its ${place} ${message}`;
  });
}

/**
 * Runs what might not end, on this thread, and stops it when it takes too long.
 *
 * @throws what it throws, or an Error with the code ERR_SCRIPT_EXECUTION_TIMEOUT
 */
function withinMs<T>(timeoutMs: number, run: () => T): T {
  const context = createContext({ run });
  return guarded.runInContext(context, { timeout: timeoutMs }) as T;
}

const guarded = new Script('run()');

function isTimeout(error: unknown): boolean {
  // It comes from the other context, whose errors are no `Error` of ours.
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
