import type { Hono } from 'hono';
import { operatorSignals } from '../machines/operator-signals.ts';
import type { Runtime } from '../runtime.ts';
import { callerOf, requireScope } from './access-caller.ts';
import { check, readJson } from './request-body.ts';
import { signalEventSchema, signalSchema } from './signal-schemas.ts';

/** An event for one actor, from an administrator: asked for twice, and on record. */
export function signalRoutes(app: Hono, { operations }: Pick<Runtime, 'operations'>): void {
  app.post('/actors/:actor/events', async (c) => {
    requireScope(c, 'admin');
    const { event, confirm } = check(signalSchema, await readJson(c));
    const sent = await operations.signal({
      actor: c.req.param('actor'),
      event: event.type,
      fields: fieldsOf(event),
      confirm,
      by: callerOf(c).name,
    });
    return c.json(sent);
  });
}

/** Those of the event on the list; one that is not on it is refused by whoever knows why. */
function fieldsOf(event: { readonly type: string }): Readonly<Record<string, number>> {
  const signal = operatorSignals.find((each) => each.event === event.type);
  if (signal === undefined) return {};
  const { type: _, ...fields } = check(signalEventSchema(signal), event);
  return fields as Record<string, number>;
}
