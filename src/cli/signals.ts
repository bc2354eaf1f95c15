const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type StopSignal = (typeof stopSignals)[number];

export interface SignalWatch {
  /** Resolves with the first signal that asks this process to stop, also when it came before anybody waited. */
  readonly first: Promise<StopSignal>;
  /** Calls `listener` for each signal after the first. */
  onFurther(listener: () => void): void;
  /** Gives the signals back their usual meaning. */
  stop(): void;
}

/** Takes the signals that would end this process. */
export function watchSignals(): SignalWatch {
  let count = 0;
  let further = (): void => undefined;
  let resolveFirst: (signal: StopSignal) => void = () => undefined;
  const first = new Promise<StopSignal>((resolve) => {
    resolveFirst = resolve;
  });
  const hear = (signal: NodeJS.Signals) => {
    count += 1;
    if (count === 1) resolveFirst(signal as StopSignal);
    else further();
  };
  for (const signal of stopSignals) process.on(signal, hear);
  return {
    first,
    onFurther: (listener) => {
      further = listener;
      if (count > 1) listener();
    },
    stop: () => {
      for (const signal of stopSignals) process.off(signal, hear);
    },
  };
}
