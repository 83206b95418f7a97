import { CHAT_SCENES } from './chatScenes.ts';
import { CODE_SCENES } from './codeScenes.ts';
import { dictationScenes } from './dictationScenes.ts';
import { GIT_SCENES } from './gitScenes.ts';
import { LANGUAGE_SCENES } from './languageScenes.ts';
import type { Scenes } from './scene.ts';

/** The pictures by their names in `docs/images/`. Fetches the speech model if it is missing. */
export async function allScenes(): Promise<Scenes> {
  return { ...CODE_SCENES, ...CHAT_SCENES, ...GIT_SCENES, ...(await dictationScenes()), ...LANGUAGE_SCENES };
}
