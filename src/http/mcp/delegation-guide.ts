/** `docs/delegation-guide.md`, word for word: an installed package has no docs. */
export const guideEnglish = `# Delegating to Koubou

Koubou hands tasks to a pool of AI workers: local models, servers of models, and workers on other machines. A task is on
disk before it is acknowledged, it survives restarts, and it is tried again when a worker fails. This guide is for the
agent that decides what to hand over.

## What to delegate

Delegate a piece of work when all four hold:

1. **It can be said in one message.** The worker sees the prompt and the files that you name. It does not see your
   conversation or your repository, runs nothing and edits nothing: it answers with text.
2. **It can be judged by its result.** You can tell at a glance, with a compiler or with a test whether the answer is good.
3. **It is smaller to explain than to do.** If the prompt is as long as the answer would be, write the answer.
4. **You have something else to do, or there are many of them.** Ten pieces at once are where a pool pays most.

Good pieces: tests for a function that you paste in, docstrings, boilerplate after a pattern, translations, summaries of
long texts and logs, conversions between formats, a first analysis of one file, a commit message for a diff, variants to
choose from.

Keep for yourself: decisions of design, changes across many files that depend on each other, debugging that needs to run
something, anything with secrets in it, and the last look at everything. What comes back is a draft: check it as you would
check the work of a colleague whom you do not know.

## How to write the prompt

- Say what is to be done in the first sentence, then the context, then the form of the answer ("only the code, no
  explanation").
- Paste what the worker needs, or name it in \`files\` where the server may read it.
- One piece, one task. Do not ask for three things in one prompt; delegate three tasks with \`koubou_delegate_many\`.
- Set \`type\`: it selects the model. \`code_generation\` for code, \`documentation\`, \`translation\`, \`analysis\`, \`refactoring\`,
  and \`general\` for the rest.

## At which priority

| priority | for |
|---|---|
| 8 to 10 | what you or a person waits for now; few and short ones |
| 5 (the default) | what you need within this piece of work |
| 1 to 3 | bulk work, what may take hours, what is done in the night (\`delay\`, \`run_at\`) |

If everything is urgent, nothing is: a bulk at priority 9 makes your own short question wait.

## Waiting or not

- \`sync: true\` for one short piece that you need before you can go on. The wait is bounded: when it ends first you get the
  id, and the task goes on.
- Without \`sync\` for everything else. You get the id and when it is expected to finish; go on with your work, then ask
  with \`koubou_wait_task\`.
- For many: \`koubou_delegate_many\`, then \`koubou_wait_task\` for one after the other; they run in parallel all the while.
- If you repeat a call because its answer did not arrive, send the same \`idempotency_key\`: there will be one task.

## When it fails

The pool tries again by itself when the failure may pass: a busy server, a lost worker, a timeout. What is told as failed
has used up its tries. Read \`error_code\`; \`koubou_get_task\` with \`attempts: true\` tells who tried it and what went wrong.

- The prompt was at fault (too long, refused, an empty answer): write a better one, or cut the work into smaller pieces.
- The worker or the model was at fault: \`koubou_get_worker_status\` tells what is there; then \`koubou_retry_task\`.
- It failed twice: do it yourself. Two explanations cost more than most pieces are worth.

The rates below tell what this pool has been good at. For a type whose tasks fail more often than one time in five,
delegate smaller pieces, or none.
`;
