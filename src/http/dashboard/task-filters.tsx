import type { Signal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { builtInTaskTypes } from '../../config/task-types.ts';
import type { ShownSetting } from '../../runtime/shown-config.ts';
import { ask } from './doors.ts';
import { useFollowed } from './polling.ts';
import { noTerms, type SearchTerms } from './task-search-terms.ts';
import { taskWords } from './task-words.ts';

/** What is typed is looked for when so long nothing more comes, in ms. */
const pauseMs = 250;

interface FiltersProps {
  readonly terms: SearchTerms;
  readonly onChange: (terms: SearchTerms) => void;
  readonly workers: Signal<readonly string[]>;
  readonly search: RefObject<HTMLInputElement | null>;
}

/** What narrows the list down. */
export function TaskFilters({ terms, onChange, workers, search }: FiltersProps) {
  const words = taskWords.value;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (name: keyof SearchTerms, value: string, delayMs = 0) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange({ ...terms, [name]: value }), delayMs);
  };
  const typed = (name: keyof SearchTerms) => ({
    value: terms[name],
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      set(name, currentTarget.value, pauseMs),
  });
  const chosen = (name: keyof SearchTerms) => ({
    value: terms[name],
    onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => set(name, currentTarget.value),
  });
  return (
    <search class="filters">
      <Field label={words.search} kind="field-wide">
        <input ref={search} type="search" maxLength={200} aria-keyshortcuts="/" {...typed('text')} />
      </Field>
      <Field label={words.status}>
        <select {...chosen('status')}>
          <option value="">{words.all}</option>
          {(['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const).map((status) => (
            <option key={status} value={status}>
              {words.statuses[status]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={words.type}>
        <input list="task-types" maxLength={200} {...typed('type')} />
      </Field>
      <Field label={words.worker}>
        <select {...chosen('worker')}>
          <option value="">{words.all}</option>
          {workers.value.map((id) => (
            <option key={id} value={id}>
              {id.slice(0, 60)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={words.priority}>
        <input size={6} placeholder={words.priorityHint} {...typed('priority')} />
      </Field>
      <Field label={words.since}>
        <input type="datetime-local" {...typed('since')} />
      </Field>
      <Field label={words.until}>
        <input type="datetime-local" {...typed('until')} />
      </Field>
      <Field label={words.sort}>
        <select {...chosen('sort')}>
          <option value="">{words.newest}</option>
          <option value="oldest">{words.oldest}</option>
          <option value="priority">{words.byPriority}</option>
        </select>
      </Field>
      <button type="button" onClick={() => onChange(noTerms)}>
        {words.clear}
      </button>
      <TypeList id="task-types" />
    </search>
  );
}

/** The types of the configuration in force to choose from, for a field with this list; others can be typed in. */
export function TypeList({ id }: { id: string }) {
  const types = useFollowed(typesInForce, {
    matters: ({ details }) => details.event === 'pool.reconfigured',
    restMs: 500,
    everyMs: Number.POSITIVE_INFINITY,
  });
  return (
    <datalist id={id}>
      {(types.state.value.value ?? builtInTaskTypes).map((type) => (
        <option key={type} value={type} />
      ))}
    </datalist>
  );
}

async function typesInForce(signal: AbortSignal): Promise<readonly string[]> {
  const { settings } = await ask<{ settings: readonly ShownSetting[] }>('/config', { signal });
  const types = settings.find(({ path }) => path === 'task_types')?.value;
  return Array.isArray(types) ? types.map(String) : builtInTaskTypes;
}

interface FieldProps {
  readonly label: string;
  readonly kind?: string;
  readonly children: ComponentChildren;
}

/** A field under its name. */
export function Field({ label, kind = '', children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control comes as the child
    <label class={`field ${kind}`}>
      <span>{label}</span>
      {children}
    </label>
  );
}
