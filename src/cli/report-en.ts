/** What `koubou report` says, in English; the catalogue takes it in as `report`. */
export const reportTalkEnglish = {
  help: {
    report: 'write a report of the workshop in Markdown, every figure of it from the running system',
    lang: 'language of the report, en or ja (default: yours)',
    hours: (max: number) => `period of its figures, in hours, 1 to ${max} (default: 24)`,
  },
};
