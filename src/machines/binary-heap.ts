/** Whether the first comes up before the second. */
export type ComesBefore<E> = (a: E, b: E) => boolean;

/** Puts an entry into a binary min-heap. */
export function pushInto<E>(heap: E[], entry: E, comesBefore: ComesBefore<E>): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as E;
    if (!comesBefore(entry, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

/** Takes the first entry out of a binary min-heap that has one. */
export function dropFirst<E>(heap: E[], comesBefore: ComesBefore<E>): void {
  const last = heap.pop() as E;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && comesBefore(right, heap[child] as E)) child += 1;
    const below = heap[child] as E;
    if (!comesBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}
