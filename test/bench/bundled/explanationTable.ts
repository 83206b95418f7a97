import { modelTable, type ByName, type Table } from './groupedTable.ts';
import { VERDICTS, type Explained } from './judgedFile.ts';

/** Returns the number of explanations with each verdict. */
export function explanationTable(models: ByName<readonly Explained[]>): Table {
  const count = (explained: readonly Explained[], wanted: Explained['verdict']): number =>
    explained.filter(({ verdict }) => verdict === wanted).length;
  const isJudgedWhole = [...models.values()].every((explained) => count(explained, '') === 0);
  const rows = VERDICTS.map(
    (verdict) =>
      [
        verdict,
        [...models.values()].map((explained) => `${count(explained, verdict)} of ${explained.length}`),
      ] as const,
  );
  const unjudged = ['not judged', [...models.values()].map((explained) => `${count(explained, '')}`)] as const;
  return {
    markdown: modelTable([...models.keys()], new Map(isJudgedWhole ? rows : [...rows, unjudged])),
    figures: Object.fromEntries(
      [...models].map(([name, explained]) => [
        name,
        {
          explained: explained.length,
          ...Object.fromEntries(VERDICTS.map((verdict) => [verdict, count(explained, verdict)])),
        },
      ]),
    ),
  };
}

/** Returns for each function every model's explanation, and the verdict. */
export function explanationList(models: ByName<readonly Explained[]>): string {
  const ids = [...new Set([...models.values()].flatMap((explained) => explained.map(({ id }) => id)))];
  const quoted = (text: string): string => text.trimEnd().replace(/^/gm, '> ');
  const entries = ids.map((id, index) => {
    const answers = [...models].flatMap(([name, explained]) => {
      const own = explained.find((one) => one.id === id);
      return own
        ? [`**${name}**: ${own.verdict || 'not judged'}${own.why ? ` — ${own.why}` : ''}\n\n${quoted(own.answer)}`]
        : [];
    });
    return `### ${index + 1}. ${id.replace('held-out/', '')}\n\n${answers.join('\n\n')}`;
  });
  return entries.join('\n\n');
}
