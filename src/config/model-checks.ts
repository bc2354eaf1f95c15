/** What must fit together in `ollama_models.yaml`: whoever names a model names one that is there. */

import { suggest } from './nearest.ts';
import type { Place } from './place.ts';
import type { ConfigProblem } from './problem.ts';

/** Every reference to a key under `models`. */
export function checkModels(root: Place): readonly ConfigProblem[] {
  const keys = root.at('models').keys();
  const recommendations = root.at('task_recommendations');
  const choice = root.at('performance');
  const references = [
    root.at('default_model'),
    ...recommendations.keys().map((taskType) => recommendations.at(taskType)),
    ...choice
      .at('auto_select', 'rules')
      .items()
      .map((rule) => rule.at('model')),
    ...choice.at('fallback', 'chain').items(),
  ];
  return references
    .filter(({ text }) => text !== undefined && text !== '' && !keys.includes(text))
    .map((reference) => {
      const hint = suggest(reference.text ?? '', keys);
      return reference.problem('value', { expected: 'a key under models', hint });
    });
}
