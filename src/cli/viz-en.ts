/** What `koubou viz` says, in English; the catalogue takes it in as `viz`. */
export const vizEnglish = {
  help: {
    viz: 'open the state charts in the dashboard: all of them, or the life of one actor',
    seq: 'the moment of its past to show, by the seq of its event',
    noOpen: 'print the address only',
  },
  notActor: (name: string) =>
    `${name} is no name of an actor: pool, worker:ID, endpoint:ORIGIN, execution:ASSIGNMENT, or the id of a task.`,
  seqAlone: '--seq goes with an actor.',
  notRunning: 'No server runs on this home, and the charts are a page of it: koubou start',
};
