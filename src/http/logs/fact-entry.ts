import type { Fact } from '../../machines/facts.ts';
import type { StreamEvent } from '../../runtime/history.ts';
import { cutMessage, type LineType, type LogEntry, systemName } from './log-entry.ts';

type Told = readonly [LineType, string];
/** What happened, whether the fact is live or from the record. */
type Teller = (event: StreamEvent) => Told;

/** A fact as the line that stands for it in the log of its worker, or else in that of the pool. */
export function entryOfEvent(event: StreamEvent): LogEntry {
  const worker = event.data['worker_id'];
  const tell = tellers[event.type as Fact['type']] as Teller | undefined;
  // A record outlives the program that wrote it: what a later one called by a new name is told by that name.
  const [type, message] = tell?.(event) ?? ['info', event.type];
  return {
    timestamp: event.at,
    worker: typeof worker === 'string' ? worker : systemName,
    type,
    message: cutMessage(message),
  };
}

const tellers: Record<Fact['type'], Teller> = {
  'task.accepted': () => ['info', 'task accepted'],
  'task.assigned': () => ['processing', 'task begun'],
  'task.retried': (event) => ['warning', `task given back: ${failureOf(event)}`],
  'task.reprioritized': ({ data }) => ['info', `task has priority ${data['priority']} now`],
  'task.completed': () => ['success', 'task completed'],
  'task.failed': (event) => ['error', `task failed: ${failureOf(event)}`],
  'task.cancelled': ({ data }) => [data['worker_id'] === null ? 'info' : 'warning', 'task cancelled'],
  'worker.changed': (event) => [
    event.to === 'alive' ? 'info' : 'warning',
    withDetail(`worker is ${event.to}`, event),
  ],
  'worker.readmitted': (event) => [
    event.to === 'quarantined' ? 'error' : 'info',
    withDetail(`worker is ${event.to}`, event),
  ],
  'worker.enrolled': (event) => ['info', withDetail('worker has come', event)],
  'worker.retired': (event) => ['info', withDetail('worker has left', event)],
  'worker.rated': () => ['info', 'the performance factor was corrected'],
  'worker.reported_late': () => ['warning', 'a result came after its lease had ended'],
  'endpoint.changed': (event) => [
    event.to === 'open' ? 'warning' : 'info',
    `circuit breaker is ${event.to}: ${event.data['detail']}`,
  ],
  'pool.started': () => ['info', 'pool started'],
  'pool.paused': () => ['info', 'pool paused'],
  'pool.resumed': () => ['info', 'pool resumed'],
  'pool.draining': () => ['info', 'pool draining'],
  'pool.stopped': () => ['info', 'pool stopped'],
  'pool.reconfigured': () => ['info', 'the configuration was reloaded'],
  'actor.signalled': ({ data }) => ['info', `${data['by']} sent ${data['signal']} to ${data['actor']}`],
  'journal.resumed': () => ['warning', 'the database can be written again'],
};

function failureOf({ data }: StreamEvent): string {
  return String(Object(data['failure']).message ?? '');
}

function withDetail(text: string, { data }: StreamEvent): string {
  const detail = data['detail'];
  return typeof detail === 'string' && detail !== '' ? `${text}: ${detail}` : text;
}
