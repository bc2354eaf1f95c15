import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { FailureCode, Outcome } from '../machines/outcome.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Clock } from './clock.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { jobAttributes, operationOf, usageAttributes, workerAttributes } from './traced-attributes.ts';
import { remoteContext, traceParentOf } from './traced-context.ts';

export interface TracingPorts {
  readonly tracer: Tracer;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The timer of a deadline and the clock that measures it may differ by so much, in ms. */
const deadlineSlackMs = 10;

/**
 * Gives each attempt a span, a child of the one that the task was delegated under, however long ago, and passes it on
 * with the job. Around all else, so that every attempt has one. Where nobody records, the job keeps the place that its
 * client gave it.
 */
export function withTracing(
  backend: Backend,
  worker: WorkerConfig,
  { tracer, clock }: TracingPorts,
): Backend {
  const ofWorker = workerAttributes(worker);
  return (job, io) => {
    const operation = operationOf(job, worker.backend);
    const around = remoteContext(job.trace ?? {});
    // Samplers decide by what is said here; the rest is for those that are kept.
    const attributes = {
      'gen_ai.operation.name': operation,
      ...(job.model === null ? {} : { 'gen_ai.request.model': job.model }),
      ...ofWorker,
    };
    const name = job.model === null ? operation : `${operation} ${job.model}`;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, around);
    const inside = trace.setSpan(around, span);
    const place = traceParentOf(inside);
    const traced = place === undefined ? job : { ...job, trace: place };
    // Whatever request happened to set off this turn of the pool is not what the attempt belongs to.
    return context.with(inside, () => {
      return span.isRecording() ? new AttemptSpan(span, traced, io, clock).run(backend) : backend(traced, io);
    });
  };
}

/** The span of one attempt. It ends once: with the outcome, or at once when the attempt is given up. */
class AttemptSpan {
  #span: Span | undefined;
  readonly #job: Job;
  readonly #io: JobIo;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #beganMs: number;
  #hasText = false;

  constructor(span: Span, job: Job, io: JobIo, clock: Pick<Clock, 'monotonic'>) {
    this.#span = span;
    this.#job = job;
    this.#io = io;
    this.#clock = clock;
    this.#beganMs = clock.monotonic();
    span.setAttributes(jobAttributes(job));
  }

  async run(backend: Backend): Promise<Outcome> {
    const { signal, onText } = this.#io;
    const giveUp = () => this.#giveUp();
    if (signal.aborted) giveUp();
    // A backend may take long to stop, or never do.
    signal.addEventListener('abort', giveUp, { once: true });
    const heard = (text: string) => {
      this.#noteText();
      onText(text);
    };
    try {
      const outcome = await backend(this.#job, { signal, onText: heard });
      this.#end(outcome);
      return outcome;
    } catch (error) {
      this.#fail('crashed', 'execution.crashed');
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #noteText(): void {
    if (this.#hasText) return;
    this.#hasText = true;
    const elapsedS = (this.#clock.monotonic() - this.#beganMs) / 1_000;
    this.#span?.setAttribute('gen_ai.response.time_to_first_chunk', elapsedS);
    this.#span?.addEvent('koubou.first_token');
  }

  #end(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'succeeded':
        this.#span?.setAttributes(usageAttributes(outcome.usage));
        this.#close(outcome.kind);
        break;
      case 'cancelled':
        this.#close(outcome.kind);
        break;
      case 'retry':
      case 'released':
      case 'failed':
        this.#fail(outcome.kind, outcome.failure.code);
        break;
    }
  }

  /** The signal does not say why: past the deadline it is a failure, before it somebody wanted it so. */
  #giveUp(): void {
    const elapsedMs = this.#clock.monotonic() - this.#beganMs;
    if (elapsedMs < this.#job.deadlineMs - deadlineSlackMs) this.#close('cancelled');
    else if (this.#hasText) this.#fail('failed', 'execution.timeout');
    else this.#fail('retry', 'backend.no_answer');
  }

  /** The sentence of a failure stays out: a server may quote the prompt in it. */
  #fail(outcome: Outcome['kind'] | 'crashed', code: FailureCode): void {
    this.#span?.setAttribute('error.type', code);
    this.#span?.setStatus({ code: SpanStatusCode.ERROR });
    this.#close(outcome);
  }

  #close(outcome: Outcome['kind'] | 'crashed'): void {
    this.#span?.setAttribute('koubou.outcome', outcome);
    this.#span?.end();
    this.#span = undefined;
  }
}
