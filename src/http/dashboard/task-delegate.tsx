import { useSignal } from '@preact/signals';
import { Dialog } from './dialog.tsx';
import { ask } from './doors.ts';
import { useLoaded } from './loading.tsx';
import { go } from './route.ts';
import { Field, TypeList } from './task-filters.tsx';
import { taskWords } from './task-words.ts';

interface Models {
  readonly workers: readonly {
    readonly model: string | null;
    readonly loaded: readonly string[];
    readonly models: readonly { readonly name: string }[] | null;
  }[];
}

/** Hands in a task, and goes to its page. */
export function DelegateDialog({ onClose }: { onClose: () => void }) {
  const words = taskWords.value;
  const fault = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const asked = delegationOf(new FormData(event.currentTarget as HTMLFormElement));
    if (asked === null) {
      fault.value = words.optionsWrong;
      return;
    }
    isBusy.value = true;
    fault.value = null;
    ask<{ task_id: string }>('/task/delegate', { method: 'POST', body: asked }).then(
      ({ task_id }) => go(['tasks', task_id]),
      (error: Error) => {
        fault.value = error.message;
        isBusy.value = false;
      },
    );
  };
  return (
    <Dialog title={words.delegate} onClose={onClose}>
      <form class="delegate" onSubmit={submit}>
        <Fields />
        {fault.value !== null && (
          <p class="fault field-wide" role="alert">
            {fault.value}
          </p>
        )}
        <div class="bar dialog-buttons field-wide">
          <button type="submit" class="primary" disabled={isBusy.value}>
            {isBusy.value ? words.submitting : words.submit}
          </button>
          <button type="button" onClick={({ currentTarget }) => currentTarget.closest('dialog')?.close()}>
            {words.keep}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Fields() {
  const words = taskWords.value;
  const models = useLoaded(async (signal) => namesIn(await ask<Models>('/workers', { signal })));
  return (
    <>
      <Field label={words.prompt} kind="field-wide">
        <textarea name="prompt" rows={6} required />
      </Field>
      <Field label={words.type}>
        <input name="type" list="delegate-types" maxLength={200} placeholder="general" />
      </Field>
      <Field label={words.priority}>
        <input name="priority" type="number" min={1} max={10} defaultValue="5" required />
      </Field>
      <Field label={words.model}>
        <input name="model" list="delegate-models" maxLength={200} placeholder={words.modelHint} />
      </Field>
      <Field label={words.temperature}>
        <input name="temperature" type="number" min={0} max={5} step="any" />
      </Field>
      <Field label={words.context}>
        <input name="num_ctx" type="number" min={1} max={10_000_000} />
      </Field>
      <Field label={words.options} kind="field-wide">
        <textarea name="options" rows={2} class="mono" spellcheck={false} />
      </Field>
      <TypeList id="delegate-types" />
      <datalist id="delegate-models">
        {(models.value.value ?? []).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

function namesIn({ workers }: Models): readonly string[] {
  const names = workers.flatMap(({ model, loaded, models }) => [
    ...(model === null ? [] : [model]),
    ...loaded,
    ...(models ?? []).map(({ name }) => name),
  ]);
  return [...new Set(names)].sort();
}

/** What is sent; `null` when the options cannot be read. */
function delegationOf(form: FormData): object | null {
  const of = (name: string) => String(form.get(name) ?? '').trim();
  const further = objectIn(of('options'));
  if (further === null) return null;
  const numbers = ['temperature', 'num_ctx'].filter((name) => of(name) !== '');
  const options = {
    ...further,
    ...Object.fromEntries(numbers.map((name) => [name, Number(of(name))])),
    ...(of('model') === '' ? {} : { model: of('model') }),
  };
  return {
    prompt: String(form.get('prompt') ?? ''),
    priority: Number(of('priority')),
    created_by: 'dashboard',
    ...(of('type') === '' ? {} : { type: of('type') }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

function objectIn(text: string): object | null {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
