import { useSignal } from '@preact/signals';
import type { MachineFigures } from '../../runtime/inspection-figures.ts';
import { actorWords } from './actor-words.ts';
import { drawnMachines } from './chart-drawings.ts';
import { overview, useOverview } from './chart-live.ts';
import { go, hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { numberOf } from './time-words.ts';

/** `#/actors`: all kinds of actors, and how many of each live. */
export function ActorMachines() {
  useOverview();
  const words = actorWords.value;
  const kinds = [...drawnMachines, 'execution'];
  return (
    <>
      <h1>{words.title}</h1>
      <p>{words.intro}</p>
      <div class="bar">
        <OpenActor />
        <a href={hrefOf(['actors', 'tree'])}>{words.tree}</a>
      </div>
      <div class="card">
        <ScrollBox label={words.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.machine}</th>
                <th scope="col" class="number">
                  {words.live}
                </th>
                <th scope="col" class="number">
                  {words.begun}
                </th>
                <th scope="col">{words.where}</th>
              </tr>
            </thead>
            <tbody>
              {kinds.map((machine) => (
                <KindRow key={machine} machine={machine} figures={overview.value[machine]} />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      </div>
    </>
  );
}

function KindRow({ machine, figures }: { machine: string; figures: MachineFigures | undefined }) {
  const inhabited = figures?.states.filter(({ count }) => count > 0) ?? [];
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf(['actors', 'machine', machine])}>{machine}</a>
      </th>
      <td class="number">{numberOf(figures?.live)}</td>
      <td class="number">{numberOf(figures?.begun)}</td>
      <td>
        {figures === undefined ? (
          <span class="muted">{['journal', 'join'].includes(machine) ? machineNote(machine) : '…'}</span>
        ) : (
          <span class="states-of">
            {inhabited.map(({ state, count }) => (
              <span key={state} class="tag">
                {state} {numberOf(count)}
              </span>
            ))}
          </span>
        )}
      </td>
    </tr>
  );
}

/** The journal is one, and not among the actors that are looked into; those who join live in processes of their own. */
function machineNote(machine: string): string {
  return machine === 'join' ? actorWords.value.elsewhere : actorWords.value.none;
}

function OpenActor() {
  const words = actorWords.value;
  const name = useSignal('');
  return (
    <form
      class="bar open-actor"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.value.trim() !== '') go(['actors', name.value.trim()]);
      }}
    >
      <input
        aria-label={words.name}
        placeholder="task_… / worker:… / pool"
        title={words.name}
        value={name.value}
        onInput={({ currentTarget }) => {
          name.value = currentTarget.value;
        }}
      />
      <button type="submit">{words.open}</button>
    </form>
  );
}
