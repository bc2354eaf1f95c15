import { DurationsCard, FlowCard } from './overview-charts.tsx';
import { FiguresCard } from './overview-figures.tsx';
import { WorkerLanes } from './overview-lanes.tsx';
import { LiveLog } from './overview-log.tsx';
import { QueueCard } from './overview-queue.tsx';
import { overviewWords } from './overview-words.ts';
import './overview.css';

/** What the workshop does, at a glance. */
export function OverviewPage() {
  return (
    <>
      <h1>{overviewWords.value.title}</h1>
      <div class="grid overview">
        <WorkerLanes />
        <QueueCard />
        <FiguresCard />
        <FlowCard />
        <DurationsCard />
        <LiveLog />
      </div>
    </>
  );
}
