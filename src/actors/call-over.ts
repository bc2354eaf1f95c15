/**
 * Why a signal is aborted behind a call that has ended, so that nothing outlives it. Nobody is told of it any more, so that
 * no error with a stack of its own needs to be made each time.
 */
export const callOver = new DOMException('the call is over', 'AbortError');
