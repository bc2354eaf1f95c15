import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { actorWords } from './actor-words.ts';
import { liveState, onMessage, say } from './live-connection.ts';
import { hrefOf } from './route.ts';
import { numberOf } from './time-words.ts';

interface Branch {
  readonly actor: string;
  readonly states: readonly string[];
  readonly crashes: number;
  readonly executions?: readonly { readonly actor: string; readonly task: string }[];
}

interface Tree {
  readonly states: readonly string[];
  readonly workers: readonly Branch[];
  readonly worker_count: number;
  readonly endpoints: readonly Branch[];
  readonly endpoint_count: number;
  readonly tasks: Readonly<Record<string, number>>;
}

/** A supervisor is looked at, not watched frame by frame. */
const everyMs = 1_000;

/** `#/actors/tree`: who owns whom, and how often each was started anew. */
export function ActorTree() {
  const words = actorWords.value;
  const tree = useSignal<Tree | null>(null);
  const isLive = liveState.value === 'live';
  useEffect(() => {
    const unhear = onMessage('inspect_tree', (message) => {
      tree.value = message;
    });
    const ask = () => say({ command: 'inspect_tree' });
    ask();
    const timer = setInterval(ask, everyMs);
    return () => {
      clearInterval(timer);
      unhear();
    };
  }, [isLive]);
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf(['actors'])}>{words.title}</a>
      </p>
      <h1>{words.tree}</h1>
      {tree.value === null ? <p class="muted">…</p> : <Root tree={tree.value} />}
    </>
  );
}

function Root({ tree: { states, workers, worker_count, endpoints, endpoint_count, tasks } }: { tree: Tree }) {
  const words = actorWords.value;
  const total = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  return (
    <ul class="tree card">
      <li>
        <Named branch={{ actor: 'pool', states, crashes: 0 }} />
        <ul>
          <li>
            {words.workers} {numberOf(worker_count)}
            <ul>
              {workers.map((worker) => (
                <li key={worker.actor}>
                  <Named branch={worker} />
                  {(worker.executions ?? []).length > 0 && (
                    <ul>
                      {worker.executions?.map(({ actor, task }) => (
                        <li key={actor}>
                          <Link actor={actor} /> → <Link actor={task} />
                        </li>
                      ))}
                    </ul>
                  )}
                </li>
              ))}
            </ul>
          </li>
          <li>
            {words.endpoints} {numberOf(endpoint_count)}
            <ul>
              {endpoints.map((endpoint) => (
                <li key={endpoint.actor}>
                  <Named branch={endpoint} />
                </li>
              ))}
            </ul>
          </li>
          <li>
            {words.tasks} {numberOf(total)}
            <ul>
              {Object.entries(tasks).map(([state, count]) => (
                <li key={state}>
                  <a href={hrefOf(['actors', 'machine', 'task'], { state })}>{state}</a> {numberOf(count)}
                </li>
              ))}
            </ul>
          </li>
        </ul>
      </li>
    </ul>
  );
}

function Named({ branch: { actor, states, crashes } }: { branch: Branch }) {
  return (
    <>
      <Link actor={actor} />{' '}
      <span class="states-of">
        {states.map((state) => (
          <span key={state} class="tag">
            {state}
          </span>
        ))}
        {crashes > 0 && <span class="tag bad">{actorWords.value.restarts(crashes)}</span>}
      </span>
    </>
  );
}

function Link({ actor }: { actor: string }) {
  return (
    <a class="mono" href={hrefOf(['actors', actor])}>
      {actor}
    </a>
  );
}
