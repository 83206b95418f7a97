import { ownScript, type OwnScript } from '../common/childProcess/ownScript.ts';

/** The script of the workshop's process. */
export function workshopScript(): OwnScript {
  return ownScript(import.meta.url, { bundle: 'workshop.mjs', source: './main.ts' });
}
