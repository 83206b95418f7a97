import { GENERATE_REQUEST } from '../../../../sidecar/protocol/client.ts';
import type { SoakClient } from './client.ts';

const PROBES: readonly object[] = [
  { prompt: 'The capital of France is' },
  { prompt: 'def add(a, b):\n    return' },
  { messages: [{ role: 'user', content: 'Name three colours.' }] },
  { messages: [{ role: 'user', content: 'What is two plus two?' }] },
];
const TOKENS = 12;

/** Questions with the same answers every time, since the likeliest token is always taken. */
export class Probes {
  #answers: readonly string[] | undefined;
  #next = 0;

  /** Asks the next question and returns the error of its answer. Throws the errors of the request. */
  async ask(client: SoakClient): Promise<string | undefined> {
    this.#answers ??= await this.#firstAnswers(client);
    const index = this.#next++ % PROBES.length;
    const answer = await answerTo(client, index);
    const expected = this.#answers[index];
    return answer === expected
      ? undefined
      : `question ${index}: ${JSON.stringify(answer)}, at first ${JSON.stringify(expected)}`;
  }

  async #firstAnswers(client: SoakClient): Promise<string[]> {
    const answers: string[] = [];
    for (const index of PROBES.keys()) answers.push(await answerTo(client, index));
    return answers;
  }
}

async function answerTo(client: SoakClient, index: number): Promise<string> {
  const { text } = await client.request(GENERATE_REQUEST, {
    ...PROBES[index],
    temperature: 0,
    maxTokens: TOKENS,
  });
  return text;
}
