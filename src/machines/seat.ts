/** The colon stands in no worker's name, so that a worker called `task-1` is none. */
const seatPrefix = 'task:';

/** The name of a task's actor. */
export function actorOfSeat(seat: number): string {
  return `${seatPrefix}${seat}`;
}

/** The seat behind the name of an actor; `undefined` for an actor that is no task. */
export function seatOfActor(actorId: string): number | undefined {
  return actorId.startsWith(seatPrefix) ? Number(actorId.slice(seatPrefix.length)) : undefined;
}
