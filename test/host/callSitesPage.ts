import path from 'node:path';
import { writeReport } from '../bench/report.ts';
import { hasName, isRight, restOfCall, type CallSite } from './callSites.ts';
import { NEWEST_HOST } from './setup.ts';

/** The ghost text at each place, empty if there was none. */
export type GhostTexts = ReadonlyMap<CallSite, string>;

interface Counts {
  readonly sites: number;
  /** The texts with the right name and arguments. */
  readonly calls: number;
  readonly names: number;
  /** The texts that are not empty. */
  readonly shown: number;
}

/** Counts the right ghost texts. */
export function callSiteCounts(texts: GhostTexts): Counts {
  const count = (fits: (site: CallSite, text: string) => boolean): number =>
    [...texts].filter(([site, text]) => fits(site, text)).length;
  return {
    sites: texts.size,
    calls: count(isRight),
    names: count(hasName),
    shown: count((_site, text) => text !== ''),
  };
}

/** Writes `docs/results/call-sites.md` with the ghost texts with and without the context. */
export async function writeCallSitesPage({
  withContext,
  without,
  modelPath,
}: {
  readonly withContext: GhostTexts;
  readonly without: GhostTexts;
  readonly modelPath: string;
}): Promise<void> {
  const total = (name: string, { sites, calls, names, shown }: Counts): string =>
    `| ${name} | ${calls} of ${sites} | ${names} | ${shown} |`;
  const each = [...withContext].map(([site, text]) =>
    [site.language, code(restOfCall(site)), code(text), code(without.get(site) ?? '')].join(' | '),
  );
  await writeReport({
    name: 'call-sites',
    title: 'Calls to functions of other files, in VS Code',
    model: path.basename(modelPath),
    command: 'CHORUS_CALL_SITES=all npm run test:host -- test/host/callSites.test.ts',
    figures: {
      withContext: callSiteCounts(withContext),
      without: callSiteCounts(without),
      places: [...withContext].map(([site, text]) => ({
        language: site.language,
        caller: site.caller.path,
        call: restOfCall(site),
        withContext: text,
        without: without.get(site) ?? '',
      })),
    },
    body: `
VS Code ${NEWEST_HOST} in a browser. Each place calls a function that another file of the workspace defines. The names were invented for the test (\`test/host/callSites.ts\`), so that only that file reveals them.
The test types the last character and records the ghost text. A call is right if its name and arguments are those of the definition and of the variables in scope, regardless of white space. Without the context
\`chorus.context.workspace\` is off.

| | name and arguments right | name right | any ghost text |
|---|---|---|---|
${total('with the workspace as context', callSiteCounts(withContext))}
${total('without', callSiteCounts(without))}

| language | right | with the context | without |
|---|---|---|---|
${each.map((cells) => `| ${cells} |`).join('\n')}`,
  });
}

/** The first line of a text, for a table cell. */
function code(text: string): string {
  const [line = ''] = text.split('\n');
  return line === '' ? '' : `\`${line.replaceAll('|', '\\|')}\``;
}
