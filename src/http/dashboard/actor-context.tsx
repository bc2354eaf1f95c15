import type { Context } from './actor-history.ts';
import type { Shown } from './actor-page.tsx';
import { actorWords } from './actor-words.ts';

/** What the actor knew at that moment and what had happened, as trees; what that had changed is marked. */
export function ActorContext({ shown }: { shown: Shown }) {
  const words = actorWords.value;
  const { moment, before, context } = shown;
  return (
    <div class="grid">
      <section class="card">
        <h2>{words.context}</h2>
        <Tree value={context} before={before?.context} />
      </section>
      <section class="card">
        <h2>{words.event}</h2>
        {moment === null ? (
          <p class="muted">{words.noEvent}</p>
        ) : (
          <>
            <p class="mono">{moment.name}</p>
            <Tree value={moment.detail} before={undefined} />
          </>
        )}
      </section>
    </div>
  );
}

interface TreeProps {
  readonly value: Context;
  /** What it was; left out where nothing is compared. */
  readonly before: Context | undefined;
}

/** All text is text: what models and clients wrote is in here. */
function Tree({ value, before }: TreeProps) {
  const names = [...new Set([...Object.keys(value), ...Object.keys(before ?? {})])];
  return (
    <ul class="value">
      {names.map((name) => (
        <Branch
          key={name}
          name={name}
          value={value[name]}
          before={before === undefined ? { value: value[name] } : { value: before[name] }}
        />
      ))}
    </ul>
  );
}

interface BranchProps {
  readonly name: string;
  readonly value: unknown;
  readonly before: { readonly value: unknown };
}

function Branch({ name, value, before }: BranchProps) {
  const was = before.value;
  const hasChanged = JSON.stringify(value) !== JSON.stringify(was);
  if (isTree(value)) {
    const inner = isTree(was) ? was : hasChanged ? {} : value;
    return (
      <li>
        <details open>
          <summary class={hasChanged ? 'changed' : ''}>{name}</summary>
          <Tree value={value} before={inner} />
        </details>
      </li>
    );
  }
  return (
    <li class={hasChanged ? 'changed' : ''}>
      <span class="value-name">{name}</span> {hasChanged && was !== undefined && <del>{textOf(was)}</del>}{' '}
      {value === undefined ? null : hasChanged ? <ins>{textOf(value)}</ins> : <span>{textOf(value)}</span>}
    </li>
  );
}

function isTree(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
