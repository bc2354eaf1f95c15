import { onEvents } from './live-connection.ts';

/** Beats are told by no event; so often they are asked for. */
const refreshMs = 5_000;
/** Of the events of a busy workshop, so many questions come at most. */
const restMs = 500;

/** Asks again when something happened, and now and then; never while nobody looks. @returns ends it */
export function followWorkers(again: () => void, everyMs = refreshMs): () => void {
  let due: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    due ??= setTimeout(() => {
      due = undefined;
      if (!document.hidden) again();
    }, restMs);
  };
  const stop = onEvents(soon);
  const timer = setInterval(soon, everyMs);
  return () => {
    stop();
    clearInterval(timer);
    clearTimeout(due);
  };
}
