import { describe, expect, test } from 'vitest';
import { InspectCrowd } from '../../src/http/websocket/inspect-crowd.ts';
import { InspectDesk } from '../../src/http/websocket/inspect-desk.ts';
import { inspectionLimits } from '../../src/machines/inspection-limits.ts';
import { Workshop } from '../support/workshop.ts';

/** A reader whose network takes what it is given when the test says so. */
class SlowReader {
  readonly format = 'koubou';
  hasRoom = true;
  readonly told: string[] = [];
  readonly forgotten: string[] = [];

  readonly send = (frame: Buffer): void => {
    this.told.push(String(frame).match(/"type":"(\w+)"/)?.[1] ?? String(frame));
  };
  readonly forget = (actor: string): void => void this.forgotten.push(actor);
}

describe('a crowd', () => {
  test('tells a slow reader nothing until it has read, and then only how things stand', () => {
    const crowd = new InspectCrowd<SlowReader>();
    const [slow, quick] = [new SlowReader(), new SlowReader()];
    crowd.add(slow);
    crowd.add(quick);
    slow.hasRoom = false;
    for (let each = 0; each < 100; each += 1) crowd.tell(Buffer.from('change'));
    crowd.catchUp(() => Buffer.from('fresh'));
    expect([slow.told.length, quick.told.length, crowd.isBehind]).toEqual([0, 100, true]);
    slow.hasRoom = true;
    crowd.tell(Buffer.from('change'));
    expect(slow.told).toEqual([]);
    crowd.catchUp(() => Buffer.from('fresh'));
    crowd.tell(Buffer.from('change'));
    expect([slow.told, crowd.isBehind]).toEqual([['fresh', 'change'], false]);
    expect(quick.told).toHaveLength(102);
  });
});

describe('a desk', () => {
  const setupDesk = async () => {
    const workshop = await new Workshop().open();
    const desk = new InspectDesk(workshop.runtime.inspection, workshop.clock);
    return { workshop, desk, reader: new SlowReader() };
  };

  test('shows an actor anew to who had fallen behind, though the actor does nothing more', async () => {
    const { workshop, desk, reader } = await setupDesk();
    const [, id] = await workshop.delegate(2);
    desk.enter(id as string, reader, () => undefined);
    reader.hasRoom = false;
    await workshop.clock.advance(12_000); // It is handed out, and begins.
    expect(reader.told).toEqual(['inspect_snapshot']);
    reader.hasRoom = true;
    await workshop.clock.advance(inspectionLimits.overviewMs);
    expect(reader.told).toEqual(['inspect_snapshot', 'inspect_snapshot']);
    await workshop.clock.advance(10_000);
    expect(reader.told.slice(2)).toEqual(['inspect_transition', 'inspect_ended']);
    expect(reader.forgotten).toEqual([id]);
  });

  test('tells of an ending even who had fallen behind', async () => {
    const { workshop, desk, reader } = await setupDesk();
    const id = await workshop.delegateOne();
    desk.enter(id, reader, () => undefined);
    reader.hasRoom = false;
    await workshop.clock.advance(20_000);
    expect(reader.told).toEqual(['inspect_snapshot', 'inspect_ended']);
  });

  test('shows who comes later what has happened as a snapshot, and not once more', async () => {
    const { workshop, desk, reader } = await setupDesk();
    await workshop.delegateOne();
    const later = new SlowReader();
    desk.enter('pool', reader, () => undefined);
    const paused = workshop.runtime.pause();
    desk.enter('pool', later, () => undefined);
    const before = reader.told.filter((type) => type === 'inspect_transition').length;
    expect([before > 0, later.told]).toEqual([true, ['inspect_snapshot']]);
    await workshop.drive(paused);
    const told = reader.told.length - 1 - before;
    expect(later.told).toHaveLength(1 + told);
  });

  test('tells ten differences a second at most, and leaves no timer when all have gone', async () => {
    const { workshop, desk, reader } = await setupDesk();
    const { clock } = workshop;
    workshop.durationMs = () => 3;
    await workshop.delegate(600);
    const timers = clock.pending;
    desk.overview.enter(reader);
    expect(clock.pending).toBe(timers + 1);
    await clock.advance(1_000);
    expect(reader.told.length).toBeGreaterThan(8);
    expect(reader.told.length).toBeLessThanOrEqual(1 + 10);
    desk.overview.leave(reader);
    const told = reader.told.length;
    await clock.advance(1_000);
    expect(reader.told).toHaveLength(told);
  });

  test('says nothing of figures that stay as they are', async () => {
    const { workshop, desk, reader } = await setupDesk();
    desk.overview.enter(reader);
    await workshop.clock.advance(2_000);
    expect(reader.told.length).toBeLessThanOrEqual(2);
  });
});
