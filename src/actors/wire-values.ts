/** Jobs, outcomes and sightings as they travel between a pool and its joined workers, and back. */

import { limits } from '../machines/limits.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { type Failure, failed, type Outcome, type Usage } from '../machines/outcome.ts';
import type { ResidentModel, SightedModel } from '../machines/sighting.ts';
import type { Job } from './execution.ts';
import { replyOf, requestOf, wireFormatOf, wireReplyOf, wireRequestOf } from './wire-requests.ts';
import {
  residentModel,
  sightedModel,
  type WireJob,
  type WireModel,
  type WireOutcome,
  type WireResident,
  wireOutcome,
} from './worker-protocol.ts';

/** The files of a job stand in its prompt already: a worker elsewhere could not read them. */
export function wireJobOf(job: Job): WireJob {
  return {
    task_id: job.taskId,
    assignment_id: job.assignmentId,
    task_type: job.taskType,
    priority: job.priority,
    // All of it stands in the messages, or in the inputs: it may be long, and is not sent twice.
    prompt: job.request === null || job.request.kind === 'completion' ? job.prompt : '',
    ...(job.request !== null && { request: wireRequestOf(job.request) }),
    ...(job.format !== null && { format: wireFormatOf(job.format) }),
    model: job.model,
    sampling: job.sampling,
    fresh: job.fresh,
    deadline_ms: job.deadlineMs,
  };
}

export function jobOf(wire: WireJob): Job {
  return {
    taskId: wire.task_id,
    assignmentId: wire.assignment_id,
    taskType: wire.task_type,
    priority: wire.priority,
    prompt: wire.prompt,
    request: wire.request === undefined ? null : requestOf(wire.request),
    format: wire.format ?? null,
    files: [],
    model: wire.model,
    sampling: wire.sampling,
    fresh: wire.fresh,
    deadlineMs: wire.deadline_ms,
  };
}

/** An outcome as it travels; one that the protocol has no room for fails, since it would cut the link again and again. */
export function wireOutcomeOf(outcome: Outcome): WireOutcome {
  const wire = translated(outcome);
  if (wireOutcome.safeParse(wire).success && sizeOf(wire) <= limits.outputBytesMax) return wire;
  const mib = limits.outputBytesMax / (1_024 * 1_024);
  return translated(failed('execution.too_large', `the answer is longer than ${mib} MiB`));
}

/** Whether a frame with it keeps within its bound is a matter of how much of it must be escaped. */
function sizeOf(wire: WireOutcome): number {
  if (wire.kind !== 'succeeded') return 0;
  const { output, reply = {} } = wire;
  const escapedMax = linkLimits.frameToPoolBytesMax - linkLimits.plainFrameCharsMax;
  const isEscaped = Buffer.byteLength(JSON.stringify([output, reply])) > escapedMax;
  if (isEscaped) return Number.POSITIVE_INFINITY;
  const called = (reply.tool_calls ?? []).map((call) => call.arguments);
  return [output, reply.thinking ?? '', ...called].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function translated(outcome: Outcome): WireOutcome {
  switch (outcome.kind) {
    case 'succeeded':
      return {
        kind: 'succeeded',
        output: outcome.output,
        usage: wireUsageOf(outcome.usage),
        ...(outcome.reply !== undefined && { reply: wireReplyOf(outcome.reply) }),
      };
    case 'retry': {
      const delayMsMin = Math.min(Math.max(outcome.delayMsMin, 0), limits.timerMsMax);
      return { kind: 'retry', failure: shortened(outcome.failure), delay_ms_min: delayMsMin };
    }
    case 'released':
    case 'failed':
      return { kind: outcome.kind, failure: shortened(outcome.failure) };
    case 'cancelled':
      return { kind: 'cancelled' };
  }
}

function shortened({ code, message }: Failure): Failure {
  return { code, message: message.slice(0, linkLimits.sentenceCharsMax) };
}

/** What a backend counted, by the names of the wire. */
export function usageOnWire(usage: Usage) {
  return {
    model: usage.model,
    prompt_tokens: usage.promptTokens,
    output_tokens: usage.outputTokens,
    load_ms: usage.loadMs,
    prompt_ms: usage.promptMs,
    generate_ms: usage.generateMs,
    total_ms: usage.totalMs,
    done_reason: usage.doneReason,
  };
}

function wireUsageOf(usage: Usage) {
  return {
    ...usageOnWire(usage),
    model: shortName(usage.model),
    done_reason: shortName(usage.doneReason),
  };
}

function shortName(name: string | null): string | null {
  return name === null || name === '' ? null : name.slice(0, linkLimits.nameCharsMax);
}

export function outcomeOf(wire: WireOutcome): Outcome {
  switch (wire.kind) {
    case 'succeeded':
      return {
        kind: 'succeeded',
        output: wire.output,
        usage: usageOf(wire.usage),
        ...(wire.reply !== undefined && { reply: replyOf(wire.reply) }),
      };
    case 'retry':
      return { kind: 'retry', failure: wire.failure, delayMsMin: wire.delay_ms_min };
    case 'released':
    case 'failed':
      return { kind: wire.kind, failure: wire.failure };
    case 'cancelled':
      return { kind: 'cancelled' };
  }
}

function usageOf(wire: (WireOutcome & { readonly kind: 'succeeded' })['usage']): Usage {
  return {
    model: wire.model,
    promptTokens: wire.prompt_tokens,
    outputTokens: wire.output_tokens,
    loadMs: wire.load_ms,
    promptMs: wire.prompt_ms,
    generateMs: wire.generate_ms,
    totalMs: wire.total_ms,
    doneReason: wire.done_reason,
  };
}

/** What the server of a worker says of its models; what does not fit the protocol is left out. */
export function wireModelsOf(models: readonly SightedModel[]): WireModel[] {
  return models
    .map(({ name, sizeBytes, contextTokensMax }) => ({
      name,
      size_bytes: sizeBytes,
      context_tokens_max: contextTokensMax,
    }))
    .filter((model) => sightedModel.safeParse(model).success)
    .slice(0, linkLimits.modelsMax);
}

export function modelOf(wire: WireModel): SightedModel {
  return { name: wire.name, sizeBytes: wire.size_bytes, contextTokensMax: wire.context_tokens_max };
}

export function wireResidentsOf(residents: readonly ResidentModel[]): WireResident[] {
  return residents
    .map(({ name, memoryBytes, contextTokens }) => ({
      name,
      memory_bytes: memoryBytes,
      context_tokens: contextTokens,
    }))
    .filter((resident) => residentModel.safeParse(resident).success)
    .slice(0, linkLimits.modelsMax);
}

export function residentOf(wire: WireResident): ResidentModel {
  return { name: wire.name, memoryBytes: wire.memory_bytes, contextTokens: wire.context_tokens };
}
