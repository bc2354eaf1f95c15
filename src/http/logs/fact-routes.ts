import type { Hono } from 'hono';
import { z } from 'zod';
import type { RecordedActor } from '../../db/actor-facts.ts';
import { KoubouError } from '../../machines/errors.ts';
import { recordLimits } from '../../machines/record-limits.ts';
import { eventOfRow } from '../../runtime/history.ts';
import { recordedActor } from '../../runtime/inspection-names.ts';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import { cappedCount } from './log-entry.ts';

/** A `seq`, or `null`. */
const place = z
  .string()
  .regex(/^\d{1,15}$/, 'must be the seq of a fact')
  .optional()
  .transform((text) => (text === undefined ? null : Number(text)));
const actor = z.string('must name an actor, as in ?actor=worker:local_001');

const pageSchema = z.object({ actor, until: place, limit: cappedCount(100, recordLimits.pageFactsMax) });
const aroundSchema = z.object({ actor, seq: place });

/** The record of one actor: what happened to it, and what concerned it around a moment. */
export function factRoutes(app: Hono, runtime: Runtime): void {
  app.get('/api/facts', async (c) => {
    const { actor: name, until, limit } = check(pageSchema, c.req.query());
    const asked = recordedActor(name);
    const { isKnown, facts, next } = await runtime.list({ kind: 'actorFacts', actor: asked, until, limit });
    if (!isKnown) throw unknown(asked, name);
    return c.json({ status: 'success', actor: name, facts: facts.map(eventOfRow), next });
  });

  app.get('/api/facts/around', async (c) => {
    const { actor: name, seq } = check(aroundSchema, c.req.query());
    const asked = recordedActor(name);
    const found = await runtime.list({ kind: 'factsAround', actor: asked, seq });
    const { isKnown, facts, since, until } = found;
    if (!isKnown) throw unknown(asked, name);
    return c.json({ status: 'success', actor: name, facts: facts.map(eventOfRow), since, until });
  });
}

function unknown({ kind }: RecordedActor, name: string): KoubouError {
  const message = `nobody bears the name ${name}, nor ever did`;
  switch (kind) {
    case 'task':
      return new KoubouError('task.unknown', message);
    case 'worker':
      return new KoubouError('worker.unknown', message);
    case 'endpoint':
    case 'pool':
      return new KoubouError('route.unknown', message);
  }
}
