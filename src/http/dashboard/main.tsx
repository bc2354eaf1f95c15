import { effect } from '@preact/signals';
import { render } from 'preact';
import { ActorsPage } from './actors-page.tsx';
import { loadFacts, Refusal } from './doors.ts';
import { language } from './language.ts';
import { connect } from './live-connection.ts';
import { OverviewPage } from './overview-page.tsx';
import { ReportPage } from './report-page.tsx';
import { route } from './route.ts';
import { Shell } from './shell.tsx';
import { shellWords } from './shell-words.ts';
import { TaskPage } from './task-page.tsx';
import { TasksPage } from './tasks-page.tsx';
import { WorkersPage } from './workers-page.tsx';
import './style.css';

function Page() {
  const [place = 'overview', id] = route.value.path;
  switch (place) {
    case 'overview':
      return <OverviewPage />;
    case 'tasks':
      return id === undefined ? <TasksPage /> : <TaskPage key={id} taskId={id} />;
    case 'workers':
      return <WorkersPage />;
    case 'actors':
      return <ActorsPage />;
    case 'report':
      return <ReportPage />;
    default:
      return <p class="muted">{shellWords.value.notFound}</p>;
  }
}

effect(() => {
  document.documentElement.lang = language.value;
  document.title = language.value === 'ja' ? '工房 Koubou' : 'Koubou 工房';
});

const app = document.getElementById('app') as HTMLElement;
try {
  await loadFacts();
  connect();
  render(
    <Shell>
      <Page />
    </Shell>,
    app,
  );
} catch (error) {
  if (error instanceof Refusal && error.status === 401) location.assign('/login');
  else render(<p role="alert">{shellWords.value.failed(String(error))}</p>, app);
}
