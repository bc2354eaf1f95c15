export const builtInTaskTypes = [
  'general',
  'code_generation',
  'documentation',
  'translation',
  'analysis',
  'refactoring',
] as const;

/** `code` is an older name of `code_generation`, in the API as in the files. */
export function taskTypeNamed(written: string): string {
  return written === 'code' ? 'code_generation' : written;
}
