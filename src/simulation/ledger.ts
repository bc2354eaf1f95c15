import type { Config } from '../config/settings.ts';
import type { AcceptedFact, CommittedFact, Fact, RecordedTaskFact } from '../machines/facts.ts';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import type { Breaker } from '../machines/worker-state.ts';
import { publicUrl } from '../runtime/public-url.ts';
import { isEnded, type LedgerRun, type LedgerTask, type LedgerWorker } from './ledger-entries.ts';
import { LedgerLinks } from './ledger-links.ts';
import type { WorldEvent } from './world-events.ts';

/** What the world amounts to so far: a fold over its events, from which judge, rare states and report read. */
export class Ledger {
  readonly tasks = new Map<TaskId, LedgerTask>();
  readonly waiting = new Set<LedgerTask>();
  readonly workers = new Map<WorkerId, LedgerWorker>();
  /** Generations that run, by their lease. */
  readonly runs = new Map<AssignmentId, LedgerRun>();
  /** Workers that join by themselves. */
  readonly links = new LedgerLinks();
  readonly breakers = new Map<string, Breaker>();
  /** Of this process, by version. */
  readonly configs = new Map<number, Config>();
  readonly config: Config;
  process = 0;
  stage: 'recovering' | 'open' | 'stopping' | 'dead' = 'dead';
  isPaused = false;
  isStalled = false;
  isCalm = false;
  lastSeq = 0;
  lastAssignment = 0;
  /** Leases on disk that have not ended. */
  leased = 0;
  open = 0;
  /** By how much wall clocks may lie, all jumps together. */
  jumpedMs = 0;
  /** What was completed before may be gone, epoch ms. */
  forgottenBeforeMs = 0;
  #files: Config;

  constructor(config: Config) {
    this.config = config;
    this.#files = config;
    for (const { workerId } of config.workers) this.worker(workerId);
  }

  worker(id: WorkerId): LedgerWorker {
    const known = this.workers.get(id);
    if (known !== undefined) return known;
    const fresh: LedgerWorker = {
      liveness: 'probing',
      admission: 'active',
      isRetired: false,
      isSentHome: false,
      lastBeatMs: null,
      leases: new Set(),
    };
    this.workers.set(id, fresh);
    return fresh;
  }

  /** The one in force. */
  get latestConfig(): Config {
    return [...this.configs.values()].at(-1) ?? this.config;
  }

  /** The configuration that a decision names. */
  configOf(version: number): Config {
    return this.configs.get(version) ?? this.config;
  }

  apply(event: WorldEvent, nowMs: number): void {
    this.links.apply(event, nowMs);
    switch (event.type) {
      case 'process.began':
        this.#begin(event.process);
        return;
      case 'process.opened':
        this.stage = 'open';
        return;
      case 'process.stopping':
        this.stage = 'stopping';
        return;
      case 'process.died':
      case 'process.stopped':
        this.stage = 'dead';
        // Workers that have joined go on without it.
        for (const [id, { workerId }] of this.runs)
          if (!this.links.joined.has(workerId)) this.runs.delete(id);
        return;
      case 'commit.failed':
        this.isStalled = true;
        return;
      case 'fact':
        this.#record(event.committed, nowMs);
        return;
      case 'run.began':
        this.runs.set(event.assignmentId, { taskId: event.taskId, workerId: event.workerId, beganMs: nowMs });
        return;
      case 'run.ended':
        this.runs.delete(event.assignmentId);
        return;
      case 'beat':
      case 'link.opened':
        this.worker(event.workerId).lastBeatMs = nowMs;
        return;
      case 'link.heard': {
        const isBeat = event.frame === 'beat' && event.outcome === 'well';
        if (isBeat && this.links.linkOf(event) !== undefined) this.worker(event.workerId).lastBeatMs = nowMs;
        return;
      }
      case 'fault':
        if (event.name === 'clock.jumped') this.jumpedMs += event.forMs;
        return;
      case 'operator':
        if (event.config !== null) this.#files = event.config;
        return;
      case 'tasks.forgotten':
        this.forgottenBeforeMs = Math.max(this.forgottenBeforeMs, event.beforeMs);
        return;
      case 'calm':
        this.isCalm = true;
        return;
      default:
    }
  }

  /** A new process reads the files, and believes nothing of its workers. */
  #begin(process: number): void {
    this.process = process;
    this.stage = 'recovering';
    this.isStalled = false;
    this.configs.clear();
    this.configs.set(1, this.#files);
    this.breakers.clear();
    for (const worker of this.workers.values()) {
      worker.liveness = 'probing';
      worker.lastBeatMs = null;
      worker.isRetired = false;
      if (worker.admission === 'quarantined' || !worker.isSentHome) worker.admission = 'active';
      if (worker.admission === 'draining') worker.admission = 'drained';
    }
  }

  #record({ seq, atMs, fact }: CommittedFact, nowMs: number): void {
    this.lastSeq = seq;
    this.isStalled = false;
    if (fact.type === 'task.accepted') this.#accept(fact, seq, atMs, nowMs);
    else if ('taskId' in fact && fact.type !== 'worker.reported_late') {
      const task = this.tasks.get(fact.taskId);
      if (fact.type === 'task.assigned') {
        this.lastAssignment = fact.assignmentId;
        this.#beginTrial(fact.workerId);
      }
      if (task === undefined) return;
      task.seqs.push(seq);
      this.#change(task, fact, atMs, nowMs);
    } else this.#note(fact);
  }

  #accept({ taskId, task }: AcceptedFact, seq: number, atMs: number, nowMs: number): void {
    const { prompt, taskType, priority, runAtMs } = task;
    const fresh: LedgerTask = {
      taskId,
      wanted: { prompt, taskType, priority },
      priority,
      sinceMs: Math.max(atMs, runAtMs ?? 0),
      seq: task.seq,
      notBeforeMs: runAtMs ?? 0,
      state: 'waiting',
      assignmentId: null,
      workerId: null,
      leases: 0,
      failures: 0,
      fallbacks: 0,
      seqs: [seq],
      acceptedMs: nowMs,
      firstLeaseMs: null,
      endedMs: null,
      endedAtMs: null,
      isMoved: false,
      isScheduled: runAtMs !== null,
    };
    this.tasks.set(taskId, fresh);
    this.waiting.add(fresh);
    this.open += 1;
  }

  #change(task: LedgerTask, fact: RecordedTaskFact, atMs: number, nowMs: number): void {
    switch (fact.type) {
      case 'task.assigned':
        this.#give(task, fact.assignmentId, fact.workerId);
        task.firstLeaseMs ??= nowMs;
        return;
      case 'task.retried':
        this.#release(task);
        task.state = 'waiting';
        task.failures = fact.failures;
        task.fallbacks = fact.fallbacks;
        task.notBeforeMs = atMs + fact.delayMs;
        this.waiting.add(task);
        return;
      case 'task.reprioritized':
        task.priority = fact.priority;
        task.isMoved = true;
        return;
      case 'task.completed':
      case 'task.failed':
      case 'task.cancelled':
        this.#release(task);
        this.waiting.delete(task);
        if (!isEnded(task)) this.open -= 1;
        task.state = endingOf[fact.type];
        task.endedMs = nowMs;
        task.endedAtMs = atMs;
    }
  }

  /** What happened to workers, servers and the pool. */
  #note(fact: Fact): void {
    switch (fact.type) {
      case 'worker.changed':
        this.worker(fact.workerId).liveness = fact.to;
        return;
      case 'worker.readmitted': {
        const worker = this.worker(fact.workerId);
        worker.admission = fact.to;
        if (fact.to === 'active' || fact.to === 'standby') worker.isSentHome = false;
        else if (fact.detail.startsWith('asked for')) worker.isSentHome = true;
        return;
      }
      case 'worker.enrolled': {
        const worker = this.worker(fact.workerId);
        worker.isRetired = false;
        worker.isSentHome = false;
        worker.lastBeatMs = null;
        worker.admission = 'active';
        return;
      }
      case 'worker.retired': {
        const worker = this.worker(fact.workerId);
        worker.isRetired = true;
        worker.admission = 'active';
        worker.liveness = 'probing';
        return;
      }
      case 'actor.signalled': {
        const task = fact.wakes === null ? undefined : this.tasks.get(fact.wakes);
        if (task !== undefined) task.notBeforeMs = 0;
        return;
      }
      case 'endpoint.changed':
        this.breakers.set(fact.endpoint, fact.to);
        return;
      case 'pool.reconfigured':
        this.configs.set(fact.version, this.#files);
        return;
      case 'pool.paused':
        this.isPaused = true;
        return;
      case 'pool.resumed':
        this.isPaused = false;
        return;
      default:
    }
  }

  /** The first task at a server whose breaker is half open is its trial; the pool knows so without a fact. */
  #beginTrial(id: WorkerId): void {
    const worker = this.latestConfig.workers.find(({ workerId }) => workerId === id);
    const endpoint = worker && publicUrl(worker.endpointUrl);
    if (endpoint !== undefined && this.breakers.get(endpoint) === 'halfOpen')
      this.breakers.set(endpoint, 'trying');
  }

  #give(task: LedgerTask, assignmentId: AssignmentId, workerId: WorkerId): void {
    this.waiting.delete(task);
    task.state = 'leased';
    task.assignmentId = assignmentId;
    task.workerId = workerId;
    task.leases += 1;
    this.worker(workerId).leases.add(assignmentId);
    this.leased += 1;
  }

  #release(task: LedgerTask): void {
    if (task.state !== 'leased' || task.assignmentId === null || task.workerId === null) return;
    this.worker(task.workerId).leases.delete(task.assignmentId);
    this.leased -= 1;
  }
}

const endingOf = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
} as const;
