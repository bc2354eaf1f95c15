import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Machines, merged } from './chart-tallies.ts';
import { keepSaying, onMessage } from './live-connection.ts';

/** The figures of all actors by their machine, as the server told them last: ten times a second at most. */
export const overview = signal<Machines>({});

let watchers = 0;
let leave = () => {};

/** Follows the figures as long as the component is there; several share what is sent once. */
export function useOverview(): void {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) leave = follow();
    return () => {
      watchers -= 1;
      if (watchers === 0) leave();
    };
  }, []);
}

function follow(): () => void {
  const unhear = onMessage('inspect_overview', ({ kind, machines }) => {
    overview.value = kind === 'full' ? machines : merged(overview.peek(), machines);
  });
  const command = { command: 'subscribe', channel: 'inspect' };
  const unsay = keepSaying('inspect', () => command, { ...command, command: 'unsubscribe' });
  return () => {
    unsay();
    unhear();
  };
}
