import type { UnderlyingSource } from 'node:stream/web';
import { type RequestId, SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { KoubouError } from '../../machines/errors.ts';
import type { TaskId } from '../../machines/identifiers.ts';
import { mcpTaskLimits } from '../../machines/mcp-task-limits.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { McpPorts } from './mcp-ports.ts';
import { objectOr } from './task-extension-handlers.ts';
import { detailedTask } from './task-extension-wire.ts';

type Message = Readonly<Record<string, unknown>>;

const utf8 = new TextEncoder();

/**
 * One subscription that watches tasks: the frames of the library's own stream, which tells what else was subscribed to,
 * and between them how the tasks go. Each task is told once at the beginning, so that nothing is missed between its
 * creation and the subscription. It ends when nothing more can come.
 */
export class TaskStream implements UnderlyingSource<Uint8Array> {
  readonly #runtime: McpPorts['runtime'];
  readonly #subscription: RequestId;
  readonly #inner: ReadableStreamDefaultReader<string>;
  readonly #onEnd: () => void;
  /** The tasks that go on, each with what ends the watching. */
  readonly #watched = new Map<TaskId, () => void>();
  readonly #wanted: readonly TaskId[];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  /** Whether the library's stream tells something, too; else its end is none of ours. */
  #tellsMore = false;
  #farewell: Message | undefined;

  /**
   * @param inner the stream of the library, which begins with its acknowledgement
   * @param onEnd told once, however it ends
   */
  constructor(
    runtime: McpPorts['runtime'],
    subscription: RequestId,
    wanted: readonly TaskId[],
    inner: ReadableStream<Uint8Array>,
    onEnd: () => void,
  ) {
    this.#runtime = runtime;
    this.#subscription = subscription;
    this.#wanted = wanted;
    this.#inner = inner.pipeThrough(new TextDecoderStream()).getReader();
    this.#onEnd = onEnd;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#keepAlive = setInterval(() => this.#write(': still here\n\n'), mcpTaskLimits.keepAliveMs);
    void this.#readInner();
  }

  /** The reader has gone. */
  cancel(): void {
    this.#controller = undefined;
    this.#release();
  }

  /** Says farewell, and ends. */
  finish(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if (this.#farewell !== undefined) this.#send(this.#farewell);
    this.#controller = undefined;
    this.#release();
    controller.close();
  }

  async #readInner(): Promise<void> {
    let rest = '';
    try {
      for (;;) {
        const { value, done } = await this.#inner.read();
        if (done) break;
        const frames = (rest + value).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) this.#passOn(frame);
      }
    } catch {
      // It broke, or was cancelled with us: the same as its end.
    }
    if (this.#tellsMore || this.#watched.size === 0) this.finish();
  }

  #passOn(frame: string): void {
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (data === undefined) return;
    const message = objectOr(JSON.parse(data));
    if ('result' in message) this.#farewell = message;
    else if (message['method'] === 'notifications/subscriptions/acknowledged') this.#begin(message);
    else this.#send(message);
  }

  /** The acknowledgement names the tasks that will be told of, and comes before all that is told. */
  #begin(acknowledgement: Message): void {
    const params = objectOr(acknowledgement['params']);
    const others = objectOr(params['notifications']);
    this.#tellsMore = Object.keys(others).length > 0;
    const early: TaskView[] = [];
    let tell = (task: TaskView): void => {
      early.push(task);
    };
    const taskIds = this.#wanted.filter((id) => this.#watch(id, (task) => tell(task)));
    this.#send({ ...acknowledgement, params: { ...params, notifications: { ...others, taskIds } } });
    tell = (task) => this.#tell(task);
    for (const task of early) tell(task);
  }

  /** @returns whether it is watched: unknown ones are not, nor those for which there is no room */
  #watch(id: TaskId, tell: (task: TaskView) => void): boolean {
    let replaying = true;
    let ended = false;
    try {
      const unfollow = this.#runtime.follow(
        id,
        { seq: 0, offset: 0 },
        {
          onEvent: () => {
            if (replaying) return;
            const task = this.#runtime.task(id);
            if (task.ended_at === null) tell(task);
          },
          onText: () => undefined,
          onEnd: (task) => {
            ended = true;
            this.#watched.delete(id);
            tell(task);
            if (!replaying && !this.#tellsMore && this.#watched.size === 0) this.finish();
          },
        },
      );
      replaying = false;
      if (ended) return true;
      this.#watched.set(id, unfollow);
      tell(this.#runtime.task(id));
      return true;
    } catch (error) {
      if (error instanceof KoubouError) return false;
      throw error;
    }
  }

  #tell(task: TaskView): void {
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: this.#subscription };
    this.#send({ jsonrpc: '2.0', method: 'notifications/tasks', params: { ...detailedTask(task), _meta } });
  }

  #send(message: Message): void {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  #write(frame: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    // A reader that does not read is cut off; `tasks/get` tells it the same.
    if ((controller.desiredSize ?? 0) < -mcpTaskLimits.unreadBytesMax) {
      this.#controller = undefined;
      this.#release();
      controller.error(new Error('the reader is too slow'));
      return;
    }
    controller.enqueue(utf8.encode(frame));
  }

  #release(): void {
    clearInterval(this.#keepAlive);
    for (const unfollow of this.#watched.values()) unfollow();
    this.#watched.clear();
    this.#inner.cancel().catch(() => undefined);
    this.#onEnd();
  }
}
