import { isatty } from 'node:tty';

type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface SignalWatch {
  /** Resolves with the first signal that asks this process to stop, also when it came before anybody waited. */
  readonly first: Promise<StopSignal>;
  /** Calls `listener` for each signal after the first. */
  onFurther(listener: () => void): void;
  /** Calls `listener` for each SIGHUP that asks for a reload; one that came before is made up for. */
  onReload(listener: () => void): void;
  /** Gives the signals back their usual meaning. */
  stop(): void;
}

export interface SignalMeaning {
  /** What SIGHUP asks for. The one of a terminal that goes asks to stop all the same. */
  readonly hangup: 'stop' | 'reload';
}

/** Takes the signals that would end this process. */
export function watchSignals({ hangup }: SignalMeaning = { hangup: 'stop' }): SignalWatch {
  const stops = new Listening();
  const reloads = new Listening();
  const isAtTerminal = terminalWatch();
  let resolveFirst: (signal: StopSignal) => void = () => undefined;
  const first = new Promise<StopSignal>((resolve) => {
    resolveFirst = resolve;
  });
  let isFirst = true;
  const askedToStop = (signal: StopSignal) => {
    if (!isFirst) return stops.hear();
    isFirst = false;
    resolveFirst(signal);
  };
  const onTerm = () => askedToStop('SIGTERM');
  const onInt = () => askedToStop('SIGINT');
  const onHangup = () => (hangup === 'reload' && isAtTerminal() ? reloads.hear() : askedToStop('SIGHUP'));
  process.on('SIGTERM', onTerm).on('SIGINT', onInt).on('SIGHUP', onHangup);
  return {
    first,
    onFurther: (listener) => stops.listen(listener),
    onReload: (listener) => reloads.listen(listener),
    stop: () => {
      process.off('SIGTERM', onTerm).off('SIGINT', onInt).off('SIGHUP', onHangup);
    },
  };
}

/** Remembers that something was heard until somebody listens. */
class Listening {
  #listener: (() => void) | undefined;
  #isMissed = false;

  hear(): void {
    if (this.#listener === undefined) this.#isMissed = true;
    else this.#listener();
  }

  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.#isMissed) listener();
    this.#isMissed = false;
  }
}

/** Tells whether the terminal at which this process was started is still there; also where there never was one. */
function terminalWatch(): () => boolean {
  const atStart = [0, 1, 2].filter((fd) => isatty(fd));
  return () => atStart.length === 0 || atStart.some((fd) => isatty(fd));
}
