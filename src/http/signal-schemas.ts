import { z } from 'zod';
import { type OperatorSignal, operatorSignals, type SignalField } from '../machines/operator-signals.ts';

/** As long as the longest name of an event that any chart knows, and more than that. */
const eventCharsMax = 200;
/** `endpoint:` and an origin; the names of the others are short. */
const actorCharsMax = 2_100;

const actorName = z.string().min(1).max(actorCharsMax);
const confirmation = actorName.meta({
  description: 'The name of the actor once more, to say that this one is meant. Without it nothing is sent.',
});

/** What is asked for, before it is known which fields its event has. */
export const signalSchema = z.strictObject({
  event: z.looseObject({ type: z.string().min(1).max(eventCharsMax) }),
  confirm: confirmation,
});

/** The event of a signal, with its fields and no others. */
export function signalEventSchema({ event, fields }: OperatorSignal) {
  const shape = Object.fromEntries(fields.map((field) => [field.name, numberOf(field)]));
  return z.strictObject({ type: z.literal(event), ...shape });
}

function numberOf({ min, max, preset }: SignalField) {
  return z.int().min(min).max(max).meta({ example: preset });
}

const [first, ...others] = operatorSignals.map(signalEventSchema);

/** The whole of it, for the description of the interface. */
export const signalRequestSchema = z
  .strictObject({
    event: z.union(first === undefined ? [] : [first, ...others]).meta({
      description: 'As the chart of the actor calls it. These may be sent, and no others.',
    }),
    confirm: confirmation,
  })
  .meta({ id: 'Signal', example: { event: { type: 'pool.turn' }, confirm: 'pool' } });

/** What was sent. */
export const sentSignalSchema = z
  .looseObject({
    actor: z.string(),
    event: z.string(),
    by: z.string().meta({ description: 'The name of the token that asked for it.' }),
    seq: z.int().meta({ description: 'Of the fact `actor.signalled` on the stream.' }),
    at: z.string(),
  })
  .meta({ id: 'SentSignal' });
