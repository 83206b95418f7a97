import type { CodeFacts } from '../../syntax/codeFacts.ts';
import { ofLanguage } from '../answerLanguage.ts';
import { factLabels } from './factLabels.ts';

/** Facts about code as a Markdown list in a language (a BCP 47 tag). '' if there are none. */
export function factsText(facts: CodeFacts, language: string): string {
  const labels = ofLanguage(factLabels, language) ?? factLabels.en;
  const results = facts.returns === 'nothing' ? labels.nothing : quoted(facts.returns ?? []);
  const returns = facts.mayReturnNothing ? `${results}, ${labels.nothing}` : results;
  const lines: readonly (readonly [label: string, text: string])[] = [
    [labels.defines, quoted(facts.defines)],
    [labels.parameters, quoted(facts.parameters)],
    [labels.returns, returns],
    [labels.yields, quoted(facts.yields)],
    [labels.errors, quoted(facts.errors)],
    [labels.calls, quoted(facts.calls)],
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `- ${label}: ${text}`)
    .join('\n');
}

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
