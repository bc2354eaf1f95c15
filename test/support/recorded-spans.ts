import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { onDisposal } from './disposal.ts';
import { until } from './until.ts';

const exporter = new InMemorySpanExporter();
/** Spans that have begun and not ended. */
const open = new Set<string>();
let isRegistered = false;

/** The spans of a test, as an SDK sees them. */
export class RecordedSpans {
  /** Those that have ended, in that order. */
  get ended(): readonly ReadableSpan[] {
    return exporter.getFinishedSpans();
  }

  get openNames(): readonly string[] {
    return [...open];
  }

  /** The n-th that ended under a name, from 1 on, as soon as it has. */
  async named(name: string, n = 1): Promise<ReadableSpan> {
    await until(() => {
      const names = this.ended.map((span) => span.name);
      if (names.filter((each) => each === name).length < n) {
        throw new Error(`no ${n} spans called ${name} have ended, but ${names.join(', ')}`);
      }
    });
    return this.ended.filter((span) => span.name === name)[n - 1] as ReadableSpan;
  }
}

/** Registers an SDK for this file, as a user does before the server starts; each test begins without spans. */
export function recordSpans(): RecordedSpans {
  if (!isRegistered) {
    const openSpans = {
      onStart: (span: Span) => void open.add(nameOf(span)),
      onEnd: (span: ReadableSpan) => void open.delete(nameOf(span)),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter), openSpans] }),
    );
    isRegistered = true;
  }
  onDisposal(() => {
    exporter.reset();
    open.clear();
  });
  return new RecordedSpans();
}

function nameOf(span: { spanContext(): { spanId: string } }): string {
  return span.spanContext().spanId;
}
