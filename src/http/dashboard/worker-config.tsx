import { useSignal } from '@preact/signals';
import type { ShownSetting } from '../../runtime/shown-config.ts';
import { ask } from './doors.ts';
import { Show, useLoaded } from './loading.tsx';
import { ScrollBox } from './scroll-box.tsx';
import { configWords } from './worker-config-words.ts';

interface Configuration {
  readonly version: number;
  readonly settings: readonly ShownSetting[];
  readonly notices: readonly string[];
}

/** What the files say, as it is in force. */
export function WorkerConfig() {
  const config = useLoaded((signal) => ask<Configuration>('/config', { signal }));
  return (
    <section class="card worker-section" aria-labelledby="config">
      <h2 id="config">{configWords.value.config(config.value.value?.version ?? 0)}</h2>
      <p class="muted">{configWords.value.configAbout}</p>
      <Show of={config.value}>{(found) => <Settings found={found} />}</Show>
    </section>
  );
}

function Settings({ found: { settings, notices } }: { found: Configuration }) {
  const words = configWords.value;
  const wanted = useSignal('');
  const shown = settings.filter(({ path, value }) =>
    `${path} ${textOf(value)}`.toLowerCase().includes(wanted.value.toLowerCase()),
  );
  return (
    <>
      {notices.map((notice) => (
        <p key={notice} class="muted">
          {notice}
        </p>
      ))}
      <details>
        <summary>{words.show(settings.length)}</summary>
        <p class="bar">
          <label>
            {words.filter}{' '}
            <input
              type="search"
              value={wanted.value}
              onInput={({ currentTarget }) => {
                wanted.value = currentTarget.value;
              }}
            />
          </label>
        </p>
        <ScrollBox kind="low" label={words.show(settings.length)}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.setting}</th>
                <th scope="col">{words.value}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ path, value }) => (
                <tr key={path}>
                  <td class="mono">{path}</td>
                  <td class="mono worker-value">{textOf(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      </details>
    </>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
