import { ActorMachine } from './actor-machine.tsx';
import { ActorMachines } from './actor-machines.tsx';
import { ActorPage } from './actor-page.tsx';
import { ActorTree } from './actor-tree.tsx';
import { route } from './route.ts';
import './chart.css';
import './actor.css';

/** All places below `#/actors`. */
export function ActorPlaces() {
  const [, name, machine] = route.value.path;
  if (name === undefined) return <ActorMachines />;
  if (name === 'tree') return <ActorTree />;
  if (name === 'machine') return <ActorMachine key={machine} machine={machine ?? ''} />;
  return <ActorPage key={name} actor={name} />;
}
