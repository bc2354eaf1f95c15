import { Show, useLoaded } from './loading.tsx';

/** Charts are a large part of the page, and not the first that one sees: they come when they are wanted. */
export function ActorsPage() {
  const places = useLoaded(() => import('./actor-places.tsx'));
  return <Show of={places.value}>{({ ActorPlaces }) => <ActorPlaces />}</Show>;
}
